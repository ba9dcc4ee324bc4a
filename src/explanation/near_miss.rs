//! Near misses: the permits that came closest, and the clauses that kept them from applying.
//!
//! Bob, an administrator, may not add a client. Of the permits whose scope fits his request, the one with
//! the fewest failing clauses says it best: one clause failed, and with Bob among the legal
//! representatives it would have held. Clauses are looked at one by one, so that every missing condition
//! is named at once, not the first alone.

use cedar_policy::{
    ActionConstraint, Effect, Entities, EntityUid, EvalResult, PrincipalConstraint, Request, ResourceConstraint,
};

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
    /// Its failing clauses that could be looked at, in the order of the file; never empty.
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
///
/// A clause that could not be looked at (`x.y == z` where `x` has no `y`) counts as failing, since it would
/// have to hold too; it is not named, since nobody can say what was found.
pub fn near_misses<'b>(bundle: &'b Bundle, request: &Request, entities: &Entities) -> Vec<NearMiss<'b>> {
    let permits = bundle
        .policies
        .iter()
        .filter(|policy| policy.effect == Effect::Permit && scope_fits(policy, request, entities));
    let mut found: Vec<(usize, NearMiss)> = permits
        .filter_map(|policy| {
            let scene = Scene { request, entities, source: &policy.source };
            let shortfall = shortfall(policy.clauses.as_ref()?, scene);
            (shortfall.failing > 0).then_some((shortfall.failing, NearMiss { policy, missing: shortfall.missing }))
        })
        .collect();
    found.sort_by(|(failing, left), (other, right)| (failing, &left.policy.id).cmp(&(other, &right.policy.id)));
    found.into_iter().take(MAX_NEAR_MISSES).map(|(_, near_miss)| near_miss).collect()
}

/// What keeps a condition from holding.
#[derive(Debug, Default)]
pub struct Shortfall {
    /// How many leaf clauses do not hold, those that could not be looked at included.
    pub failing: usize,
    /// The clauses that failed, in the order of the file.
    pub missing: Vec<Missing>,
}

/// The leaf clauses that keep a condition from holding; none if it holds.
pub fn shortfall(clause: &Clause, scene: Scene) -> Shortfall {
    match clause {
        Clause::All(parts) => all(parts, scene),
        Clause::Any(parts) => {
            let branches = parts.iter().map(|part| shortfall(part, scene));
            branches.min_by_key(|branch| branch.failing).unwrap_or_default()
        }
        Clause::Leaf(leaf) => {
            let finding = match scene.value(&leaf.expression) {
                Ok(EvalResult::Bool(true)) => return Shortfall::default(),
                Ok(_) => scene.finding(&leaf.expression),
                Err(reason) => Finding {
                    found: format!("nothing, because {reason}"),
                    change: "it would have to be possible to evaluate the clause".to_owned(),
                },
            };
            Shortfall { failing: 1, missing: vec![Missing { clause: leaf.text.clone(), at: leaf.at.clone(), finding }] }
        }
    }
}

/// Where a part fails, a later one that cannot be evaluated is its consequence (`x has y && x.y …`): it is
/// counted, not named.
fn all(parts: &[Clause], scene: Scene) -> Shortfall {
    let mut whole = Shortfall::default();
    for part in parts {
        let found = shortfall(part, scene);
        if whole.missing.is_empty() || can_be_evaluated(part, scene) {
            whole.missing.extend(found.missing);
        }
        whole.failing += found.failing;
    }
    whole
}

fn can_be_evaluated(clause: &Clause, scene: Scene) -> bool {
    match clause {
        // A group holds its own guards in order, so only its first clause depends on what came before it.
        Clause::All(parts) => parts.first().is_none_or(|part| can_be_evaluated(part, scene)),
        Clause::Any(parts) => parts.iter().all(|part| can_be_evaluated(part, scene)),
        Clause::Leaf(leaf) => scene.value(&leaf.expression).is_ok(),
    }
}

/// Whether a policy's scope, its head, fits the request.
pub fn scope_fits(policy: &Policy, request: &Request, entities: &Entities) -> bool {
    let (Some(principal), Some(action), Some(resource)) = (request.principal(), request.action(), request.resource())
    else {
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
    principal_fits
        && action_fits
        && match policy.cedar.resource_constraint() {
            ResourceConstraint::Any => true,
            ResourceConstraint::Is(name) => *resource.type_name() == name,
            ResourceConstraint::Eq(uid) => *resource == uid,
            ResourceConstraint::In(uid) => within(resource, &uid),
            ResourceConstraint::IsIn(name, uid) => *resource.type_name() == name && within(resource, &uid),
        }
}
