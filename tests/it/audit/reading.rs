//! Auditors read: by what records are about, page by page, and one with the proof that it is in the log.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mandat::{
    audit::{
        ledger,
        people::Person,
        proof::Proof,
        query::{self, Query},
        record::{Event, Outcome, Record, Verdict},
        recorder::{Recorder, Settings},
    },
    config::audit::Mode,
    request::{Party, Properties, Request},
};
use serde_json::Value;

use super::{Logged, ada_adds, adds, lines, signing, trusted};
use crate::worlds::TempDir;

fn results(logged: &Logged, query: &str) -> Vec<Value> {
    let reply = logged.client().get(&format!("/v1/decisions{query}"));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["results"].as_array().unwrap().clone()
}

fn some() -> Logged {
    let logged = Logged::strict();
    let client = logged.client();
    for question in [ada_adds("museum"), adds("u-bob", "museum"), ada_adds("alpenhost"), adds("u-beat", "museum")] {
        assert_eq!(client.post("/access/v1/evaluation", &question).status, 200);
    }
    logged
}

#[test]
fn records_are_found_by_who_what_and_how_it_was_decided() {
    let logged = some();
    assert_eq!(results(&logged, "").len(), 4);
    assert_eq!(results(&logged, "?subject=User::%22u-ada%22").len(), 2, "by a name that is recorded as a pseudonym");
    assert_eq!(results(&logged, "?subject=User::%22u-ada%22&decision=true").len(), 1);
    assert_eq!(results(&logged, "?subject=User::%22nobody%22").len(), 0);
    assert_eq!(results(&logged, "?resource=Organization::%22alpenhost%22").len(), 4);
    assert_eq!(results(&logged, "?rule=CLI-01&decision=true").len(), 2);
    assert_eq!(results(&logged, "?policy=clients.add").len(), 2);
    assert_eq!(results(&logged, "?action=viewInvoice").len(), 0);
    assert_eq!(results(&logged, "?kind=search").len(), 0);
    assert_eq!(results(&logged, "?caller=anonymous&code=forbidden").len(), results(&logged, "?code=forbidden").len());
    assert_eq!(results(&logged, "?until=2020-01-01T00:00:00Z").len(), 0);
    assert_eq!(results(&logged, "?from=2020-01-01T00:00:00Z").len(), 4);
}

#[test]
fn pages_go_on_where_the_one_before_ended() {
    let logged = some();
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let after = if token.is_empty() { String::new() } else { format!("&token={token}") };
        let page = logged.client().get(&format!("/v1/decisions?limit=1{after}")).json();
        let results = page["results"].as_array().unwrap();
        assert!(results.len() <= 1);
        seen.extend(results.iter().map(|record| record["sequence"].as_u64().unwrap()));
        token = page["next_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, [4, 3, 2, 1], "the newest first, each once");
}

#[test]
fn one_record_comes_with_a_proof_that_needs_nothing_but_the_public_key() {
    let logged = some();
    for record in results(&logged, "") {
        let id = record["id"].as_str().unwrap();
        let answer = logged.client().get(&format!("/v1/decisions/{id}")).json();
        assert_eq!(answer["record"], record);
        let proof: Proof = serde_json::from_value(answer["proof"].clone()).unwrap();
        proof.check(&trusted()).unwrap();
        let forged = Proof { line: proof.line.replace("\"decision\":", "\"decision\" :"), ..proof };
        assert!(forged.check(&trusted()).is_err());
    }
    let unknown = logged.client().get("/v1/decisions/00000000-0000-7000-8000-000000000000");
    assert_eq!(unknown.status, 404);
}

/// A record of a question, as the service makes them.
fn record(recorder: &Recorder, number: usize) -> Record {
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(number as i64 / 3);
    let party = |kind: &str, id: String| Party { entity_type: kind.to_owned(), id, properties: Properties::new() };
    let question = Request {
        principal: party("User", format!("u-{}", number % 701)),
        action: "viewProduct".to_owned(),
        action_properties: Properties::new(),
        resource: party("Product", format!("p-{}", number / 50)),
        context: Properties::new(),
    };
    let verdict = Verdict { decision: number.is_multiple_of(2), code: "permitted", ..Verdict::default() };
    let event = Event::Decision { question: Some(Box::new(question)), item: None, outcome: Outcome::Decided(verdict) };
    Record::of_log(recorder.id(at), at, event)
}

#[test]
fn what_is_found_by_subject_or_resource_is_what_reading_everything_finds() {
    let dir = TempDir::new();
    let ledger = ledger::open(&dir.path().join("d.db").display().to_string()).unwrap();
    let settings = || Settings { mode: Mode::Strict, limit: 20_000, key: signing(), keep: None };
    // Two writers, whose records lie between each other's; more than two full spans.
    let recorders = [0, 1].map(|_| Recorder::start(ledger.clone(), settings()).unwrap());
    for number in 0..20_000 {
        let recorder = &recorders[number % 2];
        let ticket = recorder.submit(record(recorder, number), Arc::default());
        if number.is_multiple_of(997) {
            ticket.wait().unwrap();
        }
    }
    recorders.iter().for_each(Recorder::close);
    let all = lines(&*ledger);
    assert_eq!(all.len(), 20_000);
    let [user, product] = [("User", "u-17"), ("Product", "p-123")]
        .map(|(kind, id)| Person { entity_type: kind.to_owned(), id: id.to_owned() });
    for (query, side, id) in [
        (Query { subject: Some(user.clone()), ..Query::default() }, "subject", "u-17"),
        (Query { resource: Some(product.clone()), ..Query::default() }, "resource", "p-123"),
    ] {
        let mut expected: Vec<(String, &String)> = all
            .iter()
            .map(|line| (serde_json::from_str::<Value>(line).unwrap(), line))
            .filter(|(record, _)| record["question"][side]["id"] == id)
            .map(|(record, line)| (record["id"].as_str().unwrap().to_owned(), line))
            .collect();
        expected.sort_by(|left, right| right.0.cmp(&left.0));
        assert!(expected.len() > 20, "{side}");
        // In pages of seven, as a reader would.
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = query::page(&*ledger, &query, after, 7, &mut || true).unwrap();
            found.extend(page.lines);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(
            found.iter().collect::<Vec<_>>(),
            expected.iter().map(|(_, line)| *line).collect::<Vec<_>>(),
            "{side}"
        );
    }
}

#[test]
fn a_query_that_cannot_be_read_is_refused() {
    let logged = some();
    for query in
        ["?subject=ada", "?limit=0", "?limit=101", "?decision=perhaps", "?from=yesterday", "?unheard=of", "?token=1"]
    {
        let reply = logged.client().get(&format!("/v1/decisions{query}"));
        assert_eq!(reply.status, 400, "{query}: {reply:?}");
    }
    assert_eq!(logged.client().get("/v1/decisions/17").status, 400);
}
