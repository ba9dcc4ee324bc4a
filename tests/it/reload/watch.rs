//! `mandat serve --watch`, and SIGHUP: as an author and an operator meet them.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};

use super::{edit, load, other_edition, todo};
use crate::{
    http::{
        denied,
        process::{Process, mandat},
        todo_facts,
    },
    replicas::until,
    worlds::TempDir,
};

fn serve(bundle: &Path, arguments: &[&str]) -> Process {
    let mut command = mandat();
    // From a terminal, SIGHUP would mean that the terminal is gone.
    command.stdin(Stdio::null()).args(["serve", "--log", "json", "--facts"]).arg(todo_facts()).args(arguments);
    Process::start_on(bundle, command)
}

fn last(process: &Process) -> Value {
    process.client().get("/readyz").json()["last_reload"]["result"].clone()
}

/// The events of a log that tell of reloads.
fn told(log: &str) -> Vec<Value> {
    let events = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event.to_string().contains("reload.by")).collect()
}

/// A field of an event, wherever the form of the log has it.
fn field<'e>(event: &'e Value, name: &str) -> &'e Value {
    event.get(name).or_else(|| event["fields"].get(name)).unwrap_or(&Value::Null)
}

#[test]
fn what_is_saved_comes_into_force_and_a_mistake_does_not() {
    let dir = todo();
    let process = serve(dir.path(), &["--watch"]);
    assert!(!process.client().post("/access/v1/evaluation", &denied()).decision());
    other_edition(&dir);
    until("the other edition is in force", || last(&process) == "replaced");
    assert!(process.client().post("/access/v1/evaluation", &denied()).decision());
    edit(&dir, "policies/lists.cedar", "resource.owner", "resource.ownr");
    until("the mistake is seen", || last(&process) == "refused");
    assert!(process.client().post("/access/v1/evaluation", &denied()).decision(), "the one in force goes on");
    edit(&dir, "policies/lists.cedar", "resource.ownr", "resource.owner");
    until("the mistake is mended", || last(&process) == "unchanged");
    let (code, log) = process.stop("-TERM");
    assert_eq!(code, Some(0));
    let told = told(&log);
    let sentences: Vec<&Value> = told.iter().map(|event| field(event, "message")).collect();
    let expected = [
        "another bundle is in force",
        "the bundle in the directory is refused; the one in force stays there",
        "the bundle is in force already",
    ];
    assert_eq!(sentences, expected, "one sentence a reload: {log}");
    assert!(field(&told[1], "reload.first").as_str().unwrap().starts_with("policies/lists.cedar:5:8: "), "{log}");
    assert!(told.iter().all(|event| field(event, "reload.by") == "watch"));
}

#[test]
fn a_scenario_that_is_mended_brings_the_bundle_in_that_it_refused() {
    let dir = todo();
    let process = serve(dir.path(), &["--watch"]);
    other_edition(&dir);
    dir.write("tests/scenarios/more.toml", &scenario("deny"));
    until("the scenario refuses it", || last(&process) == "refused");
    dir.write("tests/scenarios/more.toml", &scenario("allow"));
    until("it is in force", || last(&process) == "replaced");
    assert_eq!(process.client().get("/readyz").json()["bundle"], json!(load(dir.path()).digest));
}

fn scenario(expect: &str) -> String {
    format!(
        "facts = \"household.json\"\nnow = \"2026-03-01T09:00:00Z\"\n[[scenario]]\nname = \"Bob renames\"\n\
         subject = 'Person::\"bob\"'\naction = \"renameList\"\nresource = 'List::\"groceries\"'\nexpect = \"{expect}\"\n"
    )
}

#[test]
fn a_hangup_reloads_and_without_one_or_a_watch_nothing_does() {
    let dir: TempDir = todo();
    let process = serve(dir.path(), &[]);
    other_edition(&dir);
    assert_eq!(last(&process), Value::Null);
    process.signal("-HUP");
    until("the other edition is in force", || last(&process) == "replaced");
    assert!(process.client().post("/access/v1/evaluation", &denied()).decision());
}
