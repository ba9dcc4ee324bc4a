//! Validation: Cedar's own, strict and bounded in depth, and what it only warns of.
//!
//! Cedar warns about confusable characters and impossible policies; here a warning is a problem, since
//! nobody reads warnings of a service. A policy that fits no request at all (hazard 5) gets one problem
//! of ours with a help instead of Cedar's two.

use std::collections::{HashMap, HashSet};

use cedar_policy::{PolicyId, PolicySet, Schema, ValidationError, ValidationMode, ValidationWarning, Validator};
use miette::Diagnostic;

use super::policy::Policy;
use crate::problem::{Problem, Problems};

/// Validates all policies; problems are reported in the file of the policy they are in.
pub(super) fn validate(schema: &Schema, policies: &[Policy], all: &PolicySet, level: u32, problems: &mut Problems) {
    let by_id: HashMap<&PolicyId, &Policy> = policies.iter().map(|policy| (policy.cedar.id(), policy)).collect();
    let result = Validator::new(schema.clone()).validate_with_level(all, ValidationMode::Strict, level);
    let wrong: HashSet<&PolicyId> = result.validation_errors().map(|error| error.policy_id()).collect();
    let vacuous = vacuous(schema, policies, &wrong);
    let mut report = |id: &PolicyId, diagnostic: &dyn Diagnostic, code: &'static str, help: Option<&str>| {
        if let Some(policy) = by_id.get(id) {
            problems.push(problem(policy, diagnostic, help).code(code));
        }
    };
    for error in result.validation_errors() {
        let help = matches!(error, ValidationError::EntityDerefLevelViolation(_)).then_some(TOO_DEEP);
        report(error.policy_id(), error, code(error), help);
    }
    for warning in result.validation_warnings() {
        // A wrong name in the scope makes the policy impossible too: told once, as the wrong name.
        let id = warning.policy_id();
        if !says_vacuous(warning) {
            report(id, warning, "E225", Some(LOOK_ALIKE));
        } else if !wrong.contains(id) && !vacuous.contains_key(id) {
            report(id, warning, "E224", None);
        }
    }
    problems.extend(vacuous.into_values());
}

/// The family of a mistake: what an author has to look at is the same within one.
fn code(error: &ValidationError) -> &'static str {
    match error {
        ValidationError::UnrecognizedEntityType(_)
        | ValidationError::UnrecognizedActionId(_)
        | ValidationError::UnsafeAttributeAccess(_)
        | ValidationError::UndefinedFunction(_)
        | ValidationError::InvalidEnumEntity(_) => "E220",
        ValidationError::UnexpectedType(_)
        | ValidationError::IncompatibleTypes(_)
        | ValidationError::WrongNumberArguments(_)
        | ValidationError::FunctionArgumentValidation(_)
        | ValidationError::NonLitExtConstructor(_) => "E221",
        ValidationError::UnsafeOptionalAttributeAccess(_) | ValidationError::UnsafeTagAccess(_) => "E222",
        ValidationError::EntityDerefLevelViolation(_) => "E223",
        ValidationError::InvalidActionApplication(_) => "E224",
        _ => "E226",
    }
}

/// Whether a policy by itself would load: valid, without a warning, for some request.
pub fn accepts(validator: &Validator, schema: &Schema, policy: &cedar_policy::Policy, level: u32) -> bool {
    let mut alone = PolicySet::new();
    alone.add(policy.clone()).is_ok()
        && validator.validate_with_level(&alone, ValidationMode::Strict, level).validation_passed_without_warnings()
        && policy.get_valid_request_envs(schema).next().is_some()
}

const TOO_DEEP: &str =
    "look less deep, or raise `level` under `[policies]` in mandat.toml; each level is one more round of loading facts";
const LOOK_ALIKE: &str =
    "write it with letters that cannot be taken for others, since nobody sees the difference when reading";

/// Cedar's diagnostic; one that has no place is put where the policy starts.
fn problem(policy: &Policy, diagnostic: &dyn Diagnostic, help: Option<&str>) -> Problem {
    let placed = diagnostic.labels().is_some_and(|mut labels| labels.next().is_some());
    let problem = if placed {
        Problem::from_diagnostic(&policy.source, diagnostic)
    } else {
        Problem::at(&policy.source, policy.id_span, diagnostic.to_string())
    };
    match help {
        Some(help) if problem.help_text().is_none() => problem.help(help),
        _ => problem,
    }
}

fn says_vacuous(warning: &ValidationWarning) -> bool {
    matches!(warning, ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_))
}

/// The policies that are right but could never have an effect.
fn vacuous<'p>(schema: &Schema, policies: &'p [Policy], wrong: &HashSet<&PolicyId>) -> HashMap<&'p PolicyId, Problem> {
    let right = policies.iter().filter(|policy| !wrong.contains(policy.cedar.id()));
    let vacuous = right.filter(|policy| policy.cedar.get_valid_request_envs(schema).next().is_none());
    vacuous
        .map(|policy| {
            let problem = Problem::at(&policy.source, policy.id_span, format!("the policy `{}` fits no request", policy.id))
                .code("E224")
                .help("its scope and condition hold for no principal, action and resource that go together, so it would never have an effect");
            (policy.cedar.id(), problem)
        })
        .collect()
}
