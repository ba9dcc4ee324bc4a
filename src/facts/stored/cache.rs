//! Entities kept in memory: those of the revision that is known, each with the revision that wrote it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use cedar_policy::EntityUid;
use cedar_policy_core::ast::{self, PartialValue, Value, ValueKind};

use crate::facts::{slicing::Shared, store::Revision};

/// Rough size of an entity without its values, and of a value, in bytes.
const ENTITY: usize = 600;
const VALUE: usize = 120;

/// An entity, or that there is none, in force since a revision and until now.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) entity: Option<Shared>,
    /// The revision that wrote it; where there is none, the revision it was looked for at.
    pub(super) since: Revision,
    /// The revision that was known when it was read.
    pub(super) kept: Revision,
}

/// Entities by name, the least used ones given up when memory runs out.
pub(super) struct Cache {
    entries: moka::sync::Cache<EntityUid, Arc<Entry>>,
    /// What was kept at an earlier revision than this is forgotten. Revisions decide that, not the time at which
    /// entries were kept: two moments can be the same to a clock.
    from: AtomicU64,
}

impl Cache {
    pub(super) fn new(memory: u64) -> Self {
        let weigh = |_: &EntityUid, entry: &Arc<Entry>| {
            let size = entry.entity.as_ref().map_or(ENTITY, |entity| weight(entity));
            u32::try_from(size).unwrap_or(u32::MAX)
        };
        let entries = moka::sync::Cache::builder().max_capacity(memory).weigher(weigh).build();
        Self { entries, from: AtomicU64::new(0) }
    }

    /// The entity as it was at a revision that is no newer than the known one.
    pub(super) fn get(&self, uid: &EntityUid, at: Revision) -> Option<Arc<Entry>> {
        let from = self.from.load(Ordering::Acquire);
        self.entries.get(uid).filter(|entry| entry.since <= at && entry.kept >= from)
    }

    pub(super) fn keep(&self, uid: EntityUid, entry: Entry) {
        self.entries.insert(uid, Arc::new(entry));
    }

    pub(super) fn forget(&self, uid: &EntityUid) {
        self.entries.invalidate(uid);
    }

    /// Forgets everything that was kept before a revision.
    pub(super) fn forget_all(&self, before: Revision) {
        self.from.store(before, Ordering::Release);
        self.entries.invalidate_all();
    }
}

fn weight(entity: &ast::Entity) -> usize {
    let values: usize =
        entity.attrs().map(|(_, value)| if let PartialValue::Value(value) = value { count(value) } else { 1 }).sum();
    ENTITY + VALUE * (values + entity.parents().count())
}

fn count(value: &Value) -> usize {
    match &value.value {
        ValueKind::Set(set) => 1 + set.iter().map(count).sum::<usize>(),
        ValueKind::Record(record) => 1 + record.values().map(count).sum::<usize>(),
        _ => 1,
    }
}
