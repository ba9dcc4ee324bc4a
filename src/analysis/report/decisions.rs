//! The decision report: what was decided in a period, from the records of the log.
//!
//! Carla asks what was denied most last quarter, and whether somebody keeps running against the same rule. The records
//! come one by one, as parsed JSON and in any order, from wherever they are kept: [`Tally::add`] counts each and
//! forgets it. Of a denial it keeps the question with what was masked and dropped of it: asked again ([`Tally::again`]), it
//! tells which clause of the nearest permit failed. Where a pseudonym cannot be turned back or a field is gone that policies may
//! look at, the question is not the one that was asked any more; such denials are counted and said to be left out. Nobody
//! who was turned back is named in the report.

mod page;
mod reading;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::{Occasion, Report};

/// Most questions that are kept to be asked again; denials beyond are counted as left out.
pub const MAX_ASKED_AGAIN: usize = 10_000;

/// The period: half-open, by the time asked about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Period {
    /// The first moment.
    pub from: Option<Timestamp>,
    /// The first moment after it.
    pub until: Option<Timestamp>,
}

impl Period {
    /// Whether a moment is in it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// What was counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// The period.
    pub period: Period,
    /// Records in it, by kind.
    pub kinds: BTreeMap<String, usize>,
    /// Records before or after it.
    pub outside: usize,
    /// Lines that are no records, by what is wrong with them.
    pub unreadable: BTreeMap<String, usize>,
    /// Answers, by action.
    pub actions: BTreeMap<String, Answers>,
    /// Denials, by what denied them.
    pub denials: BTreeMap<Denial, usize>,
    /// Questions without an answer, by action, status and message.
    pub errors: BTreeMap<(String, String, String), usize>,
    /// Policies that could not be evaluated.
    pub faults: BTreeMap<String, usize>,
    /// Rules of what determined the answers: allowed and denied.
    pub rules: BTreeMap<String, (usize, usize)>,
    /// Callers: allowed and denied.
    pub callers: BTreeMap<String, (usize, usize)>,
    /// The bundles that decided.
    pub bundles: BTreeSet<String>,
    /// Denials to be asked again, as they were asked, with how often they were.
    pub kept: BTreeMap<String, (Asked, usize)>,
    /// Denials that were too many to be kept.
    pub beyond: usize,
    /// What came of those that were asked again; none where no facts were given.
    pub near_misses: Option<NearMisses>,
}

/// How often what came of one action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    /// Allowed.
    pub allowed: usize,
    /// Denied.
    pub denied: usize,
    /// Not answered.
    pub errors: usize,
}

impl Answers {
    /// All together.
    pub fn all(&self) -> usize {
        self.allowed + self.denied + self.errors
    }
}

/// What denied a question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// The action.
    pub action: String,
    /// The kind of answer.
    pub code: String,
    /// The determining policies.
    pub policies: String,
    /// Their rules.
    pub rules: String,
}

/// A question as it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As AuthZEN words it.
    pub question: Value,
    /// The time that it was about.
    pub at: Timestamp,
    /// Paths of what was replaced by pseudonyms.
    pub masked: Vec<String>,
    /// Paths of what was left out.
    pub dropped: Vec<String>,
}

/// What came of denials that were asked again.
#[derive(Debug, Default)]
pub struct NearMisses {
    /// By the nearest permit and the clauses that failed.
    pub misses: BTreeMap<Miss, usize>,
    /// Allowed now: facts or policies have changed.
    pub allowed_now: usize,
    /// Denied, and no permit fits.
    pub none_near: usize,
    /// Something of the question is gone; by what.
    pub left_out: BTreeMap<String, usize>,
    /// They cannot be asked any more; by why.
    pub unasked: BTreeMap<String, usize>,
}

/// A permit that came close.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Miss {
    /// The action.
    pub action: String,
    /// The permit.
    pub policy: String,
    /// Where it stands.
    pub at: String,
    /// The clauses that failed, as written.
    pub clauses: String,
}

/// What asking again came to.
#[derive(Debug)]
pub enum Again {
    /// Allowed.
    Allowed,
    /// Denied; what came closest.
    Denied(Option<Miss>),
    /// Something of the question is gone; what.
    LeftOut(String),
    /// Cannot be asked; why.
    Unasked(String),
}

impl Tally {
    /// An empty one.
    pub fn new(period: Period) -> Self {
        Self { period, ..Self::default() }
    }

    /// Asks every denial that was kept again. Equal questions are asked once.
    pub fn again(&mut self, mut ask: impl FnMut(&Asked) -> Again) {
        let mut near = NearMisses::default();
        for (asked, times) in self.kept.values() {
            match ask(asked) {
                Again::Allowed => near.allowed_now += times,
                Again::Denied(None) => near.none_near += times,
                Again::Denied(Some(miss)) => *near.misses.entry(miss).or_default() += times,
                Again::LeftOut(what) => *near.left_out.entry(what).or_default() += times,
                Again::Unasked(reason) => *near.unasked.entry(reason).or_default() += times,
            }
        }
        self.near_misses = Some(near);
    }

    /// Whether some of the log could not be read, or a policy failed.
    fn findings(&self) -> usize {
        self.unreadable.len() + self.faults.len()
    }

    /// As a report.
    pub fn report(&self, occasion: &Occasion) -> Report {
        Report { page: page::of(self, occasion), rows: rows::of(self), findings: self.findings() }
    }
}

/// The most frequent first, then by name.
fn ranked<K: Ord + Clone>(counts: &BTreeMap<K, usize>) -> Vec<(K, usize)> {
    let mut ranked: Vec<(K, usize)> = counts.iter().map(|(key, count)| (key.clone(), *count)).collect();
    ranked.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    ranked
}
