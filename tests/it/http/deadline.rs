//! Past its deadline a request is answered 503, never with an Allow (threat T17).

use std::time::{Duration, Instant};

use mandat::config::ServerSettings;
use serde_json::{Value, json};

use super::{Server, allowed, denied, todo_engine};

/// A hundred denials with their explanations: the most a batch can ask for.
fn heavy() -> Value {
    json!({"evaluations": vec![denied(); 100], "options": {"explain": true}})
}

#[test]
fn a_batch_that_computes_past_its_deadline_is_answered_503() {
    let server = Server::with(|settings| settings.deadline_ms = 1);
    let reply = server.evaluate_all(&heavy());
    assert_eq!((reply.status, reply.message().as_str()), (503, "the answer took longer than 1 ms"));
    assert!(!reply.text.contains("decision"));
    let patient = Server::with(|settings| settings.deadline_ms = 60_000);
    assert_eq!(patient.evaluate_all(&heavy()).status, 200, "the control: only the deadline differs");
}

#[test]
fn a_single_evaluation_has_a_deadline_too() {
    let server = Server::with(|settings| settings.deadline_ms = 0);
    assert_eq!(server.evaluate(&allowed()).status, 503);
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn a_single_question_does_not_wait_for_a_batch() {
    let settings = ServerSettings {
        batch_limit: usize::MAX,
        body_limit: usize::MAX / 2,
        deadline_ms: 600_000,
        ..ServerSettings::default()
    };
    let server = Server::on_threads(1, settings, false);
    server.service.activate(todo_engine()).unwrap();
    let batch = |items: usize| {
        let mut batch = denied();
        batch["evaluations"] = json!(vec![json!({}); items]);
        batch["options"] = json!({"explain": true});
        let started = Instant::now();
        assert_eq!(server.evaluate_all(&batch).status, 200);
        started.elapsed()
    };
    batch(200);
    let items = 200 * usize::try_from(Duration::from_secs(2).as_micros() / batch(200).as_micros()).unwrap();
    let (single, whole) = std::thread::scope(|scope| {
        let whole = scope.spawn(|| batch(items));
        std::thread::sleep(Duration::from_millis(300));
        let started = Instant::now();
        assert!(server.evaluate(&allowed()).decision());
        (started.elapsed(), whole.join().unwrap())
    });
    assert!(whole > Duration::from_millis(800), "the batch was over before the question: {whole:?}");
    assert!(single < whole / 4, "the question took {single:?}, the whole batch {whole:?}");
}
