//! What a denial leaves open: whether the question, with more in its context, could be allowed, and what it needs.
//!
//! Wanda asks to end the partnership and does not confirm it. Nothing permits that, and still the cell is not "none":
//! one permit holds in all that the facts decide, only `context.confirmed` is open. So each clause is looked at by
//! itself: true, false, or *open* where it speaks of a context entry that the question leaves out. A clause that the
//! facts alone decide against rules its permit out, whatever the context would say; what is left are the conditions
//! that remain, as they are written. That says what would have to be given, not that it can be: two remaining clauses
//! may contradict each other.

use std::{collections::BTreeSet, sync::Arc};

use cedar_policy::{Effect, Entities, EvalResult, Request};
use cedar_policy_core::ast::{self, Expr, ExprKind, Var};

use crate::{
    bundle::{Bundle, Policy, clause::Clause},
    decision::Decision,
    explanation::{near_miss::scope_fits, words::Scene},
    problem::Location,
};

/// A policy with the clauses of it that the context still has to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// The policy's id.
    pub policy: Arc<str>,
    /// A permit would apply if its clauses hold; a forbid applies now and would not if one of its clauses fails.
    pub effect: Effect,
    /// Where the policy stands.
    pub at: Location,
    /// As written, with their places; together they must hold.
    pub clauses: Vec<Written>,
}

/// A clause as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// White space folded; the branches of an alternative are joined by `||`.
    pub text: String,
    /// Where it starts.
    pub at: Location,
}

impl Remaining {
    /// On one line: `permit ended.by-partner if context.confirmed (policies/ended.cedar:12)`.
    pub fn words(&self) -> String {
        let clauses: Vec<String> =
            self.clauses.iter().map(|clause| format!("{} ({})", clause.text, clause.at.short())).collect();
        let clauses = clauses.join(" && ");
        match self.effect {
            Effect::Permit if clauses.is_empty() => format!("permit {} applies already", self.policy),
            Effect::Permit => format!("permit {} if {clauses}", self.policy),
            Effect::Forbid => format!("forbid {} applies as long as {clauses}", self.policy),
        }
    }
}

/// What a condition comes to.
#[derive(Debug)]
enum Outcome {
    True,
    False,
    Fault,
    Open(Vec<Written>),
}

/// The conditions that remain before a denied question would be allowed: permits that the context could make apply,
/// and the forbids that it would have to lift. None where no context makes it allowed.
pub(super) fn remaining(
    bundle: &Bundle,
    decision: &Decision,
    request: &Request,
    entities: &Entities,
) -> Option<Vec<Remaining>> {
    let open = open_entries(bundle, request);
    if open.is_empty() {
        return None;
    }
    let (mut permits, mut forbids) = (Vec::new(), Vec::new());
    for policy in bundle.policies.iter().filter(|policy| scope_fits(policy, request, entities)) {
        let view = View {
            scene: Scene { request, entities, source: &policy.source },
            open: &open,
            permit: policy.effect == Effect::Permit,
        };
        let outcome = policy.clauses.as_ref().map_or(Outcome::True, |clause| view.outcome(clause));
        match (policy.effect, outcome) {
            (Effect::Permit, Outcome::True) => permits.push(of(policy, Vec::new())),
            (Effect::Permit, Outcome::Open(clauses)) => permits.push(of(policy, clauses)),
            (Effect::Forbid, Outcome::True | Outcome::Fault) => return None,
            (Effect::Forbid, Outcome::Open(clauses)) if decision.determining.contains(policy.cedar.id()) => {
                forbids.push(of(policy, clauses));
            }
            _ => {}
        }
    }
    (!permits.is_empty()).then(|| permits.into_iter().chain(forbids).collect())
}

fn of(policy: &Policy, clauses: Vec<Written>) -> Remaining {
    Remaining { policy: policy.id.clone(), effect: policy.effect, at: policy.at.clone(), clauses }
}

/// The entries that the action's context may have and the question does not.
fn open_entries(bundle: &Bundle, request: &Request) -> BTreeSet<String> {
    let asked: &ast::Request = request.as_ref();
    let given = |name: &str| match asked.context() {
        Some(ast::Context::Value(entries)) => entries.contains_key(name),
        _ => false,
    };
    let action = bundle.shapes.actions.values().find(|action| request.action() == Some(&action.uid));
    let names = action.into_iter().flat_map(|action| action.context.keys());
    names.filter(|name| !given(name)).cloned().collect()
}

/// A question with what it leaves open.
struct View<'a> {
    scene: Scene<'a>,
    open: &'a BTreeSet<String>,
    permit: bool,
}

impl View<'_> {
    fn outcome(&self, clause: &Clause) -> Outcome {
        match clause {
            Clause::All(parts) => self.all(parts),
            Clause::Any(parts) => self.any(parts),
            Clause::Leaf(leaf) if speaks_of(&leaf.expression, self.open) => {
                Outcome::Open(vec![Written { text: leaf.text.clone(), at: leaf.at.clone() }])
            }
            Clause::Leaf(leaf) => match self.scene.value(&leaf.expression) {
                Ok(EvalResult::Bool(true)) => Outcome::True,
                Ok(_) => Outcome::False,
                Err(_) => Outcome::Fault,
            },
        }
    }

    /// One part that is false decides, whatever is open before it; what follows a fault is not reached.
    fn all(&self, parts: &[Clause]) -> Outcome {
        let mut open = Vec::new();
        for part in parts {
            match self.outcome(part) {
                Outcome::True => {}
                // Behind an open part: a permit does not apply, whether the fault is reached or not; a forbid may.
                Outcome::Fault if !open.is_empty() => {
                    return if self.permit { Outcome::False } else { Outcome::Open(open) };
                }
                decided @ (Outcome::False | Outcome::Fault) => return decided,
                Outcome::Open(clauses) => open.extend(clauses),
            }
        }
        if open.is_empty() { Outcome::True } else { Outcome::Open(open) }
    }

    /// One part that is true decides; of the others the open ones are alternatives.
    fn any(&self, parts: &[Clause]) -> Outcome {
        let mut open: Vec<Vec<Written>> = Vec::new();
        for part in parts {
            match self.outcome(part) {
                Outcome::False => {}
                Outcome::Fault if open.is_empty() => return Outcome::Fault,
                Outcome::Fault => break,
                Outcome::True => return Outcome::True,
                Outcome::Open(clauses) => open.push(clauses),
            }
        }
        joined(open)
    }
}

/// Alternatives as one clause.
fn joined(alternatives: Vec<Vec<Written>>) -> Outcome {
    let Some(at) = alternatives.first().and_then(|clauses| clauses.first()).map(|clause| clause.at.clone()) else {
        return Outcome::False;
    };
    let single = alternatives.len() == 1;
    if let (true, Some(clauses)) = (single, alternatives.first()) {
        return Outcome::Open(clauses.clone());
    }
    let texts = alternatives.iter().map(|clauses| {
        let text = clauses.iter().map(|clause| &*clause.text).collect::<Vec<_>>().join(" && ");
        if clauses.len() > 1 { format!("({text})") } else { text }
    });
    Outcome::Open(vec![Written { text: texts.collect::<Vec<_>>().join(" || "), at }])
}

/// Whether the value of an expression depends on one of these context entries: it names one, or the whole context.
fn speaks_of(expression: &Expr, open: &BTreeSet<String>) -> bool {
    let (mut mentions, mut named) = (0, 0);
    for part in expression.subexpressions() {
        match part.expr_kind() {
            ExprKind::Var(Var::Context) => mentions += 1,
            ExprKind::GetAttr { expr, attr } | ExprKind::HasAttr { expr, attr } if is_context(expr) => {
                named += 1;
                if open.contains(attr.as_str()) {
                    return true;
                }
            }
            ExprKind::ExtHasAttr { expr, attrs } if is_context(expr) => {
                named += 1;
                if open.contains(attrs.first().as_str()) {
                    return true;
                }
            }
            _ => {}
        }
    }
    mentions > named
}

fn is_context(expression: &Expr) -> bool {
    matches!(expression.expr_kind(), ExprKind::Var(Var::Context))
}
