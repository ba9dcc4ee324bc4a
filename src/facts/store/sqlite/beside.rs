//! What is written beside the facts: answers under the callers' keys, and tokens.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::signed;
use crate::facts::store::{Remembered, token::Token};

pub(super) fn remember(connection: &Connection, caller: &str, key: &str, answer: &Remembered) -> rusqlite::Result<()> {
    let Remembered { digest, status, answer, revision } = answer;
    connection
        .prepare_cached(
            "insert into answers (caller, key, digest, status, answer, revision) values (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![caller, key, digest, status, answer, signed(*revision)])
        .map(|_| ())
}

pub(super) fn keep_token(connection: &Connection, token: &Token) -> rusqlite::Result<()> {
    let millisecond = |moment: Option<Timestamp>| moment.map(Timestamp::as_millisecond);
    connection
        .prepare_cached(
            "insert or replace into tokens
             (id, digest, service, roles, created_at, expires_at, last_used_at, revoked_at)
             values (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            token.id,
            token.digest,
            token.service,
            token.roles.join(" "),
            token.created_at.as_millisecond(),
            millisecond(token.expires_at),
            millisecond(token.last_used_at),
            millisecond(token.revoked_at)
        ])
        .map(|_| ())
}

/// Notes when tokens were last used; the times only go on.
pub(super) fn touch_tokens(connection: &Connection, uses: &[(String, Timestamp)]) -> rusqlite::Result<()> {
    for (id, at) in uses {
        connection
            .prepare_cached(
                "update tokens set last_used_at = ?2 where id = ?1 and coalesce(last_used_at, ?2 - 1) < ?2",
            )?
            .execute(params![id, at.as_millisecond()])?;
    }
    Ok(())
}
