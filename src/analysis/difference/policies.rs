//! Policies that one side has and the other has not, or has otherwise.
//!
//! What counts is what a policy says, not how it is laid out: scope and conditions as Cedar reads them. Obligations and
//! advice count too, since an Allow brings them along.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cedar_policy::Effect;

use super::side::Side;
use crate::{
    bundle::{Bundle, Policy},
    problem::Location,
};

/// What became of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Only the new side has it.
    Added,
    /// Only the old side has it.
    Removed,
    /// It says something else.
    Changed,
    /// It is as before.
    Same,
}

impl Fate {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Same => "as before",
        }
    }
}

/// A policy that is not as before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChange {
    /// Its id.
    pub id: Arc<str>,
    /// Permit or forbid, as it is now, or was.
    pub effect: Effect,
    /// What became of it.
    pub fate: Fate,
    /// Where it stands, on the new side unless it is gone.
    pub at: Location,
}

/// Everything that is not as before, by id.
pub(super) fn changes(sides: [&Side; 2]) -> Vec<PolicyChange> {
    let by_id = |bundle: &'_ Bundle| -> BTreeMap<Arc<str>, usize> {
        bundle.policies.iter().enumerate().map(|(position, policy)| (policy.id.clone(), position)).collect()
    };
    let [old, new] = sides.map(|side| &side.bundle);
    let (before, after) = (by_id(old), by_id(new));
    let ids: BTreeSet<&Arc<str>> = before.keys().chain(after.keys()).collect();
    let change = |id: &Arc<str>| {
        let was = before.get(id).map(|position| &old.policies[*position]);
        let is = after.get(id).map(|position| &new.policies[*position]);
        let (fate, policy) = match (was, is) {
            (None, Some(is)) => (Fate::Added, is),
            (Some(was), None) => (Fate::Removed, was),
            (Some(was), Some(is)) if !same(sides, was, is) => (Fate::Changed, is),
            _ => return None,
        };
        Some(PolicyChange { id: policy.id.clone(), effect: policy.effect, fate, at: policy.at.clone() })
    };
    ids.into_iter().filter_map(change).collect()
}

fn same([old, new]: [&Side; 2], was: &Policy, is: &Policy) -> bool {
    old.said(was) == new.said(is) && was.obligations == is.obligations && was.advice == is.advice
}
