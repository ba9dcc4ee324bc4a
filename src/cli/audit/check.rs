//! `mandat audit check`: whether a proof holds. Needs no log, no bundle and no store.

use std::path::PathBuf;

use super::{TrustedKeys, invalid, telling::Told};
use crate::{
    audit::proof::Proof,
    cli::{Exit, input},
    problem::{Problem, Problems},
};

/// Arguments of `mandat audit check`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("trusted").required(true).args(["keys"]))]
pub struct Arguments {
    /// The proof, as `mandat audit prove` prints it; `-` for standard input.
    #[arg(value_name = "PROOF")]
    proof: PathBuf,
    #[command(flatten)]
    keys: TrustedKeys,
    /// Print the record as it is stored, on one line.
    #[arg(long)]
    json: bool,
}

/// Checks the proof and prints the record.
pub fn run(arguments: &Arguments) -> Exit {
    match check(arguments) {
        Ok(exit) => exit,
        Err(problems) => invalid(&problems, false),
    }
}

fn check(arguments: &Arguments) -> Result<Exit, Problems> {
    let trusted = arguments.keys.named()?;
    let body = input::body(&arguments.proof, "proof")?;
    let proof: Proof =
        serde_json::from_value(body).map_err(|error| Problem::new(format!("it is no proof of a record: {error}")))?;
    Ok(match proof.check(&trusted) {
        Ok(checkpoint) => {
            match Told::masked(proof.line.as_bytes()) {
                Ok(told) if !arguments.json => print!("{}", told.whole(None)),
                _ => println!("{}", proof.line),
            }
            println!("in the log: signed up to line {} of chain {}", checkpoint.last, checkpoint.writer);
            Exit::Success
        }
        Err(wrong) => {
            println!("NOT PROVED: {wrong}");
            Exit::Failure
        }
    })
}
