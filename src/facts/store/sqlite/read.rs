//! The statements that read.
//!
//! Versions and links are valid from `since` until `until`, so one condition on both gives any revision.
//! Batches loop over prepared statements: within one process that is as fast as a statement for all.

use cedar_policy::EntityUid;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};

use super::{rows, signed, unsigned};
use crate::facts::{
    Unavailable,
    store::{Placed, Position, Remembered, Revision, Stored, Walk, record, token::Token},
};

/// A name, the revision of its version, its text.
pub(super) type Text<'u> = (&'u EntityUid, Revision, String);

/// The key of a place, type and id.
pub(super) type Place = (Position, String, String);

pub(super) fn head(connection: &Connection) -> rusqlite::Result<Revision> {
    let mut statement = connection.prepare_cached("select coalesce(max(revision), 0) from revisions")?;
    statement.query_row([], |row| row.get(0)).map(unsigned)
}

pub(super) fn mark(connection: &Connection, revision: Revision) -> rusqlite::Result<Option<String>> {
    if revision == 0 {
        return Ok(Some(String::new()));
    }
    let mark = "select concat_ws(' ', at, length(why), who) from revisions where revision = ?";
    connection.prepare_cached(mark)?.query_row([signed(revision)], |row| row.get(0)).optional()
}

pub(super) fn key(connection: &Connection, uid: &EntityUid) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached("select key from uids where type = ? and id = ?")?;
    statement.query_row(params![uid.type_name().to_string(), uid.id().unescaped()], |row| row.get(0)).optional()
}

/// The version of an entity at a revision: since when, and its text.
pub(super) fn version(connection: &Connection, key: i64, at: Revision) -> rusqlite::Result<Option<(Revision, String)>> {
    let mut statement = connection.prepare_cached(
        "select since, text from versions
         where uid = ?1 and since <= ?2 and (until is null or until > ?2) order by since desc limit 1",
    )?;
    statement.query_row(params![key, signed(at)], |row| Ok((unsigned(row.get(0)?), row.get(1)?))).optional()
}

pub(super) fn texts<'u>(
    connection: &Connection,
    uids: &'u [EntityUid],
    at: Revision,
) -> rusqlite::Result<Vec<Text<'u>>> {
    // One transaction takes the file's lock once, not once a statement.
    let _transaction = if uids.len() > 1 { Some(connection.unchecked_transaction()?) } else { None };
    let mut found = Vec::with_capacity(uids.len());
    for uid in uids {
        let Some(key) = key(connection, uid)? else { continue };
        found.extend(version(connection, key, at)?.map(|(since, text)| (uid, since, text)));
    }
    Ok(found)
}

pub(super) fn parse(texts: Vec<Text>) -> Result<Vec<Stored>, Unavailable> {
    let stored = |(uid, since, text): Text| Ok(Stored { entity: record::read(uid.clone(), &text)?, since });
    texts.into_iter().map(stored).collect()
}

pub(super) fn changed(
    connection: &Connection,
    after: Revision,
    through: Revision,
    limit: usize,
) -> rusqlite::Result<Option<Vec<(String, String)>>> {
    let mut statement = connection.prepare_cached(
        "select distinct type, id from changes join uids on uids.key = changes.uid
         where revision > ?1 and revision <= ?2 limit ?3",
    )?;
    let names = statement.query_map(params![signed(after), signed(through), rows(limit.saturating_add(1))], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let names = names.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok((names.len() <= limit).then_some(names))
}

pub(super) fn walk(
    connection: &Connection,
    walk: Walk,
    after: Position,
    limit: usize,
    at: Revision,
) -> rusqlite::Result<Vec<Place>> {
    match walk {
        Walk::All(entity_type) => {
            let mut statement = connection.prepare_cached(
                "select key, type, id from uids indexed by uids_by_type where type = :type and key > :after and exists (
                     select 1 from versions where uid = key and since <= :at and (until is null or until > :at)
                 ) order by key limit :limit",
            )?;
            let parameters = named_params! {
                ":type": entity_type.to_string(), ":after": signed(after), ":at": signed(at), ":limit": rows(limit),
            };
            statement.query_map(parameters, place)?.collect()
        }
        Walk::Referring { entity_type, path, to } => {
            let _transaction = connection.unchecked_transaction()?;
            let Some(attribute) = attribute(connection, &entity_type.to_string(), path)? else {
                return Ok(Vec::new());
            };
            let mut found = Vec::new();
            for uid in to {
                let Some(target) = key(connection, uid)? else { continue };
                let mut statement = connection.prepare_cached(
                    "select key, type, id from links join uids on uids.key = links.source
                     where target = :target and attribute = :attribute and source > :after
                       and since <= :at and (until is null or until > :at) order by source limit :limit",
                )?;
                let parameters = named_params! {
                    ":target": target, ":attribute": attribute, ":after": signed(after), ":at": signed(at),
                    ":limit": rows(limit),
                };
                for row in statement.query_map(parameters, place)? {
                    found.push(row?);
                }
            }
            Ok(merged(found, limit))
        }
    }
}

pub(super) fn attribute(connection: &Connection, kind: &str, path: &str) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached("select key from attributes where type = ? and path = ?")?;
    statement.query_row([kind, path], |row| row.get(0)).optional()
}

/// The first places of several lists, each once.
pub(super) fn merged(mut places: Vec<Place>, limit: usize) -> Vec<Place> {
    places.sort_unstable_by_key(|(position, ..)| *position);
    places.dedup_by_key(|(position, ..)| *position);
    places.truncate(limit);
    places
}

pub(super) fn place(row: &Row) -> rusqlite::Result<Place> {
    Ok((unsigned(row.get(0)?), row.get(1)?, row.get(2)?))
}

pub(super) fn placed(places: Vec<Place>) -> Result<Vec<Placed>, Unavailable> {
    let placed = |(position, kind, id): Place| Ok(Placed { position, uid: record::uid(&kind, &id)? });
    places.into_iter().map(placed).collect()
}

pub(super) fn places(connection: &Connection, uids: &[EntityUid], at: Revision) -> rusqlite::Result<Vec<Placed>> {
    let _transaction = connection.unchecked_transaction()?;
    let mut found: Vec<Placed> = Vec::new();
    for uid in uids {
        let Some(key) = key(connection, uid)? else { continue };
        if version(connection, key, at)?.is_some() {
            found.push(Placed { position: unsigned(key), uid: uid.clone() });
        }
    }
    found.sort_unstable_by_key(|placed| placed.position);
    found.dedup();
    Ok(found)
}

pub(super) fn count(connection: &Connection, at: Revision) -> rusqlite::Result<u64> {
    let mut statement = connection
        .prepare_cached("select count(*) from versions where since <= ?1 and (until is null or until > ?1)")?;
    statement.query_row([signed(at)], |row| row.get(0)).map(unsigned)
}

pub(super) fn remembered(connection: &Connection, caller: &str, key: &str) -> rusqlite::Result<Option<Remembered>> {
    let mut statement = connection
        .prepare_cached("select digest, status, answer, revision from answers where caller = ? and key = ?")?;
    statement.query_row([caller, key], |row| answer(row, 0)).optional()
}

/// An answer from four columns.
pub(super) fn answer(row: &Row, from: usize) -> rusqlite::Result<Remembered> {
    Ok(Remembered {
        digest: row.get(from)?,
        status: row.get(from + 1)?,
        answer: row.get(from + 2)?,
        revision: unsigned(row.get(from + 3)?),
    })
}

pub(super) fn tokens(connection: &Connection) -> rusqlite::Result<Vec<Token>> {
    let mut statement = connection.prepare_cached(
        "select id, digest, service, roles, created_at, expires_at, last_used_at, revoked_at from tokens
         order by created_at, id",
    )?;
    statement.query_map([], token)?.collect()
}

fn token(row: &Row) -> rusqlite::Result<Token> {
    let roles: String = row.get(3)?;
    Ok(Token {
        id: row.get(0)?,
        digest: row.get(1)?,
        service: row.get(2)?,
        roles: roles.split(' ').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
        created_at: moment(row.get(4)?),
        expires_at: row.get::<_, Option<i64>>(5)?.map(moment),
        last_used_at: row.get::<_, Option<i64>>(6)?.map(moment),
        revoked_at: row.get::<_, Option<i64>>(7)?.map(moment),
    })
}

/// Milliseconds since 1970; what is out of range was never written here and counts as long ago.
pub(super) fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MIN)
}
