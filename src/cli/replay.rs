//! `mandat replay LOG`: what another bundle would have answered to recorded questions.

use std::{
    path::{Path, PathBuf},
    thread::available_parallelism,
};

use super::{
    Exit,
    input::{self, FactsPlace},
    log::Log,
    output,
};
use crate::{
    analysis::replay::{Ground, Wish, gate::Gate, json, replay, text},
    bundle::Bundle,
    facts::{Facts as _, memory::MemoryFacts},
    problem::{Problem, Problems},
};

/// Arguments of `mandat replay`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The log: its place as `mandat audit --log` takes it, a file of records, one a line, or a directory of `*.jsonl` files.
    #[arg(value_name = "LOG")]
    log: String,
    /// The candidate: the bundle that decides again.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    #[command(flatten)]
    facts: FactsPlace,
    /// `were`: each question on the facts of its record's revision; `now`: all on the newest.
    #[arg(long, value_name = "WHICH", default_value = "were", value_parser = ["were", "now"])]
    facts_as: String,
    /// Fail if any of these is so: `newly-allowed`, `newly-denied`, `changed`; several by commas.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = gate)]
    fail_on: Vec<Gate>,
    /// How many cases of each kind of change are shown.
    #[arg(long, value_name = "N", default_value_t = 3)]
    samples: usize,
    /// How many threads decide; as many as there are if left out.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

fn gate(word: &str) -> Result<Gate, String> {
    Gate::of(word).ok_or_else(|| format!("write one of {}", Gate::ALL.map(|(word, _)| word).join(", ")))
}

/// Replays and tells; the exit code is the gate's.
pub fn run(arguments: &Arguments) -> Exit {
    told(arguments).unwrap_or_else(|problems| {
        output::problems(&problems, arguments.json);
        Exit::Invalid
    })
}

fn told(arguments: &Arguments) -> Result<Exit, Problems> {
    let Log { mut source, identities } = Log::open(&arguments.log)?;
    let bundle = Bundle::load(&arguments.bundle)?;
    let threads = arguments.threads.or_else(|| available_parallelism().ok().map(Into::into)).unwrap_or(1);
    let wish = Wish {
        ground: ground(arguments, &bundle)?,
        bundle: &bundle,
        samples: arguments.samples,
        threads,
        identify: &|pseudonym| identities.as_ref()?.identify(pseudonym),
    };
    let tally = replay(&mut *source, &wish)?;
    let shut: Vec<(Gate, String)> =
        arguments.fail_on.iter().filter_map(|gate| Some((*gate, gate.shut(&tally)?))).collect();
    let told = if arguments.json {
        let mut value = json::value(&tally, &wish);
        value["fails_on"] = shut.iter().map(|(gate, _)| gate.word()).collect();
        format!("{value:#}\n")
    } else {
        text::render(&tally, &wish, &output::explanation_text)
    };
    let exit = output::text(&told);
    for (gate, reason) in &shut {
        eprintln!("fails on {}: {reason}", gate.word());
    }
    Ok(if shut.is_empty() { exit } else { Exit::Failure })
}

fn ground(arguments: &Arguments, bundle: &Bundle) -> Result<Ground, Problems> {
    let were = arguments.facts_as == "were";
    match (arguments.facts.file(), arguments.facts.named_store()) {
        (Some(file), _) => {
            let facts = MemoryFacts::read(file, &bundle.schema)?.snapshot();
            let facts = facts.map_err(|error| Problem::new(error.to_string()))?;
            Ok(if were { Ground::FileWere(facts) } else { Ground::FileNow(facts) })
        }
        (None, Some(place)) => {
            // To open one that is not there would be to make it.
            if !place.contains("://") && !Path::new(place).exists() {
                return Err(Problem::new(format!("there is no store `{place}`")).into());
            }
            let store = input::open_store(place)?;
            Ok(if were { Ground::Were(store) } else { Ground::Now(store) })
        }
        (None, None) => Err(Problem::new("no facts are named to decide on")
            .help("name the store that the log is of, `--store PLACE`, or a file, `--facts FILE`")
            .into()),
    }
}
