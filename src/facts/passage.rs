//! A passage through the history of a store: its facts at one revision after the other, each read once.
//!
//! Whoever goes through a year of recorded decisions needs the facts of thousands of revisions, of which each changes a
//! few entities. A [`Passage`] stands at one revision and keeps what it has read. When it goes on, forwards or backwards,
//! it asks the change log what is different between the two and forgets just that. It belongs to one thread; [`super::stored`] is
//! for answers of now.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cedar_policy::{Entities, Entity, EntityUid};

use super::{
    Slice, Snapshot, Unavailable,
    slicing::{Shared, gather, shared},
    store::{Placed, Position, Revision, Store, Walk},
};

/// Most entities that are kept, absent ones too; beyond, all are forgotten.
const KEPT: usize = 100_000;

/// Most changed entities that are forgotten one by one; beyond, all are.
const FORGOTTEN_SINGLY: usize = 10_000;

/// The facts of a store at a revision that can be exchanged.
pub struct Passage {
    store: Arc<dyn Store>,
    /// The schema's own entities, which are in no store.
    actions: Arc<Entities>,
    revision: Revision,
    kept: Mutex<HashMap<EntityUid, Option<Shared>>>,
}

impl Passage {
    /// Stands at a revision.
    pub fn new(store: Arc<dyn Store>, actions: Arc<Entities>, revision: Revision) -> Self {
        Self { store, actions, revision, kept: Mutex::default() }
    }

    /// Goes to another revision, one that the store has.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn go_to(&mut self, revision: Revision) -> Result<(), Unavailable> {
        let (from, to) = (self.revision.min(revision), self.revision.max(revision));
        // What was changed neither way is the same at both ends.
        let changed = if from == to { Some(Vec::new()) } else { self.store.changed(from, to, FORGOTTEN_SINGLY)? };
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        match changed {
            Some(uids) => uids.iter().for_each(|uid| {
                kept.remove(uid);
            }),
            None => kept.clear(),
        }
        self.revision = revision;
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<EntityUid, Option<Shared>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, missing: Vec<EntityUid>) -> Result<Vec<Shared>, Unavailable> {
        let stored = self.store.read(&missing, self.revision)?;
        let mut kept = self.kept();
        if kept.len() + missing.len() > KEPT {
            kept.clear();
        }
        kept.extend(missing.into_iter().map(|uid| (uid, None)));
        let found: Vec<Shared> = stored.iter().map(|stored| shared(&stored.entity)).collect();
        kept.extend(found.iter().map(|entity| (EntityUid::from(entity.uid().clone()), Some(entity.clone()))));
        Ok(found)
    }
}

impl Snapshot for Passage {
    fn revision(&self) -> u64 {
        self.revision
    }

    fn get(&self, uid: &EntityUid) -> Result<Option<Entity>, Unavailable> {
        let found = self.load(std::slice::from_ref(uid))?;
        Ok(found.into_iter().next().map(|entity| (*entity).clone().into()))
    }

    fn load(&self, uids: &[EntityUid]) -> Result<Vec<Shared>, Unavailable> {
        let (mut found, mut missing) = (Vec::with_capacity(uids.len()), Vec::new());
        {
            let kept = self.kept();
            for uid in uids {
                match kept.get(uid) {
                    Some(entity) => found.extend(entity.clone()),
                    None => missing.push(uid.clone()),
                }
            }
        }
        if !missing.is_empty() {
            found.extend(self.read(missing)?);
        }
        Ok(found)
    }

    fn slice(&self, roots: &[EntityUid], supplied: Vec<Entity>, level: u32) -> Result<Slice, Unavailable> {
        let entities = gather(&|uids| self.load(uids), &self.actions, roots, supplied, level)?;
        Ok(Slice { entities: Arc::new(entities), revision: self.revision })
    }

    fn walk(&self, walk: Walk, after: Position, limit: usize) -> Result<Vec<Placed>, Unavailable> {
        self.store.walk(walk, after, limit, self.revision)
    }

    fn places(&self, uids: &[EntityUid]) -> Result<Vec<Placed>, Unavailable> {
        self.store.places(uids, self.revision)
    }
}
