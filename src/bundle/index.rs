//! Which policies can matter to a request: found by looking up, not by trying them all.
//!
//! Cedar's own scan evaluates every policy, 40,000 of them in 125 ms. Most cannot match by their scope
//! alone. At load each policy goes into one of two places:
//! - **environments**: a policy whose scope names no entity goes to every environment (principal type,
//!   action, resource type) that its scope admits. Policies that open with `context has x` are kept
//!   apart there, one set for each combination of such entries, so a request that came through no API
//!   token never looks at the token rules;
//! - **scopes**: a policy whose scope names an entity (`principal == …`, `resource in …`) is found under
//!   that entity's name and its action, through the request's own principal, resource and their ancestors.
//!
//! Leaving a policy out is sound because its scope, or its first clause, would have made it false without
//! an error. A property test holds the index against the full scan.

use std::collections::HashMap;

use cedar_policy::{
    ActionConstraint, Context, Entities, EntityTypeName, EntityUid, Policy as CedarPolicy, PolicySet, PrincipalConstraint,
    Request, RequestEnv, ResourceConstraint, Schema,
};

use super::policy::Policy;

/// The policies of a bundle, ready to be found.
#[derive(Debug, Default)]
pub struct Index {
    environments: HashMap<Environment, Guarded>,
    scopes: HashMap<(EntityUid, Option<EntityUid>), PolicySet>,
}

type Environment = (EntityTypeName, EntityUid, EntityTypeName);

/// Most context entries that guards are kept apart for in one environment; sets double with each.
const MAX_GUARDS: usize = 4;

#[derive(Debug, Default)]
struct Guarded {
    guards: Vec<String>,
    /// By bits: bit `n` is set when the context has `guards[n]`.
    sets: Vec<PolicySet>,
}

impl Index {
    /// Sorts the policies of a bundle in.
    pub fn build(schema: &Schema, policies: &[Policy]) -> Self {
        let groups = action_groups(schema);
        let (scoped, open): (Vec<&Policy>, Vec<&Policy>) = policies.iter().partition(|policy| named_entity(&policy.cedar).is_some());
        let environments = schema.request_envs().map(|environment| {
            let fitting: Vec<&Policy> = open.iter().filter(|policy| admits(&policy.cedar, &environment, &groups)).copied().collect();
            let key = (environment.principal().clone(), environment.action().clone(), environment.resource().clone());
            (key, Guarded::build(&fitting))
        });
        let mut index = Self { environments: environments.collect(), scopes: HashMap::new() };
        for policy in scoped {
            index.add_scoped(&policy.cedar, &groups);
        }
        index
    }

    fn add_scoped(&mut self, policy: &CedarPolicy, groups: &ActionGroups) {
        let Some(entity) = named_entity(policy) else { return };
        for action in actions(policy, groups) {
            // A policy id is unique in the bundle, so adding cannot fail; if it did, the full scan in the
            // property test would notice.
            let _ = self.scopes.entry((entity.clone(), action)).or_default().add(policy.clone());
        }
    }

    /// The sets of policies that can matter to a request; each policy is in one set only.
    pub fn candidates<'a>(&'a self, request: &Request, context: &Context, entities: &Entities) -> Vec<&'a PolicySet> {
        let mut sets = Vec::with_capacity(2);
        let (Some(principal), Some(action), Some(resource)) = (request.principal(), request.action(), request.resource()) else {
            return sets;
        };
        let environment = (principal.type_name().clone(), action.clone(), resource.type_name().clone());
        if let Some(guarded) = self.environments.get(&environment) {
            sets.extend(guarded.set(context));
        }
        if !self.scopes.is_empty() {
            self.collect_scoped(principal, resource, action, entities, &mut sets);
        }
        sets
    }

    fn collect_scoped<'a>(&'a self, principal: &EntityUid, resource: &EntityUid, action: &EntityUid, entities: &Entities, sets: &mut Vec<&'a PolicySet>) {
        let mut names: Vec<&EntityUid> = vec![principal, resource];
        names.extend(entities.ancestors(principal).into_iter().flatten());
        names.extend(entities.ancestors(resource).into_iter().flatten());
        names.sort_unstable();
        names.dedup();
        for name in names {
            for action in [None, Some(action.clone())] {
                sets.extend(self.scopes.get(&(name.clone(), action)));
            }
        }
    }
}

impl Guarded {
    fn build(policies: &[&Policy]) -> Self {
        let mut guards: Vec<String> = policies.iter().filter_map(|policy| policy.guard.clone()).collect();
        guards.sort();
        guards.dedup();
        guards.truncate(MAX_GUARDS);
        let sets = (0..1_usize << guards.len()).map(|bits| {
            let fits = |policy: &&&Policy| match policy.guard.as_ref().and_then(|guard| guards.iter().position(|known| known == guard)) {
                Some(position) => bits & (1 << position) != 0,
                None => true,
            };
            let mut set = PolicySet::new();
            for policy in policies.iter().filter(fits) {
                // Ids are unique, as above.
                let _ = set.add(policy.cedar.clone());
            }
            set
        });
        Self { sets: sets.collect(), guards }
    }

    fn set(&self, context: &Context) -> Option<&PolicySet> {
        let bits = self.guards.iter().enumerate().filter(|(_, guard)| context.get(guard).is_some());
        self.sets.get(bits.map(|(position, _)| 1_usize << position).sum::<usize>())
    }
}

/// Action groups by the actions that are in them, directly or not.
type ActionGroups = HashMap<EntityUid, Vec<EntityUid>>;

fn action_groups(schema: &Schema) -> ActionGroups {
    let Ok(actions) = schema.action_entities() else { return ActionGroups::new() };
    let members = actions.iter().map(|action| {
        let uid = action.uid();
        let groups = actions.ancestors(&uid).into_iter().flatten().cloned().collect();
        (uid, groups)
    });
    members.collect()
}

/// The entity that a policy's scope names, the principal's before the resource's.
fn named_entity(policy: &CedarPolicy) -> Option<EntityUid> {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(uid) | PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) => return Some(uid),
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => {}
    }
    match policy.resource_constraint() {
        ResourceConstraint::Eq(uid) | ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => Some(uid),
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
    }
}

fn admits(policy: &CedarPolicy, environment: &RequestEnv, groups: &ActionGroups) -> bool {
    let principal = match policy.principal_constraint() {
        PrincipalConstraint::Is(name) => name == *environment.principal(),
        _ => true,
    };
    let resource = match policy.resource_constraint() {
        ResourceConstraint::Is(name) => name == *environment.resource(),
        _ => true,
    };
    principal && resource && admits_action(policy, environment.action(), groups)
}

fn admits_action(policy: &CedarPolicy, action: &EntityUid, groups: &ActionGroups) -> bool {
    let within = |named: &EntityUid| named == action || groups.get(action).is_some_and(|groups| groups.contains(named));
    match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(named) => named == *action,
        ActionConstraint::In(named) => named.iter().any(within),
    }
}

/// The actions a policy is filed under; `None` stands for all of them.
fn actions(policy: &CedarPolicy, groups: &ActionGroups) -> Vec<Option<EntityUid>> {
    match policy.action_constraint() {
        ActionConstraint::Any => vec![None],
        ActionConstraint::Eq(action) => vec![Some(action)],
        ActionConstraint::In(_) => groups.keys().filter(|action| admits_action(policy, action, groups)).cloned().map(Some).collect(),
    }
}
