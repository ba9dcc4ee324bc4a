//! What answered: bundles by their digest, when each came into force, and which revision was the newest when.

use jiff::Timestamp;
use tokio_postgres::Error;

use super::{
    answers::moment,
    read::{rows, unsigned},
};
use crate::{
    database::server::Connection,
    facts::store::{Activation, Revision},
};

/// Both in one statement, which takes place whole or not at all, and waits for no writer of facts: a replica that starts
/// beside a long import must not wait for its end.
pub(super) async fn keep_in_force(connection: &Connection, activation: &Activation, files: &str) -> Result<(), Error> {
    let keep = "with kept as (insert into bundles (digest, files) values ($1, $2) on conflict do nothing)
        insert into activations (at, bundle) values ($3, $1)";
    rows(connection, keep, &[&activation.bundle, &files, &activation.at.as_millisecond()]).await.map(|_| ())
}

pub(super) async fn keep(connection: &Connection, digest: &str, files: &str) -> Result<(), Error> {
    let keep = "insert into bundles (digest, files) values ($1, $2) on conflict do nothing";
    rows(connection, keep, &[&digest, &files]).await.map(|_| ())
}

pub(super) async fn activate(connection: &Connection, activation: &Activation) -> Result<(), Error> {
    let activate = "insert into activations (at, bundle) values ($1, $2)";
    rows(connection, activate, &[&activation.at.as_millisecond(), &activation.bundle]).await.map(|_| ())
}

pub(super) async fn files(connection: &Connection, digest: &str) -> Result<Option<String>, Error> {
    let files = "select files from bundles where digest = $1";
    rows(connection, files, &[&digest]).await?.first().map(|row| row.try_get(0)).transpose()
}

pub(super) async fn at(connection: &Connection, at: Timestamp) -> Result<Option<String>, Error> {
    let newest = "select bundle from activations
        where key < coalesce((select min(key) from activations where at > $1), 9223372036854775807)
        order by key desc limit 1";
    rows(connection, newest, &[&at.as_millisecond()]).await?.first().map(|row| row.try_get(0)).transpose()
}

pub(super) async fn revision_at(connection: &Connection, at: Timestamp) -> Result<Revision, Error> {
    let newest = "select coalesce(
        (select min(revision) - 1 from revisions where at > $1), (select max(revision) from revisions), 0)";
    let found = rows(connection, newest, &[&at.as_millisecond()]).await?;
    Ok(unsigned(found.first().map_or(Ok(0), |row| row.try_get(0))?))
}

/// Every activation, in order.
pub(super) async fn activations(connection: &Connection) -> Result<Vec<Activation>, Error> {
    let all = rows(connection, "select at, bundle from activations order by key", &[]).await?;
    all.iter().map(|row| Ok(Activation { at: moment(row.try_get(0)?), bundle: row.try_get(1)? })).collect()
}
