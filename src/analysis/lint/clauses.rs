//! W313, W314: clauses that always come out the same. By scenarios and proof.
//!
//! `resource.level >= 1 && resource.level > 0` reads like two protections and is one. A side of a clause that a scenario
//! shows needs no proof; only what no scenario shows is asked about (`analysis::reach`). `x is T` is left alone where it
//! is always true, since the type checker may need it to know what `x` is. A clause that is never looked at is the
//! consequence of another, which is told.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, PoisonError},
};

use cedar_policy_core::ast::ExprKind;
use sha2::{Digest as _, Sha256};

use super::{
    Finding,
    meaning::{Environments, Meaning, Memory, Settled},
};
use crate::{
    analysis::{
        condition::Condition,
        coverage::tally::Tally,
        prover::{Prover, Query, Untranslatable, Verdict, parallel},
        reach::Probes,
        scenario::{read_all, run::Runner},
    },
    bundle::{Bundle, Policy},
    problem::Problem,
};

/// So few sides are asked about at once where a solver is there; for more the scenarios are run first.
const FEW: usize = 40;

/// What is known of the sides of a policy's clauses: whether each can come up, true first.
type Sides = Vec<[Option<bool>; 2]>;

/// Looks at every clause of every policy that can match.
pub(super) fn look<'b>(
    bundle: &'b Bundle,
    environments: &Environments<'b>,
    dir: &Path,
    prover: &Prover,
    memory: &Memory,
    meaning: &mut Meaning<'b>,
) {
    let conditions: Vec<Condition> = bundle.policies.iter().map(Condition::of).collect();
    let shown = shown(bundle, &conditions, dir, prover, memory);
    let dead: Vec<Arc<str>> = meaning.of_code("W310").collect();
    let live: Vec<usize> =
        (0..bundle.policies.len()).filter(|number| !dead.contains(&bundle.policies[*number].id)).collect();
    let asked = parallel::each(&live, |&number| {
        let policy = &bundle.policies[number];
        let mut asking = Asking { policy, environments, prover, memory, settled: Vec::new() };
        (asking.sides(&conditions[number], shown.get(&number)), asking.settled)
    });
    for (number, (sides, settled)) in live.into_iter().zip(asked) {
        let policy = &bundle.policies[number];
        meaning.settled.extend(settled);
        match sides {
            Ok(sides) => meaning.findings.extend(findings(policy, &conditions[number], &sides)),
            Err(Untranslatable(reason)) => meaning.is_unknown(policy, reason),
        }
    }
}

/// What scenarios show of the policies, by their numbers; only looked at where much is not known.
fn shown(
    bundle: &Bundle,
    conditions: &[Condition],
    dir: &Path,
    prover: &Prover,
    memory: &Memory,
) -> HashMap<usize, Vec<[bool; 2]>> {
    let sides = bundle.policies.iter().zip(conditions).flat_map(|(policy, condition)| {
        (0..condition.clauses.len()).flat_map(move |clause| [(policy, clause, true), (policy, clause, false)])
    });
    let open =
        sides.filter(|(policy, clause, value)| memory.side(key(bundle, policy, *clause, *value)).is_none()).count();
    if open == 0 || (open <= FEW && prover.solver().is_some()) {
        return HashMap::new();
    }
    // Scenarios that cannot be read show nothing; `mandat test` says what is wrong with them.
    let cases = read_all(&dir.join("tests/scenarios")).unwrap_or_default();
    let mut runner = Runner::new(bundle, dir);
    let mut tally = Tally::new(bundle);
    cases.iter().filter_map(|case| runner.run(case).ok()).for_each(|outcome| tally.add(bundle, &outcome));
    let of = |seen: &crate::analysis::coverage::tally::Seen| {
        seen.clauses.iter().map(|count| [count.of(true) > 0, count.of(false) > 0]).collect()
    };
    tally.policies.iter().map(of).enumerate().collect()
}

fn key(bundle: &Bundle, policy: &Policy, clause: usize, value: bool) -> [u8; 32] {
    let sum = Sha256::new_with_prefix(bundle.schema_digest).chain_update(policy.cedar.to_string());
    sum.chain_update(clause.to_be_bytes()).chain_update([u8::from(value)]).finalize().into()
}

/// Questions about one policy's clauses.
struct Asking<'a, 'b> {
    policy: &'a Policy,
    environments: &'a Environments<'b>,
    prover: &'a Prover,
    memory: &'a Memory,
    settled: Vec<Settled>,
}

impl Asking<'_, '_> {
    fn sides(&mut self, condition: &Condition, shown: Option<&Vec<[bool; 2]>>) -> Result<Sides, Untranslatable> {
        let probes = Probes::of(self.policy, condition);
        let mut sides = Sides::new();
        for clause in 0..condition.clauses.len() {
            let shown = shown.and_then(|shown| shown.get(clause)).copied().unwrap_or_default();
            let narrows = matches!(condition.clauses[clause].expression.expr_kind(), ExprKind::Is { .. });
            let falsehood = if narrows { None } else { Some(self.side(&probes, clause, false, shown[1])?) };
            sides.push([Some(self.side(&probes, clause, true, shown[0])?), falsehood]);
        }
        Ok(sides)
    }

    /// Whether a side can come up.
    fn side(&mut self, probes: &Probes, clause: usize, value: bool, shown: bool) -> Result<bool, Untranslatable> {
        let key = key(self.environments.bundle, self.policy, clause, value);
        if let Some((comes_up, settled)) = self.memory.side(key) {
            self.settled.extend(settled);
            return Ok(comes_up);
        }
        let (comes_up, settled) = if shown { (true, Vec::new()) } else { self.ask(probes, clause, value)? };
        self.settled.extend(settled.iter().cloned());
        let mut sides = self.memory.sides.lock().unwrap_or_else(PoisonError::into_inner);
        sides.insert(key, (comes_up, settled));
        Ok(comes_up)
    }

    fn ask(&self, probes: &Probes, clause: usize, value: bool) -> Result<(bool, Vec<Settled>), Untranslatable> {
        let (mut settled, mut unsettled) = (Vec::new(), None);
        for place in self.environments.fitting(self.policy) {
            match probes.never(clause, value, &place.environment, self.prover) {
                Ok((_, Verdict::Unsettled(reason))) => unsettled = Some(Untranslatable(reason)),
                Ok((query, verdict)) => {
                    let holds = verdict == Verdict::Holds;
                    if let Query::Asked { digest, .. } = query {
                        let side = format!("never-{value} {} {clause}", self.policy.id);
                        settled.push((format!("lint {side}: {}", place.environment.name), digest, holds));
                    }
                    if !holds {
                        return Ok((true, settled));
                    }
                }
                Err(reason) => unsettled = Some(reason),
            }
        }
        unsettled.map_or(Ok((false, settled)), Err)
    }
}

fn findings(policy: &Policy, condition: &Condition, sides: &Sides) -> Vec<Finding> {
    let told = condition.clauses.iter().zip(sides).filter_map(|(clause, [truth, falsehood])| {
        let (code, value) = match (truth, falsehood) {
            (Some(true), Some(false)) => ("W313", "true"),
            (Some(false), Some(true)) => ("W314", "false"),
            _ => return None,
        };
        let message = format!("`{}` of `{}` is always {value} where it is looked at", clause.text, policy.id);
        let span = (clause.span.start, clause.span.len());
        let help = "the schema, the scope or what stands before it says so already; delete it, or write what was meant";
        Some(Finding::of(policy, Problem::at(&policy.source, span, message).code(code).help(help)))
    });
    told.collect()
}
