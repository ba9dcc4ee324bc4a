//! The policies' text with counts in the margin.
//!
//! ```text
//! decided    true   false   error
//!       2                            9 | @id("accounting.set-vat-number")
//!               4       1           18 |   resource.kind == "company" &&
//!               4       0           19 |   context.termsAccepted
//!                                      |   ^^^^^^^^^^^^^^^^^^^^^ never false
//! ```
//!
//! Where several clauses start on one line, each is underlined below it with its own counts. A side that is proved
//! unreachable is a `-` and is not marked.

use super::{
    report::Report,
    tally::{Count, Seen},
};
use crate::{analysis::condition::Clause, bundle::Policy, problem::Source};

/// How marks are set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// By nothing but what they say.
    Plain,
    /// In a terminal's colours.
    Colour,
}

const HEAD: &str = "decided    true   false   error";

/// Every policy file, one after the other.
pub fn listing(report: &Report, paint: Paint) -> String {
    let policies: Vec<_> = report.policies().collect();
    let files = policies.chunk_by(|(_, left, _), (_, right, _)| left.source.name == right.source.name);
    files.map(|file| Sheet { report, policies: file, paint }.text()).collect::<Vec<_>>().join("\n")
}

/// One file.
struct Sheet<'s> {
    report: &'s Report<'s>,
    policies: &'s [(usize, &'s Policy, &'s Seen)],
    paint: Paint,
}

/// A clause with what is known of it.
struct Mark<'s> {
    clause: &'s Clause,
    count: Count,
    /// Whether it is proved never to be true; never to be false.
    unreachable: [bool; 2],
}

impl Sheet<'_> {
    fn text(&self) -> String {
        let Some((_, first, _)) = self.policies.first() else { return String::new() };
        let source = &first.source;
        let marks = self.marks();
        let mut rows = vec![source.name.to_string(), HEAD.to_owned()];
        for (index, line) in source.text.lines().enumerate() {
            let here: Vec<&Mark> = marks.iter().filter(|mark| mark.clause.at.line == index + 1).collect();
            self.line(source, index + 1, line, &here, &mut rows);
        }
        rows.join("\n") + "\n"
    }

    fn marks(&self) -> Vec<Mark<'_>> {
        let mut marks = Vec::new();
        for (place, _, seen) in self.policies {
            for (number, (clause, count)) in seen.condition.clauses.iter().zip(&seen.clauses).enumerate() {
                let unreachable = [true, false].map(|value| self.report.is_unreachable(*place, number, value));
                marks.push(Mark { clause, count: *count, unreachable });
            }
        }
        marks
    }

    fn line(&self, source: &Source, number: usize, line: &str, marks: &[&Mark], rows: &mut Vec<String>) {
        let policy = self.policies.iter().find(|(_, policy, _)| policy.at.line == number);
        let decided = policy.map_or_else(String::new, |(_, _, seen)| seen.determined.to_string());
        let bad = policy.is_some_and(|(_, _, seen)| seen.determined == 0);
        let alone = match marks {
            [only] => only.counts(),
            _ => String::new(),
        };
        rows.push(
            format!("{} {alone:23} {number:>5} | {line}", self.painted(&format!("{decided:>7}"), bad))
                .trim_end()
                .to_owned(),
        );
        if bad {
            rows.push(self.painted(&format!("{:37} | ^ determines no decision", ""), true));
        }
        for mark in marks {
            let finding = mark.finding();
            if marks.len() > 1 || finding.is_some() {
                let counts = if marks.len() > 1 { mark.counts() } else { String::new() };
                let under = underline(source, line, mark.clause);
                let row = format!("{:7} {counts:23} {:5} | {under} {}", "", "", finding.unwrap_or_default());
                rows.push(self.painted(row.trim_end(), mark.finding().is_some()));
            }
        }
    }

    fn painted(&self, text: &str, bad: bool) -> String {
        if self.paint == Paint::Colour && bad { format!("\u{1b}[31m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

impl Mark<'_> {
    fn counts(&self) -> String {
        let side = |value: bool| {
            let proved = self.unreachable[usize::from(!value)];
            if proved { "-".to_owned() } else { self.count.of(value).to_string() }
        };
        let errors = if self.count.errors > 0 { self.count.errors.to_string() } else { String::new() };
        format!("{:>7} {:>7} {errors:>7}", side(true), side(false))
    }

    /// What no scenario shows of it.
    fn finding(&self) -> Option<&'static str> {
        let lacks = |value: bool| self.count.of(value) == 0 && !self.unreachable[usize::from(!value)];
        match (lacks(true), lacks(false)) {
            (false, false) => None,
            _ if self.count.total() == 0 => Some("never looked at"),
            (true, false) => Some("never true"),
            (false, true) => Some("never false"),
            (true, true) => Some("never true, never false"),
        }
    }
}

/// Marks under a clause, as far as it stands on its first line.
fn underline(source: &Source, line: &str, clause: &Clause) -> String {
    let start = clause.at.column - 1;
    let written = source.text.get(clause.span.clone()).unwrap_or_default();
    let length = written.lines().next().unwrap_or_default().chars().count();
    let fits = line.chars().count().saturating_sub(start);
    format!("{}{}", " ".repeat(start), "^".repeat(length.min(fits).max(1)))
}
