//! `mandat report`: what a reviewer reads, as a page and as data.
//!
//! One file a report; here is what they share: where they are put, the time they are about, and how they end.

pub mod access;
pub mod decisions;
pub mod policy_book;
pub mod tariffs;

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use jiff::Timestamp;

use super::{Exit, input, output};
use crate::{
    analysis::report::{Occasion, Report, counted},
    bundle::Bundle,
    problem::{Problem, Problems},
};

/// Arguments of `mandat report`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every rule with its source, what encodes, tests, prices and proves it; what is traced nowhere.
    PolicyBook(policy_book::Arguments),
    /// Who can do what on one organisation or other entity, why, and since which facts.
    Access(access::Arguments),
    /// What the tariffs say, when it applies, and what of it is sourced.
    Tariffs(tariffs::Arguments),
    /// What was decided in a period: denied most, failed, nearly allowed.
    Decisions(decisions::Arguments),
}

/// What all reports take.
#[derive(Debug, clap::Args)]
pub struct Shared {
    /// The bundle's directory.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    /// Where the page and the data are put; made where it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The time that the report is about, such as 2026-10-01T12:00:00Z; now if left out.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Fail on any finding.
    #[arg(long)]
    strict: bool,
}

impl Shared {
    fn load(&self) -> Result<Bundle, Problems> {
        Bundle::load(&self.bundle)
    }

    fn at(&self) -> Timestamp {
        self.at.unwrap_or_else(input::now)
    }

    fn occasion(&self, bundle: &Bundle, facts: Option<String>) -> Occasion {
        Occasion { at: self.at(), bundle: bundle.digest.clone(), facts }
    }
}

/// Why there is no report.
enum Failed {
    /// The bundle, the facts or the question is wrong.
    Invalid(Problems),
    /// Facts cannot be read, a file cannot be written.
    Failure(Problem),
}

impl From<Problems> for Failed {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems)
    }
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Invalid(problem.into())
    }
}

/// Makes one report.
pub fn run(arguments: &Arguments) -> Exit {
    let made = match &arguments.verb {
        Verb::PolicyBook(arguments) => put(&arguments.shared, "policy-book", policy_book::report(arguments)),
        Verb::Access(arguments) => put(&arguments.shared, "access", access::report(arguments)),
        Verb::Tariffs(arguments) => put(&arguments.shared, "tariffs", tariffs::report(arguments)),
        Verb::Decisions(arguments) => put(&arguments.shared, "decisions", decisions::report(arguments)),
    };
    match made {
        Ok(exit) => exit,
        Err(Failed::Invalid(problems)) => {
            output::problems(&problems, false);
            Exit::Invalid
        }
        Err(Failed::Failure(problem)) => {
            output::problems(&problem.into(), false);
            Exit::Failure
        }
    }
}

/// Writes a report beside its data.
fn put(shared: &Shared, name: &str, report: Result<Report, Failed>) -> Result<Exit, Failed> {
    let report = report?;
    let unwritten = |reason| Failed::Failure(Problem::new(reason));
    let (page, data) = (report.html().map_err(unwritten)?, report.csv().map_err(unwritten)?);
    fs::create_dir_all(&shared.out).map_err(|error| cannot_write(&shared.out, &error))?;
    for (ending, text) in [("html", page), ("csv", data)] {
        let path = shared.out.join(format!("{name}.{ending}"));
        fs::write(&path, text).map_err(|error| cannot_write(&path, &error))?;
        output::text(&format!("wrote {}\n", path.display()));
    }
    if report.findings > 0 {
        output::text(&format!("{}, told in the report\n", counted(report.findings, "finding", "findings")));
    }
    Ok(if shared.strict && report.findings > 0 { Exit::Failure } else { Exit::Success })
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failed {
    Failed::Failure(Problem::new(format!("cannot write `{}`: {error}", path.display())))
}
