//! The versions of a tariff in the order of their dates: for every moment at most one is in force.
//!
//! A version that corrects another takes its place, with the same dates. Between the first day of the first
//! version and the end of the last, no day may have two versions, and none may have none.
//!
//! Codes: E051 overlap, E052 gap, E053 a correction of nothing or with other dates, E054 a version twice, E055 a second
//! tariff, E056 a version that starts before an earlier one, E057 versions of two time zones.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};

use super::Tariff;
use crate::problem::{Problem, Problems, Source};

/// All versions of a bundle's tariff.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Every version, the corrected ones too, by number.
    versions: Vec<Arc<Tariff>>,
    /// Those in force at some time, by date.
    timeline: Vec<Arc<Tariff>>,
}

impl Book {
    /// Reads all tariff files of a bundle.
    ///
    /// # Errors
    /// Every problem of every file, and what does not go together; warnings are handed over in `warnings`.
    pub fn read(sources: &[&Source], warnings: &mut Problems) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut read = Vec::new();
        for source in sources {
            match Tariff::parse(source, warnings) {
                Ok(tariff) => read.push((*source, Arc::new(tariff))),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            read.sort_by_key(|(_, tariff)| tariff.version);
            problems.extend(faults(&read));
        }
        let versions: Vec<Arc<Tariff>> = read.into_iter().map(|(_, tariff)| tariff).collect();
        let timeline = uncorrected(&versions);
        problems.into_result(Self { versions, timeline })
    }

    /// The version in force at a moment.
    pub fn at(&self, moment: Timestamp) -> Option<&Arc<Tariff>> {
        self.timeline.iter().find(|tariff| tariff.in_force(moment))
    }

    /// The versions that are in force at some time, by date.
    pub fn timeline(&self) -> &[Arc<Tariff>] {
        &self.timeline
    }

    /// Every version, the corrected ones too, by number.
    pub fn versions(&self) -> &[Arc<Tariff>] {
        &self.versions
    }

    /// When there are prices, for messages: `2025-12-12 on`.
    pub fn span(&self) -> String {
        match (self.timeline.first(), self.timeline.last().and_then(|last| last.period.until)) {
            (None, _) => "never".to_owned(),
            (Some(first), None) => format!("from {} on", first.period.from),
            (Some(first), Some(until)) => format!("from {} to before {until}", first.period.from),
        }
    }
}

fn uncorrected(versions: &[Arc<Tariff>]) -> Vec<Arc<Tariff>> {
    let corrected = |version: u32| versions.iter().any(|other| other.corrects == Some(version));
    let mut timeline: Vec<_> = versions.iter().filter(|tariff| !corrected(tariff.version)).cloned().collect();
    timeline.sort_by_key(|tariff| tariff.period.from);
    timeline
}

type Read<'s> = (&'s Source, Arc<Tariff>);

fn at((source, tariff): &Read, message: String) -> Problem {
    Problem::at(source, tariff.period.from_at, message)
}

fn faults(read: &[Read]) -> Vec<Problem> {
    let mut faults = Vec::new();
    let next = read.last().map_or(1, |(_, newest)| newest.version + 1);
    for (position, version) in read.iter().enumerate() {
        let (first, tariff) = (&read[0].1, &version.1);
        if first.id != tariff.id {
            let message = format!("this is a tariff \"{}\", but {} is one \"{}\"", tariff.id, first.file, first.id);
            faults
                .push(at(version, message).code("E055").help("a bundle has one tariff; give all versions the same id"));
        } else if let Some((_, twin)) =
            read[..position].iter().find(|(_, other)| (&other.id, other.version) == (&tariff.id, tariff.version))
        {
            let message = format!("version {} stands twice, also in {}", tariff.version, twin.file);
            faults.push(at(version, message).code("E054").help(format!("write version = {next}")));
        } else if first.timezone != tariff.timezone {
            let zone = |tariff: &Tariff| tariff.timezone.iana_name().unwrap_or_default().to_owned();
            let message = format!(
                "v{} has the time zone {}, but v{} {}",
                tariff.version,
                zone(tariff),
                first.version,
                zone(first)
            );
            let help = "give all versions one zone; between two midnights there would be no price, or two";
            faults.push(at(version, message).code("E057").help(help));
        }
    }
    faults.extend(read.iter().filter_map(|version| correction(read, version)));
    if faults.is_empty() {
        faults.extend(dates(read));
    }
    faults
}

/// A correction has the dates of what it corrects.
fn correction(read: &[Read], version: &Read) -> Option<Problem> {
    let corrects = version.1.corrects?;
    let dates = |tariff: &Tariff| (tariff.period.from, tariff.period.until);
    let Some((_, corrected)) =
        read.iter().find(|(_, tariff)| tariff.version == corrects && corrects < version.1.version)
    else {
        let message = format!("v{} corrects v{corrects}, which is no earlier version", version.1.version);
        return Some(at(version, message).code("E053").help("name the version whose place this one takes"));
    };
    (dates(corrected) != dates(&version.1)).then(|| {
        let message = format!("v{} corrects v{corrects}, but has other dates", version.1.version);
        at(version, message).code("E053").help("a correction has the dates of what it corrects")
    })
}

fn dates(read: &[Read]) -> Vec<Problem> {
    let corrected = |version: u32| read.iter().any(|(_, other)| other.corrects == Some(version));
    let mut standing: Vec<&Read> = read.iter().filter(|(_, tariff)| !corrected(tariff.version)).collect();
    standing.sort_by_key(|(_, tariff)| (place(read, tariff), tariff.version));
    standing.windows(2).filter_map(|pair| follow(pair[0], pair[1])).collect()
}

/// The number of the version whose place one has: its own, or that of the first in its row of corrections.
fn place(read: &[Read], tariff: &Tariff) -> u32 {
    // A correction has a higher number than what it corrects, so the row ends.
    let corrected =
        |number: u32| read.iter().find(|(_, other)| other.version == number).and_then(|(_, other)| other.corrects);
    std::iter::successors(Some(tariff.version), |number| corrected(*number)).last().unwrap_or(tariff.version)
}

/// Whether one version follows the other without gap or overlap.
fn follow(earlier: &Read, later: &Read) -> Option<Problem> {
    let (before, after) = (&earlier.1, &later.1);
    let from = after.period.from;
    let opening = |date: Date| format!("set effective_until = {date} there");
    if from <= before.period.from {
        let message = format!(
            "v{} starts {from}, not after v{}, which starts {}",
            after.version, before.version, before.period.from
        );
        return Some(
            at(later, message).code("E056").help("a later version starts later; a correction names what it corrects"),
        );
    }
    let (line, column) =
        (earlier.0.location(before.period.from_at.0).line, earlier.0.location(before.period.from_at.0).column);
    match before.period.until {
        None => {
            let message = format!(
                "v{} starts {from} but v{} ({}:{line}:{column}) is still open",
                after.version, before.version, before.file
            );
            Some(at(later, message).code("E051").help(opening(from)))
        }
        Some(until) if until > from => {
            let message = format!(
                "v{} starts {from} but v{} ({}:{line}:{column}) is in force until {until}",
                after.version, before.version, before.file
            );
            Some(at(later, message).code("E051").help(opening(from)))
        }
        Some(until) if until < from => {
            let message = format!("no version in force from {until} to {from}");
            Some(
                at(later, message)
                    .code("E052")
                    .help(format!("start this version on {until}, or end v{} on {from}", before.version)),
            )
        }
        Some(_) => None,
    }
}
