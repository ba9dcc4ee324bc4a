//! `GET /v1/facts/{type}/{id}`: one entity as it is stored.

use serde_json::json;

use super::{House, committed, problem, put, uid};

#[test]
fn an_entity_is_answered_as_it_is_stored_with_its_revision() {
    let house = House::sample();
    let reply = house.client().get("/v1/facts/Partnership/clinic:alpenhost");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    assert_eq!(reply.header("x-mandat-revision"), Some("1"));
    assert!(reply.header("x-mandat-bundle").unwrap().starts_with("sha256:"));
    assert_eq!(
        reply.json(),
        json!({
            "uid": uid("Partnership::clinic:alpenhost"),
            "attrs": {
                "client": { "__entity": uid("Organization::clinic") },
                "partner": { "__entity": uid("Organization::alpenhost") },
                "status": "active", "access": "full", "paymentMode": "partner",
                "products": [], "collaborators": [{ "__entity": uid("User::u-carl") }],
            },
            "parents": [],
        })
    );
}

#[test]
fn what_is_answered_can_be_put_back() {
    let house = House::sample();
    let names = ["Partnership::clinic:alpenhost", "ApiToken::ada-live", "User::u-carl", "Organization::museum"];
    let before = names.map(|name| house.fact(name).unwrap());
    let changes = before.clone().map(|entity| json!({ "put": entity }));
    assert!(committed(&house.change(&changes)));
    assert_eq!(names.map(|name| house.fact(name).unwrap()), before);
}

#[test]
fn what_is_not_there_is_a_problem() {
    let house = House::sample();
    for path in ["User/u-nobody", "user/u-ada", "Robot/r", "no%20type/r", "User/U-ADA", "Action/viewProduct"] {
        let reply = house.client().get(&format!("/v1/facts/{path}"));
        assert_eq!(problem(&reply, 404), "unknown-entity", "{path}");
    }
}

#[test]
fn ids_are_percent_encoded() {
    let house = House::sample();
    let ids = [
        ("a/b", "a%2Fb"),
        ("ü 1", "%C3%BC%201"),
        ("50%", "50%25"),
        ("a?b#c", "a%3Fb%23c"),
        ("\"q\"", "%22q%22"),
        ("a+b", "a+b"),
    ];
    for (id, encoded) in ids {
        assert!(committed(&house.change(&[put(&format!("Visitor::{id}"), json!({}))])));
        let reply = house.client().get(&format!("/v1/facts/Visitor/{encoded}"));
        assert_eq!(reply.status, 200, "{id}: {reply:?}");
        assert_eq!(reply.json()["uid"]["id"], id);
    }
    let reply = house.client().get("/v1/facts/Visitor/%FF");
    assert_eq!(problem(&reply, 400), "invalid-form", "no UTF-8");
}

#[test]
fn facts_from_a_file_are_answered_too() {
    let server = crate::http::Server::start();
    let reply = server.get("/v1/facts/Task/milk");
    assert_eq!((reply.status, reply.header("x-mandat-revision")), (200, Some("0")));
    assert_eq!(reply.json()["attrs"]["list"], json!({ "__entity": uid("List::groceries") }));
}
