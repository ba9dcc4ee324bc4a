//! The partner programme's scenarios cover every policy, and every clause both ways but for what is proved.
//!
//! `docs/coverage.md` is written with `MANDAT_GOLDEN=write`. What is proved there is in `policies/proofs.lock` or needs
//! no solver, so that it is the same on every machine.

use std::collections::BTreeSet;

use cedar_policy::Effect;
use mandat::{
    analysis::{
        coverage::{
            document, proofs,
            report::{self, Report, Side},
            tally::{Seen, Tally},
        },
        prover::{Lock, Prover},
        scenario::{Case, read_all, run::Runner},
    },
    bundle::{Bundle, Policy},
    decision::Code,
};

use crate::support::{assert_golden, programme, programme_dir};

/// A prover that knows the lock and has no solver.
fn prover() -> Prover {
    Prover::new(None, &Lock::read(&programme_dir()).unwrap())
}

fn scenarios() -> Vec<Case> {
    read_all(&programme_dir().join("tests/scenarios")).unwrap()
}

fn tally(bundle: &Bundle, cases: &[Case]) -> Tally {
    let mut runner = Runner::new(bundle, &programme_dir());
    let mut tally = Tally::new(bundle);
    for case in cases {
        tally.add(bundle, &runner.run(case).unwrap());
    }
    tally
}

fn gaps(bundle: &Bundle, tally: &Tally) -> Vec<String> {
    let report = Report::new(bundle, tally, proofs::of(bundle, tally, &prover()).known);
    report.gaps().iter().map(ToString::to_string).collect()
}

#[test]
fn every_policy_decides_and_every_clause_comes_out_both_ways() {
    let bundle = programme();
    let tally = tally(&bundle, &scenarios());
    let report = Report::new(&bundle, &tally, proofs::of(&bundle, &tally, &prover()).known);
    let gaps = gaps(&bundle, &tally);
    assert!(gaps.is_empty(), "write a scenario for each, or prove it unreachable:\n{}", gaps.join("\n"));
    assert_golden("docs/coverage.md", &document::markdown(&report));
}

#[test]
fn without_its_scenario_a_clause_is_named() {
    let bundle = programme();
    let mut cases = scenarios();
    let (only, side) = indispensable(&bundle, &cases);
    let removed = cases.remove(only);
    let tally = tally(&bundle, &cases);
    let clause = &tally.policies[side.policy].condition.clauses[side.clause];
    let named = format!("`{}` of `{}` is never {}", clause.text, bundle.policies[side.policy].id, side.value);
    let gaps = gaps(&bundle, &tally);
    assert!(gaps.iter().any(|gap| gap.contains(&named)), "without \"{}\": {gaps:?}", removed.name);
}

/// A scenario without which a side would not come up, and the side.
fn indispensable(bundle: &Bundle, cases: &[Case]) -> (usize, Side) {
    let mut runner = Runner::new(bundle, &programme_dir());
    let mut tally = Tally::new(bundle);
    let mut waiting = report::missing(&tally);
    let mut first = Vec::new();
    let count = |tally: &Tally, side: &Side| tally.policies[side.policy].clauses[side.clause].of(side.value);
    for (number, case) in cases.iter().enumerate() {
        tally.add(bundle, &runner.run(case).unwrap());
        first.extend(waiting.extract_if(.., |side| count(&tally, side) > 0).map(|side| (number, side)));
    }
    first.into_iter().find(|(_, side)| count(&tally, side) == 1).expect("a side that comes up once")
}

/// Clauses are evaluated one by one; what comes of them must be what Cedar decided on the whole.
#[test]
fn what_is_counted_is_what_was_decided() {
    let bundle = programme();
    let mut runner = Runner::new(&bundle, &programme_dir());
    let mut tally = Tally::new(&bundle);
    for case in scenarios() {
        let outcome = runner.run(&case).unwrap();
        tally.policies.iter_mut().for_each(|seen| (seen.applied, seen.errors) = (0, 0));
        tally.add(&bundle, &outcome);
        let decision = &outcome.decision;
        let determining: Vec<&str> = decision.determining.iter().map(AsRef::as_ref).collect();
        let (permits, forbids) = (applied(&bundle, &tally, Effect::Permit), applied(&bundle, &tally, Effect::Forbid));
        let alike = match decision.code {
            Code::Permitted => permits == determining && forbids.is_empty(),
            Code::Forbidden => forbids == determining,
            Code::NotPermitted | Code::NotApplicable => permits.is_empty() && forbids.is_empty(),
            Code::EvaluationError => forbids.is_empty(),
        };
        assert!(alike, "{} ({}): {permits:?} {forbids:?} {determining:?}", case.name, case.at);
        let faults: BTreeSet<&str> = decision.faults.iter().map(|fault| fault.policy.as_ref()).collect();
        assert_eq!(ids(&bundle, &tally, |_, seen| seen.errors > 0), Vec::from_iter(faults), "{}", case.at);
    }
}

fn applied<'b>(bundle: &'b Bundle, tally: &Tally, effect: Effect) -> Vec<&'b str> {
    ids(bundle, tally, |policy, seen| policy.effect == effect && seen.applied > 0)
}

/// The ids, in their order, of the policies of which something was seen.
fn ids<'b>(bundle: &'b Bundle, tally: &Tally, pick: impl Fn(&Policy, &Seen) -> bool) -> Vec<&'b str> {
    let policies = bundle.policies.iter().zip(&tally.policies).filter(|(policy, seen)| pick(policy, seen));
    Vec::from_iter(policies.map(|(policy, _)| &*policy.id).collect::<BTreeSet<&str>>())
}
