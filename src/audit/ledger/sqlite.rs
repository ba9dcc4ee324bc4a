//! The log in a file of its own beside the embedded store.
//!
//! Not in the store's own file: SQLite has one writer a file, and an import that takes a minute would make every answer
//! wait that long for its record. A commit is on the disk before it returns (`synchronous=FULL`). Writers are kept apart by
//! locks on small files beside, which the system releases when a process ends, however it ends.

pub(super) mod database;
pub(super) mod people;
mod terms;

use std::{
    fs::File,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension as _, params, types::ValueRef};
use uuid::Uuid;

use self::{database::Database, terms::Backwards};
use super::{
    About, Chain, Entry, Keys, Ledger, Listener, Sealed,
    lock::{self, Lock},
};
use crate::audit::{Failed, checkpoint};

const MIGRATIONS: &[&str] = &[concat!(
    include_str!("../../../migrations/audit/sqlite.0001.sql"),
    include_str!("../../../migrations/audit/people.0001.sql")
)];

/// Lines of a chain are numbered up to here; the bits above hold the writer.
const SEQUENCES: u64 = 1 << 40;

/// Whoever has lines, found by one look at the index each, and whoever has checkpoints.
const WRITERS: &str = "
    with recursive found (writer) as (
        select min(key) >> 40 from records
        union all
        select (select min(key) >> 40 from records where key >= (found.writer + 1) << 40)
        from found where found.writer is not null
    )
    select writer from found where writer is not null union select writer from checkpoints order by writer";

/// The log in one file.
pub struct SqliteLedger {
    database: Database,
}

/// The one writer of a chain in it.
struct SqliteChain {
    writer: u32,
    connection: Connection,
    /// Held for as long as the chain is written.
    _lock: Lock,
}

impl SqliteLedger {
    /// Opens a file, makes it where there is none, and brings it up to date.
    ///
    /// # Errors
    /// It cannot be opened, is no log, or was written by a newer version of mandat.
    pub fn open(path: &Path) -> Result<Self, Failed> {
        let database = Database::new(path, MIGRATIONS);
        database.ask(|_| Ok(()))?;
        Ok(Self { database })
    }

    /// Tells the first column of each row.
    fn tell(&self, statement: &str, values: &[&dyn rusqlite::ToSql], listener: &mut Listener) -> Result<(), Failed> {
        let told = self.database.ask(|connection| {
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
        self.database.path().display().to_string()
    }

    fn chain(&self) -> Result<Box<dyn Chain>, Failed> {
        let open = |writer| File::options().create(true).append(true).open(lock_path(self.database.path(), writer));
        let free = lock::first_free(open).map_err(|error| self.database.failed(&error.to_string()));
        let (writer, lock) = free?;
        Ok(Box::new(SqliteChain { writer, connection: self.database.connection()?, _lock: lock }))
    }

    fn writers(&self) -> Result<Vec<u32>, Failed> {
        self.database.ask(|connection| {
            let mut statement = connection.prepare(WRITERS)?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
    }

    fn checkpoints(&self, writer: u32) -> Result<Vec<String>, Failed> {
        self.database.ask(|connection| {
            let mut statement = connection.prepare("select text from checkpoints where writer = ? order by first")?;
            statement.query_map([writer], |row| row.get(0))?.collect()
        })
    }

    fn lines(&self, writer: u32, range: RangeInclusive<u64>, tell: &mut Listener) -> Result<(), Failed> {
        let (from, through) = (key(writer, *range.start()), key(writer, *range.end()));
        self.tell("select line from records where key between ? and ? order by key", &[&from, &through], tell)
    }

    fn find(&self, id: Uuid) -> Result<Option<Vec<u8>>, Failed> {
        self.database.ask(|connection| {
            let mut statement = connection.prepare_cached("select line from records where id = ?")?;
            statement.query_row([id.as_bytes()], |row| row.get::<_, String>(0).map(String::into_bytes)).optional()
        })
    }

    fn newest(&self, before: Option<Uuid>, about: About, tell: &mut Listener) -> Result<(), Failed> {
        let before = before.unwrap_or(Uuid::max());
        if about == About::Anything {
            let newest = "select line from records where id < ? order by id desc";
            return self.tell(newest, &[before.as_bytes()], tell);
        }
        let told = self.database.ask(|connection| {
            let Some(mut found) = Backwards::new(connection, about, before)? else { return Ok(Ok(())) };
            while let Some(line) = found.next()? {
                match tell(line.as_bytes()) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(()))
        });
        told?
    }

    fn keys(&self) -> &dyn Keys {
        &self.database
    }
}

impl Chain for SqliteChain {
    fn writer(&self) -> u32 {
        self.writer
    }

    fn append(&mut self, entries: &[Entry], sealed: &Sealed) -> Result<(), Failed> {
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
                let Sealed { first, last, text } = sealed;
                statement.execute(params![writer, signed(*first), signed(*last), text])?;
                if last - first + 1 >= checkpoint::SPAN {
                    terms::sum_up(&transaction, writer, sealed)?;
                }
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
            transaction
                .execute("delete from terms where writer = ? and last <= ?", params![writer, signed(through)])?;
            transaction.commit()
        };
        write().map_err(|error| failed(&error))
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
