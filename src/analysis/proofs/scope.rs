//! Of which environments a property speaks.

use std::collections::BTreeSet;

use super::property::Property;
use crate::{
    analysis::prover::Environment,
    bundle::Bundle,
    decision::values::closest,
    problem::{Problem, Problems, Source},
};

/// Whether a property speaks of an environment.
pub fn covers(property: &Property, environment: &Environment) -> bool {
    let request = &environment.request;
    let action: &str = request.action().id().unescaped();
    let among = |names: &Option<Vec<String>>, name: &str| {
        names.as_ref().is_none_or(|names| names.iter().any(|known| known == name))
    };
    among(&property.scope.actions, action)
        && !property.scope.except.iter().any(|left_out| left_out == action)
        && among(&property.scope.principals, &request.principal().to_string())
        && among(&property.scope.resources, &request.resource().to_string())
}

/// Names that the schema does not know, and properties that speak of nothing.
pub fn check(bundle: &Bundle, environments: &[Environment], properties: &[Property], source: &Source) -> Problems {
    let actions: BTreeSet<&str> = bundle.shapes.actions.keys().map(String::as_str).collect();
    let types: BTreeSet<String> = environments
        .iter()
        .flat_map(|environment| [environment.request.principal(), environment.request.resource()])
        .map(ToString::to_string)
        .collect();
    let types: BTreeSet<&str> = types.iter().map(String::as_str).collect();
    let mut problems = Problems::default();
    for property in properties {
        let scope = &property.scope;
        let named_actions = scope.actions.iter().flatten().chain(&scope.except);
        let named_types = scope.principals.iter().chain(&scope.resources).flatten();
        let unknown = named_actions
            .filter(|name| !actions.contains(name.as_str()))
            .map(|name| ("an action", name, &actions))
            .chain(named_types.filter(|name| !types.contains(name.as_str())).map(|name| ("a type", name, &types)));
        let mut named = true;
        for (what, name, known) in unknown {
            named = false;
            let problem = Problem::at(source, property.span, format!("`{name}` is not {what} that a request can have"));
            problems.push(match closest(name, known.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
        if named && !environments.iter().any(|environment| covers(property, environment)) {
            problems.push(
                Problem::at(source, property.span, format!("the property `{}` speaks of no environment", property.id))
                    .help("its actions, principals and resources never go together"),
            );
        }
    }
    problems
}
