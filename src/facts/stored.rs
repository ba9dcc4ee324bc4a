//! Facts that a store keeps, with the entities that decisions ask for kept near.
//!
//! Ada's panel asks, and Ada's organisation has been asked about before: her entities come from memory, and
//! the database is not asked at all. What may be used from memory is decided by the change log. [`Stored`]
//! *knows* a revision; when it learns of a newer one, it first reads from the log what was changed in
//! between, forgets these entities, and only then knows the newer one ([`cache`]). So a hit is never stale: it
//! is the entity as of the revision that the answer names. Decisions are never kept.
//!
//! Commits of this process are known at once, those of others when a notice arrives or at the next look
//! ([`Store::await_news`]). How long ago the last look was is the facts' *freshness*: beyond what is allowed,
//! nothing is answered any more.
//!
//! A database can lose commits: it was restored from a backup, or a copy took over that lagged behind. Its
//! revisions then have other contents than those that are known here, even where it has counted on meanwhile. Each
//! look compares the mark of the known revision; once it differs nothing is answered until the service is restarted.

mod cache;
mod snapshot;

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak},
    time::{Duration, Instant},
};

use cedar_policy::{Entities, Schema};

use self::{cache::Cache, snapshot::StoredSnapshot};
use super::{
    Facts, Freshness, Snapshot, Unavailable,
    store::{Revision, Store},
};
use crate::problem::{Problem, Problems, describe};

/// Most changed entities that are forgotten one by one; beyond, all are.
const FORGOTTEN_SINGLY: usize = 10_000;

/// How facts of a store are kept near.
#[derive(Debug, Clone, Copy)]
pub struct Keeping {
    /// Memory for entities, in bytes, roughly.
    pub memory: u64,
    /// How often the store is looked at for commits of others.
    pub poll: Duration,
    /// Answers are given for so long without a look at the store.
    pub max_staleness: Duration,
}

/// Facts in a store.
pub struct Stored {
    near: Arc<Near>,
    /// The schema's own entities, which are in no store: a bundle brings them along.
    actions: Arc<Entities>,
}

/// What is known of a store, shared by snapshots.
struct Near {
    store: Arc<dyn Store>,
    /// Entities as they are stored, which no schema has a part in: it is right under any bundle.
    cache: Cache,
    known: RwLock<Known>,
    /// One look at a time; the mark of the known revision.
    looking: Mutex<Option<String>>,
    /// Why the store is not the one any more that answers were given from.
    parted: OnceLock<Unavailable>,
    keeping: Keeping,
}

#[derive(Clone, Copy)]
struct Known {
    revision: Revision,
    looked: Instant,
}

impl Stored {
    /// Facts of a store, at its newest revision.
    ///
    /// # Errors
    /// The store cannot be read, or the schema's action hierarchy cannot be built.
    pub fn open(store: Arc<dyn Store>, schema: &Schema, keeping: Keeping) -> Result<Self, Problems> {
        let actions = Arc::new(action_entities(schema)?);
        let looked = Instant::now();
        let unreadable = |error: Unavailable| Problem::new(error.to_string());
        let revision = store.head().map_err(unreadable)?;
        let mark = store.mark(revision).map_err(unreadable)?;
        let near = Arc::new(Near {
            store,
            cache: Cache::new(keeping.memory),
            known: RwLock::new(Known { revision, looked }),
            looking: Mutex::new(mark),
            parted: OnceLock::new(),
            keeping,
        });
        let watched = Arc::downgrade(&near);
        std::thread::Builder::new()
            .name("mandat-news".to_owned())
            .spawn(move || watch(&watched))
            .map_err(|error| Problem::new(format!("the store cannot be watched: {error}")))?;
        Ok(Self { near, actions })
    }

    fn state(&self, revision: Revision) -> Arc<dyn Snapshot> {
        Arc::new(StoredSnapshot { near: self.near.clone(), actions: self.actions.clone(), revision })
    }
}

fn action_entities(schema: &Schema) -> Result<Entities, Problem> {
    schema.action_entities().map_err(|error| Problem::new(describe(&error)))
}

/// Looks at the store whenever there may be something new, for as long as somebody uses these facts.
fn watch(watched: &Weak<Near>) {
    let mut failing = false;
    while let Some(near) = watched.upgrade() {
        let looked = near.look();
        if let (Err(error), false) = (&looked, failing) {
            tracing::warn!(store.reason = error.0, "the store cannot be looked at; answers go on while they may");
        }
        if looked.is_ok() && failing {
            tracing::info!("the store can be looked at again");
        }
        failing = looked.is_err();
        let (store, poll) = (near.store.clone(), near.keeping.poll);
        drop(near);
        store.await_news(poll);
    }
}

impl Facts for Stored {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Unavailable> {
        if let Some(parted) = self.near.parted.get() {
            return Err(parted.clone());
        }
        let known = *self.near.known();
        let age = known.looked.elapsed();
        if age > self.near.keeping.max_staleness {
            return Err(Unavailable(format!("the store did not answer for {} ms", age.as_millis())));
        }
        Ok(self.state(known.revision))
    }

    fn at(&self, revision: Revision) -> Result<Arc<dyn Snapshot>, Unavailable> {
        self.snapshot()?;
        let known = self.near.known().revision;
        if revision > known {
            return Err(Unavailable(format!("revision {revision} is not known yet, only {known}")));
        }
        Ok(self.state(revision))
    }

    fn refresh(&self) -> Result<Revision, Unavailable> {
        blocking(|| self.near.look())
    }

    fn freshness(&self) -> Freshness {
        if self.near.parted.get().is_some() {
            return Freshness::Parted;
        }
        let age = self.near.known().looked.elapsed();
        if age > self.near.keeping.max_staleness { Freshness::Unknown(age) } else { Freshness::Checked(age) }
    }

    fn under(&self, schema: &Schema) -> Result<Arc<dyn Facts>, Problem> {
        Ok(Arc::new(Self { near: self.near.clone(), actions: Arc::new(action_entities(schema)?) }))
    }

    fn store(&self) -> Option<Arc<dyn Store>> {
        Some(self.near.store.clone())
    }
}

impl Near {
    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns of what was committed since the last look: first forgets what was changed, then knows the revision.
    fn look(&self) -> Result<Revision, Unavailable> {
        let mut mark = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let looked = Instant::now();
        let before = self.known().revision;
        let head = self.store.head()?;
        let (changed, newest) = if head > before {
            let newest = self.store.mark(head)?;
            (self.store.changed(before, head, FORGOTTEN_SINGLY)?, newest)
        } else {
            (Some(Vec::new()), mark.clone())
        };
        // Asked last: where it still holds, all that was read before follows on what is known.
        if head < before || self.store.mark(before)? != *mark {
            return Err(self.part(before, head));
        }
        let mut known = self.known_mut();
        match changed {
            Some(uids) => uids.iter().for_each(|uid| self.cache.forget(uid)),
            None => self.cache.forget_all(head),
        }
        *known = Known { revision: head, looked };
        *mark = newest;
        Ok(head)
    }

    /// What was answered since cannot be told from what is true now, and what is kept may never have been.
    fn part(&self, known: Revision, head: Revision) -> Unavailable {
        let reason = format!(
            "the store has lost revision {known} that is known here, its newest is {head}; it was restored, or a copy took \
             over; restart the service"
        );
        tracing::error!(
            store.known = known,
            store.head = head,
            "the store has lost commits; nothing is answered any more"
        );
        self.parted.get_or_init(|| Unavailable(reason)).clone()
    }
}

/// Runs what waits for a database. On a thread that answers requests, others take over its work meanwhile.
fn blocking<T>(wait: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(wait),
        _ => wait(),
    }
}
