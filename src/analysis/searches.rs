//! Which searches are fast: how each environment finds who may and what may be acted on, as text.
//!
//! An author adds `resource.public` to a permit, and from then on whoever looks for products looks at all of them.
//! The text says so in a line `every Product`; where it is kept beside the policies, its diff shows the change.

use crate::{
    bundle::Bundle,
    decision::search::{Environment, Side, plan, words::Words},
};

/// All environments by action, each with the ways in which either side is found.
pub fn text(bundle: &Bundle) -> String {
    let mut names: Vec<&String> = bundle.shapes.actions.keys().collect();
    names.sort_unstable();
    let mut lines = Vec::new();
    for name in names {
        let action = &bundle.shapes.actions[name];
        for principal in &action.principals {
            for resource in &action.resources {
                lines.push(format!("{principal} {name} {resource}"));
                let environment = Environment { principal, action, resource };
                lines.push(side(bundle, environment, Side::Principal, "who"));
                lines.push(side(bundle, environment, Side::Resource, "what"));
            }
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn side(bundle: &Bundle, environment: Environment, side: Side, title: &str) -> String {
    let plan = plan(bundle, environment, side);
    let ways = Words { plan: &plan, sought: environment.sought(side) }.lines();
    let ways = if ways.is_empty() { "nothing".to_owned() } else { ways.join("\n        ") };
    format!("  {title:<6}{ways}")
}
