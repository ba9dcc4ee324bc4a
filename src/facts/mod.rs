//! Facts: everything known at the time asked about, wherever it is kept.
//!
//! A decision takes a [`Snapshot`], one state of the facts with its revision, and asks it for a
//! [`Slice`]: the entities that a request's policies can reach. How facts are kept is behind [`Facts`];
//! a file is read into memory ([`memory`], revision 0), or a store keeps them ([`store`], [`stored`]). What
//! comes in is bounded first
//! ([`limits`]), because a hierarchy a few thousand parents deep costs Cedar seconds (threat T10).
//!
//! Cedar's entities are the currency at this room's border; nothing here evaluates policies.

pub mod changes;
pub mod document;
pub mod draft;
pub mod export;
pub mod fitting;
pub mod hierarchy;
pub mod ids;
pub mod import;
pub mod limits;
pub mod memory;
pub mod overlay;
pub mod passage;
pub mod plain;
pub mod reading;
pub mod slicing;
pub mod store;
pub mod stored;
pub mod terms;
pub mod trail;

use std::{sync::Arc, time::Duration};

use cedar_policy::{Entities, Entity, EntityUid, Schema};

use self::store::{Placed, Position, Revision, Store, Walk};
use crate::problem::Problem;

/// The facts, wherever they are kept.
pub trait Facts: Send + Sync {
    /// The newest known state of the facts; a batch of questions is answered from one.
    ///
    /// # Errors
    /// The facts cannot be read at the moment; the caller must not allow anything.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Unavailable>;

    /// An earlier state, for whoever goes on reading what was begun on it.
    ///
    /// # Errors
    /// The facts cannot be read at the moment, or never had that revision.
    fn at(&self, revision: Revision) -> Result<Arc<dyn Snapshot>, Unavailable> {
        let snapshot = self.snapshot()?;
        if snapshot.revision() == revision {
            return Ok(snapshot);
        }
        Err(Unavailable(format!("there is no revision {revision}, only {}", snapshot.revision())))
    }

    /// Looks for newer facts and tells the revision that snapshots have from now on.
    ///
    /// # Errors
    /// The facts cannot be read at the moment.
    fn refresh(&self) -> Result<Revision, Unavailable> {
        Ok(self.snapshot()?.revision())
    }

    /// How sure it is that the newest known state is the newest there is.
    fn freshness(&self) -> Freshness {
        Freshness::Current
    }

    /// The same facts with the actions of another schema, which every slice holds. Whether the entities fit it is for
    /// the caller to find out ([`fitting`]).
    ///
    /// # Errors
    /// The schema's action hierarchy cannot be built, or these facts know one schema only.
    fn under(&self, _schema: &Schema) -> Result<Arc<dyn Facts>, Problem> {
        Err(Problem::new("these facts cannot be read under another schema"))
    }

    /// The store that keeps them; none where they come from a file and cannot be changed.
    fn store(&self) -> Option<Arc<dyn Store>> {
        None
    }
}

/// How sure it is that a state is the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It is.
    Current,
    /// It was the newest when the store was last asked, so long ago.
    Checked(Duration),
    /// The store has not answered for longer than the settings allow, so long ago.
    Unknown(Duration),
    /// The store is not the one any more that answers were given from: commits are missing in it.
    Parted,
}

/// One unchanging state of the facts.
pub trait Snapshot: Send + Sync {
    /// Counts the changes that led to this state; 0 for facts from a file.
    fn revision(&self) -> u64;

    /// The entity of that name, if the facts have one.
    ///
    /// # Errors
    /// The facts cannot be read.
    fn get(&self, uid: &EntityUid) -> Result<Option<Entity>, Unavailable>;

    /// Those of some entities that exist, shared and without the ancestors of their parents.
    ///
    /// # Errors
    /// The facts cannot be read.
    fn load(&self, uids: &[EntityUid]) -> Result<Vec<slicing::Shared>, Unavailable> {
        let mut found = Vec::with_capacity(uids.len());
        for uid in uids {
            found.extend(self.get(uid)?.map(|entity| slicing::shared(&entity)));
        }
        Ok(found)
    }

    /// All that policies validated at `level` can reach from `roots`, with the `supplied` entities in
    /// place of stored ones, and the schema's `actions`.
    ///
    /// # Errors
    /// The facts cannot be read, or the supplied entities do not fit into the hierarchy.
    fn slice(&self, roots: &[EntityUid], supplied: Vec<Entity>, level: u32) -> Result<Slice, Unavailable>;

    /// Loads at once what decisions about each of `roots` will look at; nothing changes but the time they take.
    ///
    /// # Errors
    /// The facts cannot be read.
    fn warm(&self, _roots: &[EntityUid], _level: u32) -> Result<(), Unavailable> {
        Ok(())
    }

    /// At most `limit` entities of a walk that stand after a position, in the order of these facts.
    ///
    /// # Errors
    /// The facts cannot be read.
    fn walk(&self, walk: Walk, after: Position, limit: usize) -> Result<Vec<Placed>, Unavailable>;

    /// The places of those entities that exist, in the order of these facts.
    ///
    /// # Errors
    /// The facts cannot be read.
    fn places(&self, uids: &[EntityUid]) -> Result<Vec<Placed>, Unavailable>;
}

/// The part of the facts that one decision may look at.
#[derive(Debug, Clone)]
pub struct Slice {
    /// Entities by name, action entities included.
    pub entities: Arc<Entities>,
    /// The revision they were read at.
    pub revision: u64,
}

/// Facts could not be read: an error, never an Allow.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the facts cannot be read: {0}")]
pub struct Unavailable(pub String);

impl From<crate::database::Failed> for Unavailable {
    fn from(failed: crate::database::Failed) -> Self {
        Self(failed.0)
    }
}
