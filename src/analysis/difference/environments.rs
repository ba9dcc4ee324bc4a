//! The environments of two bundles side by side, and whether their policies differ.
//!
//! Most changes touch a few policies, and those matter in a few environments. Where both sides have the same policies,
//! whatever they are called, every answer is the same: nothing needs to be proved there and nothing asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cedar_policy::EntityUid;

use super::{Which, side::Side};
use crate::{
    analysis::prover::{Environment, environment},
    bundle::Policy,
};

/// An environment with the policies of both sides in it.
pub(super) struct Comparison<'s> {
    /// `User addClient Organization`.
    pub(super) name: &'s str,
    /// The old policies that fit, in the bundle's order.
    pub(super) old: Vec<&'s Policy>,
    /// The new ones.
    pub(super) new: Vec<&'s Policy>,
    /// Under the new schema; under the old one where only that has it.
    pub(super) environment: Environment<'s>,
    /// The side that alone has it.
    pub(super) only: Option<Which>,
    /// Whether the schemas have the action in different groups: `action in …` then means something else.
    pub(super) regrouped: bool,
    /// Whether the policies say something else, or mean something else by the same words.
    pub(super) differs: bool,
    /// Whether they say something else or bring along other obligations or advice.
    pub(super) differs_in_terms: bool,
}

/// All environments of both sides, by name.
pub(super) fn compared<'s>(old: &'s Side, new: &'s Side) -> Vec<Comparison<'s>> {
    let mut before: BTreeMap<String, Environment> =
        environment::all(&old.bundle).into_iter().map(|environment| (environment.name.clone(), environment)).collect();
    let mut all = Vec::new();
    for environment in environment::all(&new.bundle) {
        let Some(name) = new.environments.get(&environment.name) else { continue };
        let was = before.remove(&environment.name);
        let only = if was.is_none() { Some(Which::New) } else { None };
        let policies = environment.policies.clone();
        all.push(comparison(
            [old, new],
            name,
            was.map_or_else(Vec::new, |was| was.policies),
            policies,
            environment,
            only,
        ));
    }
    for (name, environment) in before {
        let Some(name) = old.environments.get(&name) else { continue };
        let policies = environment.policies.clone();
        all.push(comparison([old, new], name, policies, Vec::new(), environment, Some(Which::Old)));
    }
    all.sort_by_key(|comparison| comparison.name);
    all
}

fn comparison<'s>(
    [before, after]: [&Side; 2],
    name: &'s str,
    old: Vec<&'s Policy>,
    new: Vec<&'s Policy>,
    environment: Environment<'s>,
    only: Option<Which>,
) -> Comparison<'s> {
    let differ = |terms: bool| texts(before, &old, terms) != texts(after, &new, terms);
    let groups = |side: &Side| -> BTreeSet<EntityUid> {
        side.bundle.actions.ancestors(environment.request.action()).into_iter().flatten().cloned().collect()
    };
    let regrouped = only.is_none() && groups(before) != groups(after);
    let (differs, differs_in_terms) = (regrouped || differ(false), regrouped || differ(true));
    Comparison { name, old, new, environment, only, regrouped, differs, differs_in_terms }
}

/// What policies say and, if asked, what they bring along, whatever they are called and in whatever order they stand.
fn texts<'p>(side: &'p Side, policies: &[&'p Policy], terms: bool) -> BTreeSet<(&'p str, [&'p [Arc<str>]; 2])> {
    let brought = |policy: &'p Policy| if terms { [&*policy.obligations, &*policy.advice] } else { [&[][..], &[]] };
    policies.iter().map(|policy| (side.said(policy), brought(policy))).collect()
}
