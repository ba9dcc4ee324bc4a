//! Tables, made and brought up to date when they are first needed.
//!
//! Replicas that start together wait for each other here, so that each migration runs once; all that are missing in one
//! transaction, so that they ran wholly or not at all. Where none is missing nothing is written, so that whoever may only read
//! gets as far.

use super::{
    Failed,
    server::{Server, told},
};

/// Tables that belong together.
pub(crate) struct Tables {
    /// Migrations in their order.
    pub(crate) migrations: &'static [&'static str],
    /// The table in which stands how many were made.
    pub(crate) version: &'static str,
    /// The advisory lock of whoever makes them.
    pub(crate) lock: i64,
}

/// Makes what is missing.
pub(crate) fn run(server: &Server, tables: &Tables) -> Result<(), Failed> {
    let encoding = server.ask(async |connection| {
        let row = connection.query_one("select current_setting('server_encoding')", &[]).await?;
        row.try_get::<_, String>(0)
    })?;
    if encoding != "UTF8" {
        return Err(Failed(format!(
            "{} keeps text as {encoding}; create the database with `encoding 'UTF8'`, names are compared byte by byte",
            server.address.name
        )));
    }
    let (found, known) = (server.wait(migrate(server, tables))?, tables.migrations.len());
    if found > known {
        return Err(Failed(format!(
            "{} was written by a newer mandat (version {found} of its tables, this one knows {known}); start that one",
            server.address.name
        )));
    }
    Ok(())
}

/// The version that was found, or made.
async fn migrate(server: &Server, tables: &Tables) -> Result<usize, Failed> {
    let Tables { migrations, version: table, lock } = tables;
    let refused = |error| Failed(format!("the tables in {} cannot be made: {}", server.address.name, told(&error)));
    let mut connection = server.connection().await.map_err(|fault| server.failed(fault))?;
    let there = connection.query_one("select to_regclass($1) is not null", &[table]).await.map_err(refused)?;
    let newest = format!("select coalesce(max(version), 0) from {table}");
    if there.try_get(0).map_err(refused)? {
        let row = connection.query_one(&newest, &[]).await.map_err(refused)?;
        let found = usize::try_from(row.try_get::<_, i32>(0).map_err(refused)?).unwrap_or(0);
        if found >= migrations.len() {
            return Ok(found);
        }
    }
    let transaction = connection.transaction().await.map_err(refused)?;
    // What begins with a lock waits for as long as another replica needs, not for as long as a read may take.
    let patient = "set local statement_timeout = '10min'; set local client_min_messages = warning";
    transaction.batch_execute(patient).await.map_err(refused)?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[lock]).await.map_err(refused)?;
    let made = format!("create table if not exists {table} (version integer not null)");
    transaction.batch_execute(&made).await.map_err(refused)?;
    let row = transaction.query_one(&newest, &[]).await.map_err(refused)?;
    let found = row.try_get::<_, i32>(0).map_err(refused)?;
    let found = usize::try_from(found).unwrap_or(0);
    for (version, migration) in (1_i32..).zip(*migrations).skip(found) {
        transaction.batch_execute(migration).await.map_err(refused)?;
        let note = format!("insert into {table} values ($1)");
        transaction.execute(&note, &[&version]).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)?;
    Ok(found.max(migrations.len()))
}
