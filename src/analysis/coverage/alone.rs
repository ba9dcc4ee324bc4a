//! Conditions that alone turn the answer: every permit once allowed, every condition once flipped, every forbid once
//! applied.
//!
//! A scenario suite is only as good as what it would notice. For each top-level condition of a permit
//! there must be a denied case in which that condition alone fails; otherwise the condition could be
//! deleted and no scenario would tell. For each forbid there must be a case that it denies.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Effect;

use crate::{
    analysis::scenario::{Case, run::Outcome},
    bundle::{Bundle, Policy, clause::Clause},
    explanation::{
        near_miss::{scope_fits, shortfall},
        words::Scene,
    },
};

/// What has been seen so far.
#[derive(Debug, Default)]
pub struct Alone {
    determined: BTreeSet<String>,
    flipped: BTreeMap<String, BTreeSet<usize>>,
}

impl Alone {
    /// Takes one case's outcome into account.
    pub fn add(&mut self, bundle: &Bundle, case: &Case, outcome: &Outcome) {
        if case.expected.allowed == outcome.decision.allowed() {
            self.determined.extend(outcome.decision.determining.iter().map(ToString::to_string));
        }
        if !outcome.decision.allowed() {
            for policy in bundle.policies.iter().filter(|policy| policy.effect == Effect::Permit) {
                if let Some(condition) = only_failing(policy, outcome) {
                    self.flipped.entry(policy.id.to_string()).or_default().insert(condition);
                }
            }
        }
    }

    /// What no case has shown yet, one line each, in the order of the files.
    pub fn gaps(&self, bundle: &Bundle) -> Vec<String> {
        bundle.policies.iter().flat_map(|policy| self.gaps_of(policy)).collect()
    }

    fn gaps_of(&self, policy: &Policy) -> Vec<String> {
        let mut gaps = Vec::new();
        if !self.determined.contains(&*policy.id) {
            let verb = if policy.effect == Effect::Permit { "allowed" } else { "denied" };
            gaps.push(format!("{}: no case is {verb} by `{}`", policy.at.short(), policy.id));
        }
        if policy.effect == Effect::Permit {
            let flipped = self.flipped.get(&*policy.id);
            for (number, condition) in conditions(policy).iter().enumerate() {
                if !flipped.is_some_and(|flipped| flipped.contains(&number)) {
                    gaps.push(format!(
                        "{}: no denied case flips only `{}` of `{}`",
                        policy.at.short(),
                        words(condition),
                        policy.id
                    ));
                }
            }
        }
        gaps
    }
}

/// The top-level conditions of a policy.
fn conditions(policy: &Policy) -> &[Clause] {
    match &policy.clauses {
        Some(Clause::All(parts)) => parts,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    }
}

fn words(condition: &Clause) -> String {
    let leaves: Vec<&str> = condition.leaves().iter().map(|leaf| &*leaf.text).collect();
    leaves.join(" || ")
}

/// The one top-level condition that keeps a permit from applying, if there is exactly one.
///
/// A condition that cannot be evaluated because an earlier one failed (`x has y && x.y …`) is that one's
/// consequence.
fn only_failing(policy: &Policy, outcome: &Outcome) -> Option<usize> {
    let (question, slice) = outcome.evidence.as_ref()?;
    if !scope_fits(policy, &question.request, &slice.entities) {
        return None;
    }
    let scene = Scene { request: &question.request, entities: &slice.entities, source: &policy.source };
    let whole = shortfall(policy.clauses.as_ref()?, scene).missing;
    let parts: Vec<usize> = conditions(policy)
        .iter()
        .enumerate()
        .filter(|(_, part)| part.leaves().iter().any(|leaf| whole.iter().any(|missing| missing.at == leaf.at)))
        .map(|(number, _)| number)
        .collect();
    match parts[..] {
        [only] => Some(only),
        _ => None,
    }
}
