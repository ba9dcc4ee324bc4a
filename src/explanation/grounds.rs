//! Grounds: the entities that a decision rests on, as far as its determining policies looked at them.
//!
//! Carl may manage the bakery's site. The permit looked at the product, at its organisation's partnership and at that
//! partnership's collaborators: change one of these and the answer may change. Whatever a clause takes an attribute of,
//! or asks the parents of, is evaluated on the facts of the decision; what cannot be evaluated was not looked at.

use std::collections::BTreeSet;

use cedar_policy::{Entities, EntityUid, EvalResult, PrincipalConstraint, Request, ResourceConstraint};
use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind};

use super::words::Scene;
use crate::{bundle::Policy, request::Party};

/// The entities, by type and id.
pub fn grounds(policies: &[&Policy], request: &Request, entities: &Entities) -> Vec<Party> {
    let mut found: BTreeSet<EntityUid> = BTreeSet::new();
    for policy in policies {
        let scene = Scene { request, entities, source: &policy.source };
        let whole = policy.clauses.iter().flat_map(|clause| clause.leaves());
        for part in whole.flat_map(|leaf| leaf.expression.subexpressions()) {
            looked_at(part, scene, &mut found);
        }
        found.extend(of_scope(policy, request));
    }
    found.iter().map(|uid| Party::new(uid.type_name().to_string(), uid.id().unescaped())).collect()
}

/// The entities whose attributes or parents an expression itself asks for.
fn looked_at(expression: &Expr, scene: Scene, found: &mut BTreeSet<EntityUid>) {
    let mut add = |expression: &Expr| {
        if let Ok(EvalResult::EntityUid(uid)) = scene.value(expression) {
            found.insert(uid);
        }
    };
    match expression.expr_kind() {
        ExprKind::GetAttr { expr, .. } | ExprKind::HasAttr { expr, .. } => add(expr),
        ExprKind::ExtHasAttr { expr, attrs } => {
            add(expr);
            let mut path = (**expr).clone();
            for attr in attrs.iter() {
                path = Expr::get_attr(path, attr.clone());
                add(&path);
            }
        }
        ExprKind::BinaryApp { op: BinaryOp::In | BinaryOp::GetTag | BinaryOp::HasTag, arg1, .. } => add(arg1),
        _ => {}
    }
}

/// A scope that asks what its principal or resource is in.
fn of_scope(policy: &Policy, request: &Request) -> impl Iterator<Item = EntityUid> {
    let principal =
        matches!(policy.cedar.principal_constraint(), PrincipalConstraint::In(_) | PrincipalConstraint::IsIn(..));
    let resource =
        matches!(policy.cedar.resource_constraint(), ResourceConstraint::In(_) | ResourceConstraint::IsIn(..));
    let principal = request.principal().filter(|_| principal).cloned();
    principal.into_iter().chain(request.resource().filter(|_| resource).cloned())
}
