//! Whether a change of a policy changes anything at all, for any request and any facts.
//!
//! Nothing may be left of `resource.access == "full"` in a permit while a forbid denies everything without it. That no
//! scenario notices is then no gap, and it can be proved: in each environment that the policy fits, before or after,
//! - a changed forbid applies to the very same as before, since each forbid that applies is told;
//! - a changed permit applies to the very same as before wherever no forbid applies: what a forbid denies, no permit
//!   decides.

use cedar_policy::{Effect, Policy as CedarPolicy};

use super::Survivor;
use crate::{
    analysis::prover::{Claim, Environment, Prover, Untranslatable, Verdict, query::Digest, query::Query},
    bundle::{
        Policy,
        index::{ActionGroups, admits},
    },
};

/// What is known of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It changes nothing: the environments in which the solver was asked, with the questions.
    Proved(Vec<(String, Digest)>),
    /// It changes an answer to some request on some facts.
    Differs,
    /// Nobody can tell: there is no solver, or it gave up.
    Unsettled,
}

/// How it was proved, for people.
pub fn words(questions: &[(String, Digest)]) -> String {
    let names: Vec<&str> = questions.iter().map(|(environment, _)| &**environment).collect();
    match names.len() {
        0 => "both say the same, already by their form".to_owned(),
        1..=3 => format!("no request and no facts tell them apart in {}", names.join(", ")),
        several => format!("no request and no facts tell them apart in {several} environments"),
    }
}

/// Tries to prove that the changed policy does what the policy did.
pub fn prove(
    prover: &Prover,
    environments: &[Environment],
    groups: &ActionGroups,
    policy: &Policy,
    survivor: &Survivor,
) -> Outcome {
    let changed = survivor.policy.as_ref();
    if changed.is_some_and(|changed| changed.effect() != policy.effect) {
        return Outcome::Differs;
    }
    let mut questions = Vec::new();
    let mut unsettled = false;
    let fits = |policy: &CedarPolicy, environment: &Environment| admits(policy, &environment.request, groups);
    for environment in environments {
        if !fits(&policy.cedar, environment) && !changed.is_some_and(|changed| fits(changed, environment)) {
            continue;
        }
        let Ok(query) = claim(environment, policy, changed).and_then(|claim| claim.query()) else {
            return Outcome::Unsettled;
        };
        match prover.verdict(&query) {
            Verdict::Holds => {}
            Verdict::Fails => return Outcome::Differs,
            Verdict::Unsettled(_) => unsettled = true,
        }
        if let Query::Asked { digest, .. } = query {
            questions.push((environment.name.clone(), digest));
        }
    }
    if unsettled { Outcome::Unsettled } else { Outcome::Proved(questions) }
}

fn claim(environment: &Environment, policy: &Policy, changed: Option<&CedarPolicy>) -> Result<Claim, Untranslatable> {
    if policy.effect == Effect::Forbid {
        let before = environment.policy(&policy.cedar)?;
        return Ok(match changed {
            Some(changed) => Claim::SameMatches(before, environment.policy(changed)?),
            None => Claim::NeverMatches(before),
        });
    }
    let forbids =
        || environment.policies.iter().filter(|other| other.effect == Effect::Forbid).map(|other| &other.cedar);
    let before = environment.set(forbids().chain([&policy.cedar]))?;
    let after = environment.set(forbids().chain(changed))?;
    Ok(Claim::SameDecisions(before, after))
}
