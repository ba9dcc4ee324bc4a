//! Past its deadline a request is answered 503, never with an Allow (threat T17).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Server, allowed, denied};

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
fn a_single_question_does_not_wait_for_batches() {
    let server = Server::with(|settings| settings.deadline_ms = 60_000);
    let heavy = heavy();
    let until = Instant::now() + Duration::from_secs(2);
    let slowest = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let client = server.client();
                while Instant::now() < until {
                    assert_eq!(client.post("/access/v1/evaluations", &heavy).status, 200);
                }
            });
        }
        let client = server.client();
        let mut times = Vec::new();
        while Instant::now() < until {
            let started = Instant::now();
            assert!(client.post("/access/v1/evaluation", &allowed()).decision());
            times.push(started.elapsed());
        }
        times.sort_unstable();
        times[times.len() * 9 / 10]
    });
    let started = Instant::now();
    assert_eq!(server.evaluate_all(&heavy).status, 200);
    let batch = started.elapsed();
    assert!(slowest < batch * 4, "9 of 10 single questions should not wait for whole batches: {slowest:?}, a batch takes {batch:?}");
}
