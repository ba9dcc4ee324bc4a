//! Mutation: the bundle is changed one thing at a time, to see whether the scenarios notice.
//!
//! Greta writes `resource.access == "full"` into a permit and a scenario in which it allows. Coverage says that the
//! clause was looked at; would anybody notice if it were not there? So
//! 1. every clause, scope, comparison, word and effect of a policy is changed by itself ([`policies`]), and every
//!    rate, bound, order and outcome of a tariff ([`tariffs`]): each change is a *mutant*;
//! 2. one that would not load is *invalid* and counts for nothing;
//! 3. the others are held against what the unchanged bundle answers in the scenarios ([`baseline`]): a mutant is
//!    *killed* when a decision, its determining policies, obligations or advice, or an amount changes;
//! 4. one that nothing notices has *survived*: a scenario is missing, or the change changes nothing. The latter
//!    has to be proved, or a reason stands in `tests/mutants.toml` ([`reasons`]).

pub mod baseline;
pub mod campaign;
pub mod policies;
pub mod reasons;
pub mod report;
pub mod since;
pub mod tariffs;

use crate::problem::{Location, Source};

/// The kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A policy is left out.
    DropPolicy,
    /// permit becomes forbid, or forbid permit.
    Effect,
    /// A scope admits more.
    Widen,
    /// A scope admits less.
    Narrow,
    /// A clause, a branch or a member of a list is left out.
    Drop,
    /// A clause is turned into its contrary.
    Negate,
    /// `&&` becomes `||`, or `||` `&&`.
    Connective,
    /// Another comparison.
    Comparison,
    /// Another attribute of the same type.
    Attribute,
    /// Another word, number or date.
    Value,
    /// Another order.
    Order,
}

impl Kind {
    /// What was done, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::DropPolicy => "policy left out",
            Self::Effect => "other effect",
            Self::Widen => "wider scope",
            Self::Narrow => "narrower scope",
            Self::Drop => "part left out",
            Self::Negate => "negated",
            Self::Connective => "other connective",
            Self::Comparison => "other comparison",
            Self::Attribute => "other attribute",
            Self::Value => "other value",
            Self::Order => "other order",
        }
    }
}

/// One change of the bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// Where the change begins.
    pub at: Location,
    /// The policy's id, or the path of the tariff's entry.
    pub subject: String,
    /// The kind of change.
    pub kind: Kind,
    /// The changed lines as they stand, white space at their ends left out.
    pub before: String,
    /// The same lines after the change.
    pub after: String,
}

impl Mutant {
    /// The change of a stretch of a file, shown as the lines that it touches.
    pub fn new(source: &Source, range: std::ops::Range<usize>, with: &str, subject: &str, kind: Kind) -> Self {
        let text = &*source.text;
        let start = text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[range.end..].find('\n').map_or(text.len(), |newline| range.end + newline);
        let lines =
            |text: &str| text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        Self {
            at: source.location(range.start),
            subject: subject.to_owned(),
            kind,
            before: lines(&text[start..end]),
            after: lines(&format!("{}{with}{}", &text[start..range.start], &text[range.end..end])),
        }
    }

    /// The change in one line: whose, and the lines before and after.
    pub fn in_one_line(&self) -> String {
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{} | {} | {}", self.subject, line(&self.before), line(&self.after))
    }
}

/// What came of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The bundle would not load with it.
    Invalid,
    /// This case notices it.
    Killed(String),
    /// Nothing notices it.
    Survived,
    /// Only its scope changed, and that admits the same environments as before.
    SameScope,
    /// It changes nothing, by this proof.
    Proved(String),
    /// It changes nothing that could be noticed, for this reason.
    Reasoned(String),
}

/// A mutant with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The change.
    pub mutant: Mutant,
    /// What came of it.
    pub fate: Fate,
}
