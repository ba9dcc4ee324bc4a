//! `mandat mutate [DIR]`: would the scenarios notice if the bundle said something else?

use std::{
    io::IsTerminal as _,
    path::Path,
    process::Command,
    sync::{Mutex, PoisonError},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{BundleDir, Exit, output};
use crate::{
    analysis::{
        mutation::{
            Fate, Tried,
            campaign::{self, LOCKED, Progress, Report, Selection},
            report,
            since::Changed,
        },
        prover::{
            Prover,
            lock::{self, Lock},
        },
    },
    bundle::Bundle,
    problem::{Problem, Problems},
};

/// Where the page about the whole campaign stands.
const PAGE: &str = "docs/mutation.md";

/// Arguments of `mandat mutate`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
    /// Only policies, tariff entries or files whose name contains this text.
    #[arg(long, value_name = "FILE|ID")]
    only: Option<String>,
    /// Only policies and lines of tariffs that changed since this revision of git.
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Keep the proofs in `policies/proofs.lock`, and the page `docs/mutation.md` where there is a `docs/`.
    #[arg(long, conflicts_with_all = ["only", "since"])]
    write: bool,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Tries the changes and prints those that nothing notices.
pub fn run(arguments: &Arguments) -> Exit {
    match tried(arguments, &arguments.dir.path()) {
        Ok(report) => {
            print(&report, arguments.json);
            if report.survivors().next().is_none() && report.stale.is_empty() { Exit::Success } else { Exit::Failure }
        }
        Err(problems) => {
            output::problems(&problems, arguments.json);
            Exit::Invalid
        }
    }
}

fn tried(arguments: &Arguments, dir: &Path) -> Result<Report, Problems> {
    let bundle = Bundle::load(dir)?;
    let changed = arguments.since.as_ref().and_then(|revision| changed(dir, revision));
    let selection = Selection { only: arguments.only.clone(), changed };
    let prover = Prover::open(dir)?;
    let report = campaign::run(&bundle, dir, &selection, &prover, &Bar::default())?;
    if arguments.write {
        write(dir, &report)?;
    }
    Ok(report)
}

/// What changed since a revision; none where that cannot be told, and then everything is tried.
fn changed(dir: &Path, revision: &str) -> Option<Changed> {
    let places = ["policies", "tariffs", "schemas", "mandat.toml", "tests/scenarios", "tests/prices", "tests/facts"];
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(dir).args(arguments).arg("--").args(places).output();
        match output {
            Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    };
    let commit = format!("{revision}^{{commit}}");
    let known = Command::new("git").arg("-C").arg(dir).args(["rev-parse", "--verify", "--quiet", &commit]).output();
    let difference = match known {
        Ok(known) if known.status.success() => git(&[
            "diff",
            "--unified=0",
            "--no-color",
            "--no-ext-diff",
            "--no-renames",
            "--relative",
            "--src-prefix=a/",
            "--dst-prefix=b/",
            revision,
        ]),
        Ok(_) => Err(format!("there is no revision `{revision}` here; a shallow clone lacks old ones")),
        Err(error) => Err(format!("git cannot be run: {error}")),
    };
    match difference.and_then(|difference| Ok((difference, git(&["ls-files", "--others", "--exclude-standard"])?))) {
        Ok((difference, unknown)) => Some(Changed::of(&difference, &unknown)),
        Err(reason) => {
            eprintln!("what changed cannot be told ({reason}); everything is tried");
            None
        }
    }
}

fn write(dir: &Path, report: &Report) -> Result<(), Problem> {
    let cannot = |name: &str, error: std::io::Error| Problem::new(format!("cannot write `{name}`: {error}"));
    let mut lock = Lock::read(dir)?;
    lock.forget(LOCKED);
    lock.take(&report.proved);
    std::fs::write(dir.join(lock::PATH), lock.text()).map_err(|error| cannot(lock::PATH, error))?;
    if dir.join("docs").is_dir() {
        std::fs::write(dir.join(PAGE), report::markdown(report)).map_err(|error| cannot(PAGE, error))?;
    }
    Ok(())
}

fn print(report: &Report, as_json: bool) {
    let (killed, invalid) =
        (report.count(|fate| matches!(fate, Fate::Killed(_))), report.count(|fate| *fate == Fate::Invalid));
    let proved = report.count(|fate| matches!(fate, Fate::Proved(_) | Fate::SameScope));
    let reasoned = report.count(|fate| matches!(fate, Fate::Reasoned(_)));
    let survived = report.survivors().count();
    if as_json {
        let survivors: Vec<Value> = report.survivors().map(|tried| mutant_json(tried, None)).collect();
        let excused = report.tried.iter().filter_map(|tried| match &tried.fate {
            Fate::Proved(how) | Fate::Reasoned(how) => Some(mutant_json(tried, Some(how))),
            _ => None,
        });
        println!(
            "{}",
            json!({
                "killed": killed, "invalid": invalid, "equivalent_by_proof": proved, "equivalent_by_reason": reasoned,
                "unsettled": report.unsettled, "survived": survived, "survivors": survivors,
                "equivalent": excused.collect::<Vec<_>>(), "stale_reasons": output::problems_json(&report.stale),
            })
        );
        return;
    }
    for tried in report.survivors() {
        println!("{}", mutant_text(tried));
    }
    output::problems(&report.stale, false);
    if report.unsettled > 0 {
        println!(
            "{} of the survivors may change nothing: without a solver nobody can tell (`tools/solver/install`)",
            report.unsettled
        );
    }
    println!(
        "{} mutants: {killed} killed, {proved} proved equivalent, {reasoned} equivalent by reason, {survived} survived; \
         {invalid} more would not load",
        killed + proved + reasoned + survived
    );
}

/// Where and what, as the lines before and after.
fn mutant_text(Tried { mutant, .. }: &Tried) -> String {
    let lines = |sign: &str, text: &str| text.lines().map(|line| format!("  {sign} {line}\n")).collect::<String>();
    format!(
        "SURVIVED {}: {} of `{}`\n{}{}",
        mutant.at,
        mutant.kind.words(),
        mutant.subject,
        lines("-", &mutant.before),
        lines("+", &mutant.after)
    )
}

fn mutant_json(Tried { mutant, .. }: &Tried, why: Option<&str>) -> Value {
    json!({
        "file": &*mutant.at.file, "line": mutant.at.line, "column": mutant.at.column, "of": mutant.subject,
        "change": mutant.kind.words(), "before": mutant.before, "after": mutant.after, "why": why,
    })
}

/// A bar on a terminal, nothing elsewhere.
#[derive(Default)]
struct Bar(Mutex<Option<ProgressBar>>);

impl Progress for Bar {
    fn begin(&self, what: &'static str, steps: usize) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = shown.take() {
            bar.finish_and_clear();
        }
        if std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            *shown = Some(ProgressBar::new(steps as u64).with_style(style).with_message(what));
        }
    }

    fn step(&self) {
        if let Some(bar) = &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            bar.inc(1);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}
