//! The forms in which coverage is told: summary, listing, lcov, JSON, and the exit code.

use std::process::{Command, Output};

use mandat::{
    analysis::coverage::{
        listing::{self, Paint},
        report::{Known, Report},
        tally::Tally,
    },
    bundle::Bundle,
};
use serde_json::Value;

use crate::{command_line::code, worlds::TempDir};

/// A permit of which one clause was never false and one side can never come up, and a forbid that nothing asks for.
const POLICIES: &str = r#"@id("desk.view")
@title("An owner or a lead views an open document")
permit (principal is Person, action == Action::"view", resource is Document)
when {
  (resource.owner == principal || principal.level > 2) &&
  resource.state == "open" &&
  action == Action::"view"
};

@id("desk.remove")
@title("Nothing large is removed")
forbid (principal is Person, action == Action::"remove", resource is Document)
when { resource.size > 1000 };
"#;

const SCENARIOS: &str = r#"facts = "office.json"
now = "2026-10-01T12:00:00Z"

[[scenario]]
name = "the owner views an open document"
rules = ["DESK-01"]
subject = 'Person::"ada"'
action = "view"
resource = 'Document::"lease"'
expect = "allow"
but = [
  { name = "it is closed and somebody else's", resource = 'Document::"memo"' },
]
"#;

fn desk() -> TempDir {
    TempDir::with(&[
        ("schemas/office.cedarschema", include_str!("../worlds/office.cedarschema")),
        ("policies/desk.cedar", POLICIES),
        ("tests/facts/office.json", include_str!("../worlds/office.json")),
        ("tests/scenarios/desk.toml", SCENARIOS),
    ])
}

/// `mandat test` on a machine without a solver, so that every machine prints the same.
fn test(dir: &TempDir, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mandat"))
        .arg("test")
        .arg(dir.path())
        .args(flags)
        .env_remove("CVC5")
        .envs([("PATH", ""), ("XDG_DATA_HOME", "/nowhere")])
        .output()
        .expect("mandat runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn the_summary_names_each_gap_with_its_place() {
    let output = test(&desk(), &["--coverage"]);
    assert_eq!(code(&output), 0, "gaps alone are no failure");
    assert_eq!(
        text(&output),
        "                     policies  clauses true  clauses false\n\
         policies/desk.cedar       1/2           4/5            2/4\n\
         in all                    1/2           4/5            2/4\n\
         \n\
         1 side proved unreachable\n\
         4 gaps\n\
         \x20 policies/desk.cedar:5: `principal.level > 2` of `desk.view` is never false; UNPROVED\n\
         \x20 policies/desk.cedar:10: `desk.remove` determines no decision\n\
         \x20 policies/desk.cedar:13: `resource.size > 1000` of `desk.remove` is never true; UNPROVED\n\
         \x20 policies/desk.cedar:13: `resource.size > 1000` of `desk.remove` is never false; UNPROVED\n\
         \n\
         2 passed, 0 failed\n"
            .replace("UNPROVED", "whether it can be is not proved: no solver is installed here")
    );
}

#[test]
fn strictly_a_gap_is_a_failure() {
    let desk = desk();
    assert_eq!(code(&test(&desk, &["--strict"])), 1);
    desk.write(
        "policies/desk.cedar",
        "@id(\"desk.view\") @title(\"t\")\npermit (principal, action, resource is Document)\n\
         when { resource.state == \"open\" };\n",
    );
    let closed = test(&desk, &["--strict"]);
    assert_eq!(code(&closed), 0, "the control, both sides covered: {}", text(&closed));
}

#[test]
fn the_listing_has_counts_in_the_margin_and_marks_what_is_missing() {
    let output = text(&test(&desk(), &["--listing"]));
    let listing: String =
        output.lines().take_while(|line| !line.contains("clauses true")).map(|line| format!("{line}\n")).collect();
    assert_eq!(listing.trim(), LISTING.trim());
    assert!(!output.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn on_a_terminal_what_is_missing_is_red() {
    let desk = desk();
    let bundle = Bundle::load(desk.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let tally = Tally::new(&bundle);
    let report = Report::new(&bundle, &tally, Known::new());
    let coloured = listing::listing(&report, Paint::Colour);
    assert!(
        coloured.lines().any(|line| line.starts_with("\u{1b}[31m") && line.contains("never looked at")),
        "{coloured}"
    );
    let plain = coloured.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
    assert_eq!(plain, listing::listing(&report, Paint::Plain), "colours change nothing else");
}

const LISTING: &str = r#"
policies/desk.cedar
decided    true   false   error
      1                             1 | @id("desk.view")
                                    2 | @title("An owner or a lead views an open document")
                                    3 | permit (principal is Person, action == Action::"view", resource is Document)
                                    4 | when {
                                    5 |   (resource.owner == principal || principal.level > 2) &&
              1       1               |    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
              1       0               |                                   ^^^^^^^^^^^^^^^^^^^ never false
              1       1             6 |   resource.state == "open" &&
              1       -             7 |   action == Action::"view"
                                    8 | };
                                    9 |
      0                            10 | @id("desk.remove")
                                      | ^ determines no decision
                                   11 | @title("Nothing large is removed")
                                   12 | forbid (principal is Person, action == Action::"remove", resource is Document)
              0       0            13 | when { resource.size > 1000 };
                                      |        ^^^^^^^^^^^^^^^^^^^^ never looked at
"#;

#[test]
fn lcov_gets_policies_as_functions_and_sides_as_branches() {
    let desk = desk();
    let file = desk.path().join("coverage.info");
    let output = test(&desk, &["--lcov", &file.to_string_lossy()]);
    assert_eq!(code(&output), 0);
    assert_eq!(std::fs::read_to_string(file).unwrap(), TRACEFILE);
    let nowhere = test(&desk, &["--lcov", "/nowhere/coverage.info"]);
    assert_eq!(code(&nowhere), 3, "a tracefile that cannot be written");
}

const TRACEFILE: &str = "\
TN:
SF:policies/desk.cedar
FN:1,desk.view
FN:10,desk.remove
FNDA:1,desk.view
FNDA:0,desk.remove
FNF:2
FNH:1
BRDA:5,0,0,1
BRDA:5,0,1,1
BRDA:5,1,0,1
BRDA:5,1,1,0
BRDA:6,2,0,1
BRDA:6,2,1,1
BRDA:7,3,0,1
BRDA:13,4,0,-
BRDA:13,4,1,-
BRF:9
BRH:6
DA:1,2
DA:5,2
DA:6,2
DA:7,1
DA:10,0
DA:13,0
LF:6
LH:4
end_of_record
";

#[test]
fn programs_get_every_count_and_gap() {
    let output = test(&desk(), &["--coverage", "--json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let coverage = &answer["coverage"];
    assert_eq!(coverage["total"]["policies"], serde_json::json!({ "covered": 1, "total": 2 }));
    let view = &coverage["policies"][0];
    assert_eq!((&view["id"], &view["asked"], &view["applied"]), (&"desk.view".into(), &2.into(), &1.into()));
    let last = &view["clauses"][3];
    assert_eq!(last["text"], "action == Action::\"view\"");
    assert_eq!(last["unreachable"], serde_json::json!([false]));
    assert_eq!(coverage["gaps"][0]["clause"], "principal.level > 2");
    assert_eq!(coverage["gaps"][0]["side"], false);
    let without: Value = serde_json::from_slice(&test(&desk(), &["--json"]).stdout).unwrap();
    assert!(without.get("coverage").is_none(), "only where it is asked for");
}
