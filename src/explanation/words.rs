//! A clause in words: what was found where it failed, and what would make it true.
//!
//! `resource.legalRepresentatives.contains(principal)` failed. A person wants to know what was in the
//! set and what is missing from it, not that an expression is false. Each operator has its own way to
//! say this; values are found by evaluating the operator's sides.

use cedar_policy::{Entities, EvalResult, Expression, Request, eval_expression};
use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

use crate::{bundle::clause, problem::Source};

/// Most elements of a set that are shown.
const MAX_SHOWN: usize = 10;

/// Where expressions are evaluated: one request and the facts it was decided on.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The question.
    pub request: &'a Request,
    /// The facts of the decision.
    pub entities: &'a Entities,
    /// The file the expressions are from, for their text.
    pub source: &'a Source,
}

/// What was found, and what would change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The values found.
    pub found: String,
    /// What would make the clause true.
    pub change: String,
}

impl Scene<'_> {
    /// The value of an expression, or why it has none.
    ///
    /// # Errors
    /// Cedar's words for why it cannot be evaluated.
    pub fn value(&self, expression: &Expr) -> Result<EvalResult, String> {
        eval_expression(self.request, self.entities, &Expression::from(expression.clone())).map_err(|error| error.to_string())
    }

    /// Why a clause that was expected to hold does not.
    pub fn finding(&self, expression: &Expr) -> Finding {
        match expression.expr_kind() {
            ExprKind::UnaryApp { op: UnaryOp::Not, arg } => self.unwanted(arg),
            ExprKind::BinaryApp { op, arg1, arg2 } => self.comparison(op, arg1, arg2),
            ExprKind::HasAttr { expr, attr } => Finding {
                found: "absent".to_owned(),
                change: format!("`{}.{attr}` would have to be there", self.text(expr)),
            },
            ExprKind::Is { expr, entity_type } => Finding {
                found: self.show(expr),
                change: format!("`{}` would have to be of type {entity_type}", self.text(expr)),
            },
            ExprKind::Like { expr, .. } => Finding {
                found: self.show(expr),
                change: format!("`{}` would have to match the pattern", self.text(expr)),
            },
            _ => self.plain(expression, true),
        }
    }

    fn comparison(&self, op: &BinaryOp, left: &Expr, right: &Expr) -> Finding {
        let (name, other, value) = (self.text(left), self.text(right), self.show(right));
        let (found, change) = match op {
            BinaryOp::Eq if is_literal(left) => (value, format!("`{other}` would have to be {}", self.show(left))),
            BinaryOp::Eq => (self.show(left), format!("`{name}` would have to be {value}")),
            BinaryOp::Contains if is_fixed(left) => (value, format!("`{other}` would have to be one of {}", self.show(left))),
            BinaryOp::Contains => (self.show(left), format!("`{name}` would have to contain {value}")),
            BinaryOp::ContainsAll => (self.show(left), format!("`{name}` would have to contain all of {value}")),
            BinaryOp::ContainsAny => (self.show(left), format!("`{name}` would have to contain one of {value}")),
            BinaryOp::In => (self.show(left), format!("`{name}` would have to be a member of {value}")),
            BinaryOp::Less => (self.both(left, right), format!("`{name}` would have to be less than {value}")),
            BinaryOp::LessEq => (self.both(left, right), format!("`{name}` would have to be at most {value}")),
            _ => (self.both(left, right), format!("`{name}` and `{other}` would have to fit together")),
        };
        Finding { found, change }
    }

    /// Why a clause that was expected not to hold does.
    fn unwanted(&self, inner: &Expr) -> Finding {
        let ExprKind::BinaryApp { op, arg1, arg2 } = inner.expr_kind() else { return self.unwanted_plain(inner) };
        let (name, value) = (self.text(arg1), self.show(arg2));
        let change = match op {
            BinaryOp::Eq => format!("`{name}` would have to be other than {value}"),
            BinaryOp::Contains if is_fixed(arg1) => {
                return Finding { found: value, change: format!("`{}` would have to be none of {}", self.text(arg2), self.show(arg1)) };
            }
            BinaryOp::Contains => format!("`{name}` would have to be without {value}"),
            BinaryOp::In => format!("`{name}` would have to be no member of {value}"),
            BinaryOp::Less => format!("`{name}` would have to be at least {value}"),
            BinaryOp::LessEq => format!("`{name}` would have to be more than {value}"),
            _ => format!("`{}` would have to be false", self.text(inner)),
        };
        Finding { found: self.show(arg1), change }
    }

    fn unwanted_plain(&self, inner: &Expr) -> Finding {
        match inner.expr_kind() {
            ExprKind::HasAttr { expr, attr } => Finding {
                found: self.get(expr, attr),
                change: format!("`{}.{attr}` would have to be absent", self.text(expr)),
            },
            _ => self.plain(inner, false),
        }
    }

    fn plain(&self, expression: &Expr, wanted: bool) -> Finding {
        Finding { found: self.show(expression), change: format!("`{}` would have to be {wanted}", self.text(expression)) }
    }

    fn both(&self, left: &Expr, right: &Expr) -> String {
        format!("{} and {}", self.show(left), self.show(right))
    }

    fn get(&self, expression: &Expr, attribute: &str) -> String {
        let get = Expr::get_attr(expression.clone(), attribute.into());
        self.show(&get)
    }

    fn show(&self, expression: &Expr) -> String {
        match self.value(expression) {
            Ok(value) => show(&value),
            Err(reason) => format!("nothing, because {reason}"),
        }
    }

    /// An expression as written. Cedar gives the receiver of a method call the place of the whole call, so
    /// paths are written out from their parts.
    fn text(&self, expression: &Expr) -> String {
        match expression.expr_kind() {
            ExprKind::Var(variable) => variable.to_string(),
            ExprKind::GetAttr { expr, attr } if is_identifier(attr) => format!("{}.{attr}", self.text(expr)),
            ExprKind::GetAttr { expr, attr } => format!("{}[{attr:?}]", self.text(expr)),
            ExprKind::Lit(literal) => literal.to_string(),
            ExprKind::Set(items) => format!("[{}]", items.iter().map(|item| self.text(item)).collect::<Vec<_>>().join(", ")),
            _ => clause::text(expression, self.source),
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A set written out in the policy: only what is looked for in it can change.
fn is_fixed(expression: &Expr) -> bool {
    matches!(expression.expr_kind(), ExprKind::Set(items) if items.iter().all(is_literal))
}

fn is_literal(expression: &Expr) -> bool {
    matches!(expression.expr_kind(), ExprKind::Lit(_))
}

/// A value as a policy would write it; long sets are cut.
pub fn show(value: &EvalResult) -> String {
    let EvalResult::Set(set) = value else { return value.to_string() };
    let mut shown: Vec<String> = set.iter().take(MAX_SHOWN).map(show).collect();
    if set.len() > MAX_SHOWN {
        shown.push(format!("… and {} more", set.len() - MAX_SHOWN));
    }
    format!("[{}]", shown.join(", "))
}
