//! The same key, the same answer, and nothing twice.

use jiff::Timestamp;
use mandat::{
    engine::transact::{Attempt, NoOutcome, Transaction},
    http::{answer::Detail, transaction_answer},
    request::Circumstances,
};
use serde_json::{Value, json};

use super::{
    House, PLACES, accepts_full, asks, broken, bundle, committed, full_access, problem, sample_home, send, set,
};
use crate::http::Reply;

const REPLAYED: &str = "idempotency-replayed";

fn accepted() -> Value {
    let request = "Partnership::florist:alpenhost";
    json!({ "evaluations": [accepts_full(request)], "changes": full_access(request) })
}

/// The answer was given before, byte by byte.
fn assert_repeated(first: &Reply, again: &Reply) {
    assert_eq!((first.header(REPLAYED), again.header(REPLAYED)), (None, Some("true")));
    assert_eq!((first.status, &first.text), (again.status, &again.text));
    for name in ["content-type", "x-mandat-revision", "x-mandat-bundle"] {
        assert_eq!(first.header(name), again.header(name), "{name}");
    }
}

#[test]
fn a_repetition_gets_the_same_bytes_also_after_a_restart() {
    let house = House::sample();
    let first = house.send("k", &accepted());
    assert!(committed(&first));
    assert_repeated(&first, &house.send("k", &accepted()));
    assert!(committed(&house.change(&[set("Organization::florist", "listedInDirectory", true)])));
    let house = house.restarted();
    assert_repeated(&first, &house.send("k", &accepted()));
    assert_eq!(house.revision(), 3, "the sample, the acceptance, the change");
}

#[test]
fn spaces_make_no_other_body() {
    let house = House::sample();
    let first = house.send("k", &accepted());
    let spaced = serde_json::to_string_pretty(&accepted()).unwrap();
    let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
    assert_repeated(&first, &house.client().send("/v1/transactions", &headers, spaced.as_bytes()));
}

#[test]
fn another_body_under_the_same_key_is_a_conflict() {
    let house = House::sample();
    assert!(committed(&house.send("k", &accepted())));
    let other = json!({ "evaluations": [], "changes": [set("Organization::florist", "country", "FR")] });
    assert_eq!(problem(&house.send("k", &other), 409), "key-reused");
    assert_eq!(house.attribute("Organization::florist", "country"), "DE");
    assert!(committed(&house.send("another", &other)));
}

#[test]
fn a_denied_attempt_stays_denied_whatever_has_changed_since() {
    let house = House::sample();
    let question = asks("u-sven", "viewRequest", "Partnership::florist:alpenhost", json!({}));
    let body = json!({ "evaluations": [question], "changes": [set("Organization::florist", "country", "FR")] });
    let first = house.send("k", &body);
    assert!(!committed(&first));
    let sven = super::add("Organization::florist", "legalRepresentatives", super::uid("User::u-sven"));
    assert!(committed(&house.change(&[sven])));
    assert_repeated(&first, &house.send("k", &body));
    assert!(committed(&house.send("new", &body)), "a new attempt is decided anew");
}

#[test]
fn a_refused_attempt_stays_refused() {
    let house = House::sample();
    let unnamed = json!({ "evaluations": [], "changes": full_access("Partnership::florist:alpenhost")[..3] });
    let passed =
        json!({ "evaluations": [], "changes": [set("Organization::florist", "country", "FR")], "if_revision": 7 });
    let impossible = json!({ "evaluations": [], "changes": [set("Organization::nowhere", "country", "FR")] });
    for (key, body, status) in [("broken", unnamed, 422), ("passed", passed, 409), ("impossible", impossible, 422)] {
        let first = house.send(key, &body);
        assert_eq!(first.status, status, "{first:?}");
        assert_repeated(&first, &house.send(key, &body));
    }
    assert!(
        !broken(&house.send(
            "broken",
            &json!({ "evaluations": [], "changes": full_access("Partnership::florist:alpenhost")[..3] })
        ))
        .is_empty()
    );
}

#[test]
fn a_body_that_cannot_be_read_takes_no_key() {
    let house = House::sample();
    assert_eq!(problem(&house.send("k", &json!({ "evaluations": [] })), 400), "invalid-form");
    assert!(committed(&house.send("k", &accepted())), "the mistake is mended under the same key");
}

#[test]
fn keys_are_each_callers_own() {
    let home = sample_home();
    let engine = home.engine(bundle());
    let transaction = |value: &str| Transaction {
        evaluations: Vec::new(),
        changes: vec![serde_json::from_value(set("Organization::florist", "country", value)).unwrap()],
        if_revision: None,
    };
    let settle = |caller: &str, country: &str, digest: u8| {
        let attempt = Attempt {
            caller,
            key: "k",
            digest: [digest; 32],
            transaction: &transaction(country),
            why: "{}".to_owned(),
            circumstances: Circumstances { now: Timestamp::UNIX_EPOCH, trust_caller_clock: false },
        };
        engine
            .transact(&attempt, &|outcome, revision, _| transaction_answer::text(outcome, revision, Detail::Full))
            .map(|settled| (settled.repeated, settled.answer.revision))
    };
    assert_eq!(settle("panel", "FR", 1).unwrap(), (false, 2));
    assert_eq!(settle("shop", "AT", 2).unwrap(), (false, 3), "another caller's key is another key");
    assert_eq!(settle("panel", "FR", 1).unwrap(), (true, 2));
    assert!(matches!(settle("panel", "AT", 2), Err(NoOutcome::KeyReused)));
}

#[test]
fn sixty_four_at_once_under_one_key_are_one_commit() {
    PLACES.into_iter().for_each(|place| sixty_four_at_once(&House::sample_in(place())));
}

fn sixty_four_at_once(house: &House) {
    let (client, body) = (house.client(), accepted());
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..64).map(|_| scope.spawn(|| send(&client, "k", &body))).collect();
        sending.into_iter().map(|sending| sending.join().unwrap()).collect()
    });
    assert!(replies.iter().all(committed));
    assert!(replies.iter().all(|reply| reply.text == replies[0].text));
    assert_eq!(replies.iter().filter(|reply| reply.header(REPLAYED).is_none()).count(), 1, "one was the first");
    assert_eq!(house.revision(), 2);
}
