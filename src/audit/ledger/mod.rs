//! Where lines last: what a place must do to keep the decision log.
//!
//! A ledger holds chains, each with one writer at a time. Whoever writes takes a chain that nobody else has, and goes on
//! where it ends. A commit is all or nothing and on the disk when it returns. Readers never wait for writers.
//!
//! Three places do this: SQLite in a file beside the embedded store ([`sqlite`]), JSON lines in a directory ([`files`]), and
//! PostgreSQL beside the facts of several replicas ([`postgres`]).

pub mod files;
mod lock;
pub mod postgres;
pub mod sqlite;

use std::{ops::RangeInclusive, path::Path, sync::Arc};

use uuid::Uuid;

use super::{
    Failed,
    line::hash,
    people::{Person, Pseudonym},
};

/// A line with what it is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain.
    pub sequence: u64,
    /// The record's name.
    pub id: Uuid,
    /// The subject as it is recorded, see [`about`].
    pub subject: Option<i64>,
    /// The resource as it is recorded.
    pub resource: Option<i64>,
    /// The stored bytes.
    pub line: String,
}

/// A signed checkpoint with where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// First line of its span.
    pub first: u64,
    /// Last line of its span.
    pub last: u64,
    /// The signed text.
    pub text: String,
}

/// Which records are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// All.
    Anything,
    /// Those with one of these subjects, which are the same person by name and by pseudonym.
    Subject([i64; 2]),
    /// Those with one of these resources.
    Resource([i64; 2]),
}

/// By what records about an entity are found: not more than a hint, since two entities may have the same.
pub fn about(entity_type: &str, shown_id: &str) -> i64 {
    let sum = hash(format!("{entity_type}\0{shown_id}").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&sum[..8]);
    i64::from_be_bytes(first)
}

/// A listener of lines; `false` wants no more.
pub type Listener<'l> = dyn FnMut(&[u8]) -> Result<bool, Failed> + 'l;

/// Opens the log of a place. The URL of a database is PostgreSQL's; a file that is there, and a name that ends in `.db`, is SQLite's; any other path is a
/// directory.
///
/// # Errors
/// It cannot be opened, or is no log.
pub fn open(place: &str) -> Result<Arc<dyn Ledger>, Failed> {
    if place.contains("://") {
        return Ok(Arc::new(postgres::PostgresLedger::open(place)?));
    }
    let path = Path::new(place);
    if path.is_file() || path.extension().is_some_and(|extension| extension == "db") {
        return Ok(Arc::new(sqlite::SqliteLedger::open(path)?));
    }
    Ok(Arc::new(files::FilesLedger::open(path)?))
}

/// Whether a place is that of a log, not of lines that were copied out of one. A log's directory has one for each chain, and the
/// first chain is 1.
pub fn is_one(place: &str) -> bool {
    place.contains("://") || place.ends_with(".db") || Path::new(place).join("1").is_dir()
}

/// Opens a log that is there already.
///
/// # Errors
/// As [`open`], and where there is none.
pub fn open_existing(place: &str) -> Result<Arc<dyn Ledger>, Failed> {
    if !place.contains("://") && !Path::new(place).exists() {
        return Err(Failed(format!("there is none at `{place}`")));
    }
    open(place)
}

/// A place that keeps the log. All calls block for as long as the place takes.
pub trait Ledger: Send + Sync {
    /// What it is called in messages; no credentials in it.
    fn name(&self) -> String;

    /// Takes a chain that nobody writes; a new one where all have their writer.
    ///
    /// # Errors
    /// The place cannot be written.
    fn chain(&self) -> Result<Box<dyn Chain>, Failed>;

    /// The writers there are or were, in order.
    ///
    /// # Errors
    /// The place cannot be read.
    fn writers(&self) -> Result<Vec<u32>, Failed>;

    /// The checkpoints of a chain, oldest first.
    ///
    /// # Errors
    /// The place cannot be read.
    fn checkpoints(&self, writer: u32) -> Result<Vec<String>, Failed>;

    /// Tells lines of a chain, in their order, as they are stored.
    ///
    /// # Errors
    /// The place cannot be read, or the listener fails.
    fn lines(&self, writer: u32, range: RangeInclusive<u64>, tell: &mut Listener) -> Result<(), Failed>;

    /// The record of that name.
    ///
    /// # Errors
    /// The place cannot be read.
    fn find(&self, id: Uuid) -> Result<Option<Vec<u8>>, Failed>;

    /// Tells records older than the named one, newest first, until the listener wants no more.
    ///
    /// # Errors
    /// The place cannot be read.
    fn newest(&self, before: Option<Uuid>, about: About, tell: &mut Listener) -> Result<(), Failed>;

    /// How far lines of a chain can be dropped, not further than through one that closes a span; none where there is
    /// nothing to drop.
    ///
    /// # Errors
    /// The place cannot be read.
    fn droppable(&self, writer: u32, through: u64) -> Result<Option<u64>, Failed> {
        let mut there = false;
        self.lines(writer, 1..=through, &mut |_| {
            there = true;
            Ok(false)
        })?;
        Ok(there.then_some(through))
    }

    /// Where the keys of persons are kept.
    fn keys(&self) -> &dyn Keys;

    /// See [`Keys::enroll`].
    ///
    /// # Errors
    /// As there.
    fn enroll(&self, persons: &[Person]) -> Result<Vec<Pseudonym>, Failed> {
        self.keys().enroll(persons)
    }

    /// See [`Keys::pseudonym`].
    ///
    /// # Errors
    /// As there.
    fn pseudonym(&self, person: &Person) -> Result<Option<Pseudonym>, Failed> {
        self.keys().pseudonym(person)
    }

    /// See [`Keys::person`].
    ///
    /// # Errors
    /// As there.
    fn person(&self, pseudonym: Pseudonym) -> Result<Option<Person>, Failed> {
        self.keys().person(pseudonym)
    }

    /// See [`Keys::forget`].
    ///
    /// # Errors
    /// As there.
    fn forget(&self, person: &Person) -> Result<Option<Pseudonym>, Failed> {
        self.keys().forget(person)
    }
}

/// The keys of persons' pseudonyms.
pub trait Keys: Send + Sync {
    /// The pseudonyms of persons; gives a key to whoever has none.
    ///
    /// # Errors
    /// The place cannot be written.
    fn enroll(&self, persons: &[Person]) -> Result<Vec<Pseudonym>, Failed>;

    /// The pseudonym of a person that has one.
    ///
    /// # Errors
    /// The place cannot be read.
    fn pseudonym(&self, person: &Person) -> Result<Option<Pseudonym>, Failed>;

    /// Who stands behind a pseudonym, unless that was erased.
    ///
    /// # Errors
    /// The place cannot be read.
    fn person(&self, pseudonym: Pseudonym) -> Result<Option<Person>, Failed>;

    /// Drops a person's key, and tells the pseudonym that nobody stands behind any more.
    ///
    /// # Errors
    /// The place cannot be written.
    fn forget(&self, person: &Person) -> Result<Option<Pseudonym>, Failed>;
}

/// The one writer of a chain; gives it back when it is dropped.
pub trait Chain: Send {
    /// Its number.
    fn writer(&self) -> u32;

    /// How many lines were found without a signature when the chain was taken, were put aside, and are not recorded yet:
    /// the process that wrote them ended before it signed them, and nobody was told of them.
    fn set_aside(&self) -> u64 {
        0
    }

    /// Adds lines behind the last one, with the checkpoint over them in place of that of the same span: all or nothing,
    /// and on the disk when it returns.
    ///
    /// # Errors
    /// It could not be written; whether it was is known only to whoever reads the chain again.
    fn append(&mut self, entries: &[Entry], checkpoint: &Sealed) -> Result<(), Failed>;

    /// Drops the lines of any chain up to one that [`Ledger::droppable`] told. Their checkpoints stay.
    ///
    /// # Errors
    /// The place cannot be written.
    fn drop_through(&mut self, writer: u32, through: u64) -> Result<(), Failed>;
}
