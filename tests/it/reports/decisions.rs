//! The decision report: counted once each, in the period only, and nothing passed over in silence.

use mandat::{
    audit::{people::Person, place, recorder::Settings},
    config::audit::{AuditSettings, Mode},
};
use serde_json::{Value, json};

use super::{Desk, FACTS, having};
use crate::{
    audit::{Logged, ada_adds, adds, signing},
    transactions::{Home, bundle, sample_home},
    worlds::TempDir,
};

fn question(user: &str) -> Value {
    json!({
        "subject": {"type": "User", "id": user}, "action": {"name": "addClient"},
        "resource": {"type": "Organization", "id": "alpenhost"},
        "context": {"client": {"type": "Organization", "id": "gallery"}, "access": "limited"}
    })
}

fn record(at: &str, more: Value) -> Value {
    let mut record = json!({"kind": "decision", "caller": "shop", "at": at, "bundle": "sha256:one"});
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    record
}

fn denied(user: &str) -> Value {
    json!({
        "question": question(user), "decision": false, "code": "forbidden",
        "policies": ["clients.only-legal-representatives-add"], "rules": ["CLI-02"]
    })
}

fn with(mut record: Value, field: &str, value: Value) -> Value {
    record[field] = value;
    record
}

/// A log of a quarter; the period begins with its second record and ends before its last.
fn log() -> String {
    let allowed = json!({"question": question("u-ada"), "decision": true, "code": "permitted", "policies": ["clients.add"], "rules": ["CLI-01"]});
    let masked = with(denied("~0123456789abcdef0123456789abcdef"), "masked", json!(["subject.id"]));
    let records = [
        record("2026-06-30T23:59:59.999999Z", denied("u-bob")),
        record("2026-07-01T00:00:00Z", denied("u-bob")),
        record("2026-07-02T08:00:00.5Z", denied("u-bob")),
        record("2026-07-02T09:00:00Z", allowed.clone()),
        record("2026-07-03T09:00:00Z", masked),
        record("2026-07-03T10:00:00Z", with(denied("u-bob"), "dropped", json!(["context.client"]))),
        // Denied then, allowed on these facts.
        record("2026-07-04T09:00:00Z", denied("u-beat")),
        record(
            "2026-07-05T09:00:00Z",
            json!({"question": question("u-bob"), "error": {"status": 503, "reason": "unavailable"}}),
        ),
        record("2026-07-06T09:00:00Z", with(allowed.clone(), "faults", json!(["clients.add"]))),
        with(
            record("2026-07-07T09:00:00Z", json!({"evaluations": [allowed, denied("u-bob")]})),
            "kind",
            json!("transaction"),
        ),
        record("2026-10-01T00:00:00Z", denied("u-bob")),
    ];
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    format!("{}\nno record\n{{\"kind\":\"decision\"}}\n", lines.join("\n"))
}

fn report(desk: &Desk, more: &[&str]) -> (Vec<std::collections::BTreeMap<String, String>>, String) {
    let path = desk.path().join("log.jsonl");
    std::fs::write(&path, log()).unwrap();
    let period = ["--from", "2026-07-01T00:00:00Z", "--until", "2026-10-01T00:00:00Z"];
    desk.written(&[&["decisions", "--log", path.to_str().unwrap()], &period[..], more].concat());
    (desk.rows("decisions.csv"), desk.read("decisions.html"))
}

#[test]
fn records_are_counted_by_action_rule_and_caller_in_the_half_open_period() {
    let desk = Desk::new();
    let (rows, html) = report(&desk, &[]);
    let counts = |row: &std::collections::BTreeMap<String, String>| {
        [row["allowed"].clone(), row["denied"].clone(), row["errors or times"].clone()]
    };
    assert_eq!(counts(having(&rows, &[("about", "action")])[0]), ["3", "6", "1"]);
    assert_eq!(counts(having(&rows, &[("about", "denied")])[0]), ["", "6", ""]);
    assert_eq!(counts(having(&rows, &[("about", "rule"), ("name", "CLI-02")])[0]), ["0", "6", ""]);
    assert_eq!(counts(having(&rows, &[("about", "caller"), ("name", "shop")])[0]), ["3", "6", ""]);
    assert_eq!(having(&rows, &[("about", "error")])[0]["name"], "addClient: unavailable");
    assert_eq!(having(&rows, &[("about", "policy failed")])[0]["name"], "clients.add");
    assert!(html.contains("2 records lie outside the period."), "the first moment is in, the last is not");
    let unreadable: Vec<&str> =
        having(&rows, &[("about", "unreadable")]).iter().map(|row| row["name"].as_str()).collect();
    assert_eq!(unreadable, ["a record has no time in `at`", "it is no JSON"]);
    assert!(html.contains("Left out: no facts were given"));
}

#[test]
fn denials_are_asked_again_where_nothing_of_their_question_is_gone() {
    let desk = Desk::new();
    let (rows, html) = report(&desk, &["--facts", FACTS]);
    let near = having(&rows, &[("about", "near miss")]);
    assert_eq!(near.len(), 1, "{near:?}");
    assert_eq!(near[0]["name"], "addClient: resource.legalRepresentatives.contains(principal)");
    assert_eq!((near[0]["policies"].as_str(), near[0]["denied"].as_str()), ("clients.add", "3"));
    assert!(html.contains("1 denial: would be allowed now"), "Beat is a legal representative");
    assert_eq!(having(&rows, &[("about", "asked again"), ("name", "allowed now")])[0]["denied"], "1");
    assert_eq!(having(&rows, &[("about", "left out")]).len(), 2, "{rows:?}");
    assert!(html.contains("Left out: 1 denial, since `subject.id` is masked."));
    assert!(html.contains("Left out: 1 denial, since `context.client` was dropped."));
}

#[test]
fn a_log_may_be_a_directory_and_must_be_there() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path().join("log")).unwrap();
    let log_dir = desk.path().join("log");
    let words = ["decisions", "--log", log_dir.to_str().unwrap()];
    let empty = desk.report(&words);
    assert_eq!(empty.code, Some(3), "an empty directory must not look like a quiet quarter: {empty:?}");
    for name in ["1.jsonl", "2.jsonl"] {
        std::fs::write(log_dir.join(name), format!("{}\n", record("2026-07-01T00:00:00Z", denied("u-bob")))).unwrap();
    }
    desk.written(&words);
    assert_eq!(having(&desk.rows("decisions.csv"), &[("about", "action")])[0]["denied"], "2");
    assert_eq!(desk.report(&["decisions", "--log", "/nowhere"]).code, Some(3));
}

/// A service whose log is there, after a denied question of Bob's and an allowed one of Ada's.
fn logged(place: &str, home: Home) -> Logged {
    let settings = Settings { mode: Mode::Strict, limit: 100, key: signing(), keep: None };
    let logged = Logged::kept_at(place, TempDir::new(), home, settings, bundle());
    for question in [adds("u-bob", "gallery"), ada_adds("gallery")] {
        assert_eq!(logged.client().post("/access/v1/evaluation", &question).status, 200);
    }
    logged
}

/// What the report says of it: the denials by near miss, and the page.
fn told(words: &[&str]) -> (Vec<(String, String)>, String) {
    let desk = Desk::new();
    desk.written(&[&["decisions"], words].concat());
    let rows = desk.rows("decisions.csv");
    assert_eq!(having(&rows, &[("about", "action"), ("allowed", "1"), ("denied", "1")]).len(), 1, "{rows:?}");
    let near = having(&rows, &[("about", "near miss")]);
    let near = near.iter().map(|row| (row["policies"].clone(), row["denied"].clone())).collect();
    (near, desk.read("decisions.html") + &desk.read("decisions.csv"))
}

/// Bob's pseudonym is turned back to ask about him again, and to nothing else.
#[test]
fn a_log_is_read_where_the_service_keeps_it_and_names_nobody() {
    let (dir, postgres) = (TempDir::new(), Home::in_postgres());
    let paths = ["one.db", "many"].map(|name| dir.path().join(name).display().to_string());
    for place in paths.iter().chain([&postgres.place]) {
        let logged = logged(place, sample_home());
        let (near, text) = told(&["--log", place, "--facts", FACTS]);
        assert_eq!(near, [("clients.add".to_owned(), "1".to_owned())], "{place}");
        assert!(!text.contains("u-bob") && !text.contains("u-ada"), "{place} names somebody");
        let bob = Person { entity_type: "User".to_owned(), id: "u-bob".to_owned() };
        logged.ledger().forget(&bob).unwrap().expect("he had a pseudonym");
        let (near, text) = told(&["--log", place, "--facts", FACTS]);
        assert!(near.is_empty(), "the control: without his key nobody can ask about him: {near:?}");
        assert!(text.contains("Left out: 1 denial, since `subject.id` is masked."));
    }
}

#[test]
fn the_log_beside_the_store_needs_no_name() {
    let home = sample_home();
    let store = home.place.clone();
    let log = place::of(&AuditSettings::default(), Some(&store)).unwrap().log;
    let _logged = logged(&log, home);
    assert_eq!(told(&["--store", &store]).0.len(), 1);
    let desk = Desk::new();
    assert_eq!(desk.report(&["decisions", "--store", "/nowhere/mandat.db"]).code, Some(3), "where there is none");
}
