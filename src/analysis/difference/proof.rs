//! Comparing by proof: in every environment whose policies differ, that nothing is newly allowed or newly denied.
//!
//! Both sides become terms of logic under the new schema, "what the new ones allow, the old ones allow" and the other
//! way round become claims, and the solver settles them for every request and all facts. A claim that fails comes with
//! a request and facts. Both bundles are asked it again before it is shown: an example that does not come out so is an
//! error of ours and told as one.
//!
//! In the terms of logic a forbid that cannot be evaluated does not apply; here it denies. So a forbid that only one
//! side has must be proved to be always evaluated, or its environment is not settled. One that both sides have denies
//! on both sides alike.

use std::collections::BTreeSet;

use cedar_policy::Effect;
use serde_json::Value;

use super::{
    Change, Direction, Way, Which,
    environments::Comparison,
    example::{Example, ExampleFacts, Verdict, direction, doers},
    policies::PolicyChange,
    side::Side,
};
use crate::{
    analysis::proofs::counterexample,
    analysis::prover::{Claim, Counterexample, Prover, Verdict as Settled, parallel},
    bundle::Policy,
    decision::{self, Code, Decision},
};

/// What the proofs have shown.
#[derive(Debug, Default)]
pub struct Proved {
    /// Environments of which it is not known whether answers change, and why.
    pub unsettled: Vec<(String, String)>,
    pub(super) changes: Vec<Change>,
}

/// Proves, environment by environment.
///
/// # Errors
/// Why there can be no proof at all: there is no solver.
pub(super) fn prove(
    sides: [&Side; 2],
    compared: &[Comparison],
    prover: &Prover,
    changed: &[PolicyChange],
) -> Result<Proved, String> {
    if prover.solver().is_none() {
        return Err(crate::analysis::prover::solver::NONE.to_owned());
    }
    let differing: Vec<&Comparison> = compared.iter().filter(|comparison| comparison.differs).collect();
    let settled = parallel::each(&differing, |comparison| settle(sides, comparison, prover, changed));
    let mut proved = Proved::default();
    for (comparison, settled) in differing.into_iter().zip(settled) {
        for found in settled {
            match found {
                Ok(change) => proved.changes.extend(change),
                Err(reason) => proved.unsettled.push((comparison.name.to_owned(), reason)),
            }
        }
    }
    Ok(proved)
}

/// Both directions of one environment.
fn settle(
    sides: [&Side; 2],
    comparison: &Comparison,
    prover: &Prover,
    changed: &[PolicyChange],
) -> Vec<Result<Option<Change>, String>> {
    if comparison.regrouped {
        // Under one schema the other side's `action in …` would mean something else than it does.
        return vec![Err("no proof is possible: the two schemas have the action in different groups".to_owned())];
    }
    if let Some(reason) = failing_forbid(sides, comparison, prover) {
        return vec![Err(reason)];
    }
    let found = [Direction::NewlyAllowed, Direction::NewlyDenied].map(|wanted| {
        let example = example(sides, comparison, prover, wanted)?;
        Ok(example.map(|example| Change {
            environment: comparison.name.to_owned(),
            direction: wanted,
            way: Way::Proof,
            only: comparison.only,
            doers: doers(sides, changed, [&example.old, &example.new]),
            example,
            questions: 0,
        }))
    });
    found.into()
}

/// Most times that a claim is put anew without the forbids that failed in its counterexample.
const MAX_RETRIES: usize = 4;

/// A case of a change in one direction; none where it is proved that there is none.
///
/// A counterexample in which a forbid of both sides fails is none: both deny. Without that forbid the claim says more
/// than before, so where it holds nothing changes; where it fails the new counterexample may be a case.
fn example(
    sides: [&Side; 2],
    comparison: &Comparison,
    prover: &Prover,
    wanted: Direction,
) -> Result<Option<Example>, String> {
    let mut without = BTreeSet::new();
    for _ in 0..MAX_RETRIES {
        let Some(found) = refuted(prover, &claim(sides, comparison, wanted, &without)?)? else { return Ok(None) };
        let example = replayed(sides, comparison.only, &found)?;
        if direction(&example.old, &example.new) == Some(wanted) {
            return Ok(Some(example));
        }
        let failing = failing(sides, &example);
        if failing.is_empty() && without.is_empty() {
            return Err(format!(
                "internal error: a counterexample was found that does not come out so: {} before, {} now",
                example.old.words(),
                example.new.words()
            ));
        }
        let known = without.len();
        without.extend(failing);
        if without.len() == known {
            break;
        }
    }
    Err("no case was found in which every forbid can be evaluated; one that cannot denies, which no proof sees"
        .to_owned())
}

/// What the forbids say that fail in an example.
fn failing(sides: [&Side; 2], example: &Example) -> Vec<String> {
    let of = |side: &Side, verdict: &Verdict| -> Vec<String> {
        let failing = |policy: &&Policy| verdict.determining.iter().any(|id| **id == *policy.id);
        let policies = side.bundle.policies.iter().filter(|_| verdict.code == Code::EvaluationError);
        policies.filter(failing).map(|policy| side.said(policy).to_owned()).collect()
    };
    [of(sides[0], &example.old), of(sides[1], &example.new)].concat()
}

/// That nothing changes in one direction, leaving out policies that both sides have.
fn claim(
    [old, new]: [&Side; 2],
    comparison: &Comparison,
    wanted: Direction,
    without: &BTreeSet<String>,
) -> Result<Claim, String> {
    let set = |side: &Side, policies: &[&Policy]| {
        let kept = policies.iter().filter(|policy| !without.contains(side.said(policy)));
        // The old policies under the new schema, if any: the schema may have changed below them.
        let set = comparison.environment.set(kept.map(|policy| &policy.cedar));
        set.map_err(|reason| format!("no proof is possible: {reason}"))
    };
    let (before, after) = (set(old, &comparison.old)?, set(new, &comparison.new)?);
    Ok(match wanted {
        Direction::NewlyAllowed => Claim::Implies(after, before),
        _ => Claim::Implies(before, after),
    })
}

/// A forbid of one side alone that might not be evaluated on some facts, and what that means; none where all are.
fn failing_forbid([old, new]: [&Side; 2], comparison: &Comparison, prover: &Prover) -> Option<String> {
    let said = |side: &Side, policies: &[&Policy]| -> BTreeSet<String> {
        policies.iter().map(|policy| side.said(policy).to_owned()).collect()
    };
    let (before, after) = (said(old, &comparison.old), said(new, &comparison.new));
    let of_old = comparison.old.iter().filter(|policy| !after.contains(old.said(policy)));
    let of_new = comparison.new.iter().filter(|policy| !before.contains(new.said(policy)));
    let mut alone = of_old.chain(of_new).filter(|policy| policy.effect == Effect::Forbid);
    alone.find_map(|policy| {
        let claim = comparison.environment.policy(&policy.cedar).map(Claim::NeverErrors);
        let query = claim.and_then(|claim| claim.query());
        let reason = match query.map(|query| prover.verdict(&query)) {
            Ok(Settled::Holds) => return None,
            Ok(Settled::Fails) => "it then denies, which no proof sees".to_owned(),
            Ok(Settled::Unsettled(reason)) => reason,
            Err(reason) => reason.to_string(),
        };
        Some(format!("the forbid `{}` might not be evaluated on some facts: {reason}", policy.id))
    })
}

/// The counterexample to a claim; none where it holds.
fn refuted(prover: &Prover, claim: &Claim) -> Result<Option<Counterexample>, String> {
    let query = claim.query().map_err(|reason| reason.to_string())?;
    match prover.verdict(&query) {
        Settled::Holds => Ok(None),
        Settled::Unsettled(reason) => Err(reason),
        Settled::Fails => match prover.counterexample(claim).map_err(|reason| reason.to_string())? {
            Some(found) => Ok(Some(found)),
            None => Err("internal error: the solver gave two different answers".to_owned()),
        },
    }
}

/// A counterexample as both bundles answer it.
fn replayed([old, new]: [&Side; 2], only: Option<Which>, found: &Counterexample) -> Result<Example, String> {
    let of_schema = if only == Some(Which::Old) { old } else { new };
    let mut example = Example::made_up(&of_schema.bundle, &found.request, &found.entities)?;
    let facts = match &example.facts {
        ExampleFacts::Entities(facts) => facts.clone(),
        ExampleFacts::File(..) => Value::Null,
    };
    let same_schema = old.bundle.schema_digest == new.bundle.schema_digest;
    let ask = |side: &Side, which: Which| match only {
        Some(only) if only != which => Ok(Decision::not_applicable()),
        // It was found under the new schema; its facts need not fit another.
        None if which == Which::Old && !same_schema => {
            Ok(decision::decide(&side.bundle, &found.request, &found.entities))
        }
        _ => counterexample::asked(&side.bundle, &example.question(), &facts)
            .map_err(|reason| format!("internal error: a counterexample cannot be asked: {reason}")),
    };
    let (was, is) = (Verdict::of(&ask(old, Which::Old)?), Verdict::of(&ask(new, Which::New)?));
    (example.old, example.new) = (was, is);
    Ok(example)
}
