//! Whatever is changed in whatever order: what is stored keeps what it must.
//!
//! A transaction is checked as far as its changes reach. Here every entity is asked after every commit.

use cedar_policy::EntityUid;
use jiff::Timestamp;
use mandat::{
    bundle::{Bundle, keepers::Keepers},
    decision::{invariant::Kept, keeping::breaks},
    engine::{
        Engine,
        transact::{Attempt, Transaction},
    },
    facts::store::Walk,
    http::{answer::Detail, transaction_answer},
    request::Circumstances,
};
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::{add, delete, put, remove, sample_home, set, uid, unset};
use crate::properties::tape::{Tape, fails, holds};

const CLIENTS: [&str; 5] = ["museum", "florist", "theatre", "bakery", "winery"];
const PARTNERS: [&str; 2] = ["alpenhost", "pixelwerk"];
const PRODUCTS: [&str; 6] =
    ["museum-site", "museum-domain", "museum-shop", "florist-site", "theatre-tickets", "bakery-site"];
const STATUSES: [&str; 6] = ["requested", "invited", "active", "refused", "withdrawn", "ended"];

fn now() -> Timestamp {
    "2026-10-01T12:00:00Z".parse().unwrap()
}

/// One change somewhere in the tangle of clients, partnerships and products.
fn change(tape: &mut Tape) -> Value {
    let (client, partner) = (*tape.pick(&CLIENTS), *tape.pick(&PARTNERS));
    let organization = format!("Organization::{client}");
    let partnership = format!("Partnership::{client}:{partner}");
    let product = format!("Product::{}", tape.pick(&PRODUCTS));
    match tape.below(13) {
        0 | 1 => set(&partnership, "status", *tape.pick(&STATUSES)),
        2 => set(&partnership, "access", *tape.pick(&["full", "limited"])),
        3 => set(&partnership, "paymentMode", *tape.pick(&["client", "partner"])),
        4 => unset(&partnership, "paymentMode"),
        5 => set(&organization, "fullPartnership", uid(&partnership)),
        6 => unset(&organization, "fullPartnership"),
        7 => add(&organization, "limitedPartnerships", uid(&partnership)),
        8 => remove(&organization, "limitedPartnerships", uid(&partnership)),
        9 => add(&partnership, "products", uid(&product)),
        10 => remove(&partnership, "products", uid(&product)),
        11 => set(&product, "limitedPartnership", uid(&partnership)),
        _ => unset(&product, "limitedPartnership"),
    }
}

/// A step of the programme, done right or with one change left out.
fn step(tape: &mut Tape) -> Vec<Value> {
    let (client, partner) = (*tape.pick(&CLIENTS), *tape.pick(&PARTNERS));
    let organization = format!("Organization::{client}");
    let partnership = format!("Partnership::{client}:{partner}");
    let attributes = json!({
        "client": uid(&organization), "partner": uid(&format!("Organization::{partner}")), "status": "requested",
        "access": "limited", "products": [], "collaborators": [],
    });
    let product = format!("Product::{}", tape.pick(&PRODUCTS));
    let mut changes = match tape.below(6) {
        0 => vec![
            set(&partnership, "status", "active"),
            set(&partnership, "access", "full"),
            set(&partnership, "paymentMode", "client"),
            set(&organization, "fullPartnership", uid(&partnership)),
        ],
        1 => vec![
            set(&partnership, "status", "active"),
            set(&partnership, "access", "limited"),
            add(&organization, "limitedPartnerships", uid(&partnership)),
        ],
        2 => {
            vec![set(&partnership, "status", "ended"), remove(&organization, "limitedPartnerships", uid(&partnership))]
        }
        3 => vec![set(&partnership, "status", "ended"), unset(&organization, "fullPartnership")],
        4 => vec![add(&partnership, "products", uid(&product)), set(&product, "limitedPartnership", uid(&partnership))],
        _ => vec![put(&partnership, attributes)],
    };
    if changes.len() > 1 && tape.chance(25) {
        changes.remove(tape.below(changes.len()));
    }
    if tape.chance(10) {
        changes.push(delete(&partnership));
    }
    changes
}

fn settle(engine: &Engine, key: usize, changes: &[Value]) -> bool {
    let changes = changes.iter().map(|change| serde_json::from_value(change.clone()).unwrap()).collect();
    let attempt = Attempt {
        caller: "random",
        key: &key.to_string(),
        digest: [0; 32],
        transaction: &Transaction { evaluations: Vec::new(), changes, if_revision: None },
        why: "{}".to_owned(),
        circumstances: Circumstances { now: now(), trust_caller_clock: false },
    };
    let settled = engine
        .transact(&attempt, &|outcome, revision, _| transaction_answer::text(outcome, revision, Detail::Full))
        .unwrap();
    settled.answer.status == 200
}

/// Entities that do not keep what they must, all of them asked.
fn broken(engine: &Engine) -> Vec<EntityUid> {
    let asking = crate::support::programme();
    let state = engine.facts().snapshot().unwrap();
    let mut broken = Vec::new();
    for entity_type in asking.schema.entity_types() {
        for placed in state.walk(Walk::All(entity_type), 0, 10_000).unwrap() {
            let before = state.get(&placed.uid).unwrap();
            let kept = Kept { uid: &placed.uid, before: before.as_ref(), imported: false, now: now() };
            broken.extend(breaks(&asking, &*state, &kept).unwrap().map(|_| placed.uid));
        }
    }
    broken
}

/// Random transactions on the sample facts; how many of them were committed.
fn run(mut tape: Tape, change_bundle: impl FnOnce(&mut Bundle)) -> Result<usize, TestCaseError> {
    let mut bundle = super::bundle();
    change_bundle(&mut bundle);
    let home = sample_home();
    let engine = home.engine(bundle);
    let mut commits = 0;
    for key in 0..25 {
        let changes =
            if tape.chance(60) { step(&mut tape) } else { (0..=tape.below(3)).map(|_| change(&mut tape)).collect() };
        if settle(&engine, key, &changes) {
            commits += 1;
            let broken = broken(&engine);
            if !broken.is_empty() {
                return Err(TestCaseError::fail(format!("{broken:?} after {changes:?}")));
            }
        }
    }
    Ok(commits)
}

#[test]
fn after_every_commit_every_entity_keeps_what_it_must() {
    let commits = std::sync::atomic::AtomicUsize::new(0);
    holds(8, |tape| {
        commits.fetch_add(run(tape, |_| {})?, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    });
    assert!(commits.into_inner() > 20, "the transactions are not all refused");
}

#[test]
fn the_control_that_does_not_look_through_references_does_not() {
    let blind = |bundle: &mut Bundle| bundle.keepers = std::mem::take(&mut bundle.keepers).without_looking_through();
    fails(40, |tape| run(tape, blind).map(|_| ()));
}

#[test]
fn the_control_without_invariants_does_not() {
    fails(10, |tape| run(tape, |bundle| bundle.keepers = Keepers::default()).map(|_| ()));
}
