//! The embedded store: SQLite in one file, with no set-up.
//!
//! One connection writes, some read; with a write-ahead log none waits for the other. A commit is on the
//! disk before it is acknowledged (`synchronous=FULL`). Other processes may use the file at the same time
//! (`mandat facts export` beside a service): SQLite's own locks keep writers apart, the revision tells
//! readers that something was written.
//!
//! The statements that read stand in [`read`], those that write in [`write`] and
//! [`beside`], the history in [`history`], what answered in [`bundles`].

mod beside;
mod bundles;
mod history;
mod read;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cedar_policy::EntityUid;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use self::write::SqliteWriting;
use super::{Past, Placed, Position, Remembered, Revision, Store, Stored, Walk, Writing, token::Token};
use crate::facts::Unavailable;

/// Migrations in their order; how many were made stands in the file's `user_version`.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../../migrations/sqlite/0001_store.sql"),
    include_str!("../../../migrations/sqlite/0002_bundles.sql"),
];

/// Longest wait for another writer.
const WRITER_PATIENCE: Duration = Duration::from_secs(10);

/// Memory for pages of the file, for each connection, in KiB.
const PAGE_CACHE: i64 = 64 * 1024;

/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 64;

/// Facts in one file.
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    /// The file that was opened, whatever has that path now.
    file: FileId,
    readers: Mutex<Vec<Connection>>,
    /// The connection that writes; `None` while somebody does.
    writer: Mutex<Option<Writer>>,
    free: Condvar,
}

enum Writer {
    Ready(Connection),
    /// It failed at taking back what it had begun: whoever writes next opens another.
    Broken,
}

impl SqliteStore {
    /// Opens a file, makes it where there is none, and brings it up to date.
    ///
    /// # Errors
    /// The file cannot be opened, is no store, or was written by a newer version of mandat.
    pub fn open(path: &Path) -> Result<Self, Unavailable> {
        let mut writer = connect(path)?;
        migrate(&mut writer, path)?;
        let inner = Inner {
            path: path.to_owned(),
            file: FileId::of(path)?,
            readers: Mutex::default(),
            writer: Mutex::new(Some(Writer::Ready(writer))),
            free: Condvar::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Asks something on a connection that reads.
    fn reading<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Unavailable> {
        self.inner.check_file()?;
        let idle = lock(&self.inner.readers).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(&self.inner.path)?,
        };
        let answer = ask(&connection).map_err(|error| failed(&error))?;
        lock(&self.inner.readers).push(connection);
        Ok(answer)
    }

    fn writing(&self) -> Result<SqliteWriting, Unavailable> {
        self.inner.check_file()?;
        let mut lent = Lent { connection: None, to: self.inner.clone() };
        lent.connection = match self.inner.take_writer()? {
            Writer::Ready(connection) => Some(connection),
            Writer::Broken => Some(connect(&self.inner.path)?),
        };
        SqliteWriting::begin(lent)
    }
}

/// Which file a path leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> Result<Self, Unavailable> {
        use std::os::unix::fs::MetadataExt as _;
        let found = std::fs::metadata(path);
        let found = found.map_err(|error| Unavailable(format!("`{}`: {error}", path.display())))?;
        Ok(Self { device: found.dev(), inode: found.ino() })
    }
}

impl Inner {
    /// Open connections still lead to the old file when another one is put in its place, new ones to the new: what is
    /// read would come from both, and what is written would be lost with the old one.
    fn check_file(&self) -> Result<(), Unavailable> {
        if FileId::of(&self.path)? == self.file {
            return Ok(());
        }
        let path = self.path.display();
        Err(Unavailable(format!("`{path}` was replaced by another file while it was in use; restart the service")))
    }

    fn take_writer(&self) -> Result<Writer, Unavailable> {
        let taken = |writer: &mut Option<Writer>| writer.is_none();
        let waiting = self.free.wait_timeout_while(lock(&self.writer), WRITER_PATIENCE, taken);
        let (mut writer, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        writer
            .take()
            .ok_or_else(|| Unavailable(format!("another writer took longer than {} s", WRITER_PATIENCE.as_secs())))
    }
}

/// The connection that writes, given back when it is dropped.
struct Lent {
    connection: Option<Connection>,
    to: Arc<Inner>,
}

impl Lent {
    fn get(&self) -> Result<&Connection, Unavailable> {
        self.connection.as_ref().ok_or_else(|| Unavailable("the store's writer is gone".to_owned()))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let clean =
            |connection: &Connection| connection.is_autocommit() || connection.execute_batch("rollback").is_ok();
        let writer = match self.connection.take().filter(clean) {
            Some(connection) => Writer::Ready(connection),
            None => Writer::Broken,
        };
        *lock(&self.to.writer) = Some(writer);
        self.to.free.notify_one();
    }
}

fn connect(path: &Path) -> Result<Connection, Unavailable> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(WRITER_PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
        if mode != "wal" {
            return Err(rusqlite::Error::InvalidParameterName(format!("the journal is `{mode}`, not `wal`")));
        }
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "cache_size", -PAGE_CACHE)?;
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| unopened(path, &error))
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Unavailable> {
    let known = MIGRATIONS.len();
    let step = |connection: &mut Connection| {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let made: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let made = usize::try_from(made).unwrap_or(usize::MAX);
        for migration in MIGRATIONS.iter().skip(made) {
            transaction.execute_batch(migration)?;
        }
        if made < known {
            transaction.pragma_update(None, "user_version", i64::try_from(known).unwrap_or(i64::MAX))?;
        }
        transaction.commit()?;
        Ok(made)
    };
    match step(connection).map_err(|error: rusqlite::Error| unopened(path, &error))? {
        made if made > known => Err(Unavailable(format!(
            "`{}` has the form {made}, and this version of mandat knows forms up to {known}; use a newer mandat",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// A lock whose holder panicked is still good: what it guards is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unopened(path: &Path, error: &rusqlite::Error) -> Unavailable {
    let remedy = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "; it is no store: name another file",
        Some(ErrorCode::DatabaseCorrupt) => "; it is damaged: restore a backup into a new file",
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "; the service needs the right to write the file and its directory"
        }
        _ => "",
    };
    Unavailable(format!("`{}`: {error}{remedy}", path.display()))
}

fn failed(error: &rusqlite::Error) -> Unavailable {
    Unavailable(format!("the store: {error}"))
}

/// Revisions and keys are positive and far from the end of 63 bits.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A number of rows as SQLite takes it.
fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl Store for SqliteStore {
    fn name(&self) -> String {
        self.inner.path.display().to_string()
    }

    fn head(&self) -> Result<Revision, Unavailable> {
        self.reading(read::head)
    }

    fn mark(&self, revision: Revision) -> Result<Option<String>, Unavailable> {
        self.reading(|connection| read::mark(connection, revision))
    }

    fn read(&self, uids: &[EntityUid], at: Revision) -> Result<Vec<Stored>, Unavailable> {
        read::parse(self.reading(|connection| read::texts(connection, uids, at))?)
    }

    fn changed(&self, after: Revision, through: Revision, limit: usize) -> Result<Option<Vec<EntityUid>>, Unavailable> {
        let names = self.reading(|connection| read::changed(connection, after, through, limit))?;
        names.map(|names| names.iter().map(|(kind, id)| super::record::uid(kind, id)).collect()).transpose()
    }

    fn walk(&self, walk: Walk, after: Position, limit: usize, at: Revision) -> Result<Vec<Placed>, Unavailable> {
        read::placed(self.reading(|connection| read::walk(connection, walk, after, limit, at))?)
    }

    fn places(&self, uids: &[EntityUid], at: Revision) -> Result<Vec<Placed>, Unavailable> {
        self.reading(|connection| read::places(connection, uids, at))
    }

    fn count(&self, at: Revision) -> Result<u64, Unavailable> {
        self.reading(|connection| read::count(connection, at))
    }

    fn begin(&self) -> Result<Box<dyn Writing>, Unavailable> {
        Ok(Box::new(self.writing()?))
    }

    fn remembered(&self, caller: &str, key: &str) -> Result<Option<Remembered>, Unavailable> {
        self.reading(|connection| read::remembered(connection, caller, key))
    }

    fn tokens(&self) -> Result<Vec<Token>, Unavailable> {
        self.reading(read::tokens)
    }

    fn touch_tokens(&self, uses: &[(String, Timestamp)]) -> Result<(), Unavailable> {
        self.writing()?.touch_tokens(uses)
    }

    fn bundle(&self, digest: &str) -> Result<Option<String>, Unavailable> {
        self.reading(|connection| bundles::files(connection, digest))
    }

    fn bundle_at(&self, at: Timestamp) -> Result<Option<String>, Unavailable> {
        self.reading(|connection| bundles::at(connection, at))
    }

    fn revision_at(&self, at: Timestamp) -> Result<Revision, Unavailable> {
        self.reading(|connection| bundles::revision_at(connection, at))
    }

    fn history(
        &self,
        through: Revision,
        tell: &mut dyn FnMut(Past) -> Result<(), Unavailable>,
    ) -> Result<(), Unavailable> {
        // A connection of its own: the listener may take its time.
        history::tell(&connect(&self.inner.path)?, through, tell)
    }
}
