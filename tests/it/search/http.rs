//! AuthZEN's searches over real sockets.

use serde_json::{Value, json};

use crate::http::{Reply, Server};

fn post(server: &Server, sought: &str, body: &Value) -> Reply {
    server.client().post(&format!("/access/v1/search/{sought}"), body)
}

fn readers() -> Value {
    json!({"subject": {"type": "Person"}, "action": {"name": "readList"}, "resource": {"type": "List", "id": "groceries"}})
}

fn lists() -> Value {
    json!({"subject": {"type": "Person", "id": "ada"}, "action": {"name": "readList"}, "resource": {"type": "List"}})
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[test]
fn subjects_are_listed_in_order_with_type_and_id_alone() {
    let server = Server::start();
    let reply = post(&server, "subject", &readers());
    assert_eq!(reply.status, 200);
    let expected = r#"{"results":[{"type":"Person","id":"ada"},{"type":"Person","id":"bob"},{"type":"Person","id":"cleo"}],"page":{"next_token":"","count":3}}"#;
    assert_eq!(reply.text, expected);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("x-mandat-revision"), Some("0"));
    assert!(reply.header("x-mandat-bundle").unwrap().starts_with("sha256:"));
}

#[test]
fn the_request_id_comes_back() {
    let server = Server::start();
    let headers = [("content-type", "application/json"), ("x-request-id", "r-1")];
    let reply = server.client().send("/access/v1/search/subject", &headers, readers().to_string().as_bytes());
    assert_eq!(reply.header("x-request-id"), Some("r-1"));
}

#[test]
fn resources_and_actions_are_listed() {
    let server = Server::start();
    let found = post(&server, "resource", &lists()).json();
    assert_eq!(found["results"], json!([{"type": "List", "id": "groceries"}, {"type": "List", "id": "last-year"}]));
    let body = json!({"subject": {"type": "Person", "id": "ada"}, "resource": {"type": "List", "id": "groceries"}});
    let found = post(&server, "action", &body).json();
    assert_eq!(found["results"], json!([{"name": "readList"}, {"name": "renameList"}]));
    let archived = with(body, "resource", json!({"type": "List", "id": "last-year"}));
    assert_eq!(post(&server, "action", &archived).json()["results"], json!([{"name": "readList"}]));
}

#[test]
fn the_id_of_what_is_looked_for_is_ignored() {
    let server = Server::start();
    let named = with(readers(), "subject", json!({"type": "Person", "id": "dan"}));
    assert_eq!(post(&server, "subject", &named).text, post(&server, "subject", &readers()).text);
}

#[test]
fn unknown_names_find_nothing() {
    let server = Server::start();
    for (field, value) in [
        ("subject", json!({"type": "Ghost"})),
        ("action", json!({"name": "haunt"})),
        ("resource", json!({"type": "List", "id": "nowhere"})),
        ("resource", json!({"type": "Castle", "id": "groceries"})),
        ("resource", json!({"type": "Task", "id": "milk"})),
    ] {
        let reply = post(&server, "subject", &with(readers(), field, value));
        assert_eq!((reply.status, &reply.json()["results"]), (200, &json!([])), "{field}: {}", reply.text);
    }
}

#[test]
fn what_cannot_be_asked_is_400_and_names_the_field() {
    let server = Server::start();
    for (sought, body, message) in [
        ("subject", with(readers(), "subject", json!({})), "subject.type: missing"),
        ("subject", with(readers(), "resource", json!({"type": "List"})), "resource.id: missing"),
        ("subject", with(readers(), "action", Value::Null), "action: missing"),
        (
            "subject",
            with(readers(), "context", json!({"mood": "good"})),
            "context: a field, and the schema declares none here",
        ),
        ("subject", with(readers(), "page", json!({"limit": 0})), "page.limit: expected a whole number"),
        ("subject", with(readers(), "page", json!({"limit": 101})), "page.limit: 101, more than 100"),
        ("subject", with(readers(), "page", json!({"token": "abc"})), "page.token: expected the `next_token`"),
        ("resource", with(lists(), "subject", json!({"type": "Person"})), "subject.id: missing"),
        ("action", lists(), "resource.id: missing"),
    ] {
        let reply = post(&server, sought, &body);
        assert_eq!(reply.status, 400, "{body}");
        assert!(reply.message().starts_with(message), "{}", reply.message());
    }
}

#[test]
fn pages_follow_each_other_and_the_last_has_no_token() {
    let server = Server::start();
    let mut body = with(readers(), "page", json!({"limit": 1}));
    let mut names = Vec::new();
    loop {
        let page = post(&server, "subject", &body).json();
        assert_eq!(page["page"]["count"], 1);
        names.push(page["results"][0]["id"].as_str().unwrap().to_owned());
        let token = page["page"]["next_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
        // The limit of the page before counts on.
        body = with(readers(), "page", json!({"token": token}));
    }
    assert_eq!(names, ["ada", "bob", "cleo"]);
}

#[test]
fn a_token_with_another_query_is_400() {
    let server = Server::start();
    let first = post(&server, "subject", &with(readers(), "page", json!({"limit": 1}))).json();
    let page = json!({"token": first["page"]["next_token"]});
    let other = with(with(readers(), "page", page.clone()), "action", json!({"name": "renameList"}));
    let reply = post(&server, "subject", &other);
    assert_eq!(reply.status, 400);
    assert!(reply.message().contains("another query"), "{}", reply.message());
    assert_eq!(post(&server, "subject", &with(readers(), "page", page)).status, 200, "the control");
}

#[test]
fn a_search_past_its_deadline_is_answered_503() {
    let hurried = Server::with(|settings| settings.deadline_ms = 0);
    assert_eq!(post(&hurried, "subject", &readers()).status, 503, "a deadline that has passed");
    let patient = Server::start();
    assert_eq!(post(&patient, "subject", &readers()).status, 200, "the control");
}
