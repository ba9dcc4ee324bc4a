//! `mandat statement ORDERS.csv --month YYYY-MM --out DIR`: what a month's order lines come to.
//!
//! The words of the command line become a [`Job`]; one or two passes over the orders ([`pass`]) fill the drafts of three
//! files ([`files`]), which get their names when all is done. How it ended is told in a few lines.

pub mod files;
mod givebacks;
pub mod input;
mod inputs;
mod orders;
pub mod pass;
mod report;
pub mod turns;
mod year;

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    thread,
};

use self::{files::Draft, orders::Orders};
use super::{Exit, output};
use crate::{
    bundle::Bundle,
    pricing::statement::{
        Month, POSTINGS_HEADER, REFUSED_HEADER, Statement, ledger::Outcomes, reversal, totals::Totals,
    },
    problem::{Problem, Problems},
};

/// Arguments of `mandat statement`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The order lines; `-` is standard input.
    #[arg(value_name = "ORDERS.csv")]
    orders: PathBuf,
    /// The month, in the tariff's time zone.
    #[arg(long, value_name = "YYYY-MM")]
    month: String,
    /// Where postings.csv, totals.csv and refused.csv go.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The bundle's directory.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    /// How many threads price; all cores where it is left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// What is given back: posting_id, reversed_at, and quantity or share.
    #[arg(long, value_name = "FILE", requires = "prior")]
    reversals: Option<PathBuf>,
    /// Postings of earlier statements, which the reversals are about.
    #[arg(long, value_name = "FILE", requires = "reversals", num_args = 1..)]
    prior: Vec<PathBuf>,
    /// The totals.csv of the eleven months before: partners below the yearly minimum are listed in review.csv.
    #[arg(long, value_name = "FILE", num_args = 11)]
    year: Vec<PathBuf>,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Why there is no statement.
struct Stopped {
    exit: Exit,
    problems: Problems,
}

impl From<Problems> for Stopped {
    fn from(problems: Problems) -> Self {
        Self { exit: Exit::Invalid, problems }
    }
}

fn invalid(message: String) -> Stopped {
    Problems::from(Problem::new(message)).into()
}

fn failed(message: String) -> Stopped {
    Stopped { exit: Exit::Failure, problems: Problem::new(message).into() }
}

fn unwritable(dir: &Path, error: &io::Error) -> Stopped {
    failed(format!("cannot write to `{}`: {error}", dir.display()))
}

/// Writes the statement; the exit code says whether every row was in order.
pub fn run(arguments: &Arguments) -> Exit {
    match write(arguments) {
        Ok((outcomes, totals, to_review)) => {
            let text = report::text(&outcomes, &totals, to_review, &arguments.out, arguments.json);
            let told = tell(&text);
            if outcomes.bad > 0 || !told { Exit::Failure } else { Exit::Success }
        }
        Err(stopped) => {
            output::problems(&stopped.problems, arguments.json);
            stopped.exit
        }
    }
}

/// Prints how it ended. Whoever closes standard output does not want to know; a full disk is a failure.
fn tell(text: &str) -> bool {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            // If standard error is gone too there is nobody left to tell.
            let _ = writeln!(io::stderr(), "cannot write to standard output: {error}; the statement is complete");
            false
        }
        _ => true,
    }
}

/// What came of the rows, the sums, and how many partners are to be looked at, if that was asked.
fn write(arguments: &Arguments) -> Result<(Outcomes, Totals, Option<usize>), Stopped> {
    let month = Month::parse(&arguments.month)
        .ok_or_else(|| invalid(format!("`{}` is no month; write YYYY-MM, such as 2026-10", arguments.month)))?;
    inputs::check(arguments)?;
    let bundle = Bundle::load(&arguments.bundle)?;
    let statement = Statement::new(&bundle.tariffs.book, month).map_err(invalid)?;
    let dir = &arguments.out;
    let failed = |error: io::Error| unwritable(dir, &error);
    let orders = Orders::find(&arguments.orders, dir)?;
    let threads = arguments.threads.map_or_else(all_cores, usize::from);
    let givebacks = givebacks::read(&statement, arguments.reversals.as_ref(), &arguments.prior)?;
    let mut postings = Draft::begin(dir, "postings.csv", POSTINGS_HEADER).map_err(failed)?;
    let mut refused = Draft::begin(dir, "refused.csv", REFUSED_HEADER).map_err(failed)?;
    let (mut outcomes, mut totals) = orders.settle(&statement, &mut postings, &mut refused, threads)?;
    if let Some((reversals, mut prior)) = givebacks {
        let reversed = reversal::settle(&statement, &reversals, &mut prior, &mut totals);
        postings.file.write_all(&reversed.postings).map_err(failed)?;
        refused.file.write_all(&reversed.refused).map_err(failed)?;
        outcomes.reversals(&reversed);
    }
    let mut sums = Draft::begin(dir, "totals.csv", "").map_err(failed)?;
    sums.file.write_all(&totals.csv()).map_err(failed)?;
    let tariff = bundle.tariffs.book.at(statement.calendar().last_moment());
    let reviews = year::review(tariff.map(|tariff| &**tariff), &totals, &arguments.year)?;
    let mut drafts = vec![postings, refused, sums];
    if let Some(reviews) = &reviews {
        let mut review = Draft::begin(dir, "review.csv", "").map_err(failed)?;
        review.file.write_all(&year::csv(reviews)).map_err(failed)?;
        drafts.push(review);
    }
    drafts.into_iter().try_for_each(Draft::publish).map_err(failed)?;
    Ok((outcomes, totals, reviews.map(|reviews| year::partners(&reviews))))
}

fn all_cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
