//! `mandat token`: who may call, and with which roles.
//!
//! A token is shown once, when it is made; the store keeps its digest. A running service takes up what changes here
//! within a second or two.

pub mod expiry;
pub mod list;
pub mod new;
pub mod revoke;

use std::sync::Arc;

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Exit,
    input::{self, StorePlace},
    output,
};
use crate::{
    facts::{
        Unavailable,
        store::{Store, token::Token},
    },
    problem::{Problem, Problems},
};

/// Arguments of `mandat token`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token for a service and print it, this once.
    New(new::Arguments),
    /// List all tokens, revoked and expired ones too.
    List(list::Arguments),
    /// Take a token back, for ever.
    Revoke(revoke::Arguments),
}

/// The store that keeps the tokens.
#[derive(Debug, clap::Args)]
struct Place {
    #[command(flatten)]
    place: StorePlace,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

impl Place {
    /// # Errors
    /// No store is named, or it cannot be opened.
    fn open(&self) -> Result<Arc<dyn Store>, Problems> {
        self.place.store()
    }
}

/// Runs the verb.
pub fn run(arguments: &Arguments) -> Exit {
    let (done, json) = match &arguments.verb {
        Verb::New(arguments) => (new::run(arguments), arguments.place.json),
        Verb::List(arguments) => (list::run(arguments), arguments.place.json),
        Verb::Revoke(arguments) => (revoke::run(arguments), arguments.place.json),
    };
    match done {
        Ok(()) => Exit::Success,
        Err(Undone::Invalid(problems)) => {
            output::problems(&problems, json);
            Exit::Invalid
        }
        Err(Undone::Failed(problem)) => {
            output::problems(&problem.into(), json);
            Exit::Failure
        }
    }
}

/// Why nothing was done.
enum Undone {
    /// What was asked for cannot be.
    Invalid(Problems),
    /// It could not be done.
    Failed(Problem),
}

impl From<Problems> for Undone {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems)
    }
}

impl From<Problem> for Undone {
    fn from(problem: Problem) -> Self {
        Self::Invalid(problem.into())
    }
}

impl From<Unavailable> for Undone {
    fn from(unavailable: Unavailable) -> Self {
        Self::Failed(Problem::new(unavailable.to_string()))
    }
}

/// The time as stores keep it, to the millisecond: what is shown now is what is listed later.
fn now() -> Timestamp {
    let now = input::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// What may be shown of a token.
fn public(token: &Token) -> Value {
    let text = |at: &Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": token.id, "service": token.service, "roles": token.roles, "created_at": token.created_at.to_string(),
        "expires_at": text(&token.expires_at), "last_used_at": text(&token.last_used_at),
        "revoked_at": text(&token.revoked_at),
    })
}
