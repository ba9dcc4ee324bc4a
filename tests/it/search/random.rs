//! Random policies over the office's schema, full of references in both directions, on random facts; callers supply
//! attributes, of entities too that the facts do not know but refer to.

use std::sync::Arc;

use mandat::{
    bundle::{Bundle, files::Files},
    decision::search::Side,
    problem::{Problems, Source},
    request::Request,
};
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use super::{Keep, Tally, add, allowed, everybody, in_memory, listed, lists_what_is_allowed, looked_at, moment};
use crate::properties::{
    CASES,
    ground::Ground,
    policies::{ACTIONS, PRINCIPALS, RESOURCES, valid_of, words},
    tape::{self, Tape},
};

/// Searches in each world.
const SEARCHES: usize = 12;

const CLAUSES: [&str; 34] = [
    "principal is Person && resource.owner == principal",
    "principal is Person && principal == resource.owner",
    "principal is Person && resource is Document && resource.readers.contains(principal)",
    "principal is Person && resource is Document && resource has reviewer && resource.reviewer == principal",
    "resource is Document && principal in resource.teams",
    "principal is Person && resource in principal.home",
    "principal is Person && principal.home in resource",
    "principal is Person && principal.home == resource",
    "principal is Person && principal has manager && principal.manager == resource.owner",
    "principal is Person && resource.owner has manager && resource.owner.manager == principal",
    "principal is Person && principal has manager && resource is Document && resource.readers.contains(principal.manager)",
    "resource.owner in Team::\"hq\"",
    "resource.owner.home in Folder::\"root\"",
    "resource in resource.owner.home",
    "principal is Person && resource in principal.home.owner.home",
    "principal is Person && principal.home.owner == resource.owner",
    "principal is Person && [resource.owner, principal].contains(principal)",
    "context has guest && resource.owner == context.guest",
    "context has guest && resource is Document && [resource.owner].containsAny(resource.readers)",
    "context has guest && resource is Document && resource.readers.containsAny([context.guest, resource.owner])",
    "context has guest && principal is Person && principal == context.guest",
    "context has token && principal is Person && context.token.owner == principal",
    "context has token && resource in context.token.owner.home",
    "principal in [Team::\"legal\", Team::\"machines\"]",
    "resource is Document && resource.teams.containsAny([Team::\"hq\", Team::\"legal\"])",
    "resource is Document && resource.teams.contains(Team::\"machines\")",
    "resource in [Folder::\"contracts\", Folder::\"root\"]",
    "resource == Document::\"memo\"",
    "principal == Person::\"cleo\"",
    "if context has urgent then principal in Team::\"hq\" else resource in Folder::\"contracts\"",
    "if principal is Person && principal has manager then principal.manager in Team::\"hq\" else principal in Team::\"machines\"",
    "principal is Person && principal.level > 1",
    "resource is Document && resource.size + 1 > 30",
    "!(principal in Team::\"hq\")",
];

fn policy(number: usize, tape: &mut Tape) -> String {
    let effect = tape.pick(&["permit", "permit", "permit", "permit", "forbid"]);
    // Most scopes are open, so that conditions have to lead to the candidates.
    let part =
        |parts: &'static [&'static str], tape: &mut Tape| if tape.chance(70) { parts[0] } else { tape.pick(parts) };
    let scope = [part(&PRINCIPALS, tape), part(&ACTIONS, tape), part(&RESOURCES, tape)].join(", ");
    let clause = |tape: &mut Tape| format!("({})", tape.pick(&CLAUSES));
    let block = |tape: &mut Tape| {
        let keyword = if tape.chance(10) { "unless" } else { "when" };
        let joined = (0..tape.below(3))
            .fold(clause(tape), |text, _| format!("{text} {} {}", tape.pick(&["&&", "||"]), clause(tape)));
        format!(" {keyword} {{ {joined} }}")
    };
    let blocks: String =
        (0..usize::from(tape.chance(95)) + usize::from(tape.chance(20))).map(|_| block(tape)).collect();
    format!("@id(\"random.{number}\") {effect} ({scope}){blocks};\n")
}

fn policies(tape: &mut Tape) -> Vec<String> {
    valid_of((0..2 + tape.below(8)).map(|number| policy(number, tape)).collect())
}

/// The office under these policies, with what callers say counting as the setting says.
fn office(policies: &str, caller_properties: &str) -> Result<Bundle, Problems> {
    let settings = format!("[facts]\ncaller_properties = \"{caller_properties}\"\n");
    Bundle::from_files(Files {
        policies: vec![Source::new("policies/test.cedar", policies)],
        schemas: vec![Source::new("schemas/office.cedarschema", include_str!("../worlds/office.cedarschema"))],
        settings: Some(Source::new("mandat.toml", settings)),
        ..Files::default()
    })
}

/// A question whose known side the caller describes now and then, also one that nobody knows.
fn question(ground: &Ground, side: Side, tape: &mut Tape) -> Request {
    let mut request = ground.request(tape);
    let known = match side {
        Side::Principal => &mut request.resource,
        Side::Resource => &mut request.principal,
    };
    if tape.chance(25) {
        known.id = "nobody".to_owned();
    }
    if tape.chance(50) {
        known.properties = ground.claims(&known.entity_type, tape);
    }
    let sought = side.sought(&mut request);
    sought.properties = ground.claims(&sought.entity_type.clone(), tape);
    request
}

/// What is wrong with a search on purpose.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// A permit is left out of the plan, as a union without one of its arms would.
    LackingArm,
    /// Candidates are listed as they are, without a decision.
    Unverified,
}

/// The property, for facts that are kept in any way.
fn property(fault: Fault, keep: Keep, tally: &Tally, mut tape: Tape) -> Result<(), TestCaseError> {
    let tape = &mut tape;
    let policies = policies(tape);
    let setting = *tape.pick(&["fill", "override", "ignore"]);
    let lacking: String = policies.iter().skip(1).cloned().collect();
    let (Ok(bundle), Ok(lacking)) = (office(&policies.concat(), setting), office(&lacking, setting)) else {
        return Ok(());
    };
    let (bundle, lacking) = (Arc::new(bundle), Arc::new(lacking));
    let entities: Vec<Value> = serde_json::from_str(include_str!("../worlds/office.json")).unwrap();
    let mut ground = Ground { bundle: &bundle, words, entities };
    ground.change(tape);
    let document = ground.document();
    let whole = moment(&bundle, &document, keep);
    let faulty =
        if fault == Fault::LackingArm { moment(&lacking, &document, keep) } else { moment(&bundle, &document, keep) };
    let facts = keep(&bundle, &document);
    for _ in 0..SEARCHES {
        let side = if tape.chance(50) { Side::Resource } else { Side::Principal };
        let mut request = question(&ground, side, tape);
        let entity_type = side.sought(&mut request).entity_type.clone();
        let all = everybody(&bundle, &document, keep, &entity_type);
        let expected = allowed(&whole, side, &request, &all);
        let candidates = looked_at(&faulty, &*facts, side, &request);
        let found =
            if fault == Fault::Unverified { candidates.clone() } else { listed(&faulty, side, &request, tape, tally) };
        add(&tally.searches, 1);
        add(&tally.results, found.len());
        add(&tally.narrow, usize::from(!found.is_empty() && candidates.len() < all.len()));
        lists_what_is_allowed(&found, &expected, &request)?;
    }
    Ok(())
}

/// The property with its own controls of what it has come across.
pub(crate) fn search_agrees_with_asking_about_everybody(cases: u32, keep: Keep) {
    let tally = Tally::default();
    tape::holds(cases, |tape| property(Fault::None, keep, &tally, tape));
    let (searches, results) = (tally.searches.get(), tally.results.get());
    assert!(results * 4 > searches, "{searches} searches found only {results}");
    assert!(
        tally.narrow.get() * 20 > searches,
        "of {searches} searches only {} did not look at all",
        tally.narrow.get()
    );
    assert!(tally.pages.get() > searches, "{searches} searches took {} pages", tally.pages.get());
}

#[test]
fn a_search_under_random_policies_lists_what_asking_about_everybody_allows() {
    search_agrees_with_asking_about_everybody(4 * CASES, &in_memory);
}

/// The control: a union that lacks an arm is noticed.
#[test]
fn a_plan_that_lacks_a_permit_is_noticed() {
    let tally = Tally::default();
    tape::fails(16 * CASES, |tape| property(Fault::LackingArm, &in_memory, &tally, tape));
}

/// The control: candidates that nobody decides about are noticed.
#[test]
fn candidates_that_are_not_decided_are_noticed() {
    let tally = Tally::default();
    tape::fails(16 * CASES, |tape| property(Fault::Unverified, &in_memory, &tally, tape));
}
