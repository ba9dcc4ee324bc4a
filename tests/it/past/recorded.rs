//! What the service has really recorded, replayed: the records are the log's own lines.

use std::sync::Arc;

use mandat::{
    analysis::replay::{Change, Files, Ground, Tally, Wish, replay},
    audit::people::Pseudonym,
    bundle::Bundle,
    facts::store::Store,
};
use serde_json::json;

use super::replay::widened;
use crate::{
    audit::{Logged, ada_adds, adds, lines},
    reload::load,
    support::programme_dir,
    transactions::{accepts_full, asks, committed, full_access, send, unused_key},
    worlds::TempDir,
};

const PARTNERSHIP: &str = "Partnership::florist:alpenhost";

/// A morning at a service: decisions of every kind, a transaction between them, and what is no decision.
fn morning() -> Logged {
    let logged = Logged::strict();
    let enters = asks("u-bob", "enterClientAccount", PARTNERSHIP, json!({}));
    let assigns = asks("u-ada", "assignCollaborator", PARTNERSHIP, json!({ "collaborator": uid_of("u-carl") }));
    let client = logged.client();
    let evaluate = |question: &serde_json::Value| client.post("/access/v1/evaluation", question).decision();
    assert!(evaluate(&ada_adds("museum")) && !evaluate(&adds("u-bob", "museum")) && !evaluate(&enters));
    let changes = json!({ "evaluations": [accepts_full(PARTNERSHIP)], "changes": full_access(PARTNERSHIP) });
    assert!(committed(&send(&client, &unused_key(), &changes)));
    assert!(!committed(&send(&client, &unused_key(), &changes)), "it is not requested any more");
    assert!(evaluate(&enters), "the control: the facts make the difference");
    let unknown = asks("u-bob", "enterClientAcount", PARTNERSHIP, json!({}));
    let batch = json!({ "evaluations": [enters, assigns, unknown] });
    assert_eq!(client.post("/access/v1/evaluations", &batch).status, 200);
    let mut earlier = ada_adds("museum");
    earlier["options"] = json!({ "as_of": super::as_of::pause() });
    assert_eq!(client.post("/access/v1/evaluation", &earlier).status, 200);
    logged
}

fn uid_of(user: &str) -> serde_json::Value {
    json!({ "type": "User", "id": user })
}

fn replayed<'b>(logged: &Logged, bundle: &'b Bundle, turning_back: bool) -> Tally<'b> {
    let (dir, ledger) = (TempDir::new(), logged.recorder.ledger().clone());
    dir.write("log.jsonl", &lines(&*ledger).iter().map(|line| format!("{line}\n")).collect::<String>());
    let store: Arc<dyn Store> = logged.home.store();
    let identify = move |text: &str| {
        let person = Pseudonym::read(text).and_then(|pseudonym| ledger.person(pseudonym).unwrap());
        person.filter(|_| turning_back).map(|person| (person.entity_type, person.id))
    };
    let wish =
        Wish { bundle, ground: Ground::Were(store), samples: 100, threads: 2, identify: Box::leak(Box::new(identify)) };
    replay(&mut Files::open(&dir.path().join("log.jsonl")).unwrap(), Box::leak(Box::new(wish))).unwrap()
}

#[test]
fn what_the_service_has_decided_comes_out_the_same_under_its_own_bundle() {
    let (logged, bundle) = (morning(), load(&programme_dir()));
    let tally = replayed(&logged, &bundle, true);
    let changed: Vec<_> = Change::ALL.iter().flat_map(|change| tally.samples(*change)).collect();
    assert!(changed.is_empty(), "{changed:#?}");
    assert_eq!((tally.all.replayed, tally.errors), (8, 1), "{tally:?}");
    assert_eq!(tally.other_kinds.get("historical"), Some(&1), "{tally:?}");
    assert!(tally.left_out.is_empty(), "{:?}", tally.left_out);
    let unknown = replayed(&logged, &bundle, false);
    assert_eq!(unknown.all.replayed, 0, "without the keys nobody is known");
    assert_eq!(unknown.left_out.values().sum::<u64>(), 8);
}

#[test]
fn what_the_service_has_decided_comes_out_otherwise_under_another_bundle() {
    let (logged, candidate) = (morning(), load(widened().path()));
    let tally = replayed(&logged, &candidate, true);
    let allowed = tally.samples(Change::NewlyAllowed);
    assert_eq!((allowed.len(), &*allowed[0].request.action), (1, "enterClientAccount"), "before it was accepted");
    assert_eq!((allowed[0].revision, tally.all.changed()), (1, 1));
}

/// Who was erased from the log cannot be turned back, and what was asked about them is left out.
#[test]
fn who_was_erased_is_left_out() {
    let (logged, bundle) = (morning(), load(&programme_dir()));
    let person = mandat::audit::people::Person { entity_type: "User".to_owned(), id: "u-bob".to_owned() };
    assert!(logged.ledger().forget(&person).unwrap().is_some());
    let tally = replayed(&logged, &bundle, true);
    assert_eq!(tally.all.changed(), 0);
    assert_eq!(tally.left_out.get("`subject.id` is masked"), Some(&4), "{:?}", tally.left_out);
}
