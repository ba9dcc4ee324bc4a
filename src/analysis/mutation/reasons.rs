//! `tests/mutants.toml`: changes that nothing can notice and no proof covers, each with its reason.
//!
//! ```toml
//! [[equivalent]]
//! of = "pricing.partner_rate_max"      # the policy, or the entry of the tariff
//! was = "partner_rate_max = 0.35"      # the changed line as it stands
//! becomes = ["partner_rate_max = 0.36"]  # and what it may become; left out: whatever it becomes
//! reason = "a bound of what the file may say; no amount depends on it"
//! ```
//!
//! An entry that fits no surviving mutant is out of date, and an error: a reason must not outlive what it is about.

use std::{
    collections::BTreeSet,
    io::ErrorKind,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use serde::Deserialize;
use toml::Spanned;

use super::Mutant;
use crate::{
    bundle::files::read_regular,
    config::toml_problem,
    problem::{Problem, Problems, Source},
};

/// Its place in a bundle's directory.
pub const PATH: &str = "tests/mutants.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    equivalent: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    of: String,
    was: String,
    #[serde(default)]
    becomes: BTreeSet<String>,
    reason: String,
}

/// The reasons, and which of them were used.
#[derive(Debug, Default)]
pub struct Reasons(Vec<Reason>);

#[derive(Debug)]
struct Reason {
    of: String,
    was: String,
    becomes: BTreeSet<String>,
    reason: String,
    place: (usize, usize),
    source: Source,
    used: AtomicBool,
}

impl Reasons {
    /// Reads the reasons of the bundle in a directory; none where there is no such file.
    ///
    /// # Errors
    /// The file cannot be read, or an entry of it.
    pub fn read(dir: &Path) -> Result<Self, Problems> {
        match std::fs::symlink_metadata(dir.join(PATH)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            _ => {
                let text = read_regular(&dir.join(PATH))
                    .map_err(|reason| Problem::new(format!("cannot read `{PATH}`: {reason}")))?;
                Self::parse(&Source::new(PATH, text))
            }
        }
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    /// An entry that is none, or gives no reason.
    pub fn parse(source: &Source) -> Result<Self, Problems> {
        let file: File = toml::from_str(&source.text).map_err(|error| toml_problem(source, &error))?;
        let mut problems = Problems::default();
        let mut reasons = Vec::new();
        for spanned in file.equivalent {
            let place = (spanned.span().start, "[[equivalent]]".len());
            let entry = spanned.into_inner();
            if entry.reason.trim().is_empty() {
                problems.push(Problem::at(source, place, "the entry gives no reason"));
            }
            reasons.push(Reason {
                of: entry.of,
                was: folded(&entry.was),
                becomes: entry.becomes.iter().map(|text| folded(text)).collect(),
                reason: entry.reason,
                place,
                source: source.clone(),
                used: AtomicBool::new(false),
            });
        }
        problems.into_result(Self(reasons))
    }

    /// Why nothing can notice a mutant, where an entry says so.
    pub fn of(&self, mutant: &Mutant) -> Option<&str> {
        let (was, becomes) = (folded(&mutant.before), folded(&mutant.after));
        let fits = |reason: &&Reason| {
            reason.of == mutant.subject
                && reason.was == was
                && (reason.becomes.is_empty() || reason.becomes.contains(&becomes))
        };
        let reason = self.0.iter().find(fits)?;
        reason.used.store(true, Ordering::Relaxed);
        Some(&reason.reason)
    }

    /// Entries that were about nothing; of use once everything was tried.
    pub fn stale(&self) -> Vec<Problem> {
        let unused = self.0.iter().filter(|reason| !reason.used.load(Ordering::Relaxed));
        unused
            .map(|reason| {
                let message = format!("no surviving change of `{}` is like this", reason.of);
                Problem::at(&reason.source, reason.place, message)
                    .help("take the entry out, or state the line as it stands now; `mandat mutate` shows both lines")
            })
            .collect()
    }
}

/// Lines and blanks as single blanks.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
