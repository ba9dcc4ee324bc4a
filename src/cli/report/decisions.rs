//! `mandat report decisions`: what was decided in a period, from the log's records.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{Failed, Shared};
use crate::{
    analysis::report::{
        Report,
        decisions::{Again, Asked, Miss, Period, Tally},
    },
    cli::input::FactsPlace,
    engine::Moment,
    http::wire,
    problem::Problem,
    request::Circumstances,
};

/// Arguments of `mandat report decisions`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) shared: Shared,
    /// The log: a file of one record a line, or a directory of such files, `*.jsonl`.
    #[arg(long, value_name = "PATH")]
    log: PathBuf,
    /// The first moment of the period.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// The first moment after the period.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    #[command(flatten)]
    facts: FactsPlace,
}

/// Counts the records, and asks denials again where facts are given.
pub(super) fn report(arguments: &Arguments) -> Result<Report, Failed> {
    let bundle = arguments.shared.load()?;
    let mut occasion = arguments.shared.occasion(&bundle, None);
    let mut tally = Tally::new(Period { from: arguments.from, until: arguments.until });
    for path in files(&arguments.log)? {
        let cannot = |error| Problem::new(format!("cannot read the log `{}`: {error}", path.display()));
        for line in BufReader::new(File::open(&path).map_err(cannot)?).lines() {
            let line = line.map_err(cannot)?;
            tally.add(serde_json::from_str(&line).map_err(|_| "it is no JSON".to_owned()));
        }
    }
    if arguments.facts.is_given() {
        let engine = arguments.facts.engine(bundle)?;
        let moment = engine.moment().map_err(|error| Failed::Failure(Problem::new(error.to_string())))?;
        occasion.facts = Some(arguments.facts.told(moment.revision()));
        tally.again(|asked| again(&moment, asked));
    }
    Ok(tally.report(&occasion))
}

/// The files of a log, by name.
fn files(log: &Path) -> Result<Vec<PathBuf>, Problem> {
    if !log.is_dir() {
        return Ok(vec![log.to_owned()]);
    }
    let cannot = |error| Problem::new(format!("cannot read the log `{}`: {error}", log.display()));
    let mut files = Vec::new();
    for entry in log.read_dir().map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Problem::new(format!("the log `{}` has no file *.jsonl", log.display())));
    }
    Ok(files)
}

fn again(moment: &Moment, asked: &Asked) -> Again {
    let request = match wire::evaluation(asked.question.clone()).and_then(wire::request) {
        Ok(request) => request,
        Err(invalid) => return Again::Unasked(invalid.to_string()),
    };
    // The record's own time is the one that policies saw.
    let circumstances = Circumstances { now: asked.at, trust_caller_clock: true };
    match moment.decide(&request, &circumstances) {
        Err(refusal) => Again::Unasked(refusal.to_string()),
        Ok(answer) if answer.decision.allowed() => Again::Allowed,
        Ok(answer) => Again::Denied(answer.explain().near_misses.first().map(|near| Miss {
            action: request.action.clone(),
            policy: near.policy.id.to_string(),
            at: near.policy.at.short(),
            clauses: near.missing.iter().map(|missing| &*missing.clause).collect::<Vec<_>>().join(" and "),
        })),
    }
}
