//! What a change does: whose answers and whose prices are different in two bundles.
//!
//! Bob renames a policy, widens another and lowers a rate. His reviewer does not want to read that in Cedar and TOML but
//! as what it comes to: *whom it newly allows what*, *whom it newly denies what*, *who pays how much more or less*. Both
//! bundles are loaded ([`side`]), and then
//! 1. in every environment whose policies differ it is proved that nothing is newly allowed and nothing newly denied;
//!    where that fails, the counterexample is the example ([`proof`]). It is asked again of both bundles before it is
//!    shown;
//! 2. all questions of the scenarios and of the access matrix, of both sides, are asked of both ([`questions`]). They
//!    give examples that people know, and they are all there is where no solver is installed: what no question is about
//!    then goes unnoticed, and the answer says that this was the way;
//! 3. a sample of orders, or a file of them, is priced by both tariffs ([`prices`]).
//!
//! [`text`], [`markdown`] and [`json`] tell it; [`gate`] lets a build fail on it.

mod environments;
pub mod example;
pub mod gate;
pub mod json;
pub mod markdown;
mod orders;
mod policies;
pub mod prices;
pub mod proof;
pub mod questions;
mod sample;
pub mod side;
pub mod text;

use std::collections::BTreeMap;

pub use self::{
    example::{Doer, Example, Told, Verdict},
    policies::{Fate, PolicyChange},
    prices::Prices,
    proof::Proved,
    side::Side,
};
use super::prover::Prover;
use crate::problem::Problems;

/// Which way an answer has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Denied before, allowed now.
    NewlyAllowed,
    /// Allowed before, denied now.
    NewlyDenied,
    /// Allowed as before, with other obligations or advice.
    OtherTerms,
}

impl Direction {
    /// Its words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NewlyAllowed => "newly allowed",
            Self::NewlyDenied => "newly denied",
            Self::OtherTerms => "other terms",
        }
    }
}

/// How it was found that answers change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A counterexample to "nothing changes".
    Proof,
    /// A question of a scenario or of the matrix.
    Questions,
}

/// Answers of one environment that change in one direction.
#[derive(Debug)]
pub struct Change {
    /// `User addClient Organization`.
    pub environment: String,
    /// Which way.
    pub direction: Direction,
    /// How it was found.
    pub way: Way,
    /// The side that alone has this environment, if not both have it.
    pub only: Option<Which>,
    /// The policies that do it, as far as the example shows.
    pub doers: Vec<Doer>,
    /// One case of it.
    pub example: Example,
    /// How many questions of scenarios and matrix change so.
    pub questions: usize,
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// As it was.
    Old,
    /// As it is to be.
    New,
}

impl Which {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::New => "new",
        }
    }
}

/// How thoroughly it was looked.
#[derive(Debug)]
pub struct Look {
    /// Environments of either side.
    pub environments: usize,
    /// Those whose policies say something else.
    pub differing: usize,
    /// By proof; why not, where it was not.
    pub proof: Result<Proved, String>,
    /// Different questions of scenarios and matrix.
    pub questions: usize,
    /// Those that were asked of both sides; the others are of environments that have not changed.
    pub asked: usize,
    /// Questions that could not be asked of both, with the reason.
    pub unasked: Vec<(String, String)>,
}

/// All that is different.
#[derive(Debug)]
pub struct Difference {
    /// Names and digests, old and new.
    pub sides: [(String, String); 2],
    /// How it was looked.
    pub look: Look,
    /// By environment and direction.
    pub changes: Vec<Change>,
    /// Policies that were added, taken away or changed, whether or not an answer changes.
    pub policies: Vec<PolicyChange>,
    /// What changes in prices; none where both sides have the same tariff.
    pub prices: Option<Prices>,
    /// Whether the tables of tax rates differ.
    pub taxes: bool,
    /// Whether the settings differ; what they say is not compared.
    pub settings: bool,
}

impl Difference {
    /// Whether no answer and no price is different, as far as was looked.
    pub fn is_none(&self) -> bool {
        self.changes.is_empty() && !self.taxes && !self.settings && self.prices.as_ref().is_none_or(Prices::is_none)
    }

    /// Whether it is known of every answer that it is told here if it changes.
    pub fn is_complete(&self) -> bool {
        self.look.differing == 0 || (self.look.proof.is_ok() && self.unsettled().is_empty())
    }

    /// Environments of which it is not known whether answers change.
    pub fn unsettled(&self) -> &[(String, String)] {
        self.look.proof.as_ref().map_or(&[], |proved| &proved.unsettled)
    }
}

/// How to compare.
pub struct Wish<'w> {
    /// Asked for proofs; none for comparing by questions alone, with the reason.
    pub prover: Result<&'w Prover, String>,
    /// Order lines as CSV with the name of their file; a sample in their place.
    pub orders: Option<(String, Vec<u8>)>,
    /// How many lines of changed prices are listed.
    pub top: usize,
}

/// Compares two bundles.
///
/// # Errors
/// A question of the matrix that cannot be built, or an order file that cannot be read.
pub fn compare(old: &Side, new: &Side, wish: &Wish) -> Result<Difference, Problems> {
    let sides = [old, new];
    let changed = policies::changes(sides);
    let compared = environments::compared(old, new);
    let found = questions::ask(sides, &compared, &changed)?;
    let proof = wish.prover.clone().and_then(|prover| proof::prove(sides, &compared, prover, &changed));
    let mut look = Look {
        environments: compared.len(),
        differing: compared.iter().filter(|comparison| comparison.differs).count(),
        proof,
        questions: found.questions,
        asked: found.asked,
        unasked: found.unasked,
    };
    let mut changes: BTreeMap<(String, Direction), Change> =
        found.changes.into_iter().map(|change| ((change.environment.clone(), change.direction), change)).collect();
    if let Ok(proved) = &mut look.proof {
        for change in proved.changes.drain(..) {
            // An example that people know by name says more than one that the solver made up.
            let known = changes.entry((change.environment.clone(), change.direction)).or_insert(change);
            known.way = Way::Proof;
        }
    }
    Ok(Difference {
        sides: sides.map(|side| (side.name.clone(), side.bundle.digest.clone())),
        look,
        changes: changes.into_values().collect(),
        policies: changed,
        prices: prices::compare(old, new, wish)?,
        taxes: taxes(old) != taxes(new),
        settings: old.settings != new.settings,
    })
}

/// The texts of a side's tables of tax rates.
fn taxes(side: &Side) -> Vec<&str> {
    let is_tariff = |name: &str| side.bundle.tariffs.book.versions().iter().any(|tariff| *tariff.file == *name);
    side.tariffs.iter().filter(|(name, _)| !is_tariff(name)).map(|(_, source)| &*source.text).collect()
}
