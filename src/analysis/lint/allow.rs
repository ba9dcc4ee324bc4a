//! `@allow("W303: published pages are for the world")`: a warning that an author has looked at.
//!
//! The reason stands beside the policy, so that the next author can judge it. An allowance that silences nothing is
//! told (W306): it would hide the next case.

use super::Finding;
use crate::{
    bundle::{Bundle, Policy},
    problem::{Problem, Problems},
};

/// What is left of the findings, and allowances without use. Of policies whose meaning is `unknown` nothing can be said
/// about allowances of W310 and above.
pub(super) fn silence(bundle: &Bundle, findings: Vec<Finding>, unknown: &[&Policy]) -> Problems {
    let allowed = |policy: &Policy, code: &str| policy.allowed.iter().any(|allowance| &*allowance.code == code);
    let mut left = Problems::default();
    let mut used: Vec<(&str, &str)> = Vec::new();
    for Finding { policy, problem } in findings {
        match (policy, problem.code_text()) {
            (Some(policy), Some(code)) if allowed(policy, code) => used.push((&policy.id, code)),
            _ => left.push(problem),
        }
    }
    for policy in &bundle.policies {
        let unknown = unknown.iter().any(|other| other.id == policy.id);
        let idle = policy.allowed.iter().filter(|allowance| !used.contains(&(&*policy.id, &*allowance.code)));
        let idle = idle.filter(|allowance| !(unknown && *allowance.code >= *"W310"));
        left.extend(idle.map(|allowance| {
            let message = format!("`@allow` of {} silences nothing at `{}`", allowance.code, policy.id);
            Problem::at(&policy.source, policy.allow_span, message).code("W306").help("delete it from the annotation")
        }));
    }
    left
}
