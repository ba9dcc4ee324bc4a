//! One evaluation: decisions are 200, what cannot be asked is an error that names the field.

use serde_json::{Value, json};

use super::{Server, allowed, asks, denied};

#[test]
fn an_allow_is_a_bare_decision_with_bundle_and_revision_in_the_head() {
    let server = Server::start();
    let reply = server.evaluate(&allowed());
    assert_eq!((reply.status, reply.text.as_str()), (200, r#"{"decision":true}"#));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(reply.header("x-mandat-bundle").unwrap().starts_with("sha256:"));
    assert_eq!(reply.header("x-mandat-revision"), Some("0"));
}

#[test]
fn a_denial_is_an_answer_and_not_an_error() {
    let server = Server::start();
    let reply = server.evaluate(&denied());
    assert_eq!((reply.status, reply.text.as_str()), (200, r#"{"decision":false}"#));
}

#[test]
fn known_names_that_do_not_go_together_are_denied() {
    let server = Server::start();
    let mut question = asks("ada", "renameList", "Task", "milk");
    assert!(!server.evaluate(&question).decision());
    question["options"] = json!({"explain": true});
    assert_eq!(server.evaluate(&question).json()["context"]["code"], "not_applicable");
}

#[test]
fn an_id_that_nobody_knows_is_denied_and_not_refused() {
    let server = Server::start();
    assert!(!server.evaluate(&asks("nobody", "renameList", "List", "groceries")).decision());
}

/// What is wrong with a request, and what the message says.
fn refused(question: &Value) -> String {
    let server = Server::start();
    let reply = server.evaluate(question);
    assert_eq!(reply.status, 400, "{reply:?}");
    reply.message()
}

#[test]
fn a_typing_error_in_a_name_is_refused_with_the_name_that_was_meant() {
    assert_eq!(
        refused(&asks("ada", "renameLst", "List", "groceries")),
        "action.name: no action of the schema; did you mean `renameList`?"
    );
    assert_eq!(
        refused(&asks("ada", "renameList", "Lisst", "groceries")),
        "resource.type: no entity type of the schema; did you mean `List`?"
    );
}

#[test]
fn messages_say_subject_where_the_engine_says_principal() {
    let mut question = allowed();
    question["subject"]["type"] = json!("Persn");
    assert_eq!(refused(&question), "subject.type: no entity type of the schema; did you mean `Person`?");
    question["subject"] = json!({"type": "Person", "id": "new", "properties": {"age": 7}});
    assert!(refused(&question).starts_with("subject.properties: a field"));
}

#[test]
fn a_missing_or_misformed_part_is_named() {
    let cases = [
        ("subject", json!(null), "subject: missing"),
        ("subject", json!("ada"), "subject: expected an object"),
        ("subject", json!({"type": "Person"}), "subject.id: missing"),
        ("subject", json!({"type": "Person", "id": 7}), "subject.id: expected a string"),
        ("subject", json!({"type": "Person", "id": "ada", "properties": []}), "subject.properties: expected an object"),
        ("action", json!({}), "action.name: missing"),
        ("resource", json!({"id": "groceries"}), "resource.type: missing"),
        ("context", json!([]), "context: expected an object"),
        ("context", json!({"colour": "red"}), "context: a field, and the schema declares none here"),
        ("options", json!({"explain": "yes"}), "options.explain: expected true or false"),
    ];
    for (part, value, message) in cases {
        let mut question = allowed();
        question[part] = value;
        assert_eq!(refused(&question), message);
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let server = Server::start();
    let mut question = allowed();
    question["comment"] = json!({"from": "a newer client"});
    question["subject"]["shoe_size"] = json!(38);
    assert!(server.evaluate(&question).decision());
}

#[test]
fn properties_of_the_action_reach_policies_as_its_record() {
    let server = Server::start();
    let mut question = asks("ada", "addTask", "List", "groceries");
    question["action"]["properties"] = json!({"title": "milk"});
    assert!(server.evaluate(&question).decision());
    question["action"]["properties"] = json!({"title": ""});
    assert!(!server.evaluate(&question).decision());
    question["action"]["properties"] = json!({"title": "paint the fence", "minutes": 1441});
    assert!(!server.evaluate(&question).decision());
    question["action"]["properties"] = json!({"titel": "milk"});
    assert!(
        server
            .evaluate(&question)
            .message()
            .starts_with("action.properties: a field that the schema does not declare; did you mean `title`?")
    );
}

#[test]
fn obligations_and_advice_are_told_without_asking() {
    let server = Server::start();
    let mut question = asks("ada", "addTask", "List", "groceries");
    question["action"]["properties"] = json!({"title": "milk"});
    assert_eq!(
        server.evaluate(&question).json(),
        json!({"decision": true, "context": {"obligations": ["notifyReaders"]}})
    );
    let mut question = asks("ada", "shareList", "List", "groceries");
    question["context"] = json!({"reader": {"type": "Person", "id": "bob"}});
    assert_eq!(server.evaluate(&question).json(), json!({"decision": true, "context": {"advice": ["welcomeReader"]}}));
}

#[test]
fn a_forbid_that_cannot_be_evaluated_denies() {
    let server = Server::start();
    let mut question = asks("ada", "addTask", "List", "groceries");
    question["action"]["properties"] = json!({"title": "milk", "minutes": 60});
    assert!(server.evaluate(&question).decision(), "the control: the forbid is evaluated and does not apply");
    question["action"]["properties"]["minutes"] = json!(i64::MAX);
    question["options"] = json!({"explain": true});
    let answer = server.evaluate(&question).json();
    assert_eq!((&answer["decision"], &answer["context"]["code"]), (&json!(false), &json!("evaluation_error")));
}

#[test]
fn the_same_request_gets_the_same_answer_from_every_thread() {
    let server = Server::start();
    let mut question = denied();
    question["options"] = json!({"explain": true});
    let first = server.evaluate(&question);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let client = server.client();
                for _ in 0..25 {
                    let reply = client.post("/access/v1/evaluation", &question);
                    assert_eq!(reply.text, first.text);
                    assert_eq!(reply.header("x-mandat-bundle"), first.header("x-mandat-bundle"));
                }
            });
        }
    });
}
