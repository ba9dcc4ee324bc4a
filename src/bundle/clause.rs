//! The conditions of a policy, cut into the clauses an author wrote.
//!
//! `when { a && (b || c) } unless { d }` becomes a small tree: all of `a`, any of `b` and `c`, not `d`.
//! Each leaf keeps its text and place in the file and Cedar's own expression, so that an explanation can
//! say which clause failed, as written, and what was found.

use std::sync::Arc;

use cedar_policy_core::ast::{Expr, ExprKind, Literal, UnaryOp, Var};

use crate::problem::{Location, Source};

/// A condition, or a part of one.
#[derive(Debug, Clone)]
pub enum Clause {
    /// Every part must hold, looked at in this order.
    All(Vec<Clause>),
    /// One part must hold.
    Any(Vec<Clause>),
    /// One thing that holds or does not.
    Leaf(Arc<Leaf>),
}

/// A clause that is not cut further.
#[derive(Debug)]
pub struct Leaf {
    /// As written in the file, white space folded.
    pub text: String,
    /// Where it starts.
    pub at: Location,
    /// Cedar's expression, its parts with their own places.
    pub expression: Arc<Expr>,
}

impl Clause {
    /// The conditions of a policy; `None` where it has none.
    pub fn of(policy: &cedar_policy_core::ast::Policy, source: &Source) -> Option<Self> {
        let condition = policy.non_scope_constraints_arc()?;
        match condition.expr_kind() {
            ExprKind::Lit(Literal::Bool(true)) => None,
            _ => Some(Self::cut(condition, source)),
        }
    }

    fn cut(expression: &Arc<Expr>, source: &Source) -> Self {
        match expression.expr_kind() {
            ExprKind::And { .. } => {
                let mut parts = Vec::new();
                flatten(expression, source, true, &mut parts);
                Self::All(parts)
            }
            ExprKind::Or { .. } => {
                let mut parts = Vec::new();
                flatten(expression, source, false, &mut parts);
                Self::Any(parts)
            }
            _ => Self::Leaf(Arc::new(Leaf {
                text: text(expression, source),
                at: source.location(expression.source_loc().map_or(0, cedar_policy_core::parser::Loc::start)),
                expression: expression.clone(),
            })),
        }
    }

    /// Every leaf, in the order of the file.
    pub fn leaves(&self) -> Vec<&Arc<Leaf>> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::leaves).collect(),
            Self::Leaf(leaf) => vec![leaf],
        }
    }
}

fn flatten(expression: &Arc<Expr>, source: &Source, conjunction: bool, parts: &mut Vec<Clause>) {
    match expression.expr_kind() {
        ExprKind::And { left, right } if conjunction => {
            flatten(left, source, conjunction, parts);
            flatten(right, source, conjunction, parts);
        }
        ExprKind::Or { left, right } if !conjunction => {
            flatten(left, source, conjunction, parts);
            flatten(right, source, conjunction, parts);
        }
        _ => parts.push(Clause::cut(expression, source)),
    }
}

/// The text of an expression as written, its white space folded to single blanks.
///
/// Cedar gives an `unless` clause the place of its inner expression; the negation is written back.
pub fn text(expression: &Expr, source: &Source) -> String {
    let written = expression.source_loc().and_then(|place| source.text.get(place.start()..place.end()));
    match written {
        Some(written) => written.split_whitespace().collect::<Vec<_>>().join(" "),
        None => match expression.expr_kind() {
            ExprKind::UnaryApp { op: UnaryOp::Not, arg } => format!("!({})", text(arg, source)),
            _ => expression.to_string(),
        },
    }
}

/// The context entry that a policy asks for before anything else: without it the policy cannot apply, so
/// the index leaves it out of requests that do not carry the entry.
pub fn guard(policy: &cedar_policy_core::ast::Policy) -> Option<String> {
    let mut first = policy.non_scope_constraints()?;
    while let ExprKind::And { left, .. } = first.expr_kind() {
        first = left;
    }
    match first.expr_kind() {
        ExprKind::HasAttr { expr, attr } if matches!(expr.expr_kind(), ExprKind::Var(Var::Context)) => {
            Some(attr.to_string())
        }
        _ => None,
    }
}
