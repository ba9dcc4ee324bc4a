//! Entities that are kept near: whatever is read, at whatever revision, is what the store itself says (T05, T16).

use std::{cell::Cell, collections::BTreeSet, sync::Arc, time::Duration};

use cedar_policy::{EntityUid, Schema};
use mandat::facts::{
    Facts as _, Snapshot,
    store::Store,
    stored::{Keeping, Stored},
};
use proptest::test_runner::TestCaseError;

use super::{
    places::Place,
    records::{change, doc, put, text},
};
use crate::properties::tape::{self, Tape};

/// What an interleaving has come across.
#[derive(Default)]
struct Seen {
    reads: Cell<usize>,
    /// Reads that would have been wrong, had what was read first been kept for ever.
    changed: Cell<usize>,
}

fn schema() -> Schema {
    "entity Doc = { text: String };".parse().unwrap()
}

/// The text of each entity that exists.
fn of_store(store: &dyn Store, uids: &[EntityUid], at: u64) -> BTreeSet<String> {
    store.read(uids, at).unwrap().into_iter().map(|stored| stored.entity.to_string()).collect()
}

fn of_snapshot(snapshot: &dyn Snapshot, uids: &[EntityUid]) -> BTreeSet<String> {
    let loaded = snapshot.load(uids).unwrap();
    loaded.into_iter().map(|entity| cedar_policy::Entity::from((*entity).clone()).to_string()).collect()
}

fn names() -> Vec<EntityUid> {
    (0..6).map(|n| doc(&format!("d{n}"))).collect()
}

/// Somebody else commits: a version, an end, or both.
fn commit(tape: &mut Tape, store: &dyn Store, turn: usize) {
    let names = names();
    let records: Vec<_> =
        (0..tape.below(3)).map(|_| text(tape.pick(&names).id().unescaped(), &format!("{turn}"))).collect();
    let deleted: Vec<_> = (0..tape.below(2)).map(|_| tape.pick(&names).clone()).collect();
    if deleted.is_empty() {
        put(store, &records)
    } else {
        change(store, &records, &deleted)
    };
}

/// Commits, looks and reads in any order; `keeping` is little memory, or enough for all.
fn interleave(mut tape: Tape, place: &Place, seen: &Seen) -> Result<(), TestCaseError> {
    let (store, others) = (place.open(), place.open());
    let hour = Duration::from_secs(3_600);
    let memory = *tape.pick(&[1_500, 1 << 20]);
    let keeping = Keeping { memory, poll: hour, max_staleness: hour };
    let facts = Stored::open(store.clone(), &schema(), keeping).unwrap();
    let mut snapshots: Vec<Arc<dyn Snapshot>> = vec![facts.snapshot().unwrap()];
    let mut first: Option<(Vec<EntityUid>, BTreeSet<String>)> = None;
    for turn in 0..40 {
        match tape.below(5) {
            0 | 1 => commit(&mut tape, &*others, turn),
            2 => {
                let known = facts.refresh().unwrap();
                snapshots.push(facts.snapshot().unwrap());
                assert_eq!(known, snapshots[snapshots.len() - 1].revision());
            }
            3 => {
                let earlier = tape.below(usize::try_from(facts.snapshot().unwrap().revision()).unwrap() + 1);
                snapshots.push(facts.at(earlier as u64).unwrap());
            }
            _ => {}
        }
        let snapshot = tape.pick(&snapshots).clone();
        let uids: Vec<_> =
            (0..=tape.below(3)).map(|_| tape.pick(&names()).clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let (found, expected) = (of_snapshot(&*snapshot, &uids), of_store(&*others, &uids, snapshot.revision()));
        if found != expected {
            return Err(TestCaseError::fail(format!("at {}: {found:?}, not {expected:?}", snapshot.revision())));
        }
        seen.reads.set(seen.reads.get() + 1);
        let (uids, kept) = first.get_or_insert((uids, found));
        seen.changed.set(seen.changed.get() + usize::from(*kept != of_store(&*others, uids, snapshot.revision())));
    }
    Ok(())
}

fn holds_on(cases: u32, place: impl Fn() -> Place) {
    let seen = Seen::default();
    tape::holds(cases, |tape| interleave(tape, &place(), &seen));
    let (reads, changed) = (seen.reads.get(), seen.changed.get());
    assert!(changed * 10 > reads, "the control: {changed} of {reads} reads would notice what was not forgotten");
}

#[test]
fn what_is_kept_is_what_sqlite_says() {
    holds_on(40, Place::sqlite);
}

#[test]
fn what_is_kept_is_what_postgresql_says() {
    holds_on(8, Place::postgres);
}

/// Beyond ten thousand changes everything is forgotten, however short ago it was read.
#[test]
fn after_many_changes_everything_is_forgotten() {
    let place = Place::sqlite();
    let (store, others) = (place.open(), place.open());
    let hour = Duration::from_secs(3_600);
    let keeping = Keeping { memory: 64 << 20, poll: hour, max_staleness: hour };
    let facts = Stored::open(store, &schema(), keeping).unwrap();
    let uids: Vec<_> = (0..10_500).map(|n| doc(&format!("d{n}"))).collect();
    for round in 0..2 {
        let records: Vec<_> = uids.iter().map(|uid| text(uid.id().unescaped(), &format!("{round}"))).collect();
        put(&*others, &records);
        let before = facts.snapshot().unwrap();
        assert_eq!(of_snapshot(&*before, &uids).len(), uids.len() * round);
        let at = facts.refresh().unwrap();
        assert_eq!(of_snapshot(&*facts.snapshot().unwrap(), &uids), of_store(&*others, &uids, at));
    }
}
