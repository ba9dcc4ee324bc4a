//! Who may not see facts hears what may be told to the person who asked, and nothing that the facts hold.

use mandat::config::ServerSettings;
use serde_json::{Value, json};

use super::{Ground, bearer, keep, token};
use crate::{
    http::{Server, asks},
    support::programme_dir,
    transactions::{accepts_full, bundle, full_access, problem, sample_home},
};

/// Asks as a service with these roles; the answer's `context`, and all of it as text.
fn asked(ground: &Ground, secret: &str, path: &str, question: &Value) -> Value {
    let bearer = bearer(secret);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let reply = ground.server.client().send(path, &headers, question.to_string().as_bytes());
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn an_enforcer_gets_code_and_reason_and_an_auditor_everything() {
    let ((enforcer, less), (both, all)) = (token(&["enforcer"]), token(&["enforcer", "auditor"]));
    let ground = Ground::with(&[&enforcer, &both]);
    let mut question = asks("bob", "renameList", "List", "groceries");
    question["options"] = json!({"explain": true});
    let batch = json!({"evaluations": [question], "options": {"explain": true}});
    let single = asked(&ground, &less, "/access/v1/evaluation", &question);
    let several = asked(&ground, &less, "/access/v1/evaluations", &batch);
    for context in [&single["context"], &several["evaluations"][0]["context"]] {
        assert_eq!(keys(context), ["code", "reason_user"]);
        assert!(!context.to_string().contains("ada"), "the owner is a fact: {context}");
    }
    let full = &asked(&ground, &all, "/access/v1/evaluation", &question)["context"];
    assert_eq!(full["code"], single["context"]["code"]);
    assert_eq!(full["reason_user"], single["context"]["reason_user"]);
    assert!(full["near_misses"].to_string().contains("ada"), "the control: the values found are told: {full}");
}

#[test]
fn obligations_and_advice_are_told_to_everyone() {
    let (enforcer, secret) = token(&["enforcer"]);
    let ground = Ground::with(&[&enforcer]);
    let mut question = asks("ada", "addTask", "List", "groceries");
    question["action"]["properties"] = json!({"title": "milk"});
    let bare = asked(&ground, &secret, "/access/v1/evaluation", &question);
    assert_eq!(keys(&bare["context"]), ["obligations"]);
    question["options"] = json!({"explain": true});
    let explained = asked(&ground, &secret, "/access/v1/evaluation", &question);
    assert_eq!(explained["context"]["obligations"], bare["context"]["obligations"]);
    assert_eq!(explained["context"]["code"], "permitted");
}

#[test]
fn the_denial_of_an_order_is_no_exception() {
    let ((enforcer, less), (both, all)) = (token(&["enforcer"]), token(&["enforcer", "registrar"]));
    let facts = programme_dir().join("tests/facts/programme.json");
    let ground = Ground::on(&programme_dir(), &facts, &[&enforcer, &both]);
    let order = json!({
        "at": "2026-10-01T12:00:00Z", "currency": "CHF", "placed_by": "partner", "payer": "partner",
        "actor": {"type": "User", "id": "u-nobody"}, "partnership": "clinic:alpenhost",
        "lines": [{"id": "1", "product": "web-hosting", "quantity": 35}],
    });
    let denied = asked(&ground, &less, "/v1/quotes", &order);
    assert_eq!(keys(&denied["decision"]["context"]), ["code", "reason_user"], "{denied}");
    let full = asked(&ground, &all, "/v1/quotes", &order);
    assert!(full["decision"]["context"]["near_misses"].is_array(), "the control: {full}");
}

#[test]
fn a_broken_invariant_is_no_exception() {
    let ((enforcer, less), (both, all)) = (token(&["enforcer"]), token(&["enforcer", "registrar"]));
    let home = sample_home();
    [&enforcer, &both].iter().for_each(|known| keep(&*home.store(), known));
    let server = Server::without_bundle(ServerSettings::default(), false);
    server.service.activate(home.engine(bundle())).unwrap();
    let request = "Partnership::florist:alpenhost";
    // Full access that its client does not name.
    let body = json!({"evaluations": [accepts_full(request)], "changes": &full_access(request)[..3]});
    let sent = |secret: &str, key: &str| {
        let headers =
            [("authorization", &*bearer(secret)), ("content-type", "application/json"), ("idempotency-key", key)]
                .map(|(name, value)| (name, value.to_owned()));
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let reply = server.client().send("/v1/transactions", &headers, body.to_string().as_bytes());
        assert_eq!(problem(&reply, 422), "broken-invariant");
        reply
    };
    let told = sent(&less, "one");
    assert!(!told.text.contains("florist"), "{told:?}");
    assert_eq!(keys(&told.json()["broken"][0]["explanation"]), ["code", "reason_user"], "{told:?}");
    let full = sent(&all, "two").json();
    assert_eq!(full["broken"][0]["entity"]["id"], "florist:alpenhost", "the control: {full}");
}
