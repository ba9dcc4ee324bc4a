//! Mutants of policies: what is changed ([`edits`], [`operands`]), whether it would load, whether a case notices.
//!
//! Only the changed policy is read and validated again, and only by the cases it can matter to is it asked. So
//! thousands of changes take seconds, on all cores.

pub mod edits;
pub mod equivalence;
mod operands;
pub mod vocabulary;

use std::ops::Range;

use cedar_policy::{Effect, PolicyId, RequestEnv, Validator};
use cedar_policy_core::ast;

use self::{edits::Edit, vocabulary::Vocabulary};
use super::{
    Fate, Kind, Mutant, Tried,
    baseline::{Baseline, Changed},
};
use crate::{
    analysis::prover::parallel,
    bundle::{
        Bundle, Policy,
        index::{ActionGroups, action_groups, admits, is_open},
        validation,
    },
};

/// What all mutants of policies have in common.
pub struct Bench<'b> {
    bundle: &'b Bundle,
    baseline: &'b Baseline,
    vocabulary: Vocabulary,
    groups: ActionGroups,
    validator: Validator,
}

/// A survivor as it would stand in its file: what a proof is about.
#[derive(Debug, Clone)]
pub struct Survivor {
    /// The changed policy, under the id of the unchanged one; none where it is left out.
    pub policy: Option<cedar_policy::Policy>,
}

impl<'b> Bench<'b> {
    /// Learns the words that the policies use.
    pub fn new(bundle: &'b Bundle, baseline: &'b Baseline, mut vocabulary: Vocabulary) -> Self {
        for policy in &bundle.policies {
            vocabulary.learn(edits::of(text(policy), &Vocabulary::default()).literals);
        }
        let validator = Validator::new(bundle.schema.clone());
        Self { bundle, baseline, vocabulary, groups: action_groups(&bundle.schema), validator }
    }

    /// Tries all mutants of some policies, in the order of the policies; `each` is called after each policy.
    pub fn run(&self, policies: &[&Policy], each: &(dyn Fn() + Sync)) -> Vec<(Tried, Option<Survivor>)> {
        let tried = parallel::each(policies, |policy| {
            let tried = self.policy(policy);
            each();
            tried
        });
        tried.into_iter().flatten().collect()
    }

    /// The changes that can be made to a policy, valid or not, but for leaving it out.
    pub fn edits(&self, policy: &Policy) -> Vec<Edit> {
        edits::of(text(policy), &self.vocabulary).edits
    }

    fn policy(&self, policy: &Policy) -> Vec<(Tried, Option<Survivor>)> {
        let found = edits::of(text(policy), &self.vocabulary);
        let mut tried = vec![self.without(policy)];
        let wider = found.action.and_then(|place| self.wider(policy, place));
        for edit in found.edits.into_iter().chain(wider) {
            let (fate, survivor) = self.fate(policy, &edit);
            tried.push((Tried { mutant: mutant(policy, &edit), fate }, survivor));
        }
        tried
    }

    fn without(&self, policy: &Policy) -> (Tried, Option<Survivor>) {
        let whole = span(policy);
        // The policy's first lines say which it is; the rest needs no repeating.
        let first = policy.source.text[whole.clone()].find('\n').map_or(whole.end, |end| whole.start + end);
        let mutant = Mutant::new(&policy.source, whole.start..first, "", &policy.id, Kind::DropPolicy);
        let matters = |environment: &RequestEnv| admits(&policy.cedar, environment, &self.groups);
        let notice = self.baseline.notices(self.bundle, policy.cedar.id(), None, &matters);
        let (fate, survivor) = fate(notice, || Survivor { policy: None });
        (Tried { mutant, fate }, survivor)
    }

    fn fate(&self, policy: &Policy, edit: &Edit) -> (Fate, Option<Survivor>) {
        let Some(changed) = self.load(policy, edit) else { return (Fate::Invalid, None) };
        if self.says_the_same(&policy.cedar, &changed) {
            return (Fate::SameScope, None);
        }
        let core: &ast::Policy = changed.as_ref();
        let condition = core.condition();
        let asked = Changed { effect: changed.effect(), condition: &condition };
        let matters = |environment: &RequestEnv| {
            admits(&policy.cedar, environment, &self.groups) || admits(&changed, environment, &self.groups)
        };
        let notice = self.baseline.notices(self.bundle, policy.cedar.id(), Some(asked), &matters);
        fate(notice, || Survivor { policy: Some(changed.clone()) })
    }

    /// The changed policy, if the bundle would load with it.
    fn load(&self, policy: &Policy, edit: &Edit) -> Option<cedar_policy::Policy> {
        let id = PolicyId::new(&policy.id);
        let changed = cedar_policy::Policy::parse(Some(id), edit.apply(text(policy))).ok()?;
        let promises = !(policy.obligations.is_empty() && policy.advice.is_empty());
        let level = self.bundle.settings.policies.level;
        let loads = validation::accepts(&self.validator, &self.bundle.schema, &changed, level)
            && !(promises && changed.effect() == Effect::Forbid);
        loads.then_some(changed)
    }

    /// Whether only the scope changed, and it admits the same environments as before.
    fn says_the_same(&self, before: &cedar_policy::Policy, after: &cedar_policy::Policy) -> bool {
        let clauses = |policy: &cedar_policy::Policy| {
            let core: &ast::Policy = policy.as_ref();
            core.non_scope_constraints().cloned()
        };
        let same_clauses = match (clauses(before), clauses(after)) {
            (Some(before), Some(after)) => before.eq_shape(&after),
            (None, None) => true,
            _ => false,
        };
        same_clauses
            && before.effect() == after.effect()
            && is_open(before)
            && is_open(after)
            && self.bundle.schema.request_envs().all(|environment| {
                admits(before, &environment, &self.groups) == admits(after, &environment, &self.groups)
            })
    }

    /// Where the policy could not be about all actions, it is about all those that it could be about.
    fn wider(&self, policy: &Policy, place: Range<usize>) -> Option<Edit> {
        let edit = |with: String| Edit { range: place.clone(), with, kind: Kind::Widen };
        let all = edit(String::new());
        if self.load(policy, &all).is_some() {
            return Some(all);
        }
        let fitting = |environment: &RequestEnv| admits(&policy.cedar, environment, &self.groups);
        let environments: Vec<RequestEnv> = self.bundle.schema.request_envs().collect();
        let fitted: Vec<&RequestEnv> = environments.iter().filter(|environment| fitting(environment)).collect();
        let own = |action: &cedar_policy::EntityUid| fitted.iter().any(|fitted| fitted.action() == action);
        let alike = |environment: &&RequestEnv| {
            fitted.iter().any(|fitted| {
                fitted.principal() == environment.principal() && fitted.resource() == environment.resource()
            })
        };
        let mut others: Vec<String> = environments
            .iter()
            .filter(alike)
            .map(RequestEnv::action)
            .filter(|action| !own(action))
            .map(ToString::to_string)
            .collect();
        others.sort_unstable();
        others.dedup();
        let written = self.actions(policy, &place);
        let list = |more: &[String]| edit(format!(" in [{}]", [written.as_slice(), more].concat().join(", ")));
        others.retain(|other| self.load(policy, &list(std::slice::from_ref(other))).is_some());
        (!others.is_empty()).then(|| list(&others))
    }

    /// The actions that a scope names, as written.
    fn actions(&self, policy: &Policy, place: &Range<usize>) -> Vec<String> {
        let written = text(policy)[place.clone()].trim();
        let list = written.strip_prefix("in").or_else(|| written.strip_prefix("==")).unwrap_or(written).trim();
        let list = list.strip_prefix('[').and_then(|list| list.strip_suffix(']')).unwrap_or(list);
        list.split(',').map(|action| action.trim().to_owned()).filter(|action| !action.is_empty()).collect()
    }
}

fn fate(notice: Option<&str>, survivor: impl FnOnce() -> Survivor) -> (Fate, Option<Survivor>) {
    match notice {
        Some(case) => (Fate::Killed(case.to_owned()), None),
        None => (Fate::Survived, Some(survivor())),
    }
}

fn mutant(policy: &Policy, edit: &Edit) -> Mutant {
    let start = span(policy).start;
    let range = start + edit.range.start..start + edit.range.end;
    Mutant::new(&policy.source, range, &edit.with, &policy.id, edit.kind)
}

/// Where a policy stands in its file, with its annotations.
pub fn span(policy: &Policy) -> Range<usize> {
    let core: &ast::Policy = policy.cedar.as_ref();
    core.loc().map_or(0..0, |loc| loc.start()..loc.end())
}

fn text(policy: &Policy) -> &str {
    policy.source.text.get(span(policy)).unwrap_or_default()
}
