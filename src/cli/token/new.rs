//! `mandat token new`: make a token for a service.

use serde_json::Value;

use super::{Place, Undone, expiry, now, public};
use crate::{
    cli::output,
    facts::store::{Store, token::Token},
    http::callers::{ANONYMOUS, secret::Presented},
    problem::Problem,
};

/// Longest name of a service or a role.
const MAX_NAME: usize = 64;

/// Arguments of `mandat token new`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What the service may be, by the bundle's policies; may be given several times.
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,
    /// The service's name in the history of facts; the token's id if left out.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// When it ends to be good: after so many days, such as `90d`, on a date, or at a time. Never, if left out.
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    #[command(flatten)]
    pub(super) place: Place,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Undone> {
    let now = now();
    let expires_at = arguments.expires.as_deref().map(|when| expiry::read(when, now)).transpose()?;
    let names = arguments.roles.iter().chain(&arguments.service);
    names.into_iter().try_for_each(|name| check_name(name))?;
    let store = arguments.place.open()?;
    let presented = unused(&*store)?;
    let token = Token {
        id: presented.id.clone(),
        digest: presented.digest(),
        service: arguments.service.clone().unwrap_or_else(|| presented.id.clone()),
        roles: arguments.roles.clone(),
        created_at: now,
        expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let mut writing = store.begin()?;
    writing.keep_token(&token)?;
    writing.commit()?;
    show(&token, &presented, arguments.place.json)
}

/// The token itself goes to standard output, alone, so that a script can catch it.
fn show(token: &Token, presented: &Presented, json: bool) -> Result<(), Undone> {
    if json {
        let mut shown = public(token);
        shown["token"] = Value::from(presented.reveal());
        return output::json(&shown).map_err(|error| Undone::Failed(Problem::new(error.to_string())));
    }
    let until = token.expires_at.map_or_else(|| "for ever".to_owned(), |end| format!("until {end}"));
    eprintln!("token {} of the service `{}`: {}; good {until}", token.id, token.service, token.roles.join(", "));
    eprintln!("it is shown this once; whoever has lost it gets a new one, and `mandat token revoke` ends the old one");
    println!("{}", presented.reveal());
    Ok(())
}

/// A token whose id is not given yet: keeping one would replace another of the same id.
fn unused(store: &dyn Store) -> Result<Presented, Undone> {
    let taken = store.tokens()?;
    loop {
        let presented = Presented::new()
            .map_err(|error| Undone::Failed(Problem::new(format!("the system gives no random bits: {error}"))))?;
        if taken.iter().all(|token| token.id != presented.id) {
            return Ok(presented);
        }
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(plain) {
        return Err(Problem::new(format!("`{}` cannot be the name of a service or role", name.escape_debug()))
            .help("use up to 64 letters, digits, hyphens, underscores and dots"));
    }
    if name == ANONYMOUS {
        return Err(Problem::new(format!("`{ANONYMOUS}` is the name of callers that are not known"))
            .help("give the service another name"));
    }
    Ok(())
}
