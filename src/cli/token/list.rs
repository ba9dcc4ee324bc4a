//! `mandat token list`: all tokens, without their secrets.

use serde_json::Value;

use super::{Place, Undone, now, public};
use crate::{cli::output, facts::store::token::Token, problem::Problem};

/// Arguments of `mandat token list`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) place: Place,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Undone> {
    let mut tokens = arguments.place.open()?.tokens()?;
    tokens.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
    if arguments.place.json {
        let all: Value = tokens.iter().map(public).collect();
        return output::json(&all).map_err(|error| Undone::Failed(Problem::new(error.to_string())));
    }
    let now = now();
    for token in &tokens {
        let used = token.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {at}"));
        println!("{}  {}  {}  {}, {used}", token.id, token.service, token.roles.join(","), state(token, now));
    }
    Ok(())
}

fn state(token: &Token, now: jiff::Timestamp) -> String {
    match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(end)) if now >= end => format!("expired {end}"),
        (None, Some(end)) => format!("good until {end}"),
        (None, None) => "good".to_owned(),
    }
}
