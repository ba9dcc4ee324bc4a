//! `mandat what-can Type::"id"`: all that a principal may do.
//!
//! With a resource: the actions on it. Without: for each action the resources of each type, so many at most. Actions
//! that want another context than the one given cannot be asked about; how many these are is said at the end.

use serde_json::json;

use super::{
    Exit,
    input::{self, Ground},
    output,
    who_can::failed,
};
use crate::{
    decision::{Refusal, search::Side},
    engine::{
        Moment,
        search::{Found, Page, is_of_action},
    },
    problem::{Problem, Problems},
    request::{Circumstances, Party, Properties, Request},
};

/// Arguments of `mandat what-can`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Who; the shell wants quotes around it: 'User::"u-ada"', or User::u-ada.
    #[arg(value_name = "TYPE::\"id\"")]
    principal: String,
    #[command(flatten)]
    ground: Ground,
    /// Only the actions on this resource.
    #[arg(long, value_name = "TYPE::\"id\"", conflicts_with = "resource_type")]
    resource: Option<String>,
    /// Only resources of this type.
    #[arg(long, value_name = "TYPE")]
    resource_type: Option<String>,
    /// Only this action; may be given several times.
    #[arg(long = "action", value_name = "ACTION")]
    actions: Vec<String>,
    /// The context of each question: JSON, or a file that holds it.
    #[arg(long, value_name = "JSON|FILE")]
    context: Option<String>,
    /// Most resources of each action and type.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Searches and prints what was found.
pub fn run(arguments: &Arguments) -> Exit {
    match search(arguments) {
        Ok(all) => print(arguments, &all),
        Err((problems, exit)) => {
            output::problems(&problems, arguments.json);
            exit
        }
    }
}

/// What was found: resources by action and type, or actions alone where the resource was given.
#[derive(Default)]
struct All {
    allowed: Vec<(String, Found<Party>)>,
    unasked: Vec<String>,
}

fn search(arguments: &Arguments) -> Result<All, (Problems, Exit)> {
    let wrong = |problem: Problem| (problem.into(), Exit::Invalid);
    let principal = input::party(&arguments.principal).map_err(wrong)?;
    let resource = arguments.resource.as_deref().map(input::party).transpose().map_err(wrong)?;
    let context = input::context(arguments.context.as_deref()).map_err(wrong)?;
    let engine = arguments.ground.engine().map_err(|problems| (problems, Exit::Invalid))?;
    let moment = engine.moment().map_err(|error| failed(error.into()))?;
    check_names(arguments, &moment, &principal, resource.as_ref()).map_err(wrong)?;
    let circumstances = Circumstances { now: input::now(), trust_caller_clock: false };
    let request = Request {
        principal,
        action: String::new(),
        action_properties: Properties::new(),
        resource: resource.clone().unwrap_or_else(|| Party::new("", "")),
        context,
    };
    match resource {
        Some(_) => actions(arguments, &moment, &request, &circumstances),
        None => resources(arguments, &moment, &request, &circumstances),
    }
    .map_err(failed)
}

/// A misspelt name must not look like nothing being allowed.
fn check_names(
    arguments: &Arguments,
    moment: &Moment,
    principal: &Party,
    resource: Option<&Party>,
) -> Result<(), Problem> {
    let shapes = &moment.bundle.shapes;
    let named =
        [Some(&principal.entity_type), resource.map(|party| &party.entity_type), arguments.resource_type.as_ref()];
    let unknown_type = named.into_iter().flatten().find(|name| !shapes.entity_types.contains_key(*name));
    let unknown_action = arguments.actions.iter().find(|name| !shapes.actions.contains_key(*name));
    match (unknown_type, unknown_action) {
        (Some(name), _) => Err(Problem::new(format!("the schema knows no entity type `{name}`"))),
        (None, Some(name)) => Err(Problem::new(format!("the schema knows no action `{name}`"))),
        (None, None) => Ok(()),
    }
}

fn wanted(arguments: &Arguments, action: &str) -> bool {
    arguments.actions.is_empty() || arguments.actions.iter().any(|name| name == action)
}

fn actions(
    arguments: &Arguments,
    moment: &Moment,
    request: &Request,
    circumstances: &Circumstances,
) -> Result<All, Refusal> {
    let page = Page { after: 0, limit: usize::MAX, may_go_on: &mut || true };
    let mut found = moment.search_actions(request, circumstances, page)?;
    found.unasked.retain(|action| wanted(arguments, action));
    let names = found.allowed.results.into_iter().filter(|action| wanted(arguments, action));
    let resource = || Found { results: vec![request.resource.clone()], next: None };
    Ok(All { allowed: names.map(|name| (name, resource())).collect(), unasked: found.unasked })
}

fn resources(
    arguments: &Arguments,
    moment: &Moment,
    request: &Request,
    circumstances: &Circumstances,
) -> Result<All, Refusal> {
    let mut all = All::default();
    let mut names: Vec<&String> = moment.bundle.shapes.actions.keys().filter(|name| wanted(arguments, name)).collect();
    names.sort_unstable();
    for name in names {
        let action = &moment.bundle.shapes.actions[name];
        let fits = action.principals.iter().any(|known| known.to_string() == request.principal.entity_type);
        let types = action.resources.iter().map(ToString::to_string);
        for entity_type in
            types.filter(|known| fits && arguments.resource_type.as_ref().is_none_or(|only| only == known))
        {
            let request = Request { action: name.clone(), resource: Party::new(entity_type, ""), ..request.clone() };
            let page = Page { after: 0, limit: arguments.limit, may_go_on: &mut || true };
            match moment.search(Side::Resource, &request, circumstances, page) {
                Ok(found) if found.results.is_empty() => {}
                Ok(found) => all.allowed.push((name.clone(), found)),
                Err(Refusal::Invalid(invalid)) if is_of_action(&invalid) => {
                    all.unasked.push(name.clone());
                    break;
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }
    Ok(all)
}

fn print(arguments: &Arguments, all: &All) -> Exit {
    if arguments.json {
        let entity = |party: &Party| json!({ "type": party.entity_type, "id": party.id });
        let entry = |(action, found): &(String, Found<Party>)| {
            let resources: Vec<_> = found.results.iter().map(entity).collect();
            json!({ "action": action, "resources": resources, "complete": found.next.is_none() })
        };
        let results: Vec<_> = all.allowed.iter().map(entry).collect();
        println!("{}", json!({ "results": results, "unasked": all.unasked }));
        return Exit::Success;
    }
    let mut before = None;
    for (action, found) in &all.allowed {
        if before.replace(action) != Some(action) {
            println!("{action}");
        }
        if arguments.resource.is_none() {
            found.results.iter().for_each(|resource| println!("  {}", output::party(resource)));
        }
        if found.next.is_some() {
            println!("  and more, see --limit");
        }
    }
    if all.allowed.is_empty() {
        println!("nothing");
    }
    if !all.unasked.is_empty() {
        let count = all.unasked.len();
        let actions = if count == 1 { "action was" } else { "actions were" };
        println!("{count} {actions} not asked about, since the context is another: {}", all.unasked.join(", "));
    }
    Exit::Success
}
