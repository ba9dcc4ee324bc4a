//! `mandat check --watch`: checks again whenever a file is saved.
//!
//! Files are looked at a few times a second instead of asking the system for events: that works on network mounts and
//! in containers, and a bundle is some dozens of small files. Size and time of change are compared first; now and then
//! the contents too, since some file systems keep times coarsely. Only what is new or solved is told, and what needs no
//! proof before what does.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
    path::Path,
    thread::sleep,
    time::Duration,
};

use super::{counted, output};
use crate::{
    analysis::lint::{meaning::Memory, report::Report},
    bundle::look::{self, Glimpse, Look},
    cli::Exit,
    problem::Problem,
};

/// How long a save can go unnoticed.
const EVERY: Duration = Duration::from_millis(150);
/// Looks between two comparisons of contents.
const LOOKS: u64 = 10;
/// The first code of what is proved, and that of a lock that cannot be read: they are known a little later.
const PROVED: &str = "W310";
const LOCK: &str = "E208";

/// Checks until the process is ended or nobody reads what it tells.
pub(super) fn run(dir: &Path) -> Exit {
    let memory = Memory::default();
    let mut seen = Seen::of(dir);
    let mut told = Told::default();
    while told.round(dir, &memory).is_ok() {
        seen.wait(dir);
    }
    Exit::Success
}

/// The files as they were last looked at.
struct Seen {
    glimpse: Glimpse,
    look: Look,
}

impl Seen {
    fn of(dir: &Path) -> Self {
        Self { glimpse: look::glimpse(dir), look: look::look(dir) }
    }

    /// Returns when a file has been changed, added or taken away.
    fn wait(&mut self, dir: &Path) {
        for number in 1_u64.. {
            sleep(EVERY);
            let glimpse = look::glimpse(dir);
            if glimpse == self.glimpse && number % LOOKS != 0 {
                continue;
            }
            let look = look::look(dir);
            let changed = look != self.look;
            *self = Self { glimpse, look };
            if changed {
                return;
            }
        }
    }
}

/// What has been told and still holds, by what makes it the same problem: one that only moved is not told again.
#[derive(Default)]
struct Told(BTreeMap<String, Vec<Fact>>);

/// A problem that was told.
struct Fact {
    code: Option<&'static str>,
    line: String,
}

impl Told {
    /// Checks and tells: at once what needs no proof, then the rest.
    fn round(&mut self, dir: &Path, memory: &Memory) -> io::Result<()> {
        let mut report = Report::read(dir);
        if report.bundle.is_none() {
            // What was worth a look in a valid bundle most likely still is.
            self.tell(&report, |code| code.starts_with('W'))?;
        } else {
            self.tell(&report, |code| code >= PROVED || code == LOCK)?;
            report.prove(dir, memory);
            self.tell(&report, |_| false)?;
        }
        let mut out = io::stdout();
        if let Some(line) = report.not_looked_at() {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{}; watching", counted(&report))?;
        out.flush()
    }

    /// Tells what is new and what is solved; problems of codes that the report did not look at stay.
    fn tell(&mut self, report: &Report, stays: impl Fn(&str) -> bool) -> io::Result<()> {
        let mut out = io::stdout();
        let mut before = std::mem::take(&mut self.0);
        for problem in report.all() {
            let identity = identity(problem);
            if before.get_mut(&identity).and_then(Vec::pop).is_none() {
                writeln!(out, "new {}", output::problem_text(problem))?;
            }
            self.0.entry(identity).or_default().push(Fact { code: problem.code_text(), line: line(problem) });
        }
        for (identity, facts) in before {
            let (kept, solved): (Vec<Fact>, Vec<Fact>) =
                facts.into_iter().partition(|fact| fact.code.is_some_and(&stays));
            solved.iter().try_for_each(|fact| writeln!(out, "solved {}", fact.line))?;
            if !kept.is_empty() {
                self.0.entry(identity).or_default().extend(kept);
            }
        }
        out.flush()
    }
}

/// What makes a problem the same one after an edit elsewhere in its file.
fn identity(problem: &Problem) -> String {
    let file = problem.location().map_or("", |at| &at.file);
    format!("{:?} {file} {} {:?}", problem.code_text(), problem.message(), problem.underlined())
}

fn line(problem: &Problem) -> String {
    let place = problem.location().map_or_else(String::new, |at| format!("{at}: "));
    format!("{place}{}", problem.message())
}
