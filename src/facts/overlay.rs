//! A state of the facts as it would be with some changes made.

use std::{collections::HashMap, sync::Arc};

use cedar_policy::{Entities, Entity, EntityUid};

use super::{
    Slice, Snapshot, Unavailable,
    slicing::{Shared, gather},
    store::{Placed, Position, Walk},
};

/// Changes over a state.
pub struct Overlay<'b> {
    base: &'b dyn Snapshot,
    changed: HashMap<EntityUid, Option<Shared>>,
    actions: &'b Entities,
}

impl<'b> Overlay<'b> {
    /// The state with these entities in place of their former selves; `None` deletes one.
    pub fn new(base: &'b dyn Snapshot, changed: HashMap<EntityUid, Option<Shared>>, actions: &'b Entities) -> Self {
        Self { base, changed, actions }
    }
}

impl Snapshot for Overlay<'_> {
    /// Of the state beneath: the changes have no revision yet.
    fn revision(&self) -> u64 {
        self.base.revision()
    }

    fn get(&self, uid: &EntityUid) -> Result<Option<Entity>, Unavailable> {
        match self.changed.get(uid) {
            Some(changed) => Ok(changed.as_ref().map(|entity| (**entity).clone().into())),
            None => self.base.get(uid),
        }
    }

    fn load(&self, uids: &[EntityUid]) -> Result<Vec<Shared>, Unavailable> {
        let (changed, rest): (Vec<_>, Vec<_>) = uids.iter().cloned().partition(|uid| self.changed.contains_key(uid));
        let mut found = self.base.load(&rest)?;
        found.extend(changed.iter().filter_map(|uid| self.changed.get(uid)).flatten().cloned());
        Ok(found)
    }

    fn slice(&self, roots: &[EntityUid], supplied: Vec<Entity>, level: u32) -> Result<Slice, Unavailable> {
        let entities = gather(&|uids| self.load(uids), self.actions, roots, supplied, level)?;
        Ok(Slice { entities: Arc::new(entities), revision: self.revision() })
    }

    fn walk(&self, _: Walk, _: Position, _: usize) -> Result<Vec<Placed>, Unavailable> {
        Err(Unavailable("a state that is not stored yet cannot be walked through".to_owned()))
    }

    fn places(&self, _: &[EntityUid]) -> Result<Vec<Placed>, Unavailable> {
        Err(Unavailable("a state that is not stored yet has no places".to_owned()))
    }
}
