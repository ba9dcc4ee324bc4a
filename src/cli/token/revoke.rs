//! `mandat token revoke`: take a token back.

use super::{Place, Undone, now, public};
use crate::{cli::output, facts::store::token::Token, problem::Problem};

/// Arguments of `mandat token revoke`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The token's id, as `mandat token list` shows it.
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    pub(super) place: Place,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Undone> {
    let store = arguments.place.open()?;
    // As the one writer, so that nobody changes the token between reading and writing it.
    let mut writing = store.begin()?;
    let token = store.tokens()?.into_iter().find(|token| token.id == arguments.id);
    let token = token.ok_or_else(|| {
        Problem::new(format!("there is no token `{}`", arguments.id.escape_debug()))
            .help("`mandat token list` shows the ids")
    })?;
    let revoked_at = token.revoked_at.or_else(|| Some(now()));
    let token = Token { revoked_at, ..token };
    writing.keep_token(&token)?;
    writing.commit()?;
    if arguments.place.json {
        return output::json(&public(&token)).map_err(|error| Undone::Failed(Problem::new(error.to_string())));
    }
    println!(
        "token {} of the service `{}` is revoked; running services refuse it within two seconds",
        token.id, token.service
    );
    Ok(())
}
