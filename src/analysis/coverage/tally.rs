//! Counting: how often each policy and each of its clauses came out which way.

use cedar_policy_core::{ast, evaluator::Evaluator, extensions::Extensions};

use crate::{
    analysis::{
        condition::{Condition, Verdict},
        scenario::run::Outcome,
    },
    bundle::{Bundle, Policy},
    explanation::near_miss::scope_fits,
};

/// What has been seen of every policy, in the bundle's order.
#[derive(Debug)]
pub struct Tally {
    /// One for each policy of the bundle, at the same place.
    pub policies: Vec<Seen>,
    /// Scenarios that were counted.
    pub scenarios: u64,
}

/// What has been seen of one policy; all counts are of scenarios.
#[derive(Debug)]
pub struct Seen {
    /// Its condition, whose clauses are counted.
    pub condition: Condition,
    /// Its scope fitted.
    pub asked: u64,
    /// Its scope fitted and its condition held.
    pub applied: u64,
    /// Its condition could not be evaluated.
    pub errors: u64,
    /// It was among the determining policies.
    pub determined: u64,
    /// One for each clause, at the same place.
    pub clauses: Vec<Count>,
}

/// How often a clause came out which way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// It held.
    pub truths: u64,
    /// It did not.
    pub falsehoods: u64,
    /// It could not be evaluated.
    pub errors: u64,
}

impl Count {
    /// How often it was looked at.
    pub fn total(self) -> u64 {
        self.truths + self.falsehoods + self.errors
    }

    /// How often it came out on a side.
    pub fn of(self, side: bool) -> u64 {
        if side { self.truths } else { self.falsehoods }
    }

    fn add(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::True => &mut self.truths,
            Verdict::False => &mut self.falsehoods,
            Verdict::Error => &mut self.errors,
        } += 1;
    }
}

impl Tally {
    /// Nothing seen yet.
    pub fn new(bundle: &Bundle) -> Self {
        Self { policies: bundle.policies.iter().map(Seen::nothing).collect(), scenarios: 0 }
    }

    /// Takes the outcome of a scenario into account. One that fails counts too: it was evaluated.
    pub fn add(&mut self, bundle: &Bundle, outcome: &Outcome) {
        self.scenarios += 1;
        for (policy, seen) in bundle.policies.iter().zip(&mut self.policies) {
            seen.determined += u64::from(outcome.decision.determining.contains(policy.cedar.id()));
        }
        let Some((question, slice)) = &outcome.evidence else { return };
        let asked: &ast::Request = question.request.as_ref();
        let evaluator = Evaluator::new(asked.clone(), (*slice.entities).as_ref(), Extensions::all_available());
        for (policy, seen) in bundle.policies.iter().zip(&mut self.policies) {
            if scope_fits(policy, &question.request, &slice.entities) {
                seen.ask(&evaluator);
            }
        }
    }
}

impl Seen {
    fn nothing(policy: &Policy) -> Self {
        let condition = Condition::of(policy);
        let clauses = vec![Count::default(); condition.clauses.len()];
        Self { condition, asked: 0, applied: 0, errors: 0, determined: 0, clauses }
    }

    fn ask(&mut self, evaluator: &Evaluator) {
        self.asked += 1;
        let clauses = &mut self.clauses;
        match self.condition.walk(evaluator, &mut |number, verdict| clauses[number].add(verdict)) {
            Verdict::True => self.applied += 1,
            Verdict::False => {}
            Verdict::Error => self.errors += 1,
        }
    }
}
