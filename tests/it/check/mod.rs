//! What `mandat check` and `mandat fmt` tell authors beyond validity.

mod codes;
mod layout;
mod lints;
mod meaning;
mod sarif;
mod watch;

use std::{path::Path, process::Output};

use crate::{command_line::mandat, worlds::TempDir};

const SCHEMA: &str = "\
entity User;
entity Robot;
entity Page = { owner: User, status: String, archived: Bool };
action read, edit appliesTo { principal: [User, Robot], resource: Page };
";

const RULES: &str = "\
[documents.house]
language = \"en\"
title = \"the house rules\"

[unsourced]
\"more*\" = \"an example\"

[rules.READ-01]
statement = \"Everybody reads their own pages.\"
kind = \"permit\"
source = { document = \"house\", heading = \"Reading\" }
encoded_by = [\"policy:pages.read\"]
";

const READ: &str = "\
@id(\"pages.read\")
@title(\"Owners read their pages\")
@rules(\"READ-01\")
permit (
  principal is User,
  action == Action::\"read\",
  resource is Page
)
when { resource.owner == principal };
";

/// A small bundle in which nothing is worth a look, with one more file.
fn bundle(name: &str, text: &str) -> TempDir {
    let dir = TempDir::with(&[
        ("schemas/pages.cedarschema", SCHEMA),
        ("policies/pages.cedar", READ),
        ("policies/rules.toml", RULES),
    ]);
    dir.write(name, text);
    dir
}

fn run(verb: &[&str], dir: &Path) -> Output {
    mandat(&[verb, &[&dir.to_string_lossy()]].concat(), "")
}

/// The codes of the warnings that need no proof, in their order.
fn warned(dir: &Path) -> Vec<String> {
    let output = run(&["check", "--json"], dir);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["problems"], serde_json::json!([]), "the bundle is valid");
    let warnings = answer["warnings"].as_array().unwrap();
    let codes = warnings.iter().map(|warning| warning["code"].as_str().unwrap().to_owned());
    codes.filter(|code| &**code < "W310").collect()
}
