//! The changes to one policy, each a stretch of its text with what stands there instead.
//!
//! The policy is read into Cedar's concrete syntax tree, which knows where every operator, bracket and name
//! stands: a clause is taken out with its `&&`, as an author would, and nothing else moves. What only the
//! types decide is left to the validator: a change that it refuses is no mutant.

use std::ops::Range;

use cedar_policy_core::parser::{
    Node,
    cst::{self, ExprData, Ident, NegOp, RelOp, Relation},
    text_to_cst,
};

use super::{
    operands::{members, thing},
    vocabulary::Vocabulary,
};
use crate::analysis::mutation::Kind;

/// A node of the syntax tree.
pub(super) type Cst<T> = Node<Option<T>>;

/// One change to a policy's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced, in bytes of the policy's text.
    pub range: Range<usize>,
    /// What stands there instead.
    pub with: String,
    /// The kind of change.
    pub kind: Kind,
}

impl Edit {
    /// The text with the change made.
    pub fn apply(&self, text: &str) -> String {
        let (before, after) = (text.get(..self.range.start), text.get(self.range.end..));
        format!("{}{}{}", before.unwrap_or_default(), self.with, after.unwrap_or_default())
    }
}

/// What the walk through one policy finds.
#[derive(Debug, Default)]
pub struct Found {
    /// The changes, each text once.
    pub edits: Vec<Edit>,
    /// Which literals are compared with what: `status`, `active`.
    pub literals: Vec<(String, String)>,
    /// Where the action's constraint stands, for widening it step by step; none where there is none.
    pub action: Option<Range<usize>>,
}

/// Walks through the text of one policy.
pub fn of(text: &str, vocabulary: &Vocabulary) -> Found {
    let Ok(policy) = text_to_cst::parse_policy(text) else { return Found::default() };
    let Some(cst::Policy::Policy(policy)) = policy.as_inner() else { return Found::default() };
    let mut walk = Walk { text, vocabulary, found: Found::default(), actions: Vec::new() };
    walk.effect(&policy.effect);
    policy.variables.iter().for_each(|variable| walk.variable(variable));
    policy.conds.iter().for_each(|cond| walk.clause(cond));
    let mut seen = std::collections::BTreeSet::new();
    let mut found = walk.found;
    found.edits.retain(|edit| {
        let changed = edit.apply(text);
        changed != text && seen.insert(changed)
    });
    found
}

pub(super) struct Walk<'w> {
    pub(super) text: &'w str,
    pub(super) vocabulary: &'w Vocabulary,
    pub(super) found: Found,
    /// The actions that the scope names, as written.
    pub(super) actions: Vec<String>,
}

/// Where a node stands.
pub(super) fn span<T>(node: &Node<T>) -> Range<usize> {
    node.loc.as_ref().map_or(0..0, |loc| loc.start()..loc.end())
}

impl Walk<'_> {
    pub(super) fn edit(&mut self, range: Range<usize>, with: impl Into<String>, kind: Kind) {
        if !range.is_empty() || kind == Kind::Negate {
            self.found.edits.push(Edit { range, with: with.into(), kind });
        }
    }

    pub(super) fn text_of(&self, range: Range<usize>) -> String {
        self.text.get(range).unwrap_or_default().to_owned()
    }

    fn effect(&mut self, effect: &Cst<Ident>) {
        match effect.as_inner() {
            Some(Ident::Permit) => self.edit(span(effect), "forbid", Kind::Effect),
            Some(Ident::Forbid) => self.edit(span(effect), "permit", Kind::Effect),
            _ => {}
        }
    }

    /// `principal is User`, `action in […]`: each part left out, and each action.
    fn variable(&mut self, variable: &Cst<cst::VariableDef>) {
        let Some(definition) = variable.as_inner() else { return };
        let (name, whole) = (span(&definition.variable), span(variable));
        let is_action = matches!(definition.variable.as_inner(), Some(Ident::Action));
        let after_type = definition.entity_type.as_ref().map_or(name.end, |named| span(named).end);
        if definition.entity_type.is_some() {
            self.edit(name.end..after_type, "", Kind::Widen);
        }
        let Some((operator, constraint)) = &definition.ineq else { return };
        if is_action {
            self.found.action = Some(name.end..whole.end);
        } else {
            self.edit(after_type..whole.end, "", Kind::Widen);
            return;
        }
        let named = match (operator, members(constraint)) {
            (RelOp::In, Some(named)) => named,
            _ => vec![span(constraint)],
        };
        self.actions = named.iter().map(|member| self.text_of(member.clone())).collect();
        self.leave_out_each(&named, Kind::Narrow);
    }

    /// Each of several neighbours left out, with the separator between.
    pub(super) fn leave_out_each(&mut self, items: &[Range<usize>], kind: Kind) {
        if items.len() < 2 {
            return;
        }
        for (number, item) in items.iter().enumerate() {
            match number {
                0 => self.edit(item.start..items[1].start, "", kind),
                _ => self.edit(items[number - 1].end..item.end, "", kind),
            }
        }
    }

    /// `when { … }` or `unless { … }`.
    fn clause(&mut self, cond: &Cst<cst::Cond>) {
        let Some(clause) = cond.as_inner() else { return };
        let Some(body) = &clause.expr else { return };
        if operands(body) > 1 {
            let other = if matches!(clause.cond.as_inner(), Some(Ident::When)) { "unless" } else { "when" };
            self.edit(span(&clause.cond), other, Kind::Negate);
        } else {
            let whole = span(cond);
            let gap = self.text[..whole.start].len() - self.text[..whole.start].trim_end().len();
            self.edit(whole.start - gap..whole.end, "", Kind::Drop);
        }
        self.condition(body);
    }

    /// Something that holds or does not.
    pub(super) fn condition(&mut self, expression: &Cst<cst::Expr>) {
        match data(expression) {
            Some(ExprData::Or(or)) => self.any(or),
            Some(ExprData::If(test, then, otherwise)) => {
                self.condition(test);
                for branch in [then, otherwise] {
                    let text = self.text_of(span(branch));
                    self.edit(span(expression), text, Kind::Drop);
                    self.condition(branch);
                }
            }
            None => {}
        }
    }

    fn any(&mut self, or: &Cst<cst::Or>) {
        let Some(or) = or.as_inner() else { return };
        let parts: Vec<&Cst<cst::And>> = std::iter::once(&or.initial).chain(&or.extended).collect();
        let spans: Vec<Range<usize>> = parts.iter().map(|part| span(*part)).collect();
        self.leave_out_each(&spans, Kind::Drop);
        self.connectives(&spans, "||", "&&");
        parts.into_iter().for_each(|part| self.all(part));
    }

    fn all(&mut self, and: &Cst<cst::And>) {
        let Some(and) = and.as_inner() else { return };
        let parts: Vec<&Cst<Relation>> = std::iter::once(&and.initial).chain(&and.extended).collect();
        let spans: Vec<Range<usize>> = parts.iter().map(|part| span(*part)).collect();
        self.leave_out_each(&spans, Kind::Drop);
        self.connectives(&spans, "&&", "||");
        parts.into_iter().for_each(|part| self.relation(part));
    }

    /// The other connective between neighbours.
    fn connectives(&mut self, parts: &[Range<usize>], one: &str, other: &str) {
        for pair in parts.windows(2) {
            self.operator(pair[0].end..pair[1].start, one, other, Kind::Connective);
        }
    }

    /// An operator that stands somewhere between two operands, comments perhaps beside it.
    fn operator(&mut self, between: Range<usize>, one: &str, other: &str, kind: Kind) {
        let Some(gap) = self.text.get(between.clone()) else { return };
        let code: String = gap
            .split_inclusive('\n')
            .map(|line| {
                let end = line.find("//").unwrap_or(line.len());
                format!("{}{}", &line[..end], " ".repeat(line.len() - end))
            })
            .collect();
        if let Some(at) = code.find(one) {
            let start = between.start + at;
            self.edit(start..start + one.len(), other, kind);
        }
    }

    fn relation(&mut self, relation: &Cst<Relation>) {
        let whole = span(relation);
        match relation.as_inner() {
            Some(Relation::Common { initial, extended }) => match extended.first() {
                None => self.leaf(initial),
                Some((operator, right)) => self.comparison(whole, initial, *operator, right),
            },
            Some(Relation::Has { target, .. } | Relation::Like { target, .. } | Relation::IsIn { target, .. }) => {
                self.negate(whole);
                self.operand(target, None);
            }
            None => {}
        }
    }

    fn negate(&mut self, whole: Range<usize>) {
        let text = self.text_of(whole.clone());
        self.edit(whole, format!("!({text})"), Kind::Negate);
    }

    fn comparison(&mut self, whole: Range<usize>, left: &Cst<cst::Add>, operator: RelOp, right: &Cst<cst::Add>) {
        let between = span(left).end..span(right).start;
        let swaps: &[(&str, &str)] = match operator {
            RelOp::Eq => &[("==", "!=")],
            RelOp::NotEq => &[("!=", "==")],
            RelOp::Less => &[("<", "<="), ("<", ">=")],
            RelOp::LessEq => &[("<=", "<"), ("<=", ">")],
            RelOp::Greater => &[(">", ">="), (">", "<=")],
            RelOp::GreaterEq => &[(">=", ">"), (">=", "<")],
            RelOp::In | RelOp::InvalidSingleEq => &[],
        };
        for (one, other) in swaps {
            self.operator(between.clone(), one, other, Kind::Comparison);
        }
        if operator == RelOp::In {
            self.negate(whole);
        }
        self.operand(left, thing(right).as_deref());
        self.operand(right, thing(left).as_deref());
    }

    /// A clause without a comparison: a call, an attribute, a literal, something in brackets.
    fn leaf(&mut self, add: &Cst<cst::Add>) {
        let Some(unary) = unary(add).and_then(Node::as_inner) else { return };
        let whole = span(add);
        let within = in_brackets(&unary.item);
        match (&unary.op, within) {
            (Some(NegOp::Bang(1)), _) => self.edit(whole.start..whole.start + 1, "", Kind::Negate),
            (None, None) => match self.text.get(whole.clone()) {
                Some("true") => self.edit(whole, "false", Kind::Negate),
                Some("false") => self.edit(whole, "true", Kind::Negate),
                _ => self.edit(whole.start..whole.start, "!", Kind::Negate),
            },
            _ => {}
        }
        match within {
            Some(inner) => self.condition(inner),
            None => self.member(&unary.item, None),
        }
    }
}

/// How many operands the outermost connective has.
fn operands(expression: &Cst<cst::Expr>) -> usize {
    let Some(ExprData::Or(or)) = data(expression) else { return 1 };
    let Some(or) = or.as_inner() else { return 1 };
    let first = or.initial.as_inner().map_or(0, |and| and.extended.len());
    1 + or.extended.len() + first
}

pub(super) fn data(expression: &Cst<cst::Expr>) -> Option<&ExprData> {
    match expression.as_inner()? {
        cst::Expr::Expr(inner) => Some(&inner.expr),
        #[allow(unreachable_patterns, reason = "one more variant where another crate asks Cedar to tolerate errors")]
        _ => None,
    }
}

/// What stands in an arithmetic expression that is none.
pub(super) fn unary(add: &Cst<cst::Add>) -> Option<&Cst<cst::Unary>> {
    let add = add.as_inner().filter(|add| add.extended.is_empty())?;
    let product = add.initial.as_inner().filter(|product| product.extended.is_empty())?;
    Some(&product.initial)
}

/// The condition in brackets, where a member is nothing else.
fn in_brackets(member: &Cst<cst::Member>) -> Option<&Cst<cst::Expr>> {
    let member = member.as_inner().filter(|member| member.access.is_empty())?;
    match member.item.as_inner()? {
        cst::Primary::Expr(inner) => Some(inner),
        _ => None,
    }
}
