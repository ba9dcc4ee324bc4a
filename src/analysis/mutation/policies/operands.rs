//! What is compared: attributes, literals, lists, and the changes to them.
//!
//! `resource.client.legalRepresentatives.contains(principal)` may have meant another set of users,
//! `resource.access == "full"` another word. Which words and attributes go together, the vocabulary knows.

use std::ops::Range;

use cedar_policy_core::parser::cst::{self, ExprData, MemAccess, NegOp, Primary, Relation};

use super::edits::{Cst, Walk, data, span, unary};
use crate::analysis::mutation::Kind;

/// The attribute that an operand asks for, such as `status`: what literals beside it are about.
pub(super) fn thing(add: &Cst<cst::Add>) -> Option<String> {
    match accesses(unary(add)?.as_inner()?.item.as_inner()?).last()? {
        MemAccess::Field(field) => name(field),
        _ => None,
    }
}

fn accesses(member: &cst::Member) -> Vec<&MemAccess> {
    member.access.iter().filter_map(|access| access.as_inner()).collect()
}

fn name(ident: &Cst<cst::Ident>) -> Option<String> {
    ident.as_inner().map(ToString::to_string)
}

/// The arithmetic expression that an argument consists of.
fn plain(expression: &Cst<cst::Expr>) -> Option<&Cst<cst::Add>> {
    let Some(ExprData::Or(or)) = data(expression) else { return None };
    let and = &or.as_inner().filter(|or| or.extended.is_empty())?.initial;
    let relation = &and.as_inner().filter(|and| and.extended.is_empty())?.initial;
    match relation.as_inner()? {
        Relation::Common { initial, extended } if extended.is_empty() => Some(initial),
        _ => None,
    }
}

/// Where the members of a list stand.
pub(super) fn members(expression: &Cst<cst::Expr>) -> Option<Vec<Range<usize>>> {
    let member = unary(plain(expression)?)?.as_inner()?.item.as_inner()?;
    match member.item.as_inner()? {
        Primary::EList(members) if member.access.is_empty() => Some(members.iter().map(span).collect()),
        _ => None,
    }
}

impl Walk<'_> {
    /// One side of a comparison; `about` is what the other side asks for.
    pub(super) fn operand(&mut self, add: &Cst<cst::Add>, about: Option<&str>) {
        let Some(unary) = unary(add).and_then(|unary| unary.as_inner()) else { return };
        if !matches!(unary.op, Some(NegOp::Dash(_))) {
            self.member(&unary.item, about);
        }
    }

    fn argument(&mut self, expression: &Cst<cst::Expr>, about: Option<&str>) {
        match plain(expression) {
            Some(add) => self.operand(add, about),
            None => self.condition(expression),
        }
    }

    pub(super) fn member(&mut self, member: &Cst<cst::Member>, about: Option<&str>) {
        let Some(member) = member.as_inner() else { return };
        let accesses: Vec<&MemAccess> = accesses(member);
        let mut receiver: Option<String> = None;
        for (number, access) in accesses.iter().enumerate() {
            match access {
                // The name of a method.
                MemAccess::Field(_) if matches!(accesses.get(number + 1), Some(MemAccess::Call(_))) => {}
                MemAccess::Field(field) => {
                    self.attribute(field);
                    receiver = name(field);
                }
                MemAccess::Call(arguments) if number == 0 => self.function(arguments),
                MemAccess::Call(arguments) => {
                    arguments.iter().for_each(|argument| self.argument(argument, receiver.as_deref()));
                }
                MemAccess::Index(_) => {}
            }
        }
        let contained = accesses.iter().find_map(|access| match access {
            MemAccess::Call(arguments) => arguments.first().and_then(plain).and_then(thing),
            _ => None,
        });
        self.item(&member.item, contained.as_deref().or(about));
    }

    fn item(&mut self, item: &Cst<Primary>, about: Option<&str>) {
        match item.as_inner() {
            Some(Primary::EList(members)) => {
                let spans: Vec<Range<usize>> = members.iter().map(span).collect();
                self.leave_out_each(&spans, Kind::Drop);
                let listed: Vec<String> = spans.into_iter().map(|member| self.text_of(member)).collect();
                for member in members {
                    self.value(span(member), about, &listed);
                    self.argument(member, None);
                }
            }
            Some(Primary::Expr(inner)) => self.argument(inner, about),
            Some(Primary::Literal(literal)) => self.value(span(literal), about, &[]),
            Some(Primary::Ref(reference)) => self.action(span(reference)),
            _ => {}
        }
    }

    /// Another attribute of the same type, where the schema has one beside it.
    fn attribute(&mut self, field: &Cst<cst::Ident>) {
        let Some(name) = name(field) else { return };
        for other in self.vocabulary.beside(&name) {
            self.edit(span(field), other, Kind::Attribute);
        }
    }

    /// Another word that is used for the same thing; another number beside it.
    fn value(&mut self, place: Range<usize>, about: Option<&str>, listed: &[String]) {
        let written = self.text_of(place.clone());
        if let Ok(number) = written.parse::<i64>() {
            for other in [number.saturating_sub(1), number.saturating_add(1)] {
                self.edit(place.clone(), other.to_string(), Kind::Value);
            }
        }
        let Some(word) = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return };
        let Some(about) = about else { return };
        self.found.literals.push((about.to_owned(), word.to_owned()));
        for other in self.vocabulary.words(about).filter(|other| *other != word) {
            let other = format!("\"{other}\"");
            if !listed.contains(&other) {
                self.edit(place.clone(), other, Kind::Value);
            }
        }
    }

    /// Another of the actions that the policy is about.
    fn action(&mut self, place: Range<usize>) {
        let written = self.text_of(place.clone());
        if self.actions.contains(&written) {
            for other in self.actions.clone() {
                self.edit(place.clone(), other, Kind::Value);
            }
        }
    }

    /// `duration("365d")`, `datetime("2026-01-01")`: one unit less, one more.
    fn function(&mut self, arguments: &[Cst<cst::Expr>]) {
        for argument in arguments {
            let place = span(argument);
            let written = self.text_of(place.clone());
            for other in beside(&written) {
                self.edit(place.clone(), other, Kind::Value);
            }
        }
    }
}

/// The quoted amount or date one unit earlier and later.
fn beside(quoted: &str) -> Vec<String> {
    let Some(text) = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return Vec::new() };
    if let Ok(date) = text.parse::<jiff::civil::Date>().and_then(|date| Ok([date.yesterday()?, date.tomorrow()?])) {
        return date.map(|date| format!("\"{date}\"")).to_vec();
    }
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let Ok(number) = text[..digits].parse::<i64>() else { return Vec::new() };
    [number - 1, number.saturating_add(1)].map(|number| format!("\"{number}{}\"", &text[digits..])).to_vec()
}
