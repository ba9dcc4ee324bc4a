//! What answered when: bundles by their digest, and the state of the facts at a time.

use jiff::Timestamp;
use mandat::facts::store::{Activation, Commit, Past, Store};

use crate::store::{
    places::{Place, on_both},
    records::{commit, put, says, text},
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn activation(seconds: i64, bundle: &str) -> Activation {
    Activation { at: at(seconds), bundle: bundle.to_owned() }
}

fn keep(store: &dyn Store, seconds: i64, bundle: &str) {
    store.keep_bundle(&activation(seconds, bundle), &format!("the files of {bundle}")).unwrap();
}

/// One commit at a time.
fn commit_at(store: &dyn Store, seconds: i64) {
    let mut writing = store.begin().unwrap();
    writing.revise(&Commit { at: at(seconds), ..commit() }).unwrap();
    writing.commit().unwrap();
}

fn told(store: &dyn Store) -> Vec<Past> {
    let mut told = Vec::new();
    let head = store.head().unwrap();
    store
        .history(head, &mut |past| {
            told.push(past);
            Ok(())
        })
        .unwrap();
    told
}

#[test]
fn a_bundle_is_kept_once_and_found_by_its_digest_and_by_the_time() {
    on_both(|place| {
        let (store, other) = (place.open(), place.open());
        assert_eq!((store.bundle("a").unwrap(), store.bundle_at(Timestamp::MAX).unwrap()), (None, None));
        keep(&*store, 10, "a");
        keep(&*other, 20, "b");
        let other_files = store.keep_bundle(&activation(30, "a"), "other files");
        assert!(other_files.is_ok(), "it comes into force again");
        assert_eq!(store.bundle("a").unwrap().unwrap(), "the files of a", "and is what it was");
        assert_eq!((store.bundle("A").unwrap(), store.bundle("c").unwrap()), (None, None));
        let found = |seconds| store.bundle_at(at(seconds)).unwrap();
        assert_eq!(
            [9, 10, 19, 20, 29, 30, 99].map(found).map(Option::unwrap_or_default),
            ["", "a", "a", "b", "b", "a", "a"]
        );
        let earlier = at(20).checked_sub(jiff::SignedDuration::from_millis(1)).unwrap();
        assert_eq!(store.bundle_at(earlier).unwrap().unwrap(), "a", "to the millisecond");
        assert_eq!(store.head().unwrap(), 0, "a bundle alone is no revision");
    });
}

#[test]
fn the_revision_of_a_time_is_the_newest_of_which_nothing_before_is_later() {
    on_both(|place| {
        let store = place.open();
        assert_eq!(store.revision_at(Timestamp::MAX).unwrap(), 0);
        for seconds in [10, 20, 20, 30] {
            commit_at(&*store, seconds);
        }
        let found = |seconds| store.revision_at(at(seconds)).unwrap();
        assert_eq!([9, 10, 19, 20, 29, 30, 99].map(found), [0, 1, 1, 3, 3, 4, 4]);
        // A clock that is late, then one that is ahead.
        for seconds in [15, 40, 35, 50] {
            commit_at(&*store, seconds);
        }
        assert_eq!([15, 29, 30, 36, 39].map(found), [1, 3, 5, 5, 5], "what is numbered later is not from before");
        assert_eq!([40, 49, 50].map(found), [7, 7, 8]);
    });
}

#[test]
fn bundles_are_told_before_their_first_activation_and_go_with_the_history() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", "1")]);
        for (seconds, bundle) in [(10, "b"), (20, "a"), (30, "b")] {
            keep(&*store, seconds, bundle);
        }
        let bundle = |digest: &str| Past::Bundle { digest: digest.to_owned(), files: format!("the files of {digest}") };
        let activated = |seconds, digest| Past::Activation(activation(seconds, digest));
        let expected = [bundle("b"), activated(10, "b"), bundle("a"), activated(20, "a"), activated(30, "b")];
        assert_eq!(told(&*store)[2..], expected);
    });
}

#[test]
fn what_has_answered_can_be_neither_changed_nor_taken_away() {
    on_both(|place| {
        keep(&*place.open(), 10, "a");
        for statement in [
            "update bundles set files = '{}'",
            "delete from bundles",
            "update activations set at = 0",
            "delete from activations",
        ] {
            assert!(place.sql(statement).unwrap_err().contains("append-only"), "{statement}");
        }
        place.sql("update schemas set digest = 'x'").expect("the control: another table can be changed");
        assert_eq!(told(&*place.open()).len(), 2);
    });
}

/// Takes a store back to the form before bundles were kept.
fn take_back(place: &Place) {
    let drop = "drop table activations; drop table bundles; drop index revisions_by_time;";
    let form = match place {
        Place::Sqlite(_) => "pragma user_version = 1",
        Place::Postgres { .. } => "drop function remain; delete from schema_version where version > 1",
    };
    place.sql(&format!("{drop} {form}")).unwrap();
}

#[test]
fn a_store_from_before_bundles_were_kept_is_brought_up_to_date() {
    on_both(|place| {
        put(&*place.open(), &[text("a", "1")]);
        take_back(place);
        assert!(place.sql("select * from bundles").is_err(), "the control: there is nothing to keep them in");
        let store = place.open();
        assert_eq!(store.bundle_at(Timestamp::MAX).unwrap(), None, "nobody knows what answered");
        assert!(says(&*store, "a", 1).is_some());
        keep(&*store, 10, "a");
        assert_eq!(place.open().bundle("a").unwrap().unwrap(), "the files of a");
    });
}

/// A long import must not keep a replica from starting.
#[test]
fn in_postgresql_a_bundle_is_kept_while_another_writes() {
    let place = Place::postgres();
    let (store, other) = (place.open(), place.open());
    let _writing = store.begin().unwrap();
    keep(&*other, 10, "a");
    assert!(other.begin().is_err(), "the control: nobody else writes facts meanwhile");
}
