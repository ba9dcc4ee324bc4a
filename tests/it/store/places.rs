//! Places where a store can be: a file, or a database of the shared server.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use mandat::facts::{
    Unavailable,
    store::{
        Store,
        postgres::{Options, PostgresStore},
        sqlite::SqliteStore,
    },
};

use super::cluster::Cluster;

/// Where a store is kept.
pub enum Place {
    Sqlite(PathBuf),
    Postgres { database: String },
}

impl Place {
    pub fn sqlite() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("mandat-store-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        Self::Sqlite(directory.join("facts.db"))
    }

    pub fn postgres() -> Self {
        Self::Postgres { database: Cluster::shared().database() }
    }

    pub fn try_open(&self) -> Result<Arc<dyn Store>, Unavailable> {
        Ok(match self {
            Self::Sqlite(path) => Arc::new(SqliteStore::open(path)?),
            Self::Postgres { database } => {
                let options = Options { begin_within: Duration::from_secs(2), connections: 4, ..Options::default() };
                Arc::new(PostgresStore::open_with(&Cluster::shared().url(database), options)?)
            }
        })
    }

    pub fn open(&self) -> Arc<dyn Store> {
        self.try_open().unwrap()
    }

    /// Runs SQL past the store.
    pub fn sql(&self, sql: &str) -> Result<(), String> {
        match self {
            Self::Sqlite(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.execute_batch(sql).map_err(|error| error.to_string())
            }
            Self::Postgres { database } => Cluster::shared().sql(database, sql).map(|_| ()),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        match self {
            Self::Sqlite(path) => drop(fs::remove_dir_all(path.parent().unwrap())),
            Self::Postgres { database } => {
                let _ = Cluster::shared().sql("postgres", &format!("drop database {database} with (force)"));
            }
        }
    }
}

/// Holds both stores to the same.
pub fn on_both(test: impl Fn(&Place)) {
    for place in [Place::sqlite(), Place::postgres()] {
        eprintln!("on {}", if matches!(place, Place::Sqlite(_)) { "SQLite" } else { "PostgreSQL" });
        test(&place);
    }
}
