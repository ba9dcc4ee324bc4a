//! Answers kept under callers' keys, and tokens: what is looked up by name and has no revisions.

use jiff::Timestamp;
use tokio_postgres::{Error, Row};

use super::read::{Parameters, rows, signed, unsigned};
use crate::{
    database::server::Connection,
    facts::store::{Remembered, token::Token},
};

pub(super) async fn remembered(connection: &Connection, caller: &str, key: &str) -> Result<Option<Remembered>, Error> {
    if caller.contains('\0') || key.contains('\0') {
        return Ok(None);
    }
    let ask = "select digest, status, answer, revision from answers where caller = $1 and key = $2";
    rows(connection, ask, &[&caller, &key]).await?.first().map(|row| answer(row, 0)).transpose()
}

pub(super) async fn remember(
    connection: &Connection,
    caller: &str,
    key: &str,
    answer: &Remembered,
) -> Result<(), Error> {
    let keep = "insert into answers (caller, key, digest, status, answer, revision) values ($1, $2, $3, $4, $5, $6)";
    let Remembered { digest, status, answer, revision } = answer;
    let parameters: Parameters = &[&caller, &key, &&digest[..], &i32::from(*status), answer, &signed(*revision)];
    rows(connection, keep, parameters).await.map(|_| ())
}

/// An answer from four columns.
pub(super) fn answer(row: &Row, from: usize) -> Result<Remembered, Error> {
    Ok(Remembered {
        digest: digest(row, from)?,
        status: u16::try_from(row.try_get::<_, i32>(from + 1)?).unwrap_or(500),
        answer: row.try_get(from + 2)?,
        revision: unsigned(row.try_get(from + 3)?),
    })
}

/// SHA-256; what is no digest equals none.
fn digest(row: &Row, column: usize) -> Result<[u8; 32], Error> {
    Ok(row.try_get::<_, &[u8]>(column)?.try_into().unwrap_or_default())
}

pub(super) async fn tokens(connection: &Connection) -> Result<Vec<Token>, Error> {
    let all = "select id, digest, service, roles, created_at, expires_at, last_used_at, revoked_at from tokens
        order by created_at, id";
    rows(connection, all, &[]).await?.iter().map(token).collect()
}

fn token(row: &Row) -> Result<Token, Error> {
    let roles: &str = row.try_get(3)?;
    let at = |column: usize| Ok::<_, Error>(row.try_get::<_, Option<i64>>(column)?.map(moment));
    Ok(Token {
        id: row.try_get(0)?,
        digest: digest(row, 1)?,
        service: row.try_get(2)?,
        roles: roles.split(' ').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
        created_at: moment(row.try_get(4)?),
        expires_at: at(5)?,
        last_used_at: at(6)?,
        revoked_at: at(7)?,
    })
}

pub(super) async fn keep_token(connection: &Connection, token: &Token) -> Result<(), Error> {
    let keep = "insert into tokens (id, digest, service, roles, created_at, expires_at, last_used_at, revoked_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (id) do update set (digest, service, roles, created_at, expires_at, last_used_at, revoked_at) =
            (excluded.digest, excluded.service, excluded.roles, excluded.created_at, excluded.expires_at,
             excluded.last_used_at, excluded.revoked_at)";
    let at = |moment: Option<Timestamp>| moment.map(Timestamp::as_millisecond);
    let parameters: Parameters = &[
        &token.id,
        &&token.digest[..],
        &token.service,
        &token.roles.join(" "),
        &token.created_at.as_millisecond(),
        &at(token.expires_at),
        &at(token.last_used_at),
        &at(token.revoked_at),
    ];
    rows(connection, keep, parameters).await.map(|_| ())
}

pub(super) async fn touch_tokens(connection: &Connection, uses: &[(String, Timestamp)]) -> Result<(), Error> {
    let touch = "update tokens set last_used_at = used.at
        from (select id, max(at) as at from unnest($1::text[], $2::bigint[]) as uses (id, at) group by id) used
        where tokens.id = used.id and (last_used_at is null or last_used_at < used.at)";
    let (ids, times): (Vec<&str>, Vec<i64>) = uses.iter().map(|(id, at)| (id.as_str(), at.as_millisecond())).unzip();
    rows(connection, touch, &[&ids, &times]).await.map(|_| ())
}

/// Milliseconds since 1970; what is out of range was never written here and counts as long ago.
pub(super) fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MIN)
}
