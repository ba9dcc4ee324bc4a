//! Plans in words: what an author reads to see which searches are fast.
//!
//! `User in resource.workGroups` reads a group's members; `Product.organization ← Organization.administrators ← principal`
//! leads from the principal back to the organisations and from these to their products; `every Product` has to look
//! at all of them.

use std::fmt;

use cedar_policy::EntityTypeName;
use cedar_policy_core::ast::{Expr, ExprKind, Literal};

use super::plan::{Link, Plan, Relation};

/// A plan for a type that is looked for.
pub struct Words<'p> {
    /// The plan.
    pub plan: &'p Plan,
    /// The type.
    pub sought: &'p EntityTypeName,
}

impl Words<'_> {
    /// The ways in which the plan finds its candidates, each once, and every entity of the type where one of them
    /// leads nowhere.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.collect(self.plan, &mut lines);
        lines.sort();
        lines.dedup();
        lines
    }

    fn collect(&self, plan: &Plan, lines: &mut Vec<String>) {
        match plan {
            Plan::Nothing => {}
            Plan::All | Plan::Given(_) => lines.push(format!("every {}", self.sought)),
            Plan::Related(relation) => lines.push(relation.to_string()),
            Plan::Either(parts) => parts.iter().for_each(|part| self.collect(part, lines)),
            // What is given only rules out; the first of the others is what is walked.
            Plan::Both(parts) => match parts.iter().find(|part| !part.is_given()) {
                Some(part) => self.collect(part, lines),
                None => lines.push(format!("every {}", self.sought)),
            },
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = text(&self.known);
        if self.path.hops.is_empty() {
            return match self.link {
                Link::Same => write!(formatter, "{} of {known}", self.path.end),
                Link::Below => write!(formatter, "{} in {known}", self.path.end),
                Link::Above => write!(formatter, "{} that {known} is in", self.path.end),
            };
        }
        let hops: Vec<String> = self.path.hops.iter().map(|hop| format!("{}.{}", hop.from, hop.attribute)).collect();
        let hops = hops.join(" ← ");
        match self.link {
            Link::Same => write!(formatter, "{hops} ← {known}"),
            Link::Below => write!(formatter, "{hops} ← in {known}"),
            Link::Above => write!(formatter, "{hops} ← {known} and what it is in"),
        }
    }
}

/// An expression as an author writes it, as far as it is a path or names an entity.
fn text(expression: &Expr) -> String {
    match expression.expr_kind() {
        ExprKind::GetAttr { expr, attr } => format!("{}.{attr}", text(expr)),
        ExprKind::Var(variable) => variable.to_string(),
        ExprKind::Lit(Literal::EntityUID(uid)) => uid.to_string(),
        _ => expression.to_string(),
    }
}
