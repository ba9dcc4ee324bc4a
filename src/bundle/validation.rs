//! Validation: Cedar's own, strict and bounded in depth, and what it lets pass.
//!
//! Cedar warns about confusable characters and impossible policies; here a warning is a problem, since
//! nobody reads warnings of a service. What the validator accepts without a word is checked on top: a
//! policy whose scope and condition fit no request at all (hazard 5).

use std::collections::HashMap;

use cedar_policy::{PolicyId, PolicySet, Schema, ValidationMode, Validator};
use miette::Diagnostic;

use super::policy::Policy;
use crate::problem::{Problem, Problems};

/// Validates all policies; problems are reported in the file of the policy they are in.
pub(super) fn validate(schema: &Schema, policies: &[Policy], all: &PolicySet, level: u32, problems: &mut Problems) {
    let by_id: HashMap<&PolicyId, &Policy> = policies.iter().map(|policy| (policy.cedar.id(), policy)).collect();
    let mut report = |id: &PolicyId, diagnostic: &dyn Diagnostic| {
        if let Some(policy) = by_id.get(id) {
            problems.push(Problem::from_diagnostic(&policy.source, diagnostic));
        }
    };
    let result = Validator::new(schema.clone()).validate_with_level(all, ValidationMode::Strict, level);
    result.validation_errors().for_each(|error| report(error.policy_id(), error));
    result.validation_warnings().for_each(|warning| report(warning.policy_id(), warning));
    if result.validation_passed() {
        report_vacuous(schema, policies, problems);
    }
}

fn report_vacuous(schema: &Schema, policies: &[Policy], problems: &mut Problems) {
    for policy in policies.iter().filter(|policy| policy.cedar.get_valid_request_envs(schema).next().is_none()) {
        problems.push(
            Problem::at(&policy.source, policy.rules_span, format!("the policy `{}` fits no request", policy.id))
                .help("no action applies to the principal and resource types of its scope, so it would never have an effect"),
        );
    }
}
