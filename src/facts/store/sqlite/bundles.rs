//! What answered: bundles by their digest, when each came into force, and which revision was the newest when.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{read, unsigned};
use crate::facts::store::{Activation, Revision};

pub(super) fn keep(connection: &Connection, digest: &str, files: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("insert into bundles (digest, files) values (?, ?) on conflict do nothing")?
        .execute([digest, files])
        .map(|_| ())
}

pub(super) fn activate(connection: &Connection, activation: &Activation) -> rusqlite::Result<()> {
    connection
        .prepare_cached("insert into activations (at, bundle) values (?, ?)")?
        .execute(params![activation.at.as_millisecond(), activation.bundle])
        .map(|_| ())
}

pub(super) fn files(connection: &Connection, digest: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached("select files from bundles where digest = ?")?;
    statement.query_row([digest], |row| row.get(0)).optional()
}

pub(super) fn at(connection: &Connection, at: Timestamp) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        "select bundle from activations
         where key < coalesce((select min(key) from activations where at > ?), 9223372036854775807)
         order by key desc limit 1",
    )?;
    statement.query_row([at.as_millisecond()], |row| row.get(0)).optional()
}

/// The index on times is looked through from that time on.
pub(super) fn revision_at(connection: &Connection, at: Timestamp) -> rusqlite::Result<Revision> {
    let mut statement = connection.prepare_cached(
        "select coalesce(
             (select min(revision) - 1 from revisions indexed by revisions_by_time where at > ?),
             (select max(revision) from revisions), 0)",
    )?;
    statement.query_row([at.as_millisecond()], |row| row.get(0)).map(unsigned)
}

/// Every activation, in order.
pub(super) fn activations(connection: &Connection) -> rusqlite::Result<Vec<Activation>> {
    let mut statement = connection.prepare_cached("select at, bundle from activations order by key")?;
    let activation = |row: &rusqlite::Row| Ok(Activation { at: read::moment(row.get(0)?), bundle: row.get(1)? });
    statement.query_map([], activation)?.collect()
}
