//! Stores: where facts last, whatever database keeps them.
//!
//! A store never forgets a version of an entity: a commit closes the versions it replaces and opens new
//! ones, and counts the *revision* up by one. So a state of the facts is a number: whoever holds it reads
//! the same facts later, on any connection, however much is written meanwhile. There is one writer at a time
//! ([`Store::begin`]); readers never wait for it.
//!
//! What answered from the facts is kept beside them: each bundle by its digest, and when it came into force. So a
//! question can be asked as of an earlier time ([`Store::revision_at`], [`Store::bundle_at`]).
//!
//! What a version refers to stands beside it as *links*, indexed both ways: by them the store tells who
//! refers to an entity, and finds the candidates of a search without reading everything.
//!
//! Two databases do this: SQLite in one file ([`sqlite`]) and PostgreSQL for several replicas ([`postgres`]).
//! Everything they share, down to the text of a stored entity, stands in [`record`], and one
//! suite of tests holds both to the same behaviour.

pub mod backup;
mod past;
pub mod postgres;
pub mod record;
pub mod sqlite;
pub mod token;

use std::{path::Path, sync::Arc, time::Duration};

use cedar_policy::{Entity, EntityTypeName, EntityUid};
use jiff::Timestamp;

use self::{past::with_bundles, token::Token};
pub use self::{
    past::{Activation, Past},
    record::Record,
};
use super::Unavailable;

/// Counts the commits that led to a state; 0 is the empty store.
pub type Revision = u64;

/// Where an entity stands in a store's own order, in which it first came to know them; never changes.
pub type Position = u64;

/// An entity as it was at some revision.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The entity, its parents without their own ancestors.
    pub entity: Entity,
    /// The revision that wrote this version.
    pub since: Revision,
}

/// An entity's place in the store's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its place.
    pub position: Position,
    /// Its name.
    pub uid: EntityUid,
}

/// Which entities to walk through, in the store's order.
#[derive(Debug, Clone, Copy)]
pub enum Walk<'a> {
    /// All entities of a type.
    All(&'a EntityTypeName),
    /// The entities of a type that refer to any of some others.
    Referring {
        /// Their type.
        entity_type: &'a EntityTypeName,
        /// The attribute that refers, `a.b` inside a record; empty for direct parents.
        path: &'a str,
        /// What is referred to.
        to: &'a [EntityUid],
    },
}

/// Who changed facts, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// When, by the clock of whoever wrote.
    pub at: Timestamp,
    /// The calling service, or the command.
    pub who: String,
    /// For what reason, as JSON: the questions that guarded it, or the file it came from.
    pub why: String,
}

/// A reference that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dangling {
    /// The entity that refers.
    pub from: EntityUid,
    /// The attribute that refers; empty for a parent.
    pub path: String,
    /// What does not exist.
    pub to: EntityUid,
}

/// The answer that was given under a caller's key before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// SHA-256 of the request's body.
    pub digest: [u8; 32],
    /// HTTP's status of the answer.
    pub status: u16,
    /// The answer's body.
    pub answer: String,
    /// The revision it was given on.
    pub revision: Revision,
}

/// Opens the store of a place: the path of a file, or the URL of a PostgreSQL database.
///
/// # Errors
/// It cannot be opened or is none of ours; credentials are in no error.
pub fn open(place: &str) -> Result<Arc<dyn Store>, Unavailable> {
    match place.split_once("://") {
        None => Ok(Arc::new(sqlite::SqliteStore::open(Path::new(place))?)),
        Some(("postgres" | "postgresql", _)) => Ok(Arc::new(postgres::PostgresStore::open(place)?)),
        Some((scheme, _)) => Err(Unavailable(format!(
            "stores of the kind `{scheme}` are not known; write the path of a file or `postgres://…`"
        ))),
    }
}

/// What a database must do to keep facts. All calls block for as long as the database takes.
pub trait Store: Send + Sync {
    /// What it is called in messages and metrics; no credentials in it.
    fn name(&self) -> String;

    /// The newest revision that is committed.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn head(&self) -> Result<Revision, Unavailable>;

    /// What tells a revision from another one of the same number, in a database that was restored or took over with
    /// commits missing; none where the revision is not there. Revision 0 has one too.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn mark(&self, revision: Revision) -> Result<Option<String>, Unavailable>;

    /// Entities as they were at a revision; those that did not exist are left out.
    ///
    /// # Errors
    /// The database cannot be asked, or holds what cannot be read.
    fn read(&self, uids: &[EntityUid], at: Revision) -> Result<Vec<Stored>, Unavailable>;

    /// The entities written or deleted after one revision and no later than another; none where they are more than
    /// `limit`.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn changed(&self, after: Revision, through: Revision, limit: usize) -> Result<Option<Vec<EntityUid>>, Unavailable>;

    /// At most `limit` entities of a walk that stand after a position, in their order, as of a revision.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn walk(&self, walk: Walk, after: Position, limit: usize, at: Revision) -> Result<Vec<Placed>, Unavailable>;

    /// The places of entities that existed at a revision, in their order.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn places(&self, uids: &[EntityUid], at: Revision) -> Result<Vec<Placed>, Unavailable>;

    /// How many entities there are at a revision.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn count(&self, at: Revision) -> Result<u64, Unavailable>;

    /// Waits until another process may have committed, or for that long; a store that hears of nothing just waits.
    fn await_news(&self, at_most: Duration) {
        std::thread::sleep(at_most);
    }

    /// Becomes the one writer; waits while another one is.
    ///
    /// # Errors
    /// The database cannot be asked, or another writer took too long.
    fn begin(&self) -> Result<Box<dyn Writing>, Unavailable>;

    /// The answer that was given under a caller's key before.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn remembered(&self, caller: &str, key: &str) -> Result<Option<Remembered>, Unavailable>;

    /// All tokens, revoked and expired ones too.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn tokens(&self) -> Result<Vec<Token>, Unavailable>;

    /// Notes when tokens were last used, by their ids; a time earlier than the one noted is passed over.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn touch_tokens(&self, uses: &[(String, Timestamp)]) -> Result<(), Unavailable>;

    /// Keeps a bundle's files, and that it is in force from a time on. Who answers under it first has this return.
    ///
    /// # Errors
    /// The database cannot be asked, or another writer took too long.
    fn keep_bundle(&self, activation: &Activation, files: &str) -> Result<(), Unavailable> {
        let mut writing = self.begin()?;
        writing.keep_bundle(&activation.bundle, files)?;
        writing.activate(activation)?;
        writing.commit()
    }

    /// The files of a bundle that was kept, whatever they are: who takes them compares the digest.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn bundle(&self, digest: &str) -> Result<Option<String>, Unavailable>;

    /// The digest of the bundle that was in force at a time; none before the first. Times that run backwards are taken
    /// as by [`Store::revision_at`].
    ///
    /// # Errors
    /// The database cannot be asked.
    fn bundle_at(&self, at: Timestamp) -> Result<Option<String>, Unavailable>;

    /// The newest revision at a time, to the millisecond; 0 before the first.
    ///
    /// Commits are counted in the order in which they were made, while their times come from the clocks of those who
    /// made them and may run backwards. A commit counts as made no earlier than any before it: the revision is the
    /// highest of which all commits up to it are from that time or earlier. So nothing that was known only later is
    /// ever a part of the answer; what followed on a commit of a clock that was ahead is found from that commit's time on.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn revision_at(&self, at: Timestamp) -> Result<Revision, Unavailable>;

    /// Tells the whole history up to a revision, oldest first.
    ///
    /// # Errors
    /// The database cannot be asked, or the listener fails.
    fn history(
        &self,
        through: Revision,
        tell: &mut dyn FnMut(Past) -> Result<(), Unavailable>,
    ) -> Result<(), Unavailable>;
}

/// The one writer of a store. Dropped without [`Writing::commit`], nothing was written.
pub trait Writing: Send {
    /// The revision that everything written builds on; nobody else commits meanwhile.
    fn base(&self) -> Revision;

    /// Opens the next revision; everything written from here on belongs to it. Only a restored history opens several.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn revise(&mut self, commit: &Commit) -> Result<Revision, Unavailable>;

    /// Writes versions of entities, each in place of the one before it.
    ///
    /// # Errors
    /// The database cannot be asked, or no revision is open.
    fn put(&mut self, records: &[Record], schema: &str) -> Result<(), Unavailable>;

    /// Deletes entities; ones that do not exist are passed over.
    ///
    /// # Errors
    /// The database cannot be asked, or no revision is open.
    fn delete(&mut self, uids: &[EntityUid]) -> Result<(), Unavailable>;

    /// Entities as they are with what is written so far; those that do not exist are left out.
    ///
    /// # Errors
    /// The database cannot be asked, or holds what cannot be read.
    fn read(&mut self, uids: &[EntityUid]) -> Result<Vec<Stored>, Unavailable>;

    /// What was written or deleted so far, at most `limit` that stand after a position, in their order.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn written(&mut self, after: Position, limit: usize) -> Result<Vec<Placed>, Unavailable>;

    /// The entities that refer to any of some others, with what is written so far: at most `limit`.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn referrers(&mut self, to: &[EntityUid], limit: usize) -> Result<Vec<EntityUid>, Unavailable>;

    /// References that lead nowhere, of and to what was written so far: at most `limit`.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn dangling(&mut self, limit: usize) -> Result<Vec<Dangling>, Unavailable>;

    /// The answer that was given under a caller's key before.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn remembered(&mut self, caller: &str, key: &str) -> Result<Option<Remembered>, Unavailable>;

    /// Keeps an answer under a caller's key.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn remember(&mut self, caller: &str, key: &str, answer: &Remembered) -> Result<(), Unavailable>;

    /// Keeps a bundle's files under its digest; one that is kept already stays as it is.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn keep_bundle(&mut self, digest: &str, files: &str) -> Result<(), Unavailable>;

    /// Keeps that a bundle came into force, one that is kept.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn activate(&mut self, activation: &Activation) -> Result<(), Unavailable>;

    /// Keeps a token, or replaces the one of the same id.
    ///
    /// # Errors
    /// The database cannot be asked.
    fn keep_token(&mut self, token: &Token) -> Result<(), Unavailable>;

    /// Makes all of it last. Where this fails, it may have been committed nevertheless: whoever asks again under the
    /// same key finds out.
    ///
    /// # Errors
    /// The database cannot be asked, or did not answer.
    fn commit(self: Box<Self>) -> Result<(), Unavailable>;
}
