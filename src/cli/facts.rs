//! `mandat facts`: what operators do with facts as a whole.

pub mod backup;
pub mod export;
pub mod get;
pub mod import;
mod progress;

use clap::Subcommand;

use super::{Exit, output};
use crate::{
    facts::Unavailable,
    problem::{Problem, Problems},
};

/// Arguments of `mandat facts`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Take facts over from a file: a JSON list of entities, or one entity a line.
    Import(import::Arguments),
    /// Write all facts out, one entity a line.
    Export(export::Arguments),
    /// Print one entity.
    Get(get::Arguments),
    /// Write the whole store out: every version, the change log, answers, tokens.
    Backup(backup::BackupArguments),
    /// Fill an empty store from a backup.
    Restore(backup::RestoreArguments),
}

/// Runs the verb.
pub fn run(arguments: &Arguments) -> Exit {
    match &arguments.verb {
        Verb::Import(arguments) => import::run(arguments),
        Verb::Export(arguments) => export::run(arguments),
        Verb::Get(arguments) => get::run(arguments),
        Verb::Backup(arguments) => backup::backup(arguments),
        Verb::Restore(arguments) => backup::restore(arguments),
    }
}

fn invalid(problems: &Problems, json: bool) -> Exit {
    output::problems(problems, json);
    Exit::Invalid
}

fn failed(message: impl Into<String>, json: bool) -> Exit {
    output::problems(&Problem::new(message).into(), json);
    Exit::Failure
}

fn unavailable(error: &Unavailable, json: bool) -> Exit {
    failed(error.to_string(), json)
}
