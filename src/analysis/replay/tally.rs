//! What came of a replay: how many decisions changed which way, by action and by policy, and the first cases of each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::record::Said;
use crate::{decision::Decision, explanation::Explanation, facts::store::Revision, request::Request};

/// How a decision comes out otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was denied.
    NewlyAllowed,
    /// It was allowed.
    NewlyDenied,
    /// The same, for other reasons: other determining policies, or another code.
    OtherReasons,
    /// The same for the same reasons, with other obligations or advice.
    OtherTerms,
    /// The question cannot be asked any more: the schema has no words for it.
    Unasked,
}

impl Change {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] =
        [Self::NewlyAllowed, Self::NewlyDenied, Self::OtherReasons, Self::OtherTerms, Self::Unasked];

    /// Its words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NewlyAllowed => "newly allowed",
            Self::NewlyDenied => "newly denied",
            Self::OtherReasons => "other reasons",
            Self::OtherTerms => "other terms",
            Self::Unasked => "cannot be asked any more",
        }
    }

    /// From what was answered to what is.
    fn between(before: &Said, after: &Decision) -> Option<Self> {
        let same = |said: &[String], names: &mut dyn ExactSizeIterator<Item = &str>| {
            said.len() == names.len() && said.iter().map(String::as_str).eq(names)
        };
        match (before.allowed, after.allowed()) {
            (false, true) => Some(Self::NewlyAllowed),
            (true, false) => Some(Self::NewlyDenied),
            _ if before.code != after.code.name()
                || !same(&before.policies, &mut after.determining.iter().map(AsRef::as_ref)) =>
            {
                Some(Self::OtherReasons)
            }
            _ if !same(&before.obligations, &mut after.obligations.iter().map(AsRef::as_ref))
                || !same(&before.advice, &mut after.advice.iter().map(AsRef::as_ref)) =>
            {
                Some(Self::OtherTerms)
            }
            _ => None,
        }
    }
}

/// How many, by kind of change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that were decided again.
    pub replayed: u64,
    changes: [u64; Change::ALL.len()],
}

impl Counts {
    /// Those that change so.
    pub fn of(&self, change: Change) -> u64 {
        self.changes[change as usize]
    }

    /// All that change.
    pub fn changed(&self) -> u64 {
        self.changes.iter().sum()
    }

    fn add(&mut self, change: Change) {
        self.changes[change as usize] += 1;
    }

    fn and(mut self, other: Self) -> Self {
        self.replayed += other.replayed;
        self.changes.iter_mut().zip(other.changes).for_each(|(mine, others)| *mine += others);
        self
    }
}

/// A case.
#[derive(Debug)]
pub struct Sample<'b> {
    /// Its place in the log.
    pub(super) position: (usize, usize, usize),
    /// The record's id.
    pub id: String,
    /// The time asked about.
    pub at: jiff::Timestamp,
    /// The revision of the facts that was answered on.
    pub revision: Revision,
    /// The question.
    pub request: Request,
    /// What was answered.
    pub before: Said,
    /// What is answered now; why it cannot be asked.
    pub after: Result<Said, String>,
    /// Why.
    pub explanation: Option<Explanation<'b>>,
}

/// All that was counted.
#[derive(Debug, Default)]
pub struct Tally<'b> {
    /// Lines of the log.
    pub records: u64,
    /// Decisions that were made again.
    pub all: Counts,
    /// Decisions that had ended in an error.
    pub errors: u64,
    /// Decisions that were left out, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// Records that hold no decision to be made again, by kind.
    pub other_kinds: BTreeMap<String, u64>,
    /// Those that cannot be asked any more and were allowed.
    pub allowed_unasked: u64,
    actions: HashMap<String, Counts>,
    /// Changes by the policies that are determining on one side only; of other terms, by all.
    pub policies: BTreeMap<String, Counts>,
    samples: [Vec<Sample<'b>>; Change::ALL.len()],
}

impl<'b> Tally<'b> {
    /// By action, those with most changes first.
    pub fn actions(&self) -> Vec<(&str, Counts)> {
        let mut actions: Vec<_> = self.actions.iter().map(|(name, counts)| (name.as_str(), *counts)).collect();
        actions.sort_unstable_by_key(|(name, counts)| (std::cmp::Reverse(counts.changed()), *name));
        actions
    }

    /// The first cases of a kind.
    pub fn samples(&self, change: Change) -> &[Sample<'b>] {
        &self.samples[change as usize]
    }

    pub(super) fn not_of_kind(&mut self, kind: &str) {
        count(&mut self.other_kinds, kind);
    }

    pub(super) fn leave_out(&mut self, reason: String) {
        *self.left_out.entry(reason).or_default() += 1;
    }

    /// Counts a decision, and how it has changed if it has.
    pub(super) fn decided(&mut self, action: &str, before: &Said, after: &Decision) -> Option<Change> {
        let change = Change::between(before, after);
        self.add(action, change);
        if let Some(change) = change {
            let was: BTreeSet<&str> = before.policies.iter().map(String::as_str).collect();
            let is: BTreeSet<&str> = after.determining.iter().map(AsRef::as_ref).collect();
            let doers: Vec<&str> = if was == is { is.into_iter().collect() } else { &was ^ &is }.into_iter().collect();
            self.blame(change, doers);
        }
        change
    }

    /// Counts a question that cannot be asked any more.
    pub(super) fn unasked(&mut self, action: &str, before: &Said) -> Change {
        self.add(action, Some(Change::Unasked));
        self.blame(Change::Unasked, before.policies.iter().map(String::as_str).collect());
        self.allowed_unasked += u64::from(before.allowed);
        Change::Unasked
    }

    fn add(&mut self, action: &str, change: Option<Change>) {
        if !self.actions.contains_key(action) {
            self.actions.insert(action.to_owned(), Counts::default());
        }
        for counts in self.actions.get_mut(action).into_iter().chain([&mut self.all]) {
            counts.replayed += 1;
            change.into_iter().for_each(|change| counts.add(change));
        }
    }

    fn blame(&mut self, change: Change, policies: Vec<&str>) {
        for policy in policies {
            self.policies.entry(policy.to_owned()).or_default().add(change);
        }
    }

    /// Whether a case at that place is among the first of its kind.
    pub(super) fn wants(&self, change: Change, position: (usize, usize, usize), most: usize) -> bool {
        let kept = &self.samples[change as usize];
        kept.len() < most || kept.last().is_some_and(|last| position < last.position)
    }

    pub(super) fn keep(&mut self, change: Change, most: usize, sample: Sample<'b>) {
        let kept = &mut self.samples[change as usize];
        kept.insert(kept.partition_point(|other| other.position < sample.position), sample);
        kept.truncate(most);
    }

    /// The two together.
    pub(super) fn and(mut self, other: Self, most: usize) -> Self {
        self.records += other.records;
        self.all = self.all.and(other.all);
        self.errors += other.errors;
        self.allowed_unasked += other.allowed_unasked;
        for (mine, others) in [(&mut self.left_out, other.left_out), (&mut self.other_kinds, other.other_kinds)] {
            others.into_iter().for_each(|(name, number)| *mine.entry(name).or_default() += number);
        }
        for (name, counts) in other.actions {
            let mine = self.actions.entry(name).or_default();
            *mine = mine.and(counts);
        }
        for (name, counts) in other.policies {
            let mine = self.policies.entry(name).or_default();
            *mine = mine.and(counts);
        }
        for (change, samples) in Change::ALL.into_iter().zip(other.samples) {
            samples.into_iter().for_each(|sample| self.keep(change, most, sample));
        }
        self
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(number) => *number += 1,
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}
