//! The time asked about is the engine's, unless it was started to trust its callers (threat T24).

use mandat::config::ServerSettings;
use serde_json::json;

use super::{Server, asks, todo_engine};

#[test]
fn a_callers_own_time_is_refused() {
    let server = Server::start();
    let mut question = asks("ada", "remind", "Task", "milk");
    assert!(server.evaluate(&question).decision(), "due since March 2026 by the engine's clock");
    question["context"] = json!({"now": "2026-03-01T08:00:00Z"});
    let reply = server.evaluate(&question);
    assert_eq!(reply.status, 400);
    assert!(reply.message().starts_with("context.now: the time comes from the engine's clock"));
}

#[test]
fn a_callers_own_time_is_taken_where_it_is_trusted() {
    let server = Server::without_bundle(ServerSettings::default(), true);
    server.service.activate(todo_engine()).unwrap();
    let mut question = asks("ada", "remind", "Task", "milk");
    for (now, due) in [("2026-03-01T07:59:59.999Z", false), ("2026-03-01T08:00:00Z", true)] {
        question["context"] = json!({"now": now});
        assert_eq!(server.evaluate(&question).decision(), due, "{now}");
    }
    question["context"] = json!({"now": "tomorrow"});
    assert!(server.evaluate(&question).message().starts_with("context.now: "));
}

#[test]
fn an_action_without_a_clock_takes_no_time_from_anybody() {
    let server = Server::without_bundle(ServerSettings::default(), true);
    server.service.activate(todo_engine()).unwrap();
    let mut question = asks("ada", "renameList", "List", "groceries");
    assert!(server.evaluate(&question).decision());
    question["context"] = json!({"now": "2026-03-01T08:00:00Z"});
    assert_eq!(server.evaluate(&question).status, 400);
}
