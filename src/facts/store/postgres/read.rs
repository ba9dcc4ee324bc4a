//! The statements that read.
//!
//! Versions and links are valid from `since` until `until`, so one condition on both gives any revision. A
//! batch is one statement, however many names it asks for: what a read costs is the way to PostgreSQL and back.

use std::borrow::Cow;

use cedar_policy::EntityUid;
use sha2::{Digest as _, Sha256};
use tokio_postgres::{Error, Row, types::ToSql};

use crate::{
    database::server::Connection,
    facts::{
        Unavailable,
        store::{Placed, Position, Revision, Stored, record},
    },
};

/// Longest id that is indexed as it is, in bytes.
const LONGEST_INDEXED: usize = 1_000;

/// What a statement is given.
pub(super) type Parameters<'p> = &'p [&'p (dyn ToSql + Sync)];

/// Type and id.
pub(super) type Name = (String, String);

/// A name, the revision of its version, its text.
pub(super) type Text = (Name, Revision, String);

/// The key of a place, and its name.
pub(super) type Place = (Position, Name);

pub(super) async fn rows(connection: &Connection, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, Error> {
    let statement = connection.prepare_cached(sql).await?;
    connection.query(&statement, parameters).await
}

pub(super) async fn head(connection: &Connection) -> Result<Revision, Error> {
    number(connection, "select coalesce(max(revision), 0) from revisions", &[]).await
}

pub(super) async fn mark(connection: &Connection, revision: Revision) -> Result<Option<String>, Error> {
    if revision == 0 {
        return Ok(Some(String::new()));
    }
    let mark = "select concat_ws(' ', at, who, md5(why)) from revisions where revision = $1";
    rows(connection, mark, &[&signed(revision)]).await?.first().map(|row| row.try_get(0)).transpose()
}

pub(super) async fn count(connection: &Connection, at: Revision) -> Result<u64, Error> {
    let count = "select count(*) from versions where since <= $1 and (until is null or until > $1)";
    number(connection, count, &[&signed(at)]).await
}

async fn number(connection: &Connection, sql: &str, parameters: Parameters<'_>) -> Result<u64, Error> {
    let statement = connection.prepare_cached(sql).await?;
    connection.query_one(&statement, parameters).await?.try_get(0).map(unsigned)
}

pub(super) async fn texts(connection: &Connection, uids: &[EntityUid], at: Revision) -> Result<Vec<Text>, Error> {
    // The newest version that is old enough, found without its predecessors however many there are.
    let read = "select u.type, coalesce(u.long, u.id), v.since, v.text
        from (select distinct type, id from unnest($1::text[], $2::text[]) as asked (type, id)) asked
        join uids u on u.type = asked.type and u.id = asked.id
        cross join lateral (
            select since, until, text from versions where uid = u.key and since <= $3 order by since desc limit 1
        ) v
        where v.until is null or v.until > $3";
    let (types, ids) = names(uids);
    let rows = rows(connection, read, &[&types, &ids, &signed(at)]).await?;
    rows.iter().map(|row| Ok((name(row, 0)?, unsigned(row.try_get(2)?), row.try_get(3)?))).collect()
}

pub(super) async fn changed(
    connection: &Connection,
    after: Revision,
    through: Revision,
    limit: usize,
) -> Result<Option<Vec<Name>>, Error> {
    let changed = "select u.type, coalesce(u.long, u.id)
        from (select distinct uid from changes where revision > $1 and revision <= $2 limit $3) c
        join uids u on u.key = c.uid";
    let limits: Parameters = &[&signed(after), &signed(through), &most(limit.saturating_add(1))];
    let rows = rows(connection, changed, limits).await?;
    if rows.len() > limit {
        return Ok(None);
    }
    rows.iter().map(|row| name(row, 0)).collect::<Result<_, _>>().map(Some)
}

pub(super) async fn written(
    connection: &Connection,
    revision: Revision,
    after: Position,
    limit: usize,
) -> Result<Vec<Place>, Error> {
    let written = "select u.key, u.type, coalesce(u.long, u.id) from changes c join uids u on u.key = c.uid
        where c.revision = $1 and c.uid > $2 order by c.uid limit $3";
    places_of(connection, written, &[&signed(revision), &signed(after), &most(limit)]).await
}

/// Who refers, by what path, and to what: of targets by their keys, those that do not exist.
pub(super) async fn dangling(
    connection: &Connection,
    targets: &[i64],
    limit: usize,
) -> Result<Vec<(Name, String, Name)>, Error> {
    let dangling = "select s.type, coalesce(s.long, s.id), a.path, t.type, coalesce(t.long, t.id)
        from unnest($1::bigint[]) as missing (key)
        join links l on l.target = missing.key and l.until is null
        join attributes a on a.key = l.attribute join uids s on s.key = l.source join uids t on t.key = l.target
        where not exists (select 1 from versions v where v.uid = missing.key and v.until is null)
        limit $2";
    let rows = rows(connection, dangling, &[&targets, &most(limit)]).await?;
    rows.iter().map(|row| Ok((name(row, 0)?, row.try_get(2)?, name(row, 3)?))).collect()
}

pub(super) async fn places_of(
    connection: &Connection,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<Vec<Place>, Error> {
    let rows = rows(connection, sql, parameters).await?;
    rows.iter().map(|row| Ok((unsigned(row.try_get(0)?), name(row, 1)?))).collect()
}

/// Types and ids, for `unnest`, of those that can have been stored.
pub(super) fn names<'u>(uids: impl IntoIterator<Item = &'u EntityUid>) -> (Vec<String>, Vec<Cow<'u, str>>) {
    let named = |uid: &'u EntityUid| Some((uid.type_name().to_string(), indexed(uid.id().unescaped())?));
    uids.into_iter().filter_map(named).unzip()
}

/// An id as it is looked up: itself, or in place of a long one U+0001 and its digest. PostgreSQL's text cannot hold
/// U+0000, and U+0001 is taken; nothing may be written under such an id anyway.
pub(super) fn indexed(id: &str) -> Option<Cow<'_, str>> {
    if id.contains(['\0', '\u{1}']) {
        return None;
    }
    Some(if id.len() <= LONGEST_INDEXED {
        Cow::Borrowed(id)
    } else {
        let digest = Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Cow::Owned(format!("\u{1}{digest}"))
    })
}

pub(super) fn name(row: &Row, from: usize) -> Result<Name, Error> {
    Ok((row.try_get(from)?, row.try_get(from + 1)?))
}

pub(super) fn uids(names: Vec<Name>) -> Result<Vec<EntityUid>, Unavailable> {
    names.iter().map(|(kind, id)| record::uid(kind, id)).collect()
}

pub(super) fn stored(texts: Vec<Text>) -> Result<Vec<Stored>, Unavailable> {
    let stored =
        |((kind, id), since, text): Text| Ok(Stored { entity: record::read(record::uid(&kind, &id)?, &text)?, since });
    texts.into_iter().map(stored).collect()
}

pub(super) fn placed(places: Vec<Place>) -> Result<Vec<Placed>, Unavailable> {
    let placed = |(position, (kind, id)): Place| Ok(Placed { position, uid: record::uid(&kind, &id)? });
    places.into_iter().map(placed).collect()
}

/// PostgreSQL's integers are signed; no store ever counts that far.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
