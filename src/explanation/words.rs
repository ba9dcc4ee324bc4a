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
        eval_expression(self.request, self.entities, &Expression::from(expression.clone()))
            .map_err(|error| error.to_string())
    }

    /// Why a clause that was expected to hold does not.
    pub fn finding(&self, expression: &Expr) -> Finding {
        self.otherwise(expression, true)
    }

    /// Why an expression is not what is `wanted`, and what would make it so.
    fn otherwise(&self, expression: &Expr, wanted: bool) -> Finding {
        match expression.expr_kind() {
            ExprKind::UnaryApp { op: UnaryOp::Not, arg } => self.otherwise(arg, !wanted),
            ExprKind::UnaryApp { op: UnaryOp::IsEmpty, arg } => {
                self.lacking(arg, if wanted { "be empty" } else { "hold something" })
            }
            ExprKind::BinaryApp { op, arg1, arg2 } => {
                self.compared(*op, arg1, arg2, wanted).unwrap_or_else(|| self.plain(expression, wanted))
            }
            ExprKind::HasAttr { expr, attr } => self.presence(&Expr::get_attr((**expr).clone(), attr.clone()), wanted),
            ExprKind::ExtHasAttr { expr, attrs } => {
                let path = attrs.iter().fold((**expr).clone(), |inner, attr| Expr::get_attr(inner, attr.clone()));
                self.presence(&path, wanted)
            }
            ExprKind::Is { expr, entity_type } if wanted => self.lacking(expr, &format!("be of type {entity_type}")),
            ExprKind::Is { expr, entity_type } => self.lacking(expr, &format!("be of another type than {entity_type}")),
            ExprKind::Like { expr, pattern } if wanted => self.lacking(expr, &format!("match \"{pattern}\"")),
            ExprKind::Like { expr, pattern } => {
                self.lacking(expr, &format!("be anything that does not match \"{pattern}\""))
            }
            _ => self.plain(expression, wanted),
        }
    }

    /// What can change in a comparison is said of the side that is not written out in the policy.
    fn compared(&self, op: BinaryOp, left: &Expr, right: &Expr, wanted: bool) -> Option<Finding> {
        let written_out = is_fixed(left) || (op == BinaryOp::Contains && matches!(left.expr_kind(), ExprKind::Set(_)));
        let turned = written_out && !is_fixed(right);
        let (changing, other) = if turned { (right, left) } else { (left, right) };
        let words = comparison(op, turned, wanted)?;
        Some(self.lacking(changing, &format!("{words} {}", self.show(other))))
    }

    fn presence(&self, attribute: &Expr, wanted: bool) -> Finding {
        let found = if wanted { "absent".to_owned() } else { self.show(attribute) };
        let change = if wanted { "there" } else { "absent" };
        Finding { found, change: format!("`{}` would have to be {change}", self.text(attribute)) }
    }

    fn lacking(&self, expression: &Expr, change: &str) -> Finding {
        Finding { found: self.show(expression), change: format!("`{}` would have to {change}", self.text(expression)) }
    }

    fn plain(&self, expression: &Expr, wanted: bool) -> Finding {
        self.lacking(expression, &format!("be {wanted}"))
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
            ExprKind::Set(items) => {
                format!("[{}]", items.iter().map(|item| self.text(item)).collect::<Vec<_>>().join(", "))
            }
            _ => clause::text(expression, self.source),
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// What a comparison asks of its left side, or `turned`, of its right.
fn comparison(op: BinaryOp, turned: bool, wanted: bool) -> Option<&'static str> {
    Some(match (op, turned, wanted) {
        (BinaryOp::Eq, _, true) => "be",
        (BinaryOp::Eq, _, false) => "be other than",
        (BinaryOp::Contains, false, true) => "contain",
        (BinaryOp::Contains, false, false) => "be without",
        (BinaryOp::Contains, true, true) => "be one of",
        (BinaryOp::Contains, true, false) => "be none of",
        (BinaryOp::ContainsAll, false, true) => "contain all of",
        (BinaryOp::ContainsAll, false, false) => "lack one of",
        (BinaryOp::ContainsAll, true, true) => "contain nothing but",
        (BinaryOp::ContainsAll, true, false) => "contain something else than",
        (BinaryOp::ContainsAny, _, true) => "contain one of",
        (BinaryOp::ContainsAny, _, false) => "contain none of",
        (BinaryOp::In, _, true) => "be a member of",
        (BinaryOp::In, _, false) => "be no member of",
        (BinaryOp::Less, false, true) | (BinaryOp::LessEq, true, false) => "be less than",
        (BinaryOp::LessEq, false, true) | (BinaryOp::Less, true, false) => "be at most",
        (BinaryOp::Less, true, true) | (BinaryOp::LessEq, false, false) => "be more than",
        (BinaryOp::LessEq, true, true) | (BinaryOp::Less, false, false) => "be at least",
        _ => return None,
    })
}

/// Whether a value is written out in the policy, so that no fact can change it.
fn is_fixed(expression: &Expr) -> bool {
    match expression.expr_kind() {
        ExprKind::Lit(_) => true,
        ExprKind::Set(items) => items.iter().all(is_fixed),
        ExprKind::ExtensionFunctionApp { args, .. } => args.iter().all(is_fixed),
        _ => false,
    }
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
