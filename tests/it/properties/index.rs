//! The index leaves out what cannot matter and nothing else: it decides as Cedar's full scan does.

use std::{collections::BTreeSet, sync::Arc};

use mandat::{
    bundle::Bundle,
    decision::{decide, decide_by_full_scan},
};
use proptest::{prop_assert, prop_assert_eq};

use super::{CASES, Print, Seen, of_worlds, programme_files, tape};
use crate::support::programme;

#[test]
fn the_index_decides_the_programme_as_the_full_scan_does() {
    let seen = Seen::default();
    let bundle = programme();
    tape::holds(
        2 * CASES,
        of_worlds(&bundle, |_, world, request, _| {
            let Some((question, entities)) = world.question(request) else { return Ok(()) };
            let by_index = Print::of(&decide(&world.bundle, &question, &entities));
            let by_scan = Print::of(&decide_by_full_scan(&world.bundle, &question, &entities));
            seen.note(&by_scan);
            prop_assert_eq!(by_index, by_scan, "{:?}", request);
            Ok(())
        }),
    );
    seen.expect(&[("permitted", 100), ("forbidden", 100), ("not_permitted", 100), ("evaluation_error", 2)]);
    // A policy that determined some decision could not have been left out without being missed.
    let (noticed, all) = (seen.policies.borrow().len(), bundle.policies.len());
    assert!(
        noticed * 3 >= all * 2,
        "the random questions would notice only {noticed} of {all} policies if they were left out"
    );
}

/// The control: an index that lacks a policy is noticed, be it found by its environment or by its guard.
#[test]
fn an_index_that_lacks_a_policy_is_noticed() {
    let lacking = Arc::new(without(&["products.manage.lead", "channels.token.revoked"]));
    let missed = std::cell::RefCell::new(BTreeSet::new());
    let bundle = programme();
    tape::fails(
        16 * CASES,
        of_worlds(&bundle, |_, world, request, _| {
            let Some((question, entities)) = world.question(request) else { return Ok(()) };
            let by_index = Print::of(&decide(&lacking, &question, &entities));
            let by_scan = Print::of(&decide_by_full_scan(&world.bundle, &question, &entities));
            if by_index != by_scan {
                missed
                    .borrow_mut()
                    .extend(by_scan.determining.into_iter().filter(|id| !by_index.determining.contains(id)));
            }
            prop_assert!(missed.borrow().len() < 2);
            Ok(())
        }),
    );
    assert!(
        missed.borrow().contains("products.manage.lead") && missed.borrow().contains("channels.token.revoked"),
        "{missed:?}"
    );
}

/// The programme without these policies.
fn without(ids: &[&str]) -> Bundle {
    let mut files = programme_files();
    for source in &mut files.policies {
        let parts = source.text.split_inclusive("\n@id(").collect::<String>();
        let policies = parts
            .split("@id(")
            .enumerate()
            .filter(|(_, policy)| !ids.iter().any(|id| policy.starts_with(&format!("\"{id}\""))));
        let text: Vec<&str> = policies.map(|(_, policy)| policy).collect();
        *source = mandat::problem::Source::new(source.name.clone(), text.join("@id("));
    }
    let bundle = Bundle::from_files(files).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(bundle.policies.len(), programme().policies.len() - ids.len());
    bundle
}
