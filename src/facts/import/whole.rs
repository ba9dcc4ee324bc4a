//! What only the whole shows: references that lead nowhere, invariants that look further, deep hierarchies.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use cedar_policy::{Entities, Entity, EntityUid};

use super::{TOLD, Taking};
use crate::facts::{
    Slice, Snapshot, Unavailable, hierarchy,
    slicing::{Shared, gather, shared},
    store::{Placed, Position, Walk, Writing},
};

/// Entities that are looked at together: what they refer to is read in one batch.
const CHUNK: usize = 1_000;

/// Entities that are remembered between chunks.
const REMEMBERED: usize = 20_000;

pub(super) fn check(taking: &mut Taking, writing: &mut dyn Writing) -> Result<(), Unavailable> {
    if taking.wrong.len() >= TOLD {
        return Ok(());
    }
    for dangling in writing.dangling(TOLD)? {
        let through = if dangling.path.is_empty() { "a parent" } else { &dangling.path };
        taking.wrong.push(format!("{} refers to {} by {through}, which does not exist", dangling.from, dangling.to));
    }
    // In the order of the file: what stands together there mostly refers to each other.
    let mut later = std::mem::take(&mut taking.later);
    let mut once = HashSet::new();
    later.retain(|uid| taking.alone || once.insert(uid.clone()));
    drop(once);
    let actions = taking.import.actions.clone();
    let written = Written { writing: Mutex::new(writing), actions, remembered: Mutex::default() };
    for chunk in later.chunks(CHUNK) {
        if taking.wrong.len() >= TOLD {
            return Ok(());
        }
        written.warm(chunk, taking.import.level)?;
        for uid in chunk {
            taking.look_again(uid, &written)?;
        }
    }
    Ok(())
}

impl Taking<'_> {
    fn look_again(&mut self, uid: &EntityUid, after: &Written) -> Result<(), Unavailable> {
        let before = if self.alone { None } else { self.base.get(uid)? };
        if let Some(invariants) = self.import.invariants {
            self.wrong.extend(invariants.broken(after, uid, before.as_ref())?);
        }
        let has_parents = after.load(std::slice::from_ref(uid))?.iter().any(|entity| entity.parents().next().is_some());
        if has_parents {
            self.wrong.extend(hierarchy::excess(uid, after, self.base, self.import.schema)?);
        }
        Ok(())
    }
}

/// The state with everything written, before it is committed.
struct Written<'w> {
    writing: Mutex<&'w mut dyn Writing>,
    actions: Entities,
    remembered: Mutex<HashMap<EntityUid, Option<Shared>>>,
}

impl Snapshot for Written<'_> {
    fn revision(&self) -> u64 {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner).base()
    }

    fn get(&self, uid: &EntityUid) -> Result<Option<Entity>, Unavailable> {
        Ok(self.load(std::slice::from_ref(uid))?.into_iter().next().map(|entity| (*entity).clone().into()))
    }

    fn load(&self, uids: &[EntityUid]) -> Result<Vec<Shared>, Unavailable> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let missing: Vec<EntityUid> = uids.iter().filter(|uid| !remembered.contains_key(*uid)).cloned().collect();
        if remembered.len() + missing.len() > REMEMBERED {
            remembered.clear();
        }
        if !missing.is_empty() {
            let found = self.writing.lock().unwrap_or_else(PoisonError::into_inner).read(&missing)?;
            remembered.extend(missing.into_iter().map(|uid| (uid, None)));
            remembered.extend(found.into_iter().map(|stored| (stored.entity.uid(), Some(shared(&stored.entity)))));
        }
        Ok(uids.iter().filter_map(|uid| remembered.get(uid).cloned().flatten()).collect())
    }

    fn slice(&self, roots: &[EntityUid], supplied: Vec<Entity>, level: u32) -> Result<Slice, Unavailable> {
        let entities = gather(&|uids| self.load(uids), &self.actions, roots, supplied, level)?;
        Ok(Slice { entities: Arc::new(entities), revision: self.revision() })
    }

    fn warm(&self, roots: &[EntityUid], level: u32) -> Result<(), Unavailable> {
        gather(&|uids| self.load(uids), &self.actions, roots, Vec::new(), level).map(|_| ())
    }

    fn walk(&self, _: Walk, _: Position, _: usize) -> Result<Vec<Placed>, Unavailable> {
        Err(Unavailable("what is not committed cannot be walked through".to_owned()))
    }

    fn places(&self, _: &[EntityUid]) -> Result<Vec<Placed>, Unavailable> {
        Err(Unavailable("what is not committed has no places".to_owned()))
    }
}
