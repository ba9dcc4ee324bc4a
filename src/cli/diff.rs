//! `mandat diff OLD [NEW]`: what a change newly allows and newly denies, and whose prices it changes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Exit, output};
use crate::{
    analysis::{
        difference::{
            Difference, Side, Wish, compare,
            example::{Example, ExampleFacts},
            gate::Gate,
            json, markdown, text,
        },
        prover::Prover,
    },
    problem::{Problem, Problems},
};

/// Arguments of `mandat diff`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What was: a bundle's directory, or a revision of git.
    #[arg(value_name = "OLD")]
    old: String,
    /// What is to be; the bundle's directory where it is left out.
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// The bundle's directory: revisions are those of the repository that holds it.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    /// A name that is a directory too is the revision.
    #[arg(long)]
    git: bool,
    /// By proof, or by the questions of scenarios and matrix alone; by proof where a solver is installed if left out.
    #[arg(long, value_name = "WAY", value_parser = ["proof", "questions"])]
    by: Option<String>,
    /// Compare prices on these order lines instead of a sample; the columns are those of `mandat statement`.
    #[arg(long, value_name = "FILE")]
    orders: Option<PathBuf>,
    /// How many lines of changed prices are listed.
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// End with 1 where the difference has this: newly-allowed, newly-denied, price-up, price-down, any.
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = gate)]
    fail_on: Vec<Gate>,
    /// Write each example with facts of its own as files that `mandat decide` takes.
    #[arg(long, value_name = "DIR")]
    examples: Option<PathBuf>,
    /// As a comment for a review.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

fn gate(word: &str) -> Result<Gate, String> {
    Gate::of(word).ok_or_else(|| format!("write one of {}", Gate::ALL.map(|(word, _)| word).join(", ")))
}

/// Compares and tells; the exit code is the gate's.
pub fn run(arguments: &Arguments) -> Exit {
    match difference(arguments) {
        Ok(difference) => told(arguments, &difference),
        Err(problems) => {
            output::problems(&problems, arguments.json);
            Exit::Invalid
        }
    }
}

fn difference(arguments: &Arguments) -> Result<Difference, Problems> {
    let own = dotted(&arguments.bundle);
    let load = |name: &str| Side::load(name, &arguments.bundle, arguments.git);
    let (old, new) = (load(&arguments.old)?, load(arguments.new.as_deref().unwrap_or(&own))?);
    let orders = arguments.orders.as_deref().map(read).transpose()?;
    // Verdicts of a lock file are taken from neither side: what is compared is not yet trusted.
    let prover = Prover::afresh()?;
    let by_proof = match arguments.by.as_deref() {
        Some("questions") => Err("as was asked for".to_owned()),
        Some(_) if prover.solver().is_none() => {
            let none = crate::analysis::prover::solver::NONE;
            return Err(Problem::new(none).help(crate::analysis::prover::solver::HELP).into());
        }
        _ => Ok(&prover),
    };
    compare(&old, &new, &Wish { prover: by_proof, orders, top: arguments.top })
}

/// The bundle's directory as a name that is no revision's.
fn dotted(bundle: &Path) -> String {
    if bundle.is_absolute() || bundle.starts_with(".") || bundle.starts_with("..") {
        return bundle.display().to_string();
    }
    format!("./{}", bundle.display())
}

fn read(path: &Path) -> Result<(String, Vec<u8>), Problem> {
    let name = path.display().to_string();
    let text = fs::read(path).map_err(|error| Problem::new(format!("cannot read the orders `{name}`: {error}")))?;
    Ok((name, text))
}

fn told(arguments: &Arguments, difference: &Difference) -> Exit {
    if let Some(dir) = &arguments.examples
        && let Err(error) = write_examples(dir, difference)
    {
        let problem = Problem::new(format!("cannot write to `{}`: {error}", dir.display()));
        output::problems(&problem.into(), arguments.json);
        return Exit::Failure;
    }
    let shut: Vec<(Gate, String)> =
        arguments.fail_on.iter().filter_map(|gate| Some((*gate, gate.shut(difference)?))).collect();
    let text = if arguments.json {
        let mut value = json::value(difference);
        value["fails_on"] = shut.iter().map(|(gate, _)| gate.word()).collect();
        format!("{value:#}\n")
    } else if arguments.markdown {
        markdown::render(difference)
    } else {
        text::render(difference)
    };
    let exit = output::text(&text);
    for (gate, reason) in &shut {
        eprintln!("fails on {}: {reason}", gate.word());
    }
    if shut.is_empty() { exit } else { Exit::Failure }
}

/// Each example with facts of its own as two files, the question and the facts.
fn write_examples(dir: &Path, difference: &Difference) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    let own = |example: &&Example| matches!(example.facts, ExampleFacts::Entities(_));
    for (number, example) in difference.changes.iter().map(|change| &change.example).filter(own).enumerate() {
        let ExampleFacts::Entities(facts) = &example.facts else { continue };
        let path = |what: &str| dir.join(format!("{}-{what}.json", number + 1));
        fs::write(path("request"), format!("{:#}\n", example.question()))?;
        fs::write(path("facts"), format!("{facts:#}\n"))?;
    }
    Ok(())
}
