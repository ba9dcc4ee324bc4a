//! Who may bring in a bundle, and what it is told of facts that it may not see.

use mandat::{engine::Engine, facts::store::token::Token, http::reload::Reloads};

use super::{Ground, edit, load, refused, reloaded};
use crate::{
    callers::{bearer, keep, todo_with_access, token},
    http::{Reply, Server},
    transactions::Home,
    worlds::TempDir,
};

/// The to-do list with the engine's access, on a store with these tokens.
fn with(tokens: &[&Token]) -> (Ground, Home) {
    let (dir, home): (TempDir, _) = (todo_with_access(), Home::in_a_file());
    tokens.iter().for_each(|token| keep(&*home.store(), token));
    let server = Server::reloading(Reloads::of(dir.path(), false));
    server.service.activate(home.engine(load(dir.path()))).unwrap();
    (Ground { dir, server }, home)
}

fn reload_as(ground: &Ground, secret: &str) -> Reply {
    ground.server.client().send("/v1/bundle/reload", &[("authorization", &bearer(secret))], b"")
}

#[test]
fn an_author_reloads_and_nobody_else() {
    let tokens = ["author", "enforcer", "registrar", "auditor"].map(|role| (role, token(&[role])));
    let (ground, _home) = with(&tokens.each_ref().map(|(_, (known, _))| known));
    ground.edit("policies/lists.cedar", "The owner reads", "Owners read");
    for (role, (_, secret)) in tokens.iter().rev() {
        let reply = reload_as(&ground, secret);
        if *role == "author" { drop(reloaded(&reply)) } else { assert_eq!(reply.status, 403, "{role}: {reply:?}") }
    }
}

#[test]
fn a_bundle_under_which_its_author_could_not_take_it_back_is_refused() {
    let (known, secret) = token(&["author"]);
    let (ground, _home) = with(&[&known]);
    let permitted = "principal.roles.contains(\"author\")";
    ground.edit("policies/engine-access.cedar", permitted, "principal.roles.contains(\"publisher\")");
    let reply = reload_as(&ground, &secret);
    assert_eq!(refused(&reply)[0]["message"], "with this bundle `panel` may not bring in another one");
    ground.edit("policies/engine-access.cedar", "contains(\"publisher\")", "contains(\"author\") && true");
    reloaded(&reload_as(&ground, &secret));
}

#[test]
fn who_may_not_read_facts_is_told_which_type_does_not_fit_and_no_names() {
    let ((author, secret), (both, sees)) = (token(&["author"]), token(&["author", "registrar"]));
    let (ground, _home) = with(&[&author, &both]);
    let headers = [("authorization", &*bearer(&sees)), ("content-type", "application/json"), ("idempotency-key", "k")];
    let body = br#"{"evaluations": [], "changes": [{"put": {"uid": {"type": "Person", "id": "canary"}, "attrs": {}, "parents": []}}]}"#;
    assert_eq!(ground.server.client().send("/v1/transactions", &headers, body).status, 200);
    edit(
        &ground.dir,
        "schemas/todo.cedarschema",
        "entity Person in [Team];",
        "entity Person in [Team] = { name: String };",
    );
    let reply = reload_as(&ground, &secret);
    assert!(refused(&reply)[0]["message"].as_str().unwrap().contains("1 entity of type `Person`"));
    assert!(!reply.text.contains("canary"), "{reply:?}");
    assert!(reload_as(&ground, &sees).text.contains("canary"), "the control");
    assert!(!ground.server.get("/readyz").text.contains("canary"));
}

/// A service on facts from a file knows no callers.
#[test]
fn without_tokens_a_program_of_this_machine_reloads() {
    let ground = Ground::todo();
    ground.edit("policies/lists.cedar", "The owner reads", "Owners read");
    reloaded(&ground.reload());
    let _: &Engine = ground.server.service.active().unwrap().engine();
}
