//! `@allow("W303: published pages are for the world")`: a warning that an author has looked at.
//!
//! The reason stands beside the policy, so that the next author can judge it. An allowance that silences nothing is
//! told (W306): it would hide the next case.

use std::sync::Arc;

use super::Finding;
use crate::{
    bundle::{Bundle, Policy},
    problem::{Problem, Problems},
};

/// What is left of the findings, and allowances without use. Of policies whose meaning is `unknown` nothing can be said
/// about allowances of W310 and above.
pub(super) fn silence(bundle: &Bundle, findings: Vec<Finding>, unknown: &[&Policy]) -> Problems {
    let mut left = Problems::default();
    let mut used: Vec<(Arc<str>, &str)> = Vec::new();
    for Finding { policy, problem } in findings {
        let policy = policy.and_then(|id| bundle.policies.iter().find(|policy| policy.id == id));
        let allowing = policy.zip(problem.code_text()).filter(|(policy, code)| allows(policy, code));
        match allowing {
            Some((policy, code)) => used.push((policy.id.clone(), code)),
            None => left.push(problem),
        }
    }
    for policy in &bundle.policies {
        let unknown = unknown.iter().any(|other| other.id == policy.id);
        let idle = policy
            .allowed
            .iter()
            .filter(|allowance| !used.iter().any(|(id, code)| *id == policy.id && *code == &*allowance.code));
        let idle = idle.filter(|allowance| !(unknown && *allowance.code >= *"W310"));
        left.extend(idle.map(|allowance| {
            let message = format!("`@allow` of {} silences nothing at `{}`", allowance.code, policy.id);
            Problem::at(&policy.source, policy.allow_span, message).code("W306").help("delete it from the annotation")
        }));
    }
    left
}

fn allows(policy: &Policy, code: &str) -> bool {
    policy.allowed.iter().any(|allowance| &*allowance.code == code)
}
