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
            report::Report,
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
    let mut runner = Runner::new(bundle, &programme_dir().join("tests/facts"));
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
    let removed = "but the partner pays, with the client's money";
    cases.retain(|case| !case.name.contains(removed));
    assert_eq!(cases.len() + 1, scenarios().len(), "one scenario is removed");
    let gaps = gaps(&bundle, &tally(&bundle, &cases));
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    let clause = "`context.payer == resource.organization.fullPartnership.partner` of `renewals.renew.for-client.collaborator` is never false";
    assert!(gaps[0].contains(clause), "{}", gaps[0]);
}

/// Clauses are evaluated one by one; what comes of them must be what Cedar decided on the whole.
#[test]
fn what_is_counted_is_what_was_decided() {
    let bundle = programme();
    let mut runner = Runner::new(&bundle, &programme_dir().join("tests/facts"));
    for case in scenarios() {
        let outcome = runner.run(&case).unwrap();
        let mut tally = Tally::new(&bundle);
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
