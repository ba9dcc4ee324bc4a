//! An environment: a principal type, an action and a resource type that go together, and the policies that matter
//! there.
//!
//! Proofs go environment by environment, since there all types are known. Policies whose scope never fits one are left
//! out of it, so that a question about invoices stays the same when a policy about tenders changes.

use cedar_policy::{Policy as CedarPolicy, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::{CompiledPolicy, CompiledPolicySet};

use super::Untranslatable;
use crate::bundle::{Bundle, Policy, index};

/// A request environment of a bundle.
#[derive(Debug)]
pub struct Environment<'b> {
    /// `User addClient Organization`: principal type, the action's id, resource type.
    pub name: String,
    /// Its principal type, action and resource type.
    pub request: RequestEnv,
    /// The schema it is of.
    pub schema: &'b Schema,
    /// The policies whose scope fits, in the bundle's order.
    pub policies: Vec<&'b Policy>,
}

/// Every environment of a bundle, by name.
pub fn all(bundle: &Bundle) -> Vec<Environment<'_>> {
    of(&bundle.schema, &bundle.policies)
}

/// Every environment of a schema with the policies that fit, by name.
pub fn of<'b>(schema: &'b Schema, policies: &'b [Policy]) -> Vec<Environment<'b>> {
    let groups = index::action_groups(schema);
    let environment = |request: RequestEnv| Environment {
        name: name(&request),
        schema,
        policies: policies.iter().filter(|policy| index::admits(&policy.cedar, &request, &groups)).collect(),
        request,
    };
    let mut environments: Vec<Environment> = schema.request_envs().map(environment).collect();
    environments.sort_by(|left, right| left.name.cmp(&right.name));
    environments
}

fn name(request: &RequestEnv) -> String {
    let action = request.action();
    format!("{} {} {}", request.principal(), action.id().unescaped(), request.resource())
}

impl Environment<'_> {
    /// One policy in terms of logic. It need not be one of the bundle.
    ///
    /// # Errors
    /// It is not well-typed here.
    pub fn policy(&self, policy: &CedarPolicy) -> Result<CompiledPolicy, Untranslatable> {
        Ok(CompiledPolicy::compile(policy, &self.request, self.schema)?)
    }

    /// Policies that decide together, in terms of logic. An empty set denies everything.
    ///
    /// # Errors
    /// One is not well-typed here; two have the same id.
    pub fn set<'p>(
        &self,
        policies: impl IntoIterator<Item = &'p CedarPolicy>,
    ) -> Result<CompiledPolicySet, Untranslatable> {
        let set = PolicySet::from_policies(policies.into_iter().cloned())
            .map_err(|error| Untranslatable(error.to_string()))?;
        Ok(CompiledPolicySet::compile(&set, &self.request, self.schema)?)
    }

    /// A policy of our own for this environment alone: its scope fits by itself, `condition` is Cedar.
    ///
    /// # Errors
    /// The condition is no Cedar expression.
    pub fn synthetic(&self, effect: &str, id: &str, condition: &str) -> Result<CedarPolicy, Untranslatable> {
        let request = &self.request;
        let text = format!(
            "{effect} (principal is {}, action == {}, resource is {}) when {{ {condition} }};",
            request.principal(),
            request.action(),
            request.resource()
        );
        CedarPolicy::parse(Some(cedar_policy::PolicyId::new(id)), text)
            .map_err(|error| Untranslatable(crate::problem::describe(&error)))
    }
}
