//! From a policy's condition to a plan.
//!
//! Whatever the condition says, the plan must reach all that can make it true: a part that is not understood leads
//! nowhere, and so excludes nothing. A part that does not mention what is looked for is evaluated as it stands when
//! the search is made; one that fails to evaluate makes no policy apply.

use std::sync::Arc;

use cedar_policy::EntityTypeName;
use cedar_policy_core::ast::{BinaryOp, EntityType, Expr, ExprKind, Literal};

use super::{
    Side,
    path::Path,
    plan::{Link, Plan, Relation},
};
use crate::bundle::Shapes;

/// What plans are derived for.
pub(super) struct Derivation<'b> {
    shapes: &'b Shapes,
    side: Side,
    sought: &'b EntityTypeName,
}

impl<'b> Derivation<'b> {
    pub(super) fn new(shapes: &'b Shapes, side: Side, sought: &'b EntityTypeName) -> Self {
        Self { shapes, side, sought }
    }

    /// The plan of a condition.
    pub(super) fn plan(&self, condition: &Arc<Expr>) -> Plan {
        match condition.expr_kind() {
            ExprKind::Lit(Literal::Bool(true)) => Plan::All,
            ExprKind::Lit(Literal::Bool(false)) => Plan::Nothing,
            ExprKind::And { .. } => {
                Plan::both(parts(condition, true).into_iter().map(|part| self.plan(part)).collect())
            }
            ExprKind::Or { .. } => {
                Plan::either(parts(condition, false).into_iter().map(|part| self.plan(part)).collect())
            }
            ExprKind::If { test_expr, then_expr, else_expr } => {
                let first = Plan::both(vec![self.plan(test_expr), self.plan(then_expr)]);
                Plan::either(vec![first, Plan::both(vec![self.unless(test_expr), self.plan(else_expr)])])
            }
            _ if !self.mentions(condition) => Plan::Given(condition.clone()),
            ExprKind::Is { expr, entity_type } => self.is(expr, entity_type),
            ExprKind::BinaryApp { op, arg1, arg2 } => self.compared(*op, arg1, arg2),
            _ => Plan::All,
        }
    }

    /// The plan of a condition that must not hold.
    fn unless(&self, condition: &Arc<Expr>) -> Plan {
        if self.mentions(condition) { Plan::All } else { Plan::Given(Arc::new(Expr::not((**condition).clone()))) }
    }

    fn mentions(&self, expression: &Expr) -> bool {
        let variable = self.side.variable();
        expression.subexpressions().any(|inner| matches!(inner.expr_kind(), ExprKind::Var(found) if *found == variable))
    }

    fn is(&self, expression: &Expr, entity_type: &EntityType) -> Plan {
        match expression.expr_kind() {
            ExprKind::Var(_) if EntityTypeName::from(entity_type.clone()) != *self.sought => Plan::Nothing,
            _ => Plan::All,
        }
    }

    fn compared(&self, op: BinaryOp, left: &Arc<Expr>, right: &Arc<Expr>) -> Plan {
        match op {
            BinaryOp::Eq => self.same(left, right, false),
            BinaryOp::ContainsAny => self.same(left, right, true),
            BinaryOp::Contains => match left.expr_kind() {
                ExprKind::Set(elements) if self.mentions(left) => {
                    self.any_of(elements, |element| self.same(element, right, false))
                }
                _ => self.contains(left, right),
            },
            BinaryOp::In => match right.expr_kind() {
                ExprKind::Set(elements) if self.mentions(right) => {
                    self.any_of(elements, |element| self.within(left, element))
                }
                _ => self.within(left, right),
            },
            _ => Plan::All,
        }
    }

    fn any_of(&self, elements: &[Expr], plan: impl Fn(&Arc<Expr>) -> Plan) -> Plan {
        Plan::either(elements.iter().map(|element| plan(&Arc::new(element.clone()))).collect())
    }

    /// Two entities that are equal, or two sets that share one.
    fn same(&self, left: &Arc<Expr>, right: &Arc<Expr>, sets: bool) -> Plan {
        let fits = |path: &Path| path.set == sets;
        let plan = self.related(left, Link::Same, right, fits);
        if matches!(plan, Plan::All) { self.related(right, Link::Same, left, fits) } else { plan }
    }

    fn contains(&self, set: &Arc<Expr>, element: &Arc<Expr>) -> Plan {
        let plan = self.related(set, Link::Same, element, |path| path.set);
        if matches!(plan, Plan::All) { self.related(element, Link::Same, set, |path| !path.set) } else { plan }
    }

    /// An entity that is in another, or in any of several.
    fn within(&self, lower: &Arc<Expr>, upper: &Arc<Expr>) -> Plan {
        let plan = self.related(lower, Link::Below, upper, |path| !path.set);
        if matches!(plan, Plan::All) { self.related(upper, Link::Above, lower, |_| true) } else { plan }
    }

    /// A relation, where one side is a path of what is looked for and the other does not mention it.
    fn related(&self, path: &Arc<Expr>, link: Link, known: &Arc<Expr>, fits: impl Fn(&Path) -> bool) -> Plan {
        if self.mentions(known) {
            return Plan::All;
        }
        match Path::of(self.shapes, self.side, self.sought, path).filter(fits) {
            Some(path) => Plan::Related(Relation { path, link, known: known.clone() }),
            None => Plan::All,
        }
    }
}

/// The parts of `a && b && c`, or of `a || b || c`.
fn parts(expression: &Arc<Expr>, conjunction: bool) -> Vec<&Arc<Expr>> {
    let (mut parts, mut rest) = (Vec::new(), vec![expression]);
    while let Some(next) = rest.pop() {
        match next.expr_kind() {
            ExprKind::And { left, right } if conjunction => rest.extend([right, left]),
            ExprKind::Or { left, right } if !conjunction => rest.extend([right, left]),
            _ => parts.push(next),
        }
    }
    parts
}
