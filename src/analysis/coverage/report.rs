//! The sums, and what is missing: gaps, and sides that are proved unreachable.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{
    sums::{Ratio, Sums},
    tally::{Count, Seen, Tally},
};
use crate::{
    analysis::condition::Clause,
    bundle::{Bundle, Policy},
    problem::Location,
};

/// One side of one clause of one policy, by places in the bundle and in the condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Side {
    /// The policy's place in the bundle.
    pub policy: usize,
    /// The clause's place in the policy's condition.
    pub clause: usize,
    /// True or false.
    pub value: bool,
}

/// What is known of sides that no scenario shows.
pub type Known = BTreeMap<Side, Reach>;

/// Whether a side can come up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Proved: never; in words, where and after what.
    Never(String),
    /// It can, in this environment.
    Somewhere(String),
    /// Not known; why.
    Unsettled(String),
}

/// What the scenarios cover and what they do not.
#[derive(Debug)]
pub struct Report<'r> {
    /// The bundle.
    pub bundle: &'r Bundle,
    /// What was counted.
    pub tally: &'r Tally,
    /// What is known of what was not seen.
    pub known: Known,
}

/// Something that no scenario shows.
#[derive(Debug, Clone)]
pub struct Gap<'r> {
    /// Where.
    pub at: &'r Location,
    /// The policy.
    pub policy: &'r Policy,
    /// The clause and the side; absent where the policy determined nothing.
    pub side: Option<(&'r Clause, bool)>,
    /// What is known of whether it could be shown, where it was looked into.
    pub known: Option<Reach>,
}

impl<'r> Report<'r> {
    /// Puts together what was counted and what was proved.
    pub fn new(bundle: &'r Bundle, tally: &'r Tally, known: Known) -> Self {
        Self { bundle, tally, known }
    }

    /// Every policy with its place and what was seen of it.
    pub fn policies(&self) -> impl Iterator<Item = (usize, &'r Policy, &'r Seen)> + use<'r> {
        let (bundle, tally) = (self.bundle, self.tally);
        bundle.policies.iter().zip(&tally.policies).enumerate().map(|(place, (policy, seen))| (place, policy, seen))
    }

    /// The sums of each file, in the order of the bundle.
    pub fn files(&self) -> Vec<(Arc<str>, Sums)> {
        let mut files: Vec<(Arc<str>, Sums)> = Vec::new();
        for (place, policy, seen) in self.policies() {
            let sums = self.sums(place, seen);
            match files.last_mut() {
                Some((file, so_far)) if *file == policy.source.name => *so_far += sums,
                _ => files.push((policy.source.name.clone(), sums)),
            }
        }
        files
    }

    /// The sums of all files.
    pub fn total(&self) -> Sums {
        let mut total = Sums::default();
        for (place, _, seen) in self.policies() {
            total += self.sums(place, seen);
        }
        total
    }

    /// What no scenario shows, in the order of the files.
    pub fn gaps(&self) -> Vec<Gap<'r>> {
        self.policies().flat_map(|(place, policy, seen)| self.gaps_of(place, policy, seen)).collect()
    }

    /// The clauses of the sides that are proved unreachable, with what proves it.
    pub fn proved(&self) -> impl Iterator<Item = (&'r Policy, &'r Clause, bool, &str)> {
        let (bundle, tally) = (self.bundle, self.tally);
        self.known.iter().filter_map(move |(side, reach)| {
            let Reach::Never(proof) = reach else { return None };
            let clause = tally.policies.get(side.policy)?.condition.clauses.get(side.clause)?;
            Some((bundle.policies.get(side.policy)?, clause, side.value, &**proof))
        })
    }

    /// Whether a side is proved unreachable.
    pub fn is_unreachable(&self, policy: usize, clause: usize, value: bool) -> bool {
        matches!(self.known.get(&Side { policy, clause, value }), Some(Reach::Never(_)))
    }

    fn sums(&self, policy: usize, seen: &Seen) -> Sums {
        let mut sums = Sums { policies: Ratio::of(seen.determined > 0), ..Sums::default() };
        for (clause, count) in seen.clauses.iter().enumerate() {
            sums.truths += self.ratio(policy, clause, *count, true);
            sums.falsehoods += self.ratio(policy, clause, *count, false);
            sums.erring += usize::from(count.errors > 0);
            sums.unreachable +=
                [true, false].into_iter().filter(|value| self.is_unreachable(policy, clause, *value)).count();
        }
        sums
    }

    fn ratio(&self, policy: usize, clause: usize, count: Count, value: bool) -> Ratio {
        if self.is_unreachable(policy, clause, value) { Ratio::default() } else { Ratio::of(count.of(value) > 0) }
    }

    fn gaps_of(&self, place: usize, policy: &'r Policy, seen: &'r Seen) -> Vec<Gap<'r>> {
        let undetermined = (seen.determined == 0).then_some(Gap { at: &policy.at, policy, side: None, known: None });
        let sides = missing_of(place, seen).filter_map(|side| {
            let known = self.known.get(&side);
            let clause = &seen.condition.clauses[side.clause];
            (!matches!(known, Some(Reach::Never(_)))).then(|| Gap {
                at: &clause.at,
                policy,
                side: Some((clause, side.value)),
                known: known.cloned(),
            })
        });
        undetermined.into_iter().chain(sides).collect()
    }
}

/// The sides that never came up.
pub fn missing(tally: &Tally) -> Vec<Side> {
    tally.policies.iter().enumerate().flat_map(|(place, seen)| missing_of(place, seen)).collect()
}

fn missing_of(policy: usize, seen: &Seen) -> impl Iterator<Item = Side> {
    seen.clauses.iter().enumerate().flat_map(move |(clause, count)| {
        let sides = [true, false].into_iter().filter(|value| count.of(*value) == 0);
        sides.map(move |value| Side { policy, clause, value })
    })
}

impl fmt::Display for Gap<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, id) = (self.at.short(), &self.policy.id);
        match self.side {
            None => write!(f, "{at}: `{id}` determines no decision")?,
            Some((clause, value)) => write!(f, "{at}: `{}` of `{id}` is never {value}", clause.text)?,
        }
        match &self.known {
            Some(Reach::Somewhere(environment)) => write!(f, ", but can be in `{environment}`"),
            Some(Reach::Unsettled(reason)) => write!(f, "; whether it can be is not proved: {reason}"),
            Some(Reach::Never(_)) | None => Ok(()),
        }
    }
}
