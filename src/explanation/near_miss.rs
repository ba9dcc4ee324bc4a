//! Near misses: the permits that came closest, and the clauses that kept them from applying.
//!
//! Bob, an administrator, may not add a client. Of the permits whose scope fits his request, the one with
//! the fewest failing clauses says it best: one clause failed, and with Bob among the legal
//! representatives it would have held. Clauses are looked at one by one, so that every missing condition
//! is named at once, not the first alone.

use cedar_policy::{ActionConstraint, Effect, Entities, EntityUid, EvalResult, PrincipalConstraint, Request, ResourceConstraint};

use super::words::{Finding, Scene};
use crate::{
    bundle::{Bundle, Policy, clause::Clause},
    problem::Location,
};

/// Most permits that are named.
pub const MAX_NEAR_MISSES: usize = 3;

/// A permit that fits the request's scope, and what it lacks.
#[derive(Debug, Clone)]
pub struct NearMiss<'b> {
    /// The permit.
    pub policy: &'b Policy,
    /// Its failing clauses, in the order of the file; never empty.
    pub missing: Vec<Missing>,
}

/// A clause that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// As written in the file.
    pub clause: String,
    /// Where it stands.
    pub at: Location,
    /// What was found.
    pub finding: Finding,
}

/// The permits that came closest, fewest failing clauses first, ties by id.
pub fn near_misses<'b>(bundle: &'b Bundle, request: &Request, entities: &Entities) -> Vec<NearMiss<'b>> {
    let permits = bundle.policies.iter().filter(|policy| policy.effect == Effect::Permit && scope_fits(policy, request, entities));
    let mut found: Vec<NearMiss> = permits
        .filter_map(|policy| {
            let scene = Scene { request, entities, source: &policy.source };
            let missing = missing(policy.clauses.as_ref()?, scene);
            (!missing.is_empty()).then_some(NearMiss { policy, missing })
        })
        .collect();
    found.sort_by(|left, right| (left.missing.len(), &left.policy.id).cmp(&(right.missing.len(), &right.policy.id)));
    found.truncate(MAX_NEAR_MISSES);
    found
}

/// The leaf clauses that keep a condition from holding; empty if it holds.
pub fn missing(clause: &Clause, scene: Scene) -> Vec<Missing> {
    gather(clause, scene).into_iter().map(|(missing, _)| missing).collect()
}

/// Each failing leaf with whether it could be evaluated at all.
fn gather(clause: &Clause, scene: Scene) -> Vec<(Missing, bool)> {
    match clause {
        Clause::All(parts) => all(parts, scene),
        Clause::Any(parts) => {
            let branches = parts.iter().map(|part| gather(part, scene));
            branches.min_by_key(Vec::len).unwrap_or_default()
        }
        Clause::Leaf(leaf) => {
            let (finding, evaluated) = match scene.value(&leaf.expression) {
                Ok(EvalResult::Bool(true)) => return Vec::new(),
                Ok(_) => (scene.finding(&leaf.expression), true),
                Err(reason) => {
                    let change = "it would have to be possible to evaluate the clause".to_owned();
                    (Finding { found: format!("nothing, because {reason}"), change }, false)
                }
            };
            vec![(Missing { clause: leaf.text.clone(), at: leaf.at.clone(), finding }, evaluated)]
        }
    }
}

/// A part that cannot be evaluated after an earlier part failed is the earlier one's consequence
/// (`x has y && x.y …`) and not counted again.
fn all(parts: &[Clause], scene: Scene) -> Vec<(Missing, bool)> {
    let mut missing: Vec<(Missing, bool)> = Vec::new();
    for part in parts {
        let found = gather(part, scene);
        if missing.is_empty() || found.iter().all(|(_, evaluated)| *evaluated) {
            missing.extend(found);
        }
    }
    missing
}

/// Whether a policy's scope, its head, fits the request.
pub fn scope_fits(policy: &Policy, request: &Request, entities: &Entities) -> bool {
    let (Some(principal), Some(action), Some(resource)) = (request.principal(), request.action(), request.resource()) else {
        return false;
    };
    let within = |entity: &EntityUid, group: &EntityUid| entity == group || entities.is_ancestor_of(group, entity);
    let principal_fits = match policy.cedar.principal_constraint() {
        PrincipalConstraint::Any => true,
        PrincipalConstraint::Is(name) => *principal.type_name() == name,
        PrincipalConstraint::Eq(uid) => *principal == uid,
        PrincipalConstraint::In(uid) => within(principal, &uid),
        PrincipalConstraint::IsIn(name, uid) => *principal.type_name() == name && within(principal, &uid),
    };
    let action_fits = match policy.cedar.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => *action == uid,
        ActionConstraint::In(uids) => uids.iter().any(|uid| within(action, uid)),
    };
    principal_fits && action_fits && match policy.cedar.resource_constraint() {
        ResourceConstraint::Any => true,
        ResourceConstraint::Is(name) => *resource.type_name() == name,
        ResourceConstraint::Eq(uid) => *resource == uid,
        ResourceConstraint::In(uid) => within(resource, &uid),
        ResourceConstraint::IsIn(name, uid) => *resource.type_name() == name && within(resource, &uid),
    }
}
