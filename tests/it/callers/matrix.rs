//! Roles and operations: who is let in is what the bundle's policies say.

use mandat::http::callers::access::Operation;
use serde_json::json;

use super::{Ground, at, bearer, states::operations, token};
use crate::{
    http::{allowed, todo_dir, todo_facts},
    support::programme,
    worlds::TempDir,
};

const ROLES: [&str; 5] = ["enforcer", "registrar", "author", "auditor", "admin"];

/// Which roles each route of ours lets in.
const ROUTES: [(&str, &[&str]); 6] = [
    ("/access/v1/evaluation", &["enforcer"]),
    ("/access/v1/evaluations", &["enforcer"]),
    ("/v1/quotes", &["enforcer"]),
    ("/v1/transactions", &["enforcer", "registrar"]),
    ("/v1/facts/List/groceries", &["registrar", "auditor"]),
    ("/v1/bundle/reload", &["author"]),
];

#[test]
fn each_route_lets_in_the_roles_that_the_policies_permit_and_answers_others_403() {
    let tokens = ROLES.map(|role| (role, token(&[role])));
    let known: Vec<_> = tokens.iter().map(|(_, (known, _))| known).collect();
    let ground = Ground::with(&known);
    let asked: Vec<String> = operations(&ground).into_iter().map(|(_, path)| path).collect();
    for (path, allowed_roles) in ROUTES {
        assert!(asked.iter().any(|asked| asked == path), "{path} is no operation");
        for (role, (_, secret)) in &tokens {
            let bearer = bearer(secret);
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
            let before = ground.reads();
            let client = ground.server.client();
            let reply = if path.contains("facts") {
                client.get_with(path, &headers)
            } else {
                client.send(path, &headers, b"{}")
            };
            let let_in = allowed_roles.contains(role);
            assert_eq!(reply.status != 403, let_in, "{role} at {path}: {reply:?}");
            assert!(![401, 500, 503].contains(&reply.status), "{role} at {path}: {reply:?}");
            if !let_in {
                assert_eq!(ground.reads(), before, "no fact is read for who is not let in");
                assert!(reply.header("www-authenticate").unwrap().contains("insufficient_scope"));
            }
        }
    }
}

#[test]
fn the_programmes_roles_may_what_its_model_says() {
    use Operation::{Evaluate, Quote, ReadDecisions, ReadFacts, ReloadBundle, Search, WriteFacts};
    let all = [Evaluate, Search, Quote, ReadFacts, WriteFacts, ReadDecisions, ReloadBundle];
    let bundle = programme();
    for (role, may) in [
        ("enforcer", &[Evaluate, Search, Quote][..]),
        ("registrar", &[ReadFacts, WriteFacts]),
        ("author", &[ReloadBundle]),
        ("auditor", &[ReadDecisions, ReadFacts, Search]),
        ("admin", &[]),
    ] {
        let entrant = mandat::decision::access::Entrant::new(&bundle, "panel", &[role.to_owned()]).unwrap();
        for operation in all {
            let decision = entrant.decide(&bundle, operation.name(), at("2026-11-25T12:00:00Z")).unwrap();
            assert_eq!(decision.allowed(), may.contains(&operation), "{role} {}", operation.name());
        }
    }
}

#[test]
fn a_role_comes_from_the_token_and_neither_from_the_facts_nor_from_the_caller() {
    let (known, secret) = token(&["author"]);
    let dir = TempDir::new();
    let stored = json!([{"uid": {"type": "Service", "id": "panel"}, "attrs": {"roles": ["enforcer"]}, "parents": []}]);
    dir.write("facts.json", &stored.to_string());
    let ground = Ground::on(super::todo_with_access().path(), &dir.path().join("facts.json"), &[&known]);
    let mut question = allowed();
    question["subject"] = json!({"type": "Service", "id": "panel", "properties": {"roles": ["enforcer"]}});
    let bearer = bearer(&secret);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let reply = ground.server.client().send("/access/v1/evaluation", &headers, question.to_string().as_bytes());
    assert_eq!(reply.status, 403, "{reply:?}");
}

#[test]
fn a_bundle_without_words_for_it_lets_nobody_in_and_says_what_to_declare() {
    let (known, secret) = token(&["enforcer"]);
    let ground = Ground::on(&todo_dir(), &todo_facts(), &[&known]);
    let bearer = bearer(&secret);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let reply = ground.server.client().send("/access/v1/evaluation", &headers, b"{}");
    assert_eq!(reply.status, 403);
    assert!(reply.message().contains("entity Service = { roles: Set<String> };"), "{}", reply.message());
}

#[test]
fn changes_that_no_decision_guards_are_for_who_may_write_facts() {
    let ((enforcer, asks), (registrar, writes)) = (token(&["enforcer"]), token(&["registrar"]));
    let ground = Ground::with(&[&enforcer, &registrar]);
    let change = |secret: &str| {
        let bearer = bearer(secret);
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", "k-1")];
        let body = json!({"evaluations": [], "changes": [{"delete": {"type": "List", "id": "nothing"}}]});
        ground.server.client().send("/v1/transactions", &headers, body.to_string().as_bytes())
    };
    let refused = change(&asks);
    assert_eq!((refused.status, refused.json()["detail"].as_str().unwrap().contains("writeFacts")), (403, true));
    assert_ne!(change(&writes).status, 403, "the control");
}
