//! W310, W311, W312: policies that decide nothing, and backstops that decide something. By proof; clauses are looked at
//! in [`super::clauses`].
//!
//! Take a policy out of each environment that it fits and ask whether every request is still decided the same. One
//! environment where it is not, and the policy matters; that ends most searches with the first question. A policy that
//! changes nothing anywhere never matches, or is covered by others; `@backstop` says that the latter is wanted, and then
//! it is the other answer that is told. A permit that carries an obligation or advice adds to the answer even where
//! another allows the same: it is left alone.
//!
//! A question is written anew only when a policy of its environment has changed: whoever keeps a [`Memory`] from one
//! look to the next pays for what was edited.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use sha2::{Digest as _, Sha256};

use super::Finding;
use crate::{
    analysis::prover::{
        Claim, CompiledPolicySet, Environment, Lock, Prover, Query, Untranslatable, Verdict, environment, parallel,
        query::Digest,
    },
    bundle::{Bundle, Policy},
    problem::Problem,
};

/// What was found, and what could not be looked at.
#[derive(Debug, Default)]
pub struct Meaning<'b> {
    /// The warnings.
    pub(super) findings: Vec<Finding>,
    /// Policies of which nothing is known, and why of the first.
    pub unknown: Vec<&'b Policy>,
    /// Why.
    pub reason: Option<String>,
    /// Every question that was settled, for the lock.
    pub settled: Vec<Settled>,
}

/// A settled question: what it is about, by which it is known, and whether it holds.
pub type Settled = (String, Digest, bool);

/// By SHA-256 of what a question would be made from.
type Known<T> = HashMap<[u8; 32], T>;

/// What is known from earlier looks, by what the questions would be made from.
#[derive(Debug, Default)]
pub struct Memory {
    verdicts: Mutex<Known<(Option<Digest>, bool)>>,
    /// Whether a side of a clause can come up, and the questions that say so.
    pub(super) sides: Mutex<Known<(bool, Vec<Settled>)>>,
}

impl Memory {
    pub(super) fn side(&self, key: [u8; 32]) -> Option<(bool, Vec<Settled>)> {
        self.sides.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }
}

impl<'b> Meaning<'b> {
    /// The policies that a lint of this code is about.
    pub(super) fn of_code(&self, code: &'static str) -> impl Iterator<Item = Arc<str>> {
        let with_code = self.findings.iter().filter(move |finding| finding.problem.code_text() == Some(code));
        with_code.filter_map(|finding| finding.policy.clone())
    }

    /// Of this policy something could not be settled.
    pub(super) fn is_unknown(&mut self, policy: &'b Policy, reason: String) {
        if !self.unknown.iter().any(|other| other.id == policy.id) {
            self.unknown.push(policy);
        }
        self.reason.get_or_insert(reason);
    }
}

/// Looks at every policy of the bundle in a directory, and at every clause.
pub fn look<'b>(bundle: &'b Bundle, dir: &Path, prover: &Prover, memory: &Memory) -> Meaning<'b> {
    let environments = Environments::of(bundle);
    let known = parallel::each(&bundle.policies, |policy| {
        let mut asking = Asking { environments: &environments, prover, memory, settled: Vec::new() };
        (effect(policy, &mut asking), asking.settled)
    });
    let mut meaning = Meaning::default();
    for (policy, (effect, settled)) in bundle.policies.iter().zip(known) {
        meaning.settled.extend(settled);
        match effect {
            Ok(effect) => meaning.findings.extend(finding(policy, &effect)),
            Err(Untranslatable(reason)) => meaning.is_unknown(policy, reason),
        }
    }
    super::clauses::look(bundle, &environments, dir, prover, memory, &mut meaning);
    meaning
}

/// Writes what was settled into a lock, in place of what it knew of lints.
pub fn lock(lock: &mut Lock, meaning: &Meaning) {
    lock.forget("lint");
    meaning.settled.iter().for_each(|(about, digest, holds)| lock.add(about, digest, *holds));
}

/// What a policy does to decisions.
enum Effect {
    /// Without it some request of this environment is decided otherwise.
    Decides(String),
    /// It never applies.
    NeverMatches,
    /// It applies, but the others decide the same.
    Covered,
}

fn effect(policy: &Policy, asking: &mut Asking) -> Result<Effect, Untranslatable> {
    if let Some(environment) = asking.refuted(policy, Question::Removal)? {
        return Ok(Effect::Decides(environment));
    }
    let matched = asking.refuted(policy, Question::NeverMatches)?;
    Ok(if matched.is_some() { Effect::Covered } else { Effect::NeverMatches })
}

fn finding(policy: &Policy, effect: &Effect) -> Option<Finding> {
    let speaks = !(policy.obligations.is_empty() && policy.advice.is_empty());
    let (code, fault, help) = match effect {
        Effect::NeverMatches => (
            "W310",
            "can never match".to_owned(),
            "parts of its condition contradict one another, or what the schema says; correct or delete it",
        ),
        Effect::Covered if !policy.backstop && !speaks => (
            "W311",
            "changes no decision".to_owned(),
            "the other policies decide the same without it; delete it, or say by `@backstop(\"why\")` that it is wanted",
        ),
        Effect::Decides(environment) if policy.backstop => (
            "W312",
            format!("is marked as a backstop, but decides: without it {environment} is decided otherwise"),
            "take `@backstop` away if it is meant to decide, or narrow the permits",
        ),
        Effect::Covered | Effect::Decides(_) => return None,
    };
    let message = format!("the {} `{}` {fault}", policy.effect_name(), policy.id);
    Some(Finding::of(policy, Problem::at(&policy.source, policy.id_span, message).code(code).help(help)))
}

/// The environments of a bundle.
pub(super) struct Environments<'b> {
    pub(super) bundle: &'b Bundle,
    all: Vec<Place<'b>>,
}

/// An environment.
pub(super) struct Place<'b> {
    pub(super) environment: Environment<'b>,
    /// What its questions are made from, summed up.
    sum: [u8; 32],
    /// All its policies in terms of logic, once somebody needs them.
    whole: OnceLock<Result<CompiledPolicySet, Untranslatable>>,
}

impl<'b> Environments<'b> {
    fn of(bundle: &'b Bundle) -> Self {
        let texts: HashMap<&str, String> =
            bundle.policies.iter().map(|policy| (&*policy.id, policy.cedar.to_string())).collect();
        let summed = |environment: Environment<'b>| {
            let mut sum = Sha256::new_with_prefix(bundle.schema_digest);
            sum.update(environment.name.as_bytes());
            for text in environment.policies.iter().filter_map(|policy| texts.get(&*policy.id)) {
                sum.update((text.len() as u64).to_be_bytes());
                sum.update(text.as_bytes());
            }
            Place { environment, sum: sum.finalize().into(), whole: OnceLock::new() }
        };
        Self { bundle, all: environment::all(bundle).into_iter().map(summed).collect() }
    }

    /// Those that a policy fits.
    pub(super) fn fitting(&self, policy: &Policy) -> impl Iterator<Item = &Place<'b>> {
        let id = policy.id.clone();
        self.all.iter().filter(move |place| place.environment.policies.iter().any(|other| other.id == id))
    }
}

impl Place<'_> {
    fn whole(&self) -> Result<CompiledPolicySet, Untranslatable> {
        let environment = &self.environment;
        self.whole.get_or_init(|| environment.set(environment.policies.iter().map(|policy| &policy.cedar))).clone()
    }
}

/// What is asked about a policy in an environment.
#[derive(Debug, Clone, Copy)]
enum Question {
    /// Without the policy everything is decided the same.
    Removal,
    /// The policy applies to nothing.
    NeverMatches,
}

impl Question {
    /// As the lock names it.
    fn name(self) -> &'static str {
        match self {
            Self::Removal => "removal",
            Self::NeverMatches => "never-matches",
        }
    }

    fn query(self, policy: &Policy, place: &Place) -> Result<Query, Untranslatable> {
        let environment = &place.environment;
        let claim = match self {
            Self::NeverMatches => Claim::NeverMatches(environment.policy(&policy.cedar)?),
            Self::Removal => {
                let others = environment.policies.iter().filter(|other| other.id != policy.id);
                Claim::SameDecisions(place.whole()?, environment.set(others.map(|other| &other.cedar))?)
            }
        };
        claim.query()
    }
}

/// Questions about one policy.
struct Asking<'a, 'b> {
    environments: &'a Environments<'b>,
    prover: &'a Prover,
    memory: &'a Memory,
    settled: Vec<Settled>,
}

impl Asking<'_, '_> {
    /// The first environment where the claim fails; none if it holds in all.
    fn refuted(&mut self, policy: &Policy, question: Question) -> Result<Option<String>, Untranslatable> {
        let mut unsettled = None;
        for place in self.environments.fitting(policy) {
            let environment = &place.environment;
            match self.verdict(policy, question, place) {
                Ok((digest, holds)) => {
                    let about = format!("lint {} {}: {}", question.name(), policy.id, environment.name);
                    self.settled.extend(digest.map(|digest| (about, digest, holds)));
                    if !holds {
                        return Ok(Some(environment.name.clone()));
                    }
                }
                // Another environment may still show that it matters.
                Err(reason) => unsettled = Some(reason),
            }
        }
        unsettled.map_or(Ok(None), Err)
    }

    fn verdict(
        &self,
        policy: &Policy,
        question: Question,
        place: &Place,
    ) -> Result<(Option<Digest>, bool), Untranslatable> {
        let key = Sha256::new_with_prefix(place.sum).chain_update(question.name()).chain_update(policy.id.as_bytes());
        let key: [u8; 32] = key.finalize().into();
        let memory = || self.memory.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = memory().get(&key) {
            return Ok(known.clone());
        }
        let query = question.query(policy, place)?;
        let holds = match self.prover.verdict(&query) {
            Verdict::Holds => true,
            Verdict::Fails => false,
            Verdict::Unsettled(reason) => return Err(Untranslatable(reason)),
        };
        let digest = match query {
            Query::Asked { digest, .. } => Some(digest),
            Query::Plain(_) => None,
        };
        memory().insert(key, (digest.clone(), holds));
        Ok((digest, holds))
    }
}
