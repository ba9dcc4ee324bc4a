//! W303: a permit that does not say who may.
//!
//! `principal is User` says it: everybody of that type. A permit whose scope leaves the principal open must ask
//! something about it in its conditions.

use cedar_policy::Effect;
use cedar_policy_core::ast::{self, ExprKind, PrincipalOrResourceConstraint, Var};

use super::Finding;
use crate::{
    bundle::{Bundle, Policy},
    problem::Problem,
};

/// Permits whose scope and conditions say nothing about the principal.
pub(super) fn look(bundle: &Bundle, findings: &mut Vec<Finding>) {
    let permits = bundle.policies.iter().filter(|policy| policy.effect == Effect::Permit);
    for policy in permits.filter(|policy| !says_who(policy)) {
        let message = format!("the permit `{}` has no condition on the principal", policy.id);
        findings.push(Finding::of(
            policy,
            Problem::at(&policy.source, policy.id_span, message).code("W303").help(
                "say who may: `principal is Type` if everybody of a type, else ask about `principal` in a condition",
            ),
        ));
    }
}

fn says_who(policy: &Policy) -> bool {
    let core: &ast::Policy = policy.cedar.as_ref();
    let open = matches!(core.principal_constraint().as_inner(), PrincipalOrResourceConstraint::Any);
    let asks = |expression: &ast::Expr| {
        expression.subexpressions().any(|part| matches!(part.expr_kind(), ExprKind::Var(Var::Principal)))
    };
    !open || core.non_scope_constraints().is_some_and(asks)
}
