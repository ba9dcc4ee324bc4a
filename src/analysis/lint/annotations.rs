//! W301, W302, W307: what people need to read beside a policy, and is not there.

use super::Finding;
use crate::{
    bundle::{Bundle, Policy},
    problem::Problem,
};

/// Policies without title or rules, and backstops without a reason.
pub(super) fn look(bundle: &Bundle, findings: &mut Vec<Finding>) {
    for policy in &bundle.policies {
        if policy.title.is_empty() {
            findings.push(
                at_id(policy, "W301", "has no title")
                    .help_with("write `@title(\"…\")`: one sentence for people, without facts"),
            );
        }
        if !bundle.register.rules.is_empty() && policy.rules.is_empty() && !bundle.register.is_unsourced(&policy.id) {
            findings.push(
                at_id(policy, "W302", "names no rule")
                    .help_with("write `@rules(\"…\")`, or justify it under `[unsourced]` of policies/rules.toml"),
            );
        }
        if policy.backstop && policy.backstop_reason.is_empty() {
            findings.push(
                at_id(policy, "W307", "is a backstop without a reason")
                    .help_with("say what it guards against: `@backstop(\"…\")`"),
            );
        }
    }
}

fn at_id(policy: &Policy, code: &'static str, fault: &str) -> Finding {
    let message = format!("the {} `{}` {fault}", policy.effect_name(), policy.id);
    Finding::of(policy, Problem::at(&policy.source, policy.id_span, message).code(code))
}

impl Finding {
    fn help_with(mut self, help: &str) -> Self {
        self.problem = self.problem.help(help);
        self
    }
}
