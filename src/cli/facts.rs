//! `mandat facts`: what operators do with facts as a whole.

pub mod backup;
pub mod export;
pub mod get;
pub mod import;
mod progress;

use std::path::PathBuf;

use clap::Subcommand;

use super::{Exit, input, output};
use crate::{
    bundle::Bundle,
    engine::Engine,
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

/// A bundle and the store that is worked on.
#[derive(Debug, clap::Args)]
pub struct StorePlace {
    /// The bundle's directory.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    /// The store: the path of a file, or the URL of a PostgreSQL database; `[store] place` of `mandat.toml` if left out.
    #[arg(long, value_name = "PLACE", env = "MANDAT_STORE", hide_env_values = true)]
    store: Option<String>,
}

impl StorePlace {
    /// An engine on the store.
    ///
    /// # Errors
    /// The bundle does not load, or the store cannot be opened.
    fn engine(&self) -> Result<Engine, Problems> {
        let bundle = Bundle::load(&self.bundle)?;
        let place = self.store.clone().unwrap_or_else(|| bundle.settings.store.place.clone());
        input::stored_engine(bundle, &place)
    }
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
