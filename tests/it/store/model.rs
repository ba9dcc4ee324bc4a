//! Random commits against a store of a few lines: both databases must agree with it at every revision.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cedar_policy::EntityUid;
use mandat::facts::store::{Revision, Store, Walk, Writing, record::Record};
use proptest::test_runner::TestCaseError;
use serde_json::json;

use super::{
    places::Place,
    records::{SCHEMA, commit, kind, record, to, uid},
};
use crate::properties::tape::{self, Tape};

/// What exists at one revision.
type State = BTreeMap<EntityUid, (Record, Revision)>;

const PATHS: [&str; 4] = ["", "about", "meta.owner", "meta.others"];

fn some(tape: &mut Tape) -> EntityUid {
    let all = everything();
    tape.pick(&all).clone()
}

fn random_record(tape: &mut Tape) -> Record {
    let about: Vec<_> = (0..tape.below(3)).map(|_| to(&some(tape))).collect();
    let others: Vec<_> = (0..tape.below(3)).map(|_| to(&some(tape))).collect();
    let attributes = json!({
        "n": tape.below(3), "about": about, "meta": { "owner": to(&some(tape)), "others": others },
    });
    let parents: Vec<_> = (0..tape.below(2)).map(|_| some(tape)).collect();
    record(&some(tape), attributes, &parents.iter().collect::<Vec<_>>())
}

/// One random commit, or one that is dropped, on the store and the model.
fn step(tape: &mut Tape, store: &dyn Store, states: &mut Vec<State>) {
    let mut writing = store.begin().unwrap();
    let revision = writing.revise(&commit()).unwrap();
    let mut state = states.last().unwrap().clone();
    let mut touched = BTreeSet::new();
    for _ in 0..tape.below(4) {
        if tape.chance(70) {
            let records: Vec<_> = (0..=tape.below(3)).map(|_| random_record(tape)).collect();
            writing.put(&records, SCHEMA).unwrap();
            touched.extend(records.iter().map(|record| record.uid.clone()));
            state.extend(records.into_iter().map(|record| (record.uid.clone(), (record, revision))));
        } else {
            let uid = some(tape);
            writing.delete(std::slice::from_ref(&uid)).unwrap();
            if state.remove(&uid).is_some() {
                touched.insert(uid);
            }
        }
    }
    compare_writing(&mut *writing, &state, &touched);
    if tape.chance(80) {
        writing.commit().unwrap();
        states.push(state);
    }
}

fn compare_writing(writing: &mut dyn Writing, state: &State, touched: &BTreeSet<EntityUid>) {
    let written: BTreeSet<_> = writing.written(0, 99).unwrap().into_iter().map(|placed| placed.uid).collect();
    assert_eq!(written, *touched);
    for target in everything() {
        let referrers: BTreeSet<_> =
            writing.referrers(std::slice::from_ref(&target), 99).unwrap().into_iter().collect();
        let expected = state.values().filter(|(record, _)| record.links.iter().any(|link| link.to == target));
        assert_eq!(referrers, expected.map(|(record, _)| record.uid.clone()).collect());
    }
    let dangling = writing.dangling(999).unwrap();
    for one in &dangling {
        let from = &state[&one.from].0;
        assert!(from.links.iter().any(|link| link.path == one.path && link.to == one.to), "{one:?} is a reference");
        assert!(!state.contains_key(&one.to), "{one:?} leads nowhere");
    }
    for record in touched.iter().filter_map(|uid| state.get(uid)).map(|(record, _)| record) {
        for link in record.links.iter().filter(|link| !state.contains_key(&link.to)) {
            let found = dangling.iter().any(|one| one.from == record.uid && one.path == link.path && one.to == link.to);
            assert!(found, "{link:?} of {} leads nowhere", record.uid);
        }
    }
}

fn everything() -> Vec<EntityUid> {
    let types = ["Doc", "doc", "Folder"];
    types.iter().flat_map(|kind| ["a", "A", "b", "c'", "d"].map(|id| uid(kind, id))).collect()
}

fn compare(store: &dyn Store, state: &State, at: Revision) {
    let all = everything();
    assert_eq!(store.count(at).unwrap(), state.len() as u64);
    let found = super::records::texts(&store.read(&all, at).unwrap());
    let expected: Vec<_> =
        state.values().map(|(record, since)| (record.uid.clone(), record.text.clone(), *since)).collect();
    assert_eq!(found, expected);
    let places: BTreeSet<_> = store.places(&all, at).unwrap().into_iter().map(|placed| placed.uid).collect();
    assert_eq!(places, state.keys().cloned().collect());
    for name in ["Doc", "doc", "Folder"] {
        let kind = kind(name);
        let walked: BTreeSet<_> =
            store.walk(Walk::All(&kind), 0, 99, at).unwrap().into_iter().map(|placed| placed.uid).collect();
        assert_eq!(walked, state.keys().filter(|uid| *uid.type_name() == kind).cloned().collect());
        for path in PATHS {
            for to in all.chunks(4) {
                let walk = Walk::Referring { entity_type: &kind, path, to };
                let walked: BTreeSet<_> =
                    store.walk(walk, 0, 99, at).unwrap().into_iter().map(|placed| placed.uid).collect();
                let refers = |record: &Record| {
                    *record.uid.type_name() == kind
                        && record.links.iter().any(|link| link.path == path && to.contains(&link.to))
                };
                let expected = state.values().filter(|(record, _)| refers(record));
                assert_eq!(walked, expected.map(|(record, _)| record.uid.clone()).collect());
            }
        }
    }
}

fn agrees(mut tape: Tape, place: &Place) -> Result<(), TestCaseError> {
    let store: Arc<dyn Store> = place.open();
    let mut states = vec![State::new()];
    for _ in 0..=tape.below(12) {
        step(&mut tape, &*store, &mut states);
    }
    for (state, at) in states.iter().zip(0..) {
        compare(&*store, state, at);
    }
    Ok(())
}

#[test]
fn sqlite_agrees_with_the_model_at_every_revision() {
    tape::holds(16, |tape| agrees(tape, &Place::sqlite()));
}

#[test]
fn postgres_agrees_with_the_model_at_every_revision() {
    tape::holds(16, |tape| agrees(tape, &Place::postgres()));
}
