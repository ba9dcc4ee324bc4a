//! Explanations on the wire: their form is a contract, kept in `tests/golden/explanations.json`.
//!
//! `just golden` rewrites the file; its difference is what a change does to callers.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Server, asks};

fn questions() -> Vec<(&'static str, Value)> {
    let with = |mut question: Value, part: &str, value: Value| {
        question[part] = value;
        question
    };
    let add = |properties: Value| {
        with(
            asks("ada", "addTask", "List", "groceries"),
            "action",
            json!({"name": "addTask", "properties": properties}),
        )
    };
    let share = asks("ada", "shareList", "List", "groceries");
    vec![
        ("permitted", asks("ada", "renameList", "List", "groceries")),
        ("permitted with an obligation", add(json!({"title": "milk"}))),
        ("permitted with advice", with(share, "context", json!({"reader": {"type": "Person", "id": "bob"}}))),
        ("forbidden", asks("ada", "renameList", "List", "last-year")),
        ("not permitted, one clause short", asks("bob", "renameList", "List", "groceries")),
        ("not permitted, two permits come close", asks("dan", "readList", "List", "groceries")),
        ("not permitted, two clauses short", asks("bob", "completeTask", "Task", "bread")),
        ("not applicable", asks("ada", "renameList", "Task", "milk")),
        ("evaluation error", add(json!({"title": "milk", "minutes": i64::MAX}))),
    ]
}

#[test]
fn explanations_are_those_of_the_golden_file() {
    let server = Server::start();
    let answers = questions().into_iter().map(|(name, mut question)| {
        question["options"] = json!({"explain": true});
        let reply = server.evaluate(&question);
        let mut answer = reply.json();
        let bundle = &mut answer["context"]["bundle"];
        assert_eq!(bundle.as_str(), reply.header("x-mandat-bundle"));
        *bundle = json!("sha256:…");
        json!({"case": name, "request": question, "answer": answer})
    });
    let found = serde_json::to_string_pretty(&answers.collect::<Vec<_>>()).unwrap() + "\n";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/explanations.json");
    if std::env::var("MANDAT_GOLDEN").as_deref() == Ok("write") {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(expected == found, "explanations differ from {}; `just golden` rewrites it:\n{found}", path.display());
}

#[test]
fn an_explanation_has_the_keys_that_callers_rely_on() {
    let server = Server::start();
    let mut question = asks("bob", "renameList", "List", "groceries");
    question["options"] = json!({"explain": true});
    let answer = server.evaluate(&question).json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    let named = |names: &[&str]| names.iter().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>();
    let context = &answer["context"];
    assert_eq!(
        keys(context),
        named(&["code", "reason_user", "reason_admin", "policies", "near_misses", "bundle", "revision"])
    );
    let near_miss = &context["near_misses"][0];
    assert_eq!(keys(near_miss), named(&["policy", "missing"]));
    assert_eq!(keys(&near_miss["policy"]), named(&["id", "effect", "title", "rules", "readings", "at"]));
    assert_eq!(keys(&near_miss["missing"][0]), named(&["clause", "at", "found", "change"]));
    assert_eq!(near_miss["missing"][0]["clause"], "resource.owner == principal");
}

#[test]
fn what_the_person_is_told_reveals_no_facts() {
    let server = Server::start();
    let mut question = asks("bob", "renameList", "List", "groceries");
    question["options"] = json!({"explain": true});
    let context = &server.evaluate(&question).json()["context"];
    assert!(context["reason_admin"]["en"].as_str().unwrap().contains("ada"), "the control: the administrator is told");
    assert!(!context["reason_user"]["en"].as_str().unwrap().contains("ada"));
}
