//! A file of SQLite: its connections, and how it is brought up to date.
//!
//! It is opened when it is first needed. Only its owner reads it: the keys of persons are in it.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, TransactionBehavior};

use crate::audit::Failed;

/// Longest wait for another writer of the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pages of the write-ahead log that are moved into the file at once: each page of the file's end is then written once, not
/// with every few commits.
const LOG_PAGES: i64 = 16_384;

/// A file and the connections to it that nobody uses.
pub(in crate::audit::ledger) struct Database {
    path: PathBuf,
    /// The steps that lead to its form, oldest first.
    migrations: &'static [&'static str],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    migrated: bool,
    idle: Vec<Connection>,
}

impl Database {
    /// A file that has a form; nothing is opened yet.
    pub(in crate::audit::ledger) fn new(path: &Path, migrations: &'static [&'static str]) -> Self {
        Self { path: path.to_owned(), migrations, state: Mutex::default() }
    }

    /// Where it is.
    pub(in crate::audit::ledger) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection; makes the file where there is none, and brings it up to date.
    ///
    /// # Errors
    /// It cannot be opened, is something else, or was written by a newer version of mandat.
    pub(in crate::audit::ledger) fn connection(&self) -> Result<Connection, Failed> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = state.idle.pop() {
            return Ok(connection);
        }
        let mut connection = connect(&self.path).map_err(|reason| self.failed(&reason))?;
        if !state.migrated {
            migrate(&mut connection, self.migrations).map_err(|reason| self.failed(&reason))?;
            state.migrated = true;
        }
        Ok(connection)
    }

    /// Asks on a connection that is free.
    ///
    /// # Errors
    /// SQLite cannot answer.
    pub(in crate::audit::ledger) fn ask<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Failed> {
        let connection = self.connection()?;
        let answer = ask(&connection).map_err(|error| self.failed(&error.to_string()))?;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).idle.push(connection);
        Ok(answer)
    }

    pub(in crate::audit::ledger) fn failed(&self, reason: &str) -> Failed {
        Failed(format!("`{}`: {reason}", self.path.display()))
    }
}

fn connect(path: &Path) -> Result<Connection, String> {
    make(path).map_err(|error| error.to_string())?;
    let open = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| error.to_string())
}

/// Makes the file, readable by its owner only; SQLite's own files beside it get the rights of this one. One that is there is never
/// opened here: to close it would drop all locks that this process has on it, and the next process that closes its last
/// connection would take the write-ahead log away from under this one, with every record that is in it.
fn make(path: &Path) -> std::io::Result<()> {
    match OpenOptions::new().create_new(true).append(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), String> {
    let known = migrations.len();
    let mut step = || {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let made: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let made = usize::try_from(made).unwrap_or(usize::MAX);
        for migration in migrations.iter().skip(made) {
            transaction.execute_batch(migration)?;
        }
        if made < known {
            transaction.pragma_update(None, "user_version", i64::try_from(known).unwrap_or(i64::MAX))?;
        }
        transaction.commit()?;
        Ok(made)
    };
    match step().map_err(|error: rusqlite::Error| error.to_string())? {
        made if made > known => Err(format!(
            "it has the form {made}, and this version of mandat knows forms up to {known}; use a newer mandat"
        )),
        _ => Ok(()),
    }
}
