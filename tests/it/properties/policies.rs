//! Random policies over the office's schema: scopes of every form, groups of actions, guards at the first
//! place and elsewhere, `unless` before `when`, sums that overflow.
//!
//! The programme's policies name no entities; these do. Each case is a bundle of its own.

use std::{cell::Cell, sync::Arc};

use mandat::{
    bundle::Bundle,
    decision::{decide, decide_by_full_scan},
    request::Request,
};
use proptest::{prop_assert, prop_assert_eq};
use serde_json::Value;

use super::{
    CASES, Print, QUESTIONS, Seen,
    failures::forbid_failed,
    ground::Ground,
    tape::{self, Tape},
};
use crate::worlds::{World, office};

pub(crate) const PRINCIPALS: [&str; 9] = [
    "principal",
    "principal is Person",
    "principal is Robot",
    "principal == Person::\"ada\"",
    "principal == Robot::\"r2\"",
    "principal in Team::\"hq\"",
    "principal in Team::\"machines\"",
    "principal is Person in Team::\"legal\"",
    "principal is Robot in Team::\"machines\"",
];

pub(crate) const ACTIONS: [&str; 8] = [
    "action",
    "action == Action::\"view\"",
    "action == Action::\"edit\"",
    "action in [Action::\"view\", Action::\"remove\"]",
    "action in Action::\"reading\"",
    "action in Action::\"writing\"",
    "action in Action::\"anything\"",
    "action in [Action::\"reading\", Action::\"edit\"]",
];

pub(crate) const RESOURCES: [&str; 8] = [
    "resource",
    "resource is Document",
    "resource is Folder",
    "resource == Document::\"lease\"",
    "resource == Folder::\"contracts\"",
    "resource in Folder::\"root\"",
    "resource in Folder::\"contracts\"",
    "resource is Document in Folder::\"root\"",
];

const CLAUSES: [&str; 16] = [
    "context has token",
    "context has badge",
    "context has urgent",
    "context has pin",
    "context has guest",
    "context has token && context.token.live",
    "context has urgent && context.urgent",
    "context has pin && context.pin + 1 > 30",
    "!(context has badge)",
    "context.now < datetime(\"2027-01-01\")",
    "resource in Folder::\"contracts\"",
    "principal in Team::\"hq\"",
    "action in Action::\"writing\"",
    "resource is Document && resource.size + 1 > 30",
    "resource is Document && resource.owner.level > 1",
    "principal is Person && principal.level > 1",
];

fn conditions(tape: &mut Tape) -> String {
    let clause =
        |tape: &mut Tape| format!("({})", tape.pick(&CLAUSES)).replace("(context has token)", "context has token");
    let block = |tape: &mut Tape| {
        let keyword = tape.pick(&["when", "when", "unless"]);
        let joined = (0..tape.below(3))
            .fold(clause(tape), |text, _| format!("{text} {} {}", tape.pick(&["&&", "&&", "||"]), clause(tape)));
        format!(" {keyword} {{ {joined} }}")
    };
    (0..tape.below(4)).map(|_| block(tape)).collect()
}

/// A random policy; a guard stands bare at the first place as often as not.
fn policy(number: usize, tape: &mut Tape) -> String {
    let effect = tape.pick(&["permit", "permit", "forbid"]);
    let scope = [tape.pick(&PRINCIPALS), tape.pick(&ACTIONS), tape.pick(&RESOURCES)].map(|part| *part).join(", ");
    let guard = if tape.chance(30) { format!(" when {{ {} }}", CLAUSES[tape.below(6)]) } else { String::new() };
    format!("@id(\"random.{number}\") {effect} ({scope}){guard}{};\n", conditions(tape))
}

/// Random policies, those that the validator takes.
fn valid(tape: &mut Tape) -> Vec<String> {
    valid_of((0..6 + tape.below(24)).map(|number| policy(number, tape)).collect())
}

/// Those of several policies, each a line, that the validator takes.
pub(crate) fn valid_of(mut policies: Vec<String>) -> Vec<String> {
    while let Err(problems) = office(&policies.concat()) {
        let wrong: Vec<usize> =
            problems.iter().filter_map(|problem| problem.location()).map(|at| at.line - 1).collect();
        if wrong.is_empty() {
            return Vec::new();
        }
        let kept = policies.into_iter().enumerate().filter(|(line, _)| !wrong.contains(line));
        policies = kept.map(|(_, policy)| policy).collect();
    }
    policies
}

pub(crate) fn words(_: &str) -> &'static [&'static str] {
    &["open", "closed", ""]
}

/// The office under a bundle, its facts changed at random.
fn world(bundle: &Arc<Bundle>, tape: &mut Tape) -> (Vec<Request>, World) {
    let entities: Vec<Value> = serde_json::from_str(include_str!("../worlds/office.json")).unwrap();
    let mut ground = Ground { bundle, words, entities };
    ground.change(tape);
    let requests = (0..QUESTIONS).map(|_| ground.request(tape)).collect();
    (requests, World::new(bundle.clone(), &ground.document()))
}

#[test]
fn the_index_decides_random_policies_as_the_full_scan_does() {
    let (seen, policies, failed, rescued) = (Seen::default(), Cell::new(0), Cell::new(0), Cell::new(0));
    tape::holds(2 * CASES, |mut tape| {
        let Ok(bundle) = office(&valid(&mut tape).concat()).map(Arc::new) else { return Ok(()) };
        policies.set(policies.get() + bundle.policies.len());
        let (requests, world) = world(&bundle, &mut tape);
        for request in requests {
            let Some((question, entities)) = world.question(&request) else { continue };
            let by_index = Print::of(&decide(&bundle, &question, &entities));
            let by_scan = Print::of(&decide_by_full_scan(&bundle, &question, &entities));
            seen.note(&by_scan);
            prop_assert_eq!(&by_index, &by_scan, "{:?}", request);
            let raw = world.raw(&request);
            if forbid_failed(&bundle, &raw) {
                failed.set(failed.get() + 1);
                rescued.set(rescued.get() + usize::from(raw.decision() == cedar_policy::Decision::Allow));
                prop_assert!(by_index.code != "permitted", "{:?}", request);
            }
        }
        Ok(())
    });
    seen.expect(&[("permitted", 50), ("forbidden", 50), ("not_permitted", 50), ("evaluation_error", 2)]);
    assert!(policies.get() > 500, "only {} random policies were valid", policies.get());
    assert!(
        failed.get() > 5 && rescued.get() > 0,
        "forbids failed {} times; Cedar alone would have allowed {}",
        failed.get(),
        rescued.get()
    );
}

/// The control: an index that lacks one of them is noticed.
#[test]
fn an_index_that_lacks_a_random_policy_is_noticed() {
    let found = tape::fails(16 * CASES, |mut tape| {
        let policies = valid(&mut tape);
        let (Ok(whole), Ok(lacking)) =
            (office(&policies.concat()), office(&policies.iter().skip(1).cloned().collect::<String>()))
        else {
            return Ok(());
        };
        let (requests, world) = world(&Arc::new(whole), &mut tape);
        for request in requests {
            let Some((question, entities)) = world.question(&request) else { continue };
            let by_scan = Print::of(&decide_by_full_scan(&world.bundle, &question, &entities));
            prop_assert_eq!(Print::of(&decide(&lacking, &question, &entities)), by_scan);
        }
        Ok(())
    });
    assert!(found.contains("random."), "{found}");
}
