//! `mandat check --watch`: checks again whenever a file is saved.
//!
//! Files are looked at a few times a second instead of asking the system for events: that works on network mounts and
//! in containers, and a bundle is some dozens of small files. Size and time of change are compared first; now and then
//! the contents too, since some file systems keep times coarsely. Only what is new or solved is told.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    thread::sleep,
    time::{Duration, SystemTime},
};

use super::{counted, output};
use crate::{analysis::lint::report::Report, bundle::files, cli::Exit, problem::Problem};

/// How long a save can go unnoticed.
const EVERY: Duration = Duration::from_millis(150);
/// Looks between two comparisons of contents.
const LOOKS: u32 = 10;

/// Checks until the process is ended or nobody reads what it tells.
pub(super) fn run(dir: &Path) -> Exit {
    let mut seen = Seen::of(dir);
    let mut told = Told::default();
    let mut report = Report::of(dir);
    loop {
        if told.tell(&report).is_err() {
            return Exit::Success;
        }
        seen.wait(dir);
        report = Report::of(dir);
    }
}

/// The files as they were last looked at.
struct Seen {
    stamps: BTreeMap<String, (u64, Option<SystemTime>)>,
    digest: Option<String>,
}

impl Seen {
    fn of(dir: &Path) -> Self {
        Self { stamps: stamps(dir), digest: digest(dir) }
    }

    /// Returns when a file has been changed, added or taken away.
    fn wait(&mut self, dir: &Path) {
        for look in 1.. {
            sleep(EVERY);
            let stamps = stamps(dir);
            let stamped = stamps != self.stamps;
            if stamped || look % LOOKS == 0 {
                let digest = digest(dir);
                // Without a digest something cannot be read, and what that is may have changed.
                let changed = digest != self.digest || (stamped && digest.is_none());
                *self = Self { stamps, digest };
                if changed {
                    return;
                }
            }
        }
    }
}

fn digest(dir: &Path) -> Option<String> {
    files::read(dir).ok().map(|files| files.digest)
}

/// Size and time of change of everything that may belong to the bundle.
fn stamps(dir: &Path) -> BTreeMap<String, (u64, Option<SystemTime>)> {
    let mut stamps = BTreeMap::new();
    let mut stamp = |path: &Path| {
        if let Ok(metadata) = fs::symlink_metadata(path) {
            stamps.insert(path.to_string_lossy().into_owned(), (metadata.len(), metadata.modified().ok()));
        }
    };
    stamp(&dir.join("mandat.toml"));
    for sub in ["policies", "schemas", "tariffs"].map(|sub| dir.join(sub)) {
        stamp(&sub);
        for entry in fs::read_dir(sub).into_iter().flatten().filter_map(Result::ok) {
            stamp(&entry.path());
        }
    }
    stamps
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
