//! Which policies can matter to a request: found by looking up, not by trying them all.
//!
//! Cedar's own scan evaluates every policy, 40,000 of them in 125 ms. Most cannot match by their scope
//! alone. At load each policy goes into one of two places:
//! - **environments**: a policy whose scope names no entity goes to every environment (principal type,
//!   action, resource type) that its scope admits. There the scope always holds, so only its condition is
//!   kept. Policies that open with `context has x` are kept apart, one list for each combination of such
//!   entries, so a request that came through no API token never looks at the token rules;
//! - **scopes**: a policy whose scope names an entity (`principal == …`, `resource in …`) is found under
//!   that entity's name and its action, through the request's own principal, resource and their ancestors.
//!   Its scope is evaluated with its condition.
//!
//! Leaving a policy out is sound because its scope, or its first clause, would have made it false without
//! an error. A property test holds the index against Cedar's full scan.

use std::{collections::HashMap, sync::Arc};

use cedar_policy::{
    ActionConstraint, Effect, Entities, EntityTypeName, EntityUid, Policy as CedarPolicy, PrincipalConstraint, Request,
    RequestEnv, ResourceConstraint, Schema,
};
use cedar_policy_core::ast::{Context, Expr};

use super::policy::Policy;

/// The policies of a bundle, ready to be found.
#[derive(Debug, Default)]
pub struct Index {
    environments: HashMap<EntityUid, Vec<Environment>>,
    scopes: HashMap<(EntityUid, Option<EntityUid>), Vec<Candidate>>,
}

/// A policy that can matter: it applies if its condition holds, and always if it has none.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its place in the bundle's list of policies.
    pub policy: usize,
    /// Permit or forbid.
    pub effect: Effect,
    /// What is left to evaluate.
    pub condition: Option<Arc<Expr>>,
}

/// Most context entries that guards are kept apart for in one environment; lists double with each.
const MAX_GUARDS: usize = 4;

/// One environment of an action.
#[derive(Debug)]
struct Environment {
    principal: EntityTypeName,
    resource: EntityTypeName,
    guards: Vec<String>,
    /// By bits: bit `n` is set when the context has `guards[n]`.
    lists: Vec<Vec<Candidate>>,
}

impl Index {
    /// Sorts the policies of a bundle in.
    pub fn build(schema: &Schema, policies: &[Policy]) -> Self {
        let groups = action_groups(schema);
        let mut index = Self::default();
        let numbered = || policies.iter().enumerate();
        let open: Vec<(usize, &Policy)> =
            numbered().filter(|(_, policy)| named_entity(&policy.cedar).is_none()).collect();
        for environment in schema.request_envs() {
            let fitting: Vec<_> =
                open.iter().filter(|(_, policy)| admits(&policy.cedar, &environment, &groups)).copied().collect();
            let environments = index.environments.entry(environment.action().clone()).or_default();
            environments.push(Environment::build(&environment, &fitting));
        }
        for (number, policy) in numbered() {
            index.add_scoped(number, policy, &groups);
        }
        index
    }

    fn add_scoped(&mut self, number: usize, policy: &Policy, groups: &ActionGroups) {
        let Some(entity) = named_entity(&policy.cedar) else { return };
        let candidate = Candidate { policy: number, effect: policy.effect, condition: Some(policy.whole_condition()) };
        for action in actions(&policy.cedar, groups) {
            self.scopes.entry((entity.clone(), action)).or_default().push(candidate.clone());
        }
    }

    /// The policies that can matter to a request, each once.
    pub fn candidates<'a>(&'a self, request: &Request, entities: &Entities) -> Vec<&'a [Candidate]> {
        let mut lists = Vec::with_capacity(2);
        let (Some(principal), Some(action), Some(resource)) =
            (request.principal(), request.action(), request.resource())
        else {
            return lists;
        };
        let fits = |environment: &&Environment| {
            environment.principal == *principal.type_name() && environment.resource == *resource.type_name()
        };
        if let Some(environment) = self.environments.get(action).and_then(|environments| environments.iter().find(fits))
        {
            lists.extend(environment.list(request));
        }
        if !self.scopes.is_empty() {
            self.collect_scoped(principal, resource, action, entities, &mut lists);
        }
        lists
    }

    /// The conditions of all policies that can matter to an action, whoever asks and whatever it is about.
    pub fn conditions<'a>(&'a self, action: &EntityUid) -> impl Iterator<Item = &'a Expr> {
        let fitting = |environment: &'a Environment| environment.lists.last().map(Vec::as_slice).unwrap_or_default();
        let open = self.environments.get(action).into_iter().flatten().flat_map(fitting);
        let (named, any) = (Some(action.clone()), None);
        let scoped = self.scopes.iter().filter(move |((_, action), _)| *action == named || *action == any);
        open.chain(scoped.flat_map(|(_, list)| list)).filter_map(|candidate| candidate.condition.as_deref())
    }

    /// The permits that can matter to anybody of an environment, whatever the context holds, in the bundle's order:
    /// what a search starts from.
    pub fn permits(
        &self,
        principal: &EntityTypeName,
        action: &EntityUid,
        resource: &EntityTypeName,
    ) -> Vec<&Candidate> {
        let fits =
            |environment: &&Environment| environment.principal == *principal && environment.resource == *resource;
        let open = self.environments.get(action).and_then(|environments| environments.iter().find(fits));
        // The last list is the one of all guards.
        let open = open.and_then(|environment| environment.lists.last()).into_iter().flatten();
        let scoped = self.scopes.iter().filter(|((_, named), _)| named.as_ref().is_none_or(|named| named == action));
        let all = open.chain(scoped.flat_map(|(_, policies)| policies));
        let mut permits: Vec<&Candidate> = all.filter(|candidate| candidate.effect == Effect::Permit).collect();
        permits.sort_unstable_by_key(|candidate| candidate.policy);
        permits
    }

    fn collect_scoped<'a>(
        &'a self,
        principal: &EntityUid,
        resource: &EntityUid,
        action: &EntityUid,
        entities: &Entities,
        lists: &mut Vec<&'a [Candidate]>,
    ) {
        let mut names: Vec<&EntityUid> = vec![principal, resource];
        names.extend(entities.ancestors(principal).into_iter().flatten());
        names.extend(entities.ancestors(resource).into_iter().flatten());
        names.sort_unstable();
        names.dedup();
        for name in names {
            for action in [None, Some(action.clone())] {
                lists.extend(self.scopes.get(&(name.clone(), action)).map(Vec::as_slice));
            }
        }
    }
}

impl Environment {
    fn build(environment: &RequestEnv, policies: &[(usize, &Policy)]) -> Self {
        let mut guards: Vec<String> = policies.iter().filter_map(|(_, policy)| policy.guard.clone()).collect();
        guards.sort();
        guards.dedup();
        guards.truncate(MAX_GUARDS);
        let lists = (0..1_usize << guards.len()).map(|bits| {
            let guarded_in = |policy: &Policy| match policy
                .guard
                .as_ref()
                .and_then(|guard| guards.iter().position(|known| known == guard))
            {
                Some(position) => bits & (1 << position) != 0,
                None => true,
            };
            let fitting = policies.iter().filter(|(_, policy)| guarded_in(policy));
            fitting
                .map(|(number, policy)| Candidate {
                    policy: *number,
                    effect: policy.effect,
                    condition: policy.condition(),
                })
                .collect()
        });
        Self {
            principal: environment.principal().clone(),
            resource: environment.resource().clone(),
            lists: lists.collect(),
            guards,
        }
    }

    fn list(&self, request: &Request) -> Option<&[Candidate]> {
        let request: &cedar_policy_core::ast::Request = request.as_ref();
        let has = |guard: &str| match request.context() {
            Some(Context::Value(entries)) => entries.contains_key(guard),
            // Not a context of ours; looking at more policies than needed is always right.
            _ => true,
        };
        let bits = self.guards.iter().enumerate().filter(|(_, guard)| has(guard));
        self.lists.get(bits.map(|(position, _)| 1_usize << position).sum::<usize>()).map(Vec::as_slice)
    }
}

/// Action groups by the actions that are in them, directly or not.
pub type ActionGroups = HashMap<EntityUid, Vec<EntityUid>>;

/// The groups of every action of a schema.
pub fn action_groups(schema: &Schema) -> ActionGroups {
    let Ok(actions) = schema.action_entities() else { return ActionGroups::new() };
    let members = actions.iter().map(|action| {
        let uid = action.uid();
        let groups = actions.ancestors(&uid).into_iter().flatten().cloned().collect();
        (uid, groups)
    });
    members.collect()
}

/// Whether a policy's scope is about types and actions alone: then it holds throughout each environment it admits.
pub fn is_open(policy: &CedarPolicy) -> bool {
    named_entity(policy).is_none()
}

/// The entity that a policy's scope names, the principal's before the resource's.
fn named_entity(policy: &CedarPolicy) -> Option<EntityUid> {
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(uid) | PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) => {
            return Some(uid);
        }
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => {}
    }
    match policy.resource_constraint() {
        ResourceConstraint::Eq(uid) | ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => Some(uid),
        ResourceConstraint::Any | ResourceConstraint::Is(_) => None,
    }
}

/// Whether a policy's scope can fit a request of that environment.
pub fn admits(policy: &CedarPolicy, environment: &RequestEnv, groups: &ActionGroups) -> bool {
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
        ActionConstraint::In(_) => {
            groups.keys().filter(|action| admits_action(policy, action, groups)).cloned().map(Some).collect()
        }
    }
}
