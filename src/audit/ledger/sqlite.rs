//! The log in a file of its own beside the embedded store.
//!
//! Not in the store's own file: SQLite has one writer a file, and an import that takes a minute would make every answer
//! wait that long for its record. A commit is on the disk before it returns (`synchronous=FULL`). Writers are kept apart by
//! locks on small files beside, which the system releases when a process ends, however it ends.

use std::{
    fs::{File, TryLockError},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension as _, params, types::ValueRef};
use uuid::Uuid;

use super::{About, Chain, Entry, Ledger, Listener, Sealed};
use crate::audit::{
    Failed,
    people::{self, Person, Pseudonym},
};

const MIGRATIONS: [&str; 1] = [include_str!("../../../migrations/audit/sqlite.0001.sql")];

/// Longest wait for another writer of the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Lines of a chain are numbered up to here; the bits above hold the writer.
const SEQUENCES: u64 = 1 << 40;

/// The log in one file.
pub struct SqliteLedger {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

/// The one writer of a chain in it.
struct SqliteChain {
    writer: u32,
    connection: Connection,
    /// Held for as long as the chain is written.
    _lock: File,
}

impl SqliteLedger {
    /// Opens a file, makes it where there is none, and brings it up to date.
    ///
    /// # Errors
    /// It cannot be opened, is no log, or was written by a newer version of mandat.
    pub fn open(path: &Path) -> Result<Self, Failed> {
        let mut connection = connect(path)?;
        migrate(&mut connection, path)?;
        Ok(Self { path: path.to_owned(), idle: Mutex::new(vec![connection]) })
    }

    fn reading<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Failed> {
        let idle = lock(&self.idle).pop();
        let connection = idle.map_or_else(|| connect(&self.path), Ok)?;
        let answer = ask(&connection).map_err(|error| failed(&error))?;
        lock(&self.idle).push(connection);
        Ok(answer)
    }

    /// Tells the first column of each row.
    fn tell(&self, statement: &str, values: &[&dyn rusqlite::ToSql], listener: &mut Listener) -> Result<(), Failed> {
        let told = self.reading(|connection| {
            let mut statement = connection.prepare_cached(statement)?;
            let mut rows = statement.query(values)?;
            while let Some(row) = rows.next()? {
                let ValueRef::Text(line) = row.get_ref(0)? else { continue };
                match listener(line) {
                    Ok(true) => {}
                    Ok(false) => return Ok(Ok(())),
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(()))
        });
        told?
    }
}

impl Ledger for SqliteLedger {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn chain(&self) -> Result<Box<dyn Chain>, Failed> {
        let mut writer = 1;
        loop {
            let path = lock_path(&self.path, writer);
            let failed = |error: std::io::Error| Failed(format!("`{}`: {error}", path.display()));
            let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {
                    let connection = connect(&self.path)?;
                    return Ok(Box::new(SqliteChain { writer, connection, _lock: file }));
                }
                Err(TryLockError::WouldBlock) => writer += 1,
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    fn writers(&self) -> Result<Vec<u32>, Failed> {
        self.reading(|connection| {
            let mut statement = connection.prepare("select distinct writer from checkpoints order by writer")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
    }

    fn checkpoints(&self, writer: u32) -> Result<Vec<String>, Failed> {
        self.reading(|connection| {
            let mut statement = connection.prepare("select text from checkpoints where writer = ? order by first")?;
            statement.query_map([writer], |row| row.get(0))?.collect()
        })
    }

    fn lines(&self, writer: u32, range: RangeInclusive<u64>, tell: &mut Listener) -> Result<(), Failed> {
        let (from, through) = (key(writer, *range.start()), key(writer, *range.end()));
        self.tell("select line from records where key between ? and ? order by key", &[&from, &through], tell)
    }

    fn find(&self, id: Uuid) -> Result<Option<Vec<u8>>, Failed> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached("select line from records where id = ?")?;
            statement.query_row([id.as_bytes()], |row| row.get::<_, String>(0).map(String::into_bytes)).optional()
        })
    }

    fn newest(&self, before: Option<Uuid>, about: About, tell: &mut Listener) -> Result<(), Failed> {
        let before = before.unwrap_or(Uuid::max());
        let before = before.as_bytes();
        match about {
            About::Anything => self.tell("select line from records where id < ? order by id desc", &[before], tell),
            About::Subject(subject) => self.tell(
                "select line from records where subject in (?, ?) and id < ? order by id desc",
                &[&subject[0], &subject[1], before],
                tell,
            ),
            About::Resource(resource) => self.tell(
                "select line from records where resource in (?, ?) and id < ? order by id desc",
                &[&resource[0], &resource[1], before],
                tell,
            ),
        }
    }

    fn enroll(&self, persons: &[Person]) -> Result<Vec<Pseudonym>, Failed> {
        let keys: Vec<people::Key> = persons.iter().map(|_| people::key()).collect::<Result<_, _>>()?;
        self.reading(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let mut enrolled = Vec::with_capacity(persons.len());
            for (person, key) in persons.iter().zip(&keys) {
                let Person { entity_type, id } = person;
                let pseudonym = person.pseudonym(key).to_string();
                transaction
                    .prepare_cached("insert into people values (?, ?, ?, ?) on conflict (type, id) do nothing")?
                    .execute(params![entity_type, id, key, pseudonym.as_bytes()])?;
                let mut kept = transaction.prepare_cached("select key from people where type = ? and id = ?")?;
                let key: people::Key = kept.query_row(params![entity_type, id], |row| row.get(0))?;
                enrolled.push(person.pseudonym(&key));
            }
            transaction.commit()?;
            Ok(enrolled)
        })
    }

    fn pseudonym(&self, person: &Person) -> Result<Option<Pseudonym>, Failed> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached("select key from people where type = ? and id = ?")?;
            let key = |row: &rusqlite::Row| row.get::<_, people::Key>(0);
            let key = statement.query_row(params![person.entity_type, person.id], key).optional()?;
            Ok(key.map(|key| person.pseudonym(&key)))
        })
    }

    fn person(&self, pseudonym: Pseudonym) -> Result<Option<Person>, Failed> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached("select type, id from people where pseudonym = ?")?;
            let person = |row: &rusqlite::Row| Ok(Person { entity_type: row.get(0)?, id: row.get(1)? });
            statement.query_row([pseudonym.to_string().as_bytes()], person).optional()
        })
    }

    fn forget(&self, person: &Person) -> Result<Option<Pseudonym>, Failed> {
        let pseudonym = self.pseudonym(person)?;
        self.reading(|connection| {
            // The pages that held the key are overwritten, not only given free.
            connection.pragma_update(None, "secure_delete", true)?;
            connection
                .execute("delete from people where type = ? and id = ?", params![person.entity_type, person.id])?;
            connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
        })?;
        Ok(pseudonym)
    }
}

impl Chain for SqliteChain {
    fn writer(&self) -> u32 {
        self.writer
    }

    fn append(&mut self, entries: &[Entry], checkpoint: &Sealed) -> Result<(), Failed> {
        let writer = self.writer;
        let mut write = || {
            let transaction = self.connection.transaction()?;
            {
                let mut statement = transaction
                    .prepare_cached("insert into records (key, id, subject, resource, line) values (?, ?, ?, ?, ?)")?;
                for Entry { sequence, id, subject, resource, line } in entries {
                    statement.execute(params![key(writer, *sequence), id.as_bytes(), subject, resource, line])?;
                }
                let mut statement = transaction.prepare_cached(
                    "insert into checkpoints (writer, first, last, text) values (?, ?, ?, ?)
                     on conflict (writer, first) do update set last = excluded.last, text = excluded.text",
                )?;
                let Sealed { first, last, text } = checkpoint;
                statement.execute(params![writer, signed(*first), signed(*last), text])?;
            }
            transaction.commit()
        };
        write().map_err(|error| failed(&error))
    }

    fn drop_through(&mut self, writer: u32, through: u64) -> Result<(), Failed> {
        let mut write = || {
            let transaction = self.connection.transaction()?;
            transaction.execute(
                "insert into dropped values (?, ?) on conflict (writer) do update set through = excluded.through",
                params![writer, signed(through)],
            )?;
            transaction.execute(
                "delete from records where key between ? and ?",
                params![key(writer, 0), key(writer, through)],
            )?;
            transaction.commit()
        };
        write().map_err(|error| failed(&error))
    }
}

fn connect(path: &Path) -> Result<Connection, Failed> {
    let open = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    };
    open().map_err(|error: rusqlite::Error| Failed(format!("`{}`: {error}", path.display())))
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Failed> {
    let known = MIGRATIONS.len();
    let mut step = || {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let made: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let made = usize::try_from(made).unwrap_or(usize::MAX);
        for migration in MIGRATIONS.iter().skip(made) {
            transaction.execute_batch(migration)?;
        }
        if made < known {
            transaction.pragma_update(None, "user_version", signed(known as u64))?;
        }
        transaction.commit()?;
        Ok(made)
    };
    match step().map_err(|error: rusqlite::Error| Failed(format!("`{}`: {error}", path.display())))? {
        made if made > known => Err(Failed(format!(
            "`{}` has the form {made}, and this version of mandat knows forms up to {known}; use a newer mandat",
            path.display()
        ))),
        _ => Ok(()),
    }
}

fn lock_path(path: &Path, writer: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".writer-{writer}"));
    name.into()
}

fn key(writer: u32, sequence: u64) -> i64 {
    signed(u64::from(writer) * SEQUENCES + sequence.min(SEQUENCES - 1))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn failed(error: &rusqlite::Error) -> Failed {
    Failed(error.to_string())
}

/// What a lock guards here is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
