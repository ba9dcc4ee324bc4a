//! One revision of a store, read through the entities kept near.

use std::{collections::HashSet, sync::Arc};

use cedar_policy::{Entities, Entity, EntityUid};

use super::{Near, blocking, cache::Entry};
use crate::facts::{
    Slice, Snapshot, Unavailable,
    slicing::{Shared, gather, shared},
    store::{Placed, Position, Revision, Walk},
};

/// A state of the facts, by its number.
pub(super) struct StoredSnapshot {
    pub(super) near: Arc<Near>,
    pub(super) actions: Arc<Entities>,
    pub(super) revision: Revision,
}

impl StoredSnapshot {
    /// Reads from the store what is not kept, in one batch, and keeps it.
    fn read(&self, missing: &[EntityUid]) -> Result<Vec<Shared>, Unavailable> {
        let stored = blocking(|| self.near.store.read(missing, self.revision))?;
        let mut entries: Vec<(EntityUid, Entry)> = Vec::with_capacity(missing.len());
        for stored in stored {
            let uid = stored.entity.uid();
            let entity = shared(&stored.entity);
            entries.push((uid, Entry { entity: Some(entity), since: stored.since, kept: self.revision }));
        }
        let found: Vec<Shared> = entries.iter().filter_map(|(_, entry)| entry.entity.clone()).collect();
        let existing: HashSet<EntityUid> = entries.iter().map(|(uid, _)| uid.clone()).collect();
        let absent = missing.iter().filter(|uid| !existing.contains(uid));
        let nothing = Entry { entity: None, since: self.revision, kept: self.revision };
        entries.extend(absent.map(|uid| (uid.clone(), nothing.clone())));
        // Kept only while nothing newer is known: what is kept is what is in force. A look that learns of
        // something newer waits for this lock, and forgets afterwards.
        let known = self.near.known();
        if known.revision == self.revision {
            entries.into_iter().for_each(|(uid, entry)| self.near.cache.keep(uid, entry));
        }
        Ok(found)
    }
}

impl Snapshot for StoredSnapshot {
    fn revision(&self) -> u64 {
        self.revision
    }

    fn get(&self, uid: &EntityUid) -> Result<Option<Entity>, Unavailable> {
        let found = self.load(std::slice::from_ref(uid))?;
        Ok(found.into_iter().next().map(|entity| (*entity).clone().into()))
    }

    fn load(&self, uids: &[EntityUid]) -> Result<Vec<Shared>, Unavailable> {
        let mut found = Vec::with_capacity(uids.len());
        let mut missing = Vec::new();
        for uid in uids {
            match self.near.cache.get(uid, self.revision) {
                Some(entry) => found.extend(entry.entity.clone()),
                None => missing.push(uid.clone()),
            }
        }
        if !missing.is_empty() {
            found.extend(self.read(&missing)?);
        }
        Ok(found)
    }

    fn slice(&self, roots: &[EntityUid], supplied: Vec<Entity>, level: u32) -> Result<Slice, Unavailable> {
        let entities = gather(&|uids| self.load(uids), &self.actions, roots, supplied, level)?;
        Ok(Slice { entities: Arc::new(entities), revision: self.revision })
    }

    fn warm(&self, roots: &[EntityUid], level: u32) -> Result<(), Unavailable> {
        gather(&|uids| self.load(uids), &self.actions, roots, Vec::new(), level).map(|_| ())
    }

    fn walk(&self, walk: Walk, after: Position, limit: usize) -> Result<Vec<Placed>, Unavailable> {
        blocking(|| self.near.store.walk(walk, after, limit, self.revision))
    }

    fn places(&self, uids: &[EntityUid]) -> Result<Vec<Placed>, Unavailable> {
        blocking(|| self.near.store.places(uids, self.revision))
    }
}
