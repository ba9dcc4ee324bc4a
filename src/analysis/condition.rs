//! The condition of a policy as it is evaluated, down to the last clause.
//!
//! An explanation shows `if … then … else …` and `!(… && …)` as one clause, as the author wrote it. Whoever asks
//! which parts were ever evaluated has to look inside. Here `&&`, `||`, `!` and `if` are taken apart as far as they
//! stand where the condition is decided; what is left is a list of clauses, numbered in the order of the file:
//!
//! ```text
//! when { context has scope && !(a || b) } unless { c }
//!        1                      2    3             4
//! ```
//!
//! A clause is what is written: `a != b` and `!x` are one clause each, and the clause of `unless { c }` is `c`. `true` and
//! `false`, as in `else true`, are no clauses. [`Condition::walk`] evaluates as Cedar does: from left to right, and no
//! further than the answer needs. [`Condition::paths`] tells what must have held before a clause is looked at.

use std::sync::Arc;

use cedar_policy_core::{
    ast::{Expr, ExprKind, Literal, SlotEnv, UnaryOp, ValueKind},
    evaluator::Evaluator,
    parser::Loc,
};

use crate::{
    bundle::{Policy, clause::text},
    problem::{Location, Source},
};

/// A policy's condition: its `when` and `unless` clauses together.
#[derive(Debug)]
pub struct Condition {
    /// Every clause, in the order of the file.
    pub clauses: Vec<Clause>,
    /// How they make up the condition; absent where the policy has none.
    root: Option<Node>,
}

/// A part that is not taken apart further.
#[derive(Debug)]
pub struct Clause {
    /// As written, white space folded.
    pub text: String,
    /// Where it starts.
    pub at: Location,
    /// Which bytes of the file it takes.
    pub span: std::ops::Range<usize>,
    /// Cedar's expression.
    pub expression: Arc<Expr>,
}

/// What came of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It could not be evaluated.
    Error,
}

#[derive(Debug)]
struct Node {
    expression: Arc<Expr>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    If { test: Box<Node>, then: Box<Node>, otherwise: Box<Node> },
    Constant(bool),
    Clause(usize),
}

/// What must hold before a clause is looked at: each expression with the value it must have, in the order of evaluation.
pub type Path = Vec<(Arc<Expr>, bool)>;

impl Condition {
    /// Takes a policy's condition apart.
    pub fn of(policy: &Policy) -> Self {
        let core: &cedar_policy_core::ast::Policy = policy.cedar.as_ref();
        let mut clauses = Vec::new();
        let root = core
            .non_scope_constraints_arc()
            .map(|whole| Cutter { source: &policy.source, clauses: &mut clauses }.cut(whole, whole.source_loc()));
        Self { clauses, root }
    }

    /// Evaluates as Cedar does and tells of every clause that was looked at. A policy without a condition holds.
    pub fn walk(&self, evaluator: &Evaluator, seen: &mut impl FnMut(usize, Verdict)) -> Verdict {
        self.root.as_ref().map_or(Verdict::True, |root| self.walk_node(root, evaluator, seen))
    }

    fn walk_node(&self, node: &Node, evaluator: &Evaluator, seen: &mut impl FnMut(usize, Verdict)) -> Verdict {
        match &node.kind {
            Kind::All(parts) => self.walk_parts(parts, Verdict::True, evaluator, seen),
            Kind::Any(parts) => self.walk_parts(parts, Verdict::False, evaluator, seen),
            Kind::Not(part) => self.walk_node(part, evaluator, seen).turned(),
            Kind::If { test, then, otherwise } => match self.walk_node(test, evaluator, seen) {
                Verdict::True => self.walk_node(then, evaluator, seen),
                Verdict::False => self.walk_node(otherwise, evaluator, seen),
                Verdict::Error => Verdict::Error,
            },
            Kind::Constant(value) => Verdict::of(*value),
            Kind::Clause(number) => {
                let verdict = evaluate(&self.clauses[*number].expression, evaluator);
                seen(*number, verdict);
                verdict
            }
        }
    }

    /// Looks at one part after the other for as long as they come out as `going_on`.
    fn walk_parts(
        &self,
        parts: &[Node],
        going_on: Verdict,
        evaluator: &Evaluator,
        seen: &mut impl FnMut(usize, Verdict),
    ) -> Verdict {
        let mut verdicts = parts.iter().map(|part| self.walk_node(part, evaluator, seen));
        verdicts.find(|verdict| *verdict != going_on).unwrap_or(going_on)
    }

    /// For every clause, what must have held before it is looked at.
    pub fn paths(&self) -> Vec<Path> {
        let mut paths = vec![Path::new(); self.clauses.len()];
        if let Some(root) = &self.root {
            root.collect_paths(&Path::new(), &mut paths);
        }
        paths
    }
}

impl Node {
    fn collect_paths(&self, before: &Path, paths: &mut Vec<Path>) {
        match &self.kind {
            Kind::All(parts) => collect_in_turn(parts, true, before, paths),
            Kind::Any(parts) => collect_in_turn(parts, false, before, paths),
            Kind::Not(part) => part.collect_paths(before, paths),
            Kind::If { test, then, otherwise } => {
                test.collect_paths(before, paths);
                then.collect_paths(&extended(before, test, true), paths);
                otherwise.collect_paths(&extended(before, test, false), paths);
            }
            Kind::Constant(_) => {}
            Kind::Clause(number) => paths[*number].clone_from(before),
        }
    }
}

fn collect_in_turn(parts: &[Node], going_on: bool, before: &Path, paths: &mut Vec<Path>) {
    let mut before = before.clone();
    for part in parts {
        part.collect_paths(&before, paths);
        before = extended(&before, part, going_on);
    }
}

fn extended(before: &Path, part: &Node, value: bool) -> Path {
    let mut longer = before.clone();
    longer.push((part.expression.clone(), value));
    longer
}

impl Verdict {
    fn of(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }

    fn turned(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Error => Self::Error,
        }
    }
}

fn evaluate(expression: &Expr, evaluator: &Evaluator) -> Verdict {
    match evaluator.interpret(expression, &SlotEnv::new()).map(|value| value.value) {
        Ok(ValueKind::Lit(Literal::Bool(value))) => Verdict::of(value),
        // Validation rules out what is neither true nor false.
        Ok(_) | Err(_) => Verdict::Error,
    }
}

struct Cutter<'c> {
    source: &'c Source,
    clauses: &'c mut Vec<Clause>,
}

impl Cutter<'_> {
    /// `around` is the place of what it stands in: Cedar gives parts that it made itself none of their own.
    fn cut(&mut self, expression: &Arc<Expr>, around: Option<&Loc>) -> Node {
        let place = expression.source_loc().or(around);
        let kind = match expression.expr_kind() {
            ExprKind::And { .. } => Kind::All(self.parts(expression, true, place)),
            ExprKind::Or { .. } => Kind::Any(self.parts(expression, false, place)),
            ExprKind::UnaryApp { op: UnaryOp::Not, arg } if is_compound(arg) || self.is_unless(place) => {
                Kind::Not(Box::new(self.cut(arg, place)))
            }
            ExprKind::If { test_expr, then_expr, else_expr } => Kind::If {
                test: Box::new(self.cut(test_expr, place)),
                then: Box::new(self.cut(then_expr, place)),
                otherwise: Box::new(self.cut(else_expr, place)),
            },
            ExprKind::Lit(Literal::Bool(value)) => Kind::Constant(*value),
            _ => self.clause(expression, place),
        };
        Node { expression: expression.clone(), kind }
    }

    /// The parts of a chain of `&&`, or of `||`, however it is bracketed.
    fn parts(&mut self, expression: &Arc<Expr>, conjunction: bool, around: Option<&Loc>) -> Vec<Node> {
        let place = expression.source_loc().or(around);
        let (left, right) = match expression.expr_kind() {
            ExprKind::And { left, right } if conjunction => (left, right),
            ExprKind::Or { left, right } if !conjunction => (left, right),
            _ => return vec![self.cut(expression, around)],
        };
        let mut parts = self.parts(left, conjunction, place);
        parts.extend(self.parts(right, conjunction, place));
        parts
    }

    /// Whether a negation is that of an `unless`, which no `!` was written for.
    fn is_unless(&self, place: Option<&Loc>) -> bool {
        let written = place.and_then(|place| self.source.text.get(place.start()..));
        written.is_some_and(|written| written.starts_with("unless"))
    }

    fn clause(&mut self, expression: &Arc<Expr>, place: Option<&Loc>) -> Kind {
        let span = place.map_or(0..0, |place| place.start()..place.end());
        self.clauses.push(Clause {
            text: text(expression, self.source),
            at: self.source.location(span.start),
            span,
            expression: expression.clone(),
        });
        Kind::Clause(self.clauses.len() - 1)
    }
}

fn is_compound(expression: &Expr) -> bool {
    match expression.expr_kind() {
        ExprKind::And { .. } | ExprKind::Or { .. } | ExprKind::If { .. } => true,
        ExprKind::UnaryApp { op: UnaryOp::Not, arg } => is_compound(arg),
        _ => false,
    }
}
