//! Whether a clause can ever come out true, or ever false: by proof.
//!
//! In `action == Action::"endPartnership" && resource is Partnership` the second part is never false, since nothing
//! else is ever ended. To prove such things, a clause with what must hold before it is looked at becomes a permit of its
//! own, the **probe**, with the scope of its policy:
//!
//! ```text
//! permit (…) when { action == Action::"endPartnership" && !(resource is Partnership) };
//! ```
//!
//! If the probe matches nothing in any environment that the policy fits, the side is unreachable for every request
//! and all facts of the schema. What must hold before: of `&&` the earlier parts, of `||` not the earlier parts, of
//! `if` its test or not its test. A clause that errs is on neither side.

use std::sync::Arc;

use cedar_policy::Policy as CedarPolicy;
use cedar_policy_core::ast::{self, Expr, PolicyID, StaticPolicy};

use super::{
    condition::{Condition, Path},
    prover::{Claim, Environment, Prover, Query, Untranslatable, Verdict},
};
use crate::bundle::{Policy, clause::text};

/// What is known of a side.
#[derive(Debug, Clone)]
pub enum Reach {
    /// It comes up for some request and facts of this environment.
    Reachable(String),
    /// It never comes up; the questions that say so, with their environments. Some need no question.
    Unreachable(Vec<(String, Query)>),
    /// Neither is known; why.
    Unsettled(String),
}

/// Both sides of every clause of a policy, ready to be asked about.
#[derive(Debug)]
pub struct Probes<'p> {
    policy: &'p Policy,
    condition: &'p Condition,
    paths: Vec<Path>,
}

impl<'p> Probes<'p> {
    /// The probes of a policy.
    pub fn of(policy: &'p Policy, condition: &'p Condition) -> Self {
        Self { policy, condition, paths: condition.paths() }
    }

    /// A permit that matches exactly where a clause is looked at and comes out as `value`.
    ///
    /// # Errors
    /// There is no such clause.
    pub fn probe(&self, clause: usize, value: bool) -> Result<CedarPolicy, Untranslatable> {
        let path = self.paths.get(clause).map(Vec::as_slice).unwrap_or_default();
        self.probe_after(path, clause, value)
    }

    fn probe_after(
        &self,
        path: &[(Arc<Expr>, bool)],
        clause: usize,
        value: bool,
    ) -> Result<CedarPolicy, Untranslatable> {
        let asked = self.condition.clauses.get(clause);
        let asked = asked.ok_or_else(|| Untranslatable(format!("`{}` has no clause {clause}", self.policy.id)))?;
        let core: &ast::Policy = self.policy.cedar.as_ref();
        let last = (asked.expression.clone(), value);
        let probe = StaticPolicy::new(
            PolicyID::from_string(&*self.policy.id),
            None,
            ast::Annotations::default(),
            ast::Effect::Permit,
            core.principal_constraint(),
            core.action_constraint().clone(),
            core.resource_constraint().clone(),
            path.iter().chain([&last]).map(sided).reduce(Expr::and),
        );
        let probe = probe.map_err(|error| Untranslatable(error.to_string()))?;
        Ok(ast::Policy::from(probe).into())
    }

    /// Whether a side of a clause can come up in an environment: [`Verdict::Holds`] is the proof that it never does.
    ///
    /// # Errors
    /// The policy is not well-typed there.
    pub fn never(
        &self,
        clause: usize,
        value: bool,
        environment: &Environment,
        prover: &Prover,
    ) -> Result<(Query, Verdict), Untranslatable> {
        let query = Claim::NeverMatches(environment.policy(&self.probe(clause, value)?)?).query()?;
        let verdict = prover.verdict(&query);
        Ok((query, verdict))
    }

    /// Whether a side of a clause can come up anywhere.
    pub fn reach(&self, clause: usize, value: bool, environments: &[Environment], prover: &Prover) -> Reach {
        let mut proofs = Vec::new();
        let mut unsettled = None;
        for environment in environments.iter().filter(|environment| self.fits(environment)) {
            match self.never(clause, value, environment, prover) {
                Ok((_, Verdict::Fails)) => return Reach::Reachable(environment.name.clone()),
                Ok((query, Verdict::Holds)) => proofs.push((environment.name.clone(), query)),
                Ok((_, Verdict::Unsettled(reason))) | Err(Untranslatable(reason)) => unsettled = Some(reason),
            }
        }
        unsettled.map_or(Reach::Unreachable(proofs), Reach::Unsettled)
    }

    /// What a side that never comes up has to come after: the part of its path without which it might, as far as that
    /// is seen without a solver. As written, with the value it must have.
    pub fn cause(&self, clause: usize, value: bool, environments: &[Environment]) -> Vec<(String, bool)> {
        let mut kept = self.paths.get(clause).cloned().unwrap_or_default();
        for place in (0..kept.len()).rev() {
            let mut fewer = kept.clone();
            fewer.remove(place);
            if self.plainly_never(&fewer, clause, value, environments) {
                kept = fewer;
            }
        }
        kept.iter().map(|(expression, value)| (text(expression, &self.policy.source), *value)).collect()
    }

    fn plainly_never(&self, path: &Path, clause: usize, value: bool, environments: &[Environment]) -> bool {
        let Ok(probe) = self.probe_after(path, clause, value) else { return false };
        let plainly = |environment: &Environment| {
            let query = environment.policy(&probe).and_then(|probe| Claim::NeverMatches(probe).query());
            matches!(query, Ok(Query::Plain(true)))
        };
        environments.iter().filter(|environment| self.fits(environment)).all(plainly)
    }

    fn fits(&self, environment: &Environment) -> bool {
        environment.policies.iter().any(|policy| policy.id == self.policy.id)
    }
}

/// An expression that holds where another has a value.
fn sided((expression, value): &(Arc<Expr>, bool)) -> Expr {
    let expression = (**expression).clone();
    if *value { expression } else { Expr::not(expression) }
}
