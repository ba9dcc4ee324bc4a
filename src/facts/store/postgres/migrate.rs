//! The tables, made and brought up to date when the store is opened.
//!
//! Replicas that start together wait for each other here, so that each migration runs once; each in a
//! transaction of its own, so that it ran wholly or not at all.

use super::server::{Server, told};
use crate::facts::Unavailable;

/// Migrations in their order; how many were made stands in `schema_version`.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../../../migrations/postgres/0001_store.sql"),
    include_str!("../../../../migrations/postgres/0002_bundles.sql"),
];

/// Advisory locks of ours: this one, and the writer's in [`super::session`].
const MIGRATING: i64 = 0x6d61_6e64_6174_0001;

/// Makes what is missing.
pub(super) fn run(server: &Server) -> Result<(), Unavailable> {
    let encoding = server.ask(async |connection| {
        let row = connection.query_one("select current_setting('server_encoding')", &[]).await?;
        row.try_get::<_, String>(0)
    })?;
    if encoding != "UTF8" {
        return Err(Unavailable(format!(
            "{} keeps text as {encoding}; create the database with `encoding 'UTF8'`, names are compared byte by byte",
            server.address.name
        )));
    }
    let found = server.wait(migrate(server))?;
    if found > MIGRATIONS.len() {
        return Err(Unavailable(format!(
            "{} was written by a newer mandat (version {found} of its tables, this one knows {}); start that one",
            server.address.name,
            MIGRATIONS.len()
        )));
    }
    Ok(())
}

/// The version that was found, or made.
async fn migrate(server: &Server) -> Result<usize, Unavailable> {
    let refused =
        |error| Unavailable(format!("the tables in {} cannot be made: {}", server.address.name, told(&error)));
    let mut connection = server.connection().await.map_err(|fault| server.unavailable(fault))?;
    let transaction = connection.transaction().await.map_err(refused)?;
    // What begins with a lock waits for as long as another replica needs, not for as long as a read may take.
    transaction.batch_execute("set local statement_timeout = '10min'").await.map_err(refused)?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[&MIGRATING]).await.map_err(refused)?;
    transaction
        .batch_execute("create table if not exists schema_version (version integer not null)")
        .await
        .map_err(refused)?;
    let row =
        transaction.query_one("select coalesce(max(version), 0) from schema_version", &[]).await.map_err(refused)?;
    let found = row.try_get::<_, i32>(0).map_err(refused)?;
    let found = usize::try_from(found).unwrap_or(0);
    for (version, migration) in (1_i32..).zip(MIGRATIONS).skip(found) {
        transaction.batch_execute(migration).await.map_err(refused)?;
        transaction.execute("insert into schema_version values ($1)", &[&version]).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)?;
    Ok(found.max(MIGRATIONS.len()))
}
