//! `mandat report access --on 'Type::"id"'`: who can do what on one entity, why, and since which facts.
//!
//! The searches are the engine's, on one state of the facts: for the entity, and for each thing that refers to it and
//! can be acted on. A search that cannot be asked, since an action wants something in its context that was not given,
//! is told as such and never as "nobody".

mod history;
mod neighbours;

use super::{Failed, Shared};
use crate::{
    analysis::report::{
        Report,
        access::{Access, Action, Because, Fact, Holder, Resource},
    },
    cli::input::{self, FactsPlace},
    decision::{Refusal, search::Side},
    engine::{
        Engine, Moment,
        search::{Page, is_of_action},
    },
    facts::Unavailable,
    http::wire,
    problem::Problem,
    request::{Circumstances, Party, Properties, Request},
};

/// Arguments of `mandat report access`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) shared: Shared,
    /// What it is about; the shell wants quotes around it: 'Organization::"bakery"', or Organization::bakery.
    #[arg(long, value_name = "TYPE::\"id\"")]
    on: String,
    /// The context of every question, JSON or a file that holds it; each action takes the entries that it knows.
    #[arg(long, value_name = "JSON|FILE")]
    context: Option<String>,
    /// Most things of each kind that belong to it.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    facts: FactsPlace,
}

/// Most principals of one type that are listed for an action.
const MAX_HOLDERS: usize = 10_000;

/// Searches, and puts the report together.
pub(super) fn report(arguments: &Arguments) -> Result<Report, Failed> {
    let on = input::party(&arguments.on)?;
    let context = input::context(arguments.context.as_deref())?;
    if !arguments.facts.is_given() {
        let problem = Problem::new("an access report needs facts");
        return Err(problem.help("name a file by --facts or a store by --store").into());
    }
    let engine = arguments.facts.engine(arguments.shared.load()?)?;
    let moment = engine.moment().map_err(unavailable)?;
    if moment.fact(&on.entity_type, &on.id).map_err(unavailable)?.is_none() {
        return Err(Problem::new(format!("the facts have no {on}")).into());
    }
    let facts = arguments.facts.told(moment.revision());
    let occasion = arguments.shared.occasion(&moment.bundle, Some(facts));
    let access = access(arguments, &engine, &moment, on, context)?;
    Ok(access.report(&occasion))
}

fn access(
    arguments: &Arguments,
    engine: &Engine,
    moment: &Moment,
    on: Party,
    context: Properties,
) -> Result<Access, Failed> {
    let circumstances = Circumstances { now: arguments.shared.at(), trust_caller_clock: false };
    let told = serde_json::Value::Object(context.clone()).to_string();
    let asking = Asking { moment, circumstances, context };
    let mut left_out = Vec::new();
    let mut resources = vec![asking.resource(on.clone(), String::new())?];
    for neighbour in neighbours::of(moment, &on, arguments.limit, &mut left_out).map_err(unavailable)? {
        resources.push(asking.resource(neighbour.party, neighbour.by)?);
    }
    let store = engine.facts().store();
    if let Some(store) = &store {
        history::date(&**store, moment.revision(), &mut resources).map_err(unavailable)?;
    }
    let bound = neighbours::bound(moment, &on).map_err(unavailable)?;
    Ok(Access { on, resources, bound, context: told, has_history: store.is_some(), left_out })
}

fn unavailable(error: Unavailable) -> Failed {
    Failed::Failure(Problem::new(error.to_string()))
}

/// One state of the facts, and what every question says.
struct Asking<'m> {
    moment: &'m Moment,
    circumstances: Circumstances,
    context: Properties,
}

impl Asking<'_> {
    /// Everybody who may do something to a thing.
    fn resource(&self, party: Party, by: String) -> Result<Resource, Failed> {
        let mut resource = Resource { party, by, actions: Vec::new(), nobody: Vec::new(), unasked: Vec::new() };
        for name in self.actions(&resource.party.entity_type) {
            match self.holders(&name, &resource.party) {
                Ok(holders) if holders.is_empty() => resource.nobody.push(name),
                Ok(holders) => resource.actions.push(Action { name, holders }),
                Err(Refusal::Invalid(invalid)) if is_of_action(&invalid) => {
                    resource.unasked.push((name, invalid.to_string()));
                }
                Err(Refusal::Invalid(invalid)) => {
                    return Err(Problem::new(wire::in_wire_words(invalid).to_string()).into());
                }
                Err(Refusal::Unavailable(error)) => return Err(unavailable(error)),
            }
        }
        Ok(resource)
    }

    /// The actions that a type can be the resource of, by name.
    fn actions(&self, entity_type: &str) -> Vec<String> {
        let actions = &self.moment.bundle.shapes.actions;
        let of_type =
            |shape: &crate::bundle::shape::Action| shape.resources.iter().any(|name| name.to_string() == entity_type);
        let mut names: Vec<String> =
            actions.iter().filter(|(_, action)| of_type(action)).map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }

    fn holders(&self, action: &str, resource: &Party) -> Result<Vec<Holder>, Refusal> {
        let Some(shape) = self.moment.bundle.shapes.actions.get(action) else { return Ok(Vec::new()) };
        let known = |(name, _): &(&String, _)| shape.context.contains_key(*name);
        let context: Properties =
            self.context.iter().filter(known).map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut holders = Vec::new();
        for principal in &shape.principals {
            let request = Request {
                principal: Party::new(principal.to_string(), ""),
                action: action.to_owned(),
                action_properties: Properties::new(),
                resource: resource.clone(),
                context: context.clone(),
            };
            let page = Page { after: 0, limit: MAX_HOLDERS, may_go_on: &mut || true };
            let found = self.moment.search(Side::Principal, &request, &self.circumstances, page)?;
            for principal in found.results {
                holders.push(self.holder(Request { principal, ..request.clone() })?);
            }
        }
        Ok(holders)
    }

    fn holder(&self, request: Request) -> Result<Holder, Refusal> {
        let answer = self.moment.decide(&request, &self.circumstances)?;
        let because = answer.reason().policies.into_iter().map(|policy| Because {
            policy: policy.id.to_string(),
            title: policy.title.to_string(),
            rules: policy.rules.iter().map(ToString::to_string).collect(),
            at: policy.at.short(),
        });
        Ok(Holder {
            because: because.collect(),
            obligations: answer.decision.obligations.iter().map(ToString::to_string).collect(),
            rests_on: answer.rests_on().into_iter().map(|party| Fact { party, since: None }).collect(),
            principal: request.principal,
        })
    }
}
