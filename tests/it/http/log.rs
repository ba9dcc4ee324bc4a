//! The log: one event a line whatever callers send (threat T19), and no names of persons by default.

use serde_json::{Value, json};

use super::{asks, process::Process};

/// Identifiers that try to end a line, to begin an event of their own, or to paint the terminal.
const HOSTILE: [&str; 9] = [
    "a\nb",
    "a\r\n2026-01-01T00:00:00Z  INFO a question was decided",
    "a\u{0}b",
    "a\u{2028}b\u{2029}c",
    "a\u{85}b\u{b}c\u{c}d",
    "\u{1b}[31mred\u{1b}[0m",
    "\"}\n{\"level\":\"ERROR\",\"message\":\"forged\"}",
    "\\n\\",
    "\u{202e}decived",
];

/// The log of a service that was asked about these persons.
fn log_of(arguments: &[&str], persons: &[&str]) -> String {
    let process = Process::serve(arguments);
    let client = process.client();
    for person in persons {
        assert!(!client.post("/access/v1/evaluation", &asks(person, "renameList", "List", person)).decision());
        let overflow = json!({
            "subject": {"type": "Person", "id": person},
            "action": {"name": "addTask", "properties": {"title": person, "minutes": i64::MAX}},
            "resource": {"type": "List", "id": "groceries"},
        });
        assert!(!client.post("/access/v1/evaluation", &overflow).decision());
    }
    let first_line = process.first_line.clone();
    let (code, rest) = process.stop("-TERM");
    assert_eq!(code, Some(0));
    first_line + &rest
}

#[test]
fn one_event_is_one_line_of_json_whatever_callers_send() {
    let log = log_of(&["--log", "json", "--log-filter", "mandat=debug"], &HOSTILE);
    let events: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}")))
        .collect();
    let decided: Vec<&Value> = events.iter().filter(|event| event["message"] == "a question was decided").collect();
    assert_eq!(decided.len(), HOSTILE.len() * 2);
    for person in HOSTILE {
        let found = decided.iter().filter(|event| event["principal.id"] == person).count();
        assert_eq!(found, 2, "{person:?} is found as it was sent");
    }
    assert!(events.iter().all(|event| event["message"] != "forged"));
    let overflows =
        events.iter().filter(|event| event["level"] == "WARN" && event["policy.id"] == "tasks.at-most-a-day");
    assert_eq!(overflows.count(), HOSTILE.len());
}

#[test]
fn one_event_is_one_line_of_text_whatever_callers_send() {
    let log = log_of(&["--log-filter", "mandat=debug"], &HOSTILE);
    let begins_like_an_event =
        |line: &&str| line.starts_with("20") && line.contains("Z ") && line.contains(" mandat::");
    assert!(log.lines().all(|line| begins_like_an_event(&line)), "{log}");
    assert!(log.chars().all(|c| c == '\n' || (!c.is_control() && !"\u{2028}\u{2029}\u{202e}".contains(c))), "{log:?}");
    assert_eq!(log.lines().filter(|line| line.contains("inquiry: a question was decided")).count(), HOSTILE.len() * 2);
}

#[test]
fn the_log_of_every_day_names_no_person() {
    let persons = ["canary-7f3a", "canary-91bc"];
    let quiet = log_of(&["--log", "json"], &persons);
    assert!(!quiet.contains("canary"), "{quiet}");
    assert!(quiet.contains("a policy could not be evaluated"), "the control: events were logged");
    let chatty = log_of(&["--log", "json", "--log-filter", "mandat=debug"], &persons);
    assert!(persons.iter().all(|person| chatty.contains(person)), "the control: the names do appear where asked for");
}

#[test]
fn the_request_id_is_in_the_log() {
    let process = Process::serve(&["--log", "json", "--log-filter", "mandat=debug"]);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [("content-type", "application/json"), ("x-request-id", "r-17"), ("traceparent", trace)];
    process.client().send(
        "/access/v1/evaluation",
        &headers,
        asks("ada", "readList", "List", "groceries").to_string().as_bytes(),
    );
    let (_, log) = process.stop("-TERM");
    let event: Value = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|event: &Value| event["level"] == "DEBUG")
        .unwrap();
    assert_eq!((&event["request.id"], &event["trace.parent"]), (&json!("r-17"), &json!(trace)));
}
