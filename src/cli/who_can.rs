//! `mandat who-can ACTION Type::"id"`: everybody who may do an action to a resource.

use serde_json::json;

use super::{
    Exit,
    input::{self, Ground},
    output,
};
use crate::{
    bundle::Bundle,
    decision::{Refusal, search::Side},
    engine::{
        Moment,
        search::{Found, Page},
    },
    http::wire,
    problem::{Problem, Problems},
    request::{Circumstances, Party, Properties, Request},
};

/// Arguments of `mandat who-can`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The action's name.
    #[arg(value_name = "ACTION")]
    action: String,
    /// What it is to be done to; the shell wants quotes around it: 'Product::"site"', or Product::site.
    #[arg(value_name = "TYPE::\"id\"")]
    resource: String,
    #[command(flatten)]
    ground: Ground,
    /// The type of principals to look for; all that the action takes where none is given.
    #[arg(long, value_name = "TYPE")]
    principal_type: Option<String>,
    /// The context of the question: JSON, or a file that holds it.
    #[arg(long, value_name = "JSON|FILE")]
    context: Option<String>,
    /// Most principals of each type.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    /// Name the policies that let each of them.
    #[arg(long)]
    explain: bool,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Searches and prints who was found.
pub fn run(arguments: &Arguments) -> Exit {
    match search(arguments) {
        Ok(all) => print(arguments, &all),
        Err((problems, exit)) => {
            output::problems(&problems, arguments.json);
            exit
        }
    }
}

/// A principal who may, and the policies that say so.
struct Allowed {
    principal: Party,
    policies: Vec<String>,
}

fn search(arguments: &Arguments) -> Result<Found<Allowed>, (Problems, Exit)> {
    let wrong = |problem: Problem| (problem.into(), Exit::Invalid);
    let resource = input::party(&arguments.resource).map_err(wrong)?;
    let context = input::context(arguments.context.as_deref()).map_err(wrong)?;
    let engine = arguments.ground.engine().map_err(|problems| (problems, Exit::Invalid))?;
    let moment = engine.moment().map_err(|error| failed(error.into()))?;
    let types = principal_types(arguments, &moment.bundle, &resource).map_err(wrong)?;
    let circumstances = Circumstances { now: input::now(), trust_caller_clock: false };
    let mut all = Found { results: Vec::new(), next: None };
    for entity_type in types {
        let request = Request {
            principal: Party::new(entity_type, ""),
            action: arguments.action.clone(),
            action_properties: Properties::new(),
            resource: resource.clone(),
            context: context.clone(),
        };
        let page = Page { after: 0, limit: arguments.limit, may_go_on: &mut || true };
        let found = moment.search(Side::Principal, &request, &circumstances, page).map_err(failed)?;
        all.next = all.next.or(found.next);
        for principal in found.results {
            let request = Request { principal: principal.clone(), ..request.clone() };
            let policies = determining(arguments, &moment, &request, &circumstances).map_err(failed)?;
            all.results.push(Allowed { principal, policies });
        }
    }
    Ok(all)
}

/// The action's principals, or the one that was asked for; a misspelt name must not look like nobody.
fn principal_types(arguments: &Arguments, bundle: &Bundle, resource: &Party) -> Result<Vec<String>, Problem> {
    let name = &arguments.action;
    let Some(action) = bundle.shapes.actions.get(name) else {
        return Err(Problem::new(format!("the schema knows no action `{name}`")));
    };
    let principals: Vec<String> = action.principals.iter().map(ToString::to_string).collect();
    let resources: Vec<String> = action.resources.iter().map(ToString::to_string).collect();
    let lacks = |side: &str, wanted: &str, known: &[String]| {
        Problem::new(format!("`{name}` has no {side} of type `{wanted}`")).help(format!("it has {}", known.join(", ")))
    };
    if !resources.contains(&resource.entity_type) {
        return Err(lacks("resource", &resource.entity_type, &resources));
    }
    match &arguments.principal_type {
        None => Ok(principals),
        Some(wanted) if principals.contains(wanted) => Ok(vec![wanted.clone()]),
        Some(wanted) => Err(lacks("principal", wanted, &principals)),
    }
}

fn determining(
    arguments: &Arguments,
    moment: &Moment,
    request: &Request,
    circumstances: &Circumstances,
) -> Result<Vec<String>, Refusal> {
    if !arguments.explain {
        return Ok(Vec::new());
    }
    let answer = moment.decide(request, circumstances)?;
    Ok(answer.decision.determining.iter().map(ToString::to_string).collect())
}

fn print(arguments: &Arguments, all: &Found<Allowed>) -> Exit {
    if arguments.json {
        let entity = |allowed: &Allowed| {
            let party = &allowed.principal;
            let mut entity = json!({ "type": party.entity_type, "id": party.id });
            if arguments.explain {
                entity["policies"] = json!(allowed.policies);
            }
            entity
        };
        let results: Vec<_> = all.results.iter().map(entity).collect();
        println!("{}", json!({ "results": results, "complete": all.next.is_none() }));
        return Exit::Success;
    }
    for Allowed { principal, policies } in &all.results {
        let by = if policies.is_empty() { String::new() } else { format!("  by {}", policies.join(", ")) };
        println!("{}{by}", output::party(principal));
    }
    match (all.results.is_empty(), all.next) {
        (_, Some(_)) => println!("and more, see --limit"),
        (true, None) => println!("nobody"),
        (false, None) => {}
    }
    Exit::Success
}

/// What a search that failed says, in AuthZEN's words as everywhere on the command line.
pub fn failed(refusal: Refusal) -> (Problems, Exit) {
    match refusal {
        Refusal::Invalid(invalid) => (Problem::new(wire::in_wire_words(invalid).to_string()).into(), Exit::Invalid),
        Refusal::Unavailable(error) => (Problem::new(error.to_string()).into(), Exit::Failure),
    }
}
