//! `mandat check --watch`: checks again whenever a file is saved.
//!
//! Files are looked at a few times a second instead of asking the system for events: that works on network mounts and
//! in containers, and a bundle is some dozens of small files. Size and time of change are compared first; now and then
//! the contents too, since some file systems keep times coarsely. Only what is new or solved is told.

use std::{collections::BTreeMap, io::Write as _, path::Path, thread::sleep, time::Duration};

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

/// Checks until the process is ended or nobody reads what it tells.
pub(super) fn run(dir: &Path) -> Exit {
    let mut seen = Seen::of(dir);
    let mut told = Told::default();
    let memory = Memory::default();
    let mut report = Report::of(dir, &memory);
    loop {
        if told.tell(&report).is_err() {
            return Exit::Success;
        }
        seen.wait(dir);
        report = Report::of(dir, &memory);
    }
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

/// What has been told and still holds: a problem that only moved is not told again.
#[derive(Default)]
struct Told {
    problems: Option<BTreeMap<String, Vec<String>>>,
}

impl Told {
    fn tell(&mut self, report: &Report) -> std::io::Result<()> {
        let mut out = std::io::stdout();
        let mut before = self.problems.take().unwrap_or_default();
        let mut now: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for problem in report.all() {
            now.entry(identity(problem)).or_default().push(line(problem));
            let known = before.get_mut(&identity(problem)).and_then(Vec::pop);
            if known.is_none() {
                writeln!(out, "new {}", output::problem_text(problem))?;
            }
        }
        for solved in before.into_values().flatten() {
            writeln!(out, "solved {solved}")?;
        }
        self.problems = Some(now);
        if let Some(line) = report.not_looked_at() {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{}; watching", counted(report))?;
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
