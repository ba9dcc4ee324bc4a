//! What callers claim about entities counts where `caller_properties` lets it, and nowhere else (threat T03).

use std::{cell::Cell, sync::Arc};

use mandat::{
    bundle::Bundle,
    decision::{
        decide,
        question::{Asked, Question},
    },
    problem::Source,
    request::{Party, Request},
};
use proptest::prop_assert_eq;
use serde_json::json;

use super::{
    CASES, Print,
    ground::Ground,
    of_worlds, programme_files,
    tape::{self, Tape},
};
use crate::{
    support::programme,
    worlds::{World, asks, noon},
};

/// The programme under another setting.
fn programme_that(caller_properties: &str) -> Arc<Bundle> {
    let mut files = programme_files();
    let text = format!("[policies]\nlevel = 4\n[facts]\ncaller_properties = \"{caller_properties}\"\n");
    files.settings = Some(Source::new("mandat.toml", text));
    Arc::new(Bundle::from_files(files).unwrap_or_else(|problems| panic!("{problems}")))
}

fn known(world: &World, party: &Party) -> bool {
    let uid = format!("{}::\"{}\"", party.entity_type, party.id).parse().unwrap();
    world.snapshot.get(&uid).unwrap().is_some()
}

/// The request with claims about its principal and resource, those alone that `about` picks.
fn claiming(ground: &Ground, request: &Request, about: impl Fn(&Party) -> bool, tape: &mut Tape) -> Request {
    let mut claiming = request.clone();
    for party in [&mut claiming.principal, &mut claiming.resource] {
        if about(party) {
            party.properties = ground.claims(&party.entity_type, tape);
        }
    }
    claiming
}

/// How many decisions of that bundle change by claims about entities that the facts know, or do not know.
fn changed(bundle: &Arc<Bundle>, about_known: bool, must_not: bool) -> usize {
    let changed = Cell::new(0);
    tape::holds(
        CASES,
        of_worlds(bundle, |ground, world, request, tape| {
            let claiming = claiming(ground, request, |party| known(world, party) == about_known, tape);
            let (without, with) = (Print::of(&world.decide(request)), Print::of(&world.decide(&claiming)));
            changed.set(changed.get() + usize::from(without != with));
            if must_not {
                prop_assert_eq!(without, with, "{:?}", claiming);
            }
            Ok(())
        }),
    );
    changed.get()
}

#[test]
fn with_fill_claims_about_known_entities_change_nothing() {
    changed(&programme(), true, true);
    assert!(changed(&programme(), false, false) > 5, "the control: about unknown ones they do");
}

#[test]
fn with_ignore_claims_change_nothing() {
    let bundle = programme_that("ignore");
    changed(&bundle, true, true);
    changed(&bundle, false, true);
}

#[test]
fn with_override_claims_about_known_entities_do_change_decisions() {
    let changed = changed(&programme_that("override"), true, false);
    assert!(changed > 50, "the control of the two tests above: {changed}");
}

/// Gathering only what policies can reach around a described entity decides as all facts together do.
#[test]
fn the_slice_around_a_claim_is_as_good_as_all_facts() {
    let (bundle, described, allowed) = (programme_that("override"), Cell::new(0), Cell::new(0));
    tape::holds(
        CASES,
        of_worlds(&bundle, |ground, world, request, tape| {
            let request = claiming(ground, request, |_| true, tape);
            let asked = Question::ask(&world.bundle, &*world.snapshot, &request, &noon()).unwrap();
            let Asked::Question(question) = asked else { return Ok(()) };
            let slice = |supplied, level| world.snapshot.slice(&question.roots, supplied, level).unwrap().entities;
            let gathered = decide(&world.bundle, &question.request, &slice(question.supplied.clone(), 4));
            let whole = (*slice(Vec::new(), 4)).clone().upsert_entities(question.supplied.clone(), None).unwrap();
            described.set(described.get() + usize::from(!question.supplied.is_empty()));
            allowed.set(allowed.get() + usize::from(gathered.allowed()));
            prop_assert_eq!(
                Print::of(&gathered),
                Print::of(&decide(&world.bundle, &question.request, &whole)),
                "{:?}",
                request
            );
            Ok(())
        }),
    );
    assert!(described.get() > 1_000 && allowed.get() > 100, "{described:?} {allowed:?}");
}

#[test]
fn cedars_escapes_and_undeclared_attributes_are_refused() {
    let bundle = programme();
    let ground = super::programme_ground(&bundle);
    let world = World::new(bundle.clone(), &ground.document());
    let refused = |claims: serde_json::Value| {
        let mut request = asks("User::\"u-ada\"", "viewProduct", "Product::\"new\"", json!({}));
        request.resource.properties = claims.as_object().unwrap().clone();
        Question::ask(&bundle, &*world.snapshot, &request, &noon()).map(|_| ()).map_err(|error| error.to_string())
    };
    let entity = json!({"__entity": {"type": "User", "id": "u-ada"}});
    let extension = json!({"__extn": {"fn": "datetime", "arg": "2026-10-01"}});
    for attribute in bundle.shapes.entity_types["Product"].attributes.keys() {
        for escape in [&entity, &extension, &json!([entity]), &json!({"__expr": "principal"}), &json!(null)] {
            let refusal = refused(json!({attribute.clone(): escape})).unwrap_err();
            assert!(
                refusal.starts_with(&format!("resource.properties.{attribute}")),
                "{attribute} {escape}: {refusal}"
            );
        }
    }
    for undeclared in ["organisation", "uid", "parents", "__entity", "", "owner "] {
        assert!(
            refused(json!({undeclared: "x"})).unwrap_err().starts_with(&format!("resource.properties.{undeclared}: ")),
            "{undeclared}"
        );
    }
    assert_eq!(refused(json!({"family": "domain", "owner": {"type": "User", "id": "u-ada"}})), Ok(()), "the control");
}
