//! The properties as a page for reviewers.

use super::property::{Property, Scope};

/// A table of what is proved, in Markdown.
pub fn markdown(properties: &[Property]) -> String {
    let mut text = "# What is proved\n\n\
        Each of these holds for every request and all facts that the schema permits: proved, not tried. The file is\n\
        `policies/properties.toml`; `mandat prove` proves it, and this page is written from it by\n\
        `mandat prove --markdown`.\n\n\
        | Property | Rules | What holds | Where |\n|---|---|---|---|\n"
        .to_owned();
    for property in properties {
        let assumed = property.assuming.as_ref().map(|assumed| format!(", as long as `{assumed}`"));
        let row = [
            format!("{} (`{}`)", property.title, property.id),
            property.rules.join(", "),
            format!("{}{}", property.kind.words(), assumed.unwrap_or_default()),
            scope(&property.scope),
        ];
        text.push_str(&format!("| {} |\n", row.map(|cell| cell.replace('|', "\\|").replace('\n', " ")).join(" | ")));
    }
    text
}

fn scope(scope: &Scope) -> String {
    let mut parts = Vec::new();
    match &scope.actions {
        Some(actions) => parts.push(actions.join(", ")),
        None => parts.push("every action".to_owned()),
    }
    if !scope.except.is_empty() {
        parts.push(format!("but {}", scope.except.join(", ")));
    }
    if let Some(principals) = &scope.principals {
        parts.push(format!("by {}", principals.join(", ")));
    }
    if let Some(resources) = &scope.resources {
        parts.push(format!("on {}", resources.join(", ")));
    }
    parts.join("; ")
}
