//! `mandat audit verify`: whether the log is what was written.

use std::{fs, num::NonZero, path::PathBuf, time::Instant};

use serde_json::json;

use super::{LogPlace, TrustedKeys, failed, invalid};
use crate::{
    audit::{
        Failed,
        checkpoint::Checkpoint,
        verify::{ChainReport, Report, Witness, verify},
    },
    cli::Exit,
    problem::{Problem, Problems},
};

/// Arguments of `mandat audit verify`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: LogPlace,
    #[command(flatten)]
    keys: TrustedKeys,
    /// Checkpoints that were kept elsewhere, as `mandat audit checkpoint` prints them: what they sign must still be there.
    #[arg(long, value_name = "FILE")]
    kept: Vec<PathBuf>,
    /// Threads to check on; as many as the machine has cores if left out.
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Checks the log.
pub fn run(arguments: &Arguments) -> Exit {
    match check(arguments) {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => failed(&error, arguments.json),
        Err(problems) => invalid(&problems, arguments.json),
    }
}

fn check(arguments: &Arguments) -> Result<Result<Exit, Failed>, Problems> {
    let trusted = arguments.keys.read(&arguments.place)?;
    let ledger = arguments.place.open()?;
    let mut witnesses = Vec::new();
    for path in &arguments.kept {
        witnesses.extend(kept(path, &trusted)?);
    }
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    let begun = Instant::now();
    let report = verify(&*ledger, &trusted, &witnesses, arguments.threads.unwrap_or_else(cores));
    Ok(report.map(|report| tell(&report, begun, arguments.json)))
}

fn kept(path: &PathBuf, trusted: &[ed25519_dalek::VerifyingKey]) -> Result<Vec<Witness>, Problem> {
    let wrong = |reason: String| Problem::new(format!("the kept checkpoints `{}`: {reason}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    text.lines().map(|line| Checkpoint::read(line, trusted).map_err(wrong)).collect()
}

fn tell(report: &Report, begun: Instant, json: bool) -> Exit {
    let sound = report.is_sound();
    if json {
        let chains: Vec<_> = report.chains.iter().map(chain_json).collect();
        println!("{}", json!({ "sound": sound, "lines": report.lines(), "chains": chains }));
    } else {
        report.chains.iter().for_each(chain_text);
        let verdict = if sound { "sound" } else { "NOT SOUND" };
        println!("{verdict}: {} checked in {:.2} s", counted(report.lines(), "record"), begun.elapsed().as_secs_f64());
    }
    if sound { Exit::Success } else { Exit::Failure }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn chain_text(chain: &ChainReport) {
    let ChainReport { writer, lines, checkpoints, dropped_through, flaw, .. } = chain;
    println!("chain {writer}: {}, {}", counted(*lines, "line"), counted(*checkpoints, "checkpoint"));
    if *dropped_through > 0 {
        println!("  lines 1 to {dropped_through} were dropped, as a later record says");
    }
    if let Some(flaw) = flaw {
        println!("  {flaw}");
    }
}

fn chain_json(chain: &ChainReport) -> serde_json::Value {
    let ChainReport { writer, lines, checkpoints, dropped_through, flaw, .. } = chain;
    let flaw = flaw.as_ref().map(|flaw| json!({ "line": flaw.line, "what": flaw.what }));
    json!({
        "writer": writer, "lines": lines, "checkpoints": checkpoints, "dropped_through": dropped_through, "flaw": flaw,
    })
}
