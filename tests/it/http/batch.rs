//! Several evaluations at once: defaults, semantics, items that cannot be asked.

use serde_json::{Value, json};

use super::{Server, allowed, asks, denied};

fn decisions(answer: &Value) -> Vec<bool> {
    answer["evaluations"].as_array().unwrap().iter().map(|item| item["decision"].as_bool().unwrap()).collect()
}

fn batch(semantic: Option<&str>, items: &[Value]) -> Value {
    match semantic {
        Some(semantic) => json!({"evaluations": items, "options": {"evaluations_semantic": semantic}}),
        None => json!({"evaluations": items}),
    }
}

#[test]
fn an_items_part_replaces_the_default_whole() {
    let server = Server::start();
    let reply = server.evaluate_all(&json!({
        "subject": {"type": "Person", "id": "ada"},
        "action": {"name": "addTask", "properties": {"title": "milk", "minutes": 1441}},
        "resource": {"type": "List", "id": "groceries"},
        "evaluations": [
            {},
            {"action": {"name": "addTask", "properties": {"title": "milk"}}},
            {"subject": {"type": "Person", "id": "bob"}, "action": {"name": "readList"}},
            {"resource": {"type": "List", "id": "last-year"}, "action": {"name": "renameList"}},
        ],
    }));
    assert_eq!(reply.status, 200);
    assert_eq!(decisions(&reply.json()), [false, true, true, false]);
    assert!(reply.header("x-mandat-bundle").unwrap().starts_with("sha256:"));
    assert_eq!(reply.header("x-mandat-revision"), Some("0"));
}

#[test]
fn a_default_that_no_item_uses_may_be_anything() {
    let server = Server::start();
    let items = [allowed(), denied()];
    let reply = server.evaluate_all(&json!({"resource": {}, "subject": 7, "evaluations": items}));
    assert_eq!(reply.json(), json!({"evaluations": [{"decision": true}, {"decision": false}]}));
}

#[test]
fn without_items_it_is_a_single_evaluation() {
    let server = Server::start();
    let mut question = allowed();
    assert_eq!(server.evaluate_all(&question).text, r#"{"decision":true}"#);
    question["evaluations"] = json!([]);
    assert_eq!(server.evaluate_all(&question).text, r#"{"decision":true}"#);
    question["subject"] = json!({});
    let reply = server.evaluate_all(&question);
    assert_eq!((reply.status, reply.message().as_str()), (400, "subject.type: missing"));
}

#[test]
fn the_semantics_end_a_batch_with_the_deciding_item() {
    let server = Server::start();
    let items = [allowed(), denied(), allowed()];
    let asked = |semantic| decisions(&server.evaluate_all(&batch(semantic, &items)).json());
    assert_eq!(asked(None), [true, false, true]);
    assert_eq!(asked(Some("execute_all")), [true, false, true]);
    assert_eq!(asked(Some("deny_on_first_deny")), [true, false]);
    assert_eq!(asked(Some("permit_on_first_permit")), [true]);
    let all_denied = [denied(), denied()];
    let asked = decisions(&server.evaluate_all(&batch(Some("permit_on_first_permit"), &all_denied)).json());
    assert_eq!(asked, [false, false]);
}

#[test]
fn an_unknown_semantic_is_refused() {
    let server = Server::start();
    let reply = server.evaluate_all(&batch(Some("first_come"), &[allowed()]));
    assert_eq!(reply.status, 400);
    assert!(reply.message().starts_with("options.evaluations_semantic: expected `execute_all`"));
    assert_eq!(server.evaluate_all(&json!({"evaluations": {}})).message(), "evaluations: expected a list");
}

#[test]
fn an_item_that_cannot_be_asked_is_denied_and_does_not_fail_the_batch() {
    let server = Server::start();
    let items =
        [asks("ada", "renameLst", "List", "groceries"), json!(7), json!({"action": {"name": "readList"}}), allowed()];
    let reply = server.evaluate_all(&batch(None, &items));
    let error = |message: &str| json!({"decision": false, "context": {"error": {"status": 400, "message": message}}});
    let expected = [
        error("action.name: no action of the schema; did you mean `renameList`?"),
        error("evaluation: expected an object"),
        error("subject: missing"),
        json!({"decision": true}),
    ];
    assert_eq!((reply.status, reply.json()), (200, json!({"evaluations": expected})));
}

#[test]
fn an_item_that_cannot_be_asked_counts_as_the_first_denial() {
    let server = Server::start();
    let reply = server.evaluate_all(&batch(Some("deny_on_first_deny"), &[json!({}), allowed()]));
    assert_eq!(decisions(&reply.json()), [false]);
}

#[test]
fn every_item_is_explained_where_the_batch_asks_for_it() {
    let server = Server::start();
    let mut question = batch(None, &[allowed(), denied()]);
    question["options"] = json!({"explain": true});
    let answer = server.evaluate_all(&question).json();
    assert_eq!(answer["evaluations"][0]["context"]["code"], "permitted");
    assert_eq!(answer["evaluations"][1]["context"]["code"], "not_permitted");
    let mut item = denied();
    item["options"] = json!({"explain": true});
    let answer = server.evaluate_all(&batch(None, &[item])).json();
    assert_eq!(answer["evaluations"][0].get("context"), None, "an item's own options are not looked at");
}

#[test]
fn a_batch_has_at_most_so_many_items() {
    let server = Server::with(|settings| settings.batch_limit = 3);
    assert_eq!(server.evaluate_all(&batch(None, &vec![allowed(); 3])).status, 200);
    let reply = server.evaluate_all(&batch(None, &vec![allowed(); 4]));
    assert_eq!((reply.status, reply.message().as_str()), (400, "evaluations: 4 items, more than 3"));
}
