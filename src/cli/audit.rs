//! `mandat audit`: what reviewers do with the decision log.
//!
//! Everything here reads a log that a service may be writing, and needs nothing of it but the files or the database; only
//! erasing a person writes.

pub mod check;
pub mod checkpoint;
pub mod erase;
pub mod key;
pub mod list;
pub mod prove;
pub mod show;
pub mod telling;
pub mod verify;

use std::{path::PathBuf, sync::Arc};

use clap::Subcommand;
use ed25519_dalek::VerifyingKey;
use uuid::Uuid;

use super::{Exit, log, output};
use crate::{
    audit::{
        Failed, key as keys,
        ledger::{self, Ledger},
        place,
    },
    bundle::files,
    config::Settings,
    problem::{Problem, Problems},
};

/// Arguments of `mandat audit`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check the whole log: every line, link and signature.
    Verify(verify::Arguments),
    /// Prove that one record is in the log, for whoever has the public key.
    Prove(prove::Arguments),
    /// Check such a proof, with nothing but the public key.
    Check(check::Arguments),
    /// Print the newest signed checkpoints, to be kept elsewhere.
    Checkpoint(checkpoint::Arguments),
    /// Print the public key.
    Key(key::Arguments),
    /// Look records up, the newest first.
    List(Box<list::Arguments>),
    /// Print one record, with the persons behind its pseudonyms.
    Show(show::Arguments),
    /// Erase a person: drop the key of its pseudonym.
    Erase(erase::Arguments),
}

/// Runs the verb.
pub fn run(arguments: &Arguments) -> Exit {
    match &arguments.verb {
        Verb::Verify(arguments) => verify::run(arguments),
        Verb::Prove(arguments) => prove::run(arguments),
        Verb::Check(arguments) => check::run(arguments),
        Verb::Checkpoint(arguments) => checkpoint::run(arguments),
        Verb::Key(arguments) => key::run(arguments),
        Verb::List(arguments) => list::run(arguments),
        Verb::Show(arguments) => show::run(arguments),
        Verb::Erase(arguments) => erase::run(arguments),
    }
}

/// The log that a verb is about.
#[derive(Debug, clap::Args)]
pub struct LogPlace {
    /// The bundle's directory, whose `mandat.toml` says where the log is.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    /// The store beside which the log is; `[store] place` of `mandat.toml` if left out.
    #[arg(long, value_name = "PLACE", env = "MANDAT_STORE", hide_env_values = true)]
    store: Option<String>,
    /// The log itself: a file, a directory, or the URL of a database.
    #[arg(long, value_name = "PLACE", env = "MANDAT_AUDIT", hide_env_values = true)]
    log: Option<String>,
    /// The file of the signing key; beside the log if left out.
    #[arg(long, value_name = "FILE", env = "MANDAT_AUDIT_KEY")]
    key_file: Option<PathBuf>,
}

/// Public keys that are trusted.
#[derive(Debug, clap::Args)]
pub struct TrustedKeys {
    /// A public key that is trusted, 64 hexadecimal digits; the one of the log's own key file if left out. May be repeated.
    #[arg(long = "key", value_name = "DIGITS")]
    keys: Vec<String>,
}

impl LogPlace {
    fn place(&self) -> Result<place::Place, Problems> {
        if let Some(log) = self.log.clone().filter(|log| log != "store") {
            let key = self.key_file.clone().unwrap_or_else(|| place::key_beside(&log));
            return Ok(place::Place { log, key });
        }
        let files = files::read(&self.bundle)?;
        let settings = files.settings.as_ref().map(Settings::parse).transpose()?.unwrap_or_default();
        let place = log::place_of(&settings, self.store.as_deref())?;
        Ok(place::Place { key: self.key_file.clone().unwrap_or(place.key), ..place })
    }

    /// Opens the log.
    ///
    /// # Errors
    /// It is not named, not there, or cannot be read.
    pub fn open(&self) -> Result<Arc<dyn Ledger>, Problems> {
        Ok(ledger::open_existing(&self.place()?.log).map_err(|error| Problem::new(error.to_string()))?)
    }

    /// The public key of the log's own key file.
    ///
    /// # Errors
    /// There is no such file, or it cannot be read.
    pub fn public_key(&self) -> Result<VerifyingKey, Problems> {
        let path = self.place()?.key;
        match keys::read(&path) {
            Ok(Some(key)) => Ok(key.verifying_key()),
            Ok(None) => Err(Problem::new(format!("there is no key at `{}`", path.display()))
                .help("name the public key: `--key DIGITS`")
                .into()),
            Err(error) => Err(Problem::new(error.to_string()).into()),
        }
    }
}

impl TrustedKeys {
    /// Those that are named, or the one of the log itself.
    ///
    /// # Errors
    /// One of them is no public key, or none is named and there is no key file.
    pub fn read(&self, place: &LogPlace) -> Result<Vec<VerifyingKey>, Problems> {
        if self.keys.is_empty() {
            return Ok(vec![place.public_key()?]);
        }
        self.named()
    }

    /// Those that are named.
    ///
    /// # Errors
    /// One of them is no public key.
    pub fn named(&self) -> Result<Vec<VerifyingKey>, Problems> {
        let key = |digits: &String| {
            keys::public(digits).map_err(|reason| Problem::new(format!("`--key {digits}`: {reason}")).into())
        };
        self.keys.iter().map(key).collect()
    }
}

fn record_id(text: &str) -> Result<Uuid, String> {
    text.parse().map_err(|_| "a record's name is a UUID, such as 0198c5a0-3f1e-7c00-8a00-000000000000".to_owned())
}

fn invalid(problems: &Problems, json: bool) -> Exit {
    output::problems(problems, json);
    Exit::Invalid
}

fn failed(error: &Failed, json: bool) -> Exit {
    output::problems(&Problem::new(error.to_string()).into(), json);
    Exit::Failure
}

fn unknown(id: Uuid, json: bool) -> Exit {
    let problem = Problem::new(format!("the log has no record `{id}`")).help("retention may have dropped it");
    output::problems(&problem.into(), json);
    Exit::Failure
}
