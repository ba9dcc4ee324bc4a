//! A log of decisions for load tests: `log_generator STORE RECORDS REVISIONS > log.jsonl`.
//!
//! STORE holds facts of `facts_generator ORGANIZATIONS`; it gets so many commits more, each of which ends one client's
//! partnership or takes it up again, and the records are spread over all of them: questions of partners and clients about
//! products and partnerships, each decided as a service would have. The records are those of the log without its chain,
//! of about 700 bytes.

#![allow(clippy::expect_used, clippy::disallowed_methods, missing_docs, reason = "a generator stops and says so")]

use std::{io::Write as _, path::Path, sync::Arc};

use cedar_policy::Entity;
use jiff::{SignedDuration, Timestamp};
use mandat::{
    analysis::asking,
    bundle::Bundle,
    facts::{
        passage::Passage,
        store::{self, Commit, Record, Store},
    },
    request::{Party, Properties, Request},
};
use serde_json::{Value, json};

/// Organisations that the questions are about.
const WORKING: usize = 1_000;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [place, records, revisions] = &arguments[..] else {
        return Err(std::io::Error::other("log_generator STORE RECORDS REVISIONS"));
    };
    let (records, revisions): (usize, usize) =
        (records.parse().expect("a number"), revisions.parse().expect("a number"));
    let bundle = Bundle::load(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the bundle loads");
    let store = store::open(place).expect("the store opens");
    let (first, begun) = (store.head().expect("a revision"), "2026-10-01T00:00:00Z".parse::<Timestamp>());
    let begun = begun.expect("a time");
    (0..revisions).for_each(|number| turn(&*store, number, begun));
    let mut passage = Passage::new(store, Arc::new(bundle.actions.clone()), first);
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for number in 0..records {
        let revision = first + (number * (revisions + 1) / records.max(1)) as u64;
        passage.go_to(revision).expect("the revision");
        let at = begun + SignedDuration::from_micros(number as i64 * 2_592_001);
        let request = question(number);
        let decision = asking::answer(&bundle, &passage, &request, at).expect("a decision").decision;
        let mut record = json!({
            "writer": 1, "sequence": number + 1, "previous": format!("{number:064x}"),
            "id": format!("019a{number:08x}-0000-7000-8000-000000000000"), "at": at, "kind": "decision",
            "caller": "panel", "request": format!("req-{number:012}"), "question": wire(&request),
            "decision": decision.allowed(), "code": decision.code.name(), "bundle": bundle.digest,
            "revision": revision, "latency_us": 23,
        });
        let policies: Vec<String> = decision.determining.iter().map(ToString::to_string).collect();
        for (name, names) in [
            ("policies", policies),
            ("obligations", decision.obligations.iter().map(ToString::to_string).collect()),
            ("advice", decision.advice.iter().map(ToString::to_string).collect()),
        ] {
            if !names.is_empty() {
                record[name] = names.into();
            }
        }
        writeln!(out, "{record}")?;
    }
    out.flush()
}

/// A partnership ends, or is in force again.
fn turn(store: &dyn Store, number: usize, begun: Timestamp) {
    let client = client(number * 7);
    let uid = format!("Partnership::\"org-{client}:org-{}\"", client - client % 10).parse().expect("a name");
    let stored = store.read(&[uid], store.head().expect("a revision")).expect("the store");
    let record = Record::of(&stored.first().expect("a partnership").entity).expect("a record");
    let active = record.text.contains("\"status\":\"active\"");
    let (from, to) = if active { ("active", "ended") } else { ("ended", "active") };
    let mut json: Value = record.json().expect("an entity");
    json["attrs"]["status"] = json!(to);
    assert!(record.text.contains(&format!("\"status\":\"{from}\"")), "a status");
    let entity = Entity::from_json_value(json, None).expect("an entity");
    let mut writing = store.begin().expect("the writer");
    let at = begun + SignedDuration::from_secs(number as i64);
    writing.revise(&Commit { at, who: "panel".to_owned(), why: "{}".to_owned() }).expect("a revision");
    writing.put(&[Record::of(&entity).expect("a record")], "a schema").expect("the store");
    writing.commit().expect("the store");
}

/// One of the clients that the questions are about.
fn client(number: usize) -> usize {
    let client = number % WORKING;
    if client.is_multiple_of(10) { client + 1 } else { client }
}

fn question(number: usize) -> Request {
    let client = client(number * 13);
    let partner = client - client % 10;
    let (user, action, kind, id) = match number % 5 {
        0 => (format!("u-{partner}-lr"), "manageProduct", "Product", format!("p-{client}-{}", number % 3)),
        1 => (format!("u-{client}-staff"), "viewProduct", "Product", format!("p-{client}-{}", number % 3)),
        2 => (format!("u-{partner}-staff"), "enterClientAccount", "Partnership", format!("org-{client}:org-{partner}")),
        3 => (format!("u-{client}-admin"), "viewGrantedAccess", "Partnership", format!("org-{client}:org-{partner}")),
        _ => (format!("u-{partner}-admin"), "addClient", "Organization", format!("org-{partner}")),
    };
    let context = match action {
        "addClient" => {
            json!({ "client": {"type": "Organization", "id": format!("org-{client}")}, "access": "limited" })
        }
        _ => json!({}),
    };
    Request {
        principal: Party::new("User", user),
        action: action.to_owned(),
        action_properties: Properties::new(),
        resource: Party::new(kind, id),
        context: context.as_object().cloned().unwrap_or_default(),
    }
}

fn wire(request: &Request) -> Value {
    let party = |party: &Party| json!({ "type": party.entity_type, "id": party.id });
    json!({
        "subject": party(&request.principal), "action": { "name": request.action },
        "resource": party(&request.resource), "context": request.context,
    })
}
