//! The order lines of the command line: a file, or standard input, and how far it has been read.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Seek as _},
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    Stopped,
    files::Draft,
    input::{BLOCK, Blocks, NoOrders},
    invalid,
    pass::{self, Outlet},
    turns::Failure,
    unwritable,
};
use crate::{
    pricing::statement::{
        Columns, Ledger, POSTINGS_HEADER, REFUSED_HEADER, Statement, counts::Counts, ledger::Outcomes, totals::Totals,
    },
    problem::{Problem, Problems},
};

/// Order lines in a file that can be read twice.
pub(super) struct Orders<'a> {
    name: String,
    file: File,
    columns: Columns,
    /// About how many rows there are, by the length of the first ones.
    expected: u64,
    dir: &'a Path,
    /// What was read from standard input or a pipe; it goes when all is done.
    _spool: Option<Draft>,
}

impl<'a> Orders<'a> {
    /// Opens them and reads their header. The directory of the statement is made if it is missing: what comes from
    /// standard input is kept there until the end.
    pub(super) fn find(orders: &PathBuf, dir: &'a Path) -> Result<Self, Stopped> {
        let failed = |error: io::Error| unwritable(dir, &error);
        let (name, file, spool) = if orders == Path::new("-") {
            fs::create_dir_all(dir).map_err(failed)?;
            let (file, spool) = spooled(&mut io::stdin().lock(), dir).map_err(failed)?;
            ("standard input".to_owned(), file, Some(spool))
        } else {
            let name = orders.display().to_string();
            let unreadable = |error| invalid(format!("cannot read the orders `{name}`: {error}"));
            let mut file = File::open(orders).map_err(unreadable)?;
            let kind = file.metadata().map_err(unreadable)?.file_type();
            if kind.is_dir() {
                return Err(unreadable(io::ErrorKind::IsADirectory.into()));
            }
            fs::create_dir_all(dir).map_err(failed)?;
            if kind.is_file() {
                (name, file, None)
            } else {
                // A pipe can be read once only.
                let (file, spool) = spooled(&mut file, dir).map_err(failed)?;
                (name, file, Some(spool))
            }
        };
        (&file).rewind().map_err(failed)?;
        let (columns, blocks) = Blocks::open(&file, BLOCK).map_err(|fault| no_orders(&name, fault))?;
        let expected = file.metadata().map_or(0, |file| file.len()) / blocks.row_length();
        Ok(Self { name, file, columns, expected, dir, _spool: spool })
    }

    /// Prices all rows; where one needs it, after counting the items of all orders.
    pub(super) fn settle(
        &self,
        statement: &Statement,
        postings: &mut Draft,
        refused: &mut Draft,
        threads: usize,
    ) -> Result<(Outcomes, Totals), Stopped> {
        let settled = match self.price(statement, (None, None), (&mut *postings, &mut *refused), threads) {
            Err(Failure::CountsNeeded) => self.count(statement, threads).and_then(|(counts, ledger)| {
                postings.begin_again(POSTINGS_HEADER).map_err(Failure::Unwritable)?;
                refused.begin_again(REFUSED_HEADER).map_err(Failure::Unwritable)?;
                self.price(statement, (Some(&counts), Some(ledger)), (postings, refused), threads)
            }),
            settled => settled,
        };
        settled.map_err(|failure| self.stopped(failure))
    }

    fn price(
        &self,
        statement: &Statement,
        counted: (Option<&Counts>, Option<Ledger>),
        (postings, refused): (&mut Draft, &mut Draft),
        threads: usize,
    ) -> Result<(Outcomes, Totals), Failure> {
        let bar = self.bar("pricing");
        let progress = |bytes: usize| bar.inc(bytes as u64);
        let outlet = Outlet {
            postings: &mut postings.file,
            refused: &mut refused.file,
            expected: self.expected,
            progress: &progress,
        };
        let settled = pass::settle((statement, &self.columns), counted, self.blocks()?, outlet, threads);
        bar.finish_and_clear();
        settled
    }

    fn count(&self, statement: &Statement, threads: usize) -> Result<(Counts, Ledger), Failure> {
        let bar = self.bar("counting");
        let progress = |bytes: usize| bar.inc(bytes as u64);
        let counts = pass::count((statement, &self.columns), self.blocks()?, &progress, threads);
        bar.finish_and_clear();
        counts
    }

    fn blocks(&self) -> Result<Blocks<&File>, Failure> {
        (&self.file).rewind().map_err(Failure::Unreadable)?;
        let opened = Blocks::open(&self.file, BLOCK).map(|(_, blocks)| blocks);
        opened.map_err(|fault| match fault {
            NoOrders::Unreadable(error) => Failure::Unreadable(error),
            NoOrders::Header(_) => Failure::Unreadable(io::Error::other("it changed while it was read")),
        })
    }

    /// How far it is, for whoever sits in front of it.
    fn bar(&self, doing: &'static str) -> ProgressBar {
        let seen = io::stderr().is_terminal();
        let target = if seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let length = self.file.metadata().map(|metadata| metadata.len()).ok();
        let bar = ProgressBar::with_draw_target(length, target).with_message(doing);
        match ProgressStyle::with_template("{msg} {bar:40} {percent:>3} %, {bytes_per_sec}, {eta} left") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }

    fn stopped(&self, failure: Failure) -> Stopped {
        match failure {
            Failure::Unreadable(error) => invalid(format!("cannot read the orders `{}`: {error}", self.name)),
            Failure::Unwritable(error) => unwritable(self.dir, &error),
            Failure::CountsNeeded | Failure::Broken => {
                super::failed(format!("the orders `{}` could not be worked through; this is a defect", self.name))
            }
        }
    }
}

/// Keeps what can be read only once in a file of the directory.
fn spooled(input: &mut impl io::Read, dir: &Path) -> io::Result<(File, Draft)> {
    let mut spool = Draft::begin(dir, "orders.csv", "")?;
    io::copy(input, &mut spool.file)?;
    Ok((spool.file.try_clone()?, spool))
}

fn no_orders(name: &str, fault: NoOrders) -> Stopped {
    match fault {
        NoOrders::Unreadable(error) => invalid(format!("cannot read the orders `{name}`: {error}")),
        NoOrders::Header(faults) => {
            let mut problems = Problems::default();
            problems.extend(faults.into_iter().map(|fault| Problem::new(format!("the orders `{name}`: {fault}"))));
            problems.into()
        }
    }
}
