//! The past: what would have been answered at an earlier time.
//!
//! A reviewer asks why Clara was refused on the first of October. Since then the partnership has ended and the policies
//! have changed. [`Engine::as_of`] takes the bundle that was in force then, from the files that were kept when it came
//! into force ([`keep`]), and the facts as they were, by the revision that was the newest; and gives a [`Moment`] like any
//! other, so that decisions and explanations are made in one way. Who asks takes that time for `context.now`, too.
//!
//! Bundles of the past are loaded when they are asked for and a few are held ready. Facts need not fit anew: under the
//! schema of that bundle they were written.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::{Engine, Moment};
use crate::{
    bundle::{Bundle, archive},
    facts::{
        Facts, Unavailable,
        store::{Activation, Store, Writing},
    },
    problem::Problems,
};

/// Earlier bundles that are held ready.
const READY: u64 = 4;

/// Earlier bundles that are held ready, by digest.
pub(super) struct Ready {
    bundles: moka::sync::Cache<String, Arc<Earlier>>,
    /// To load one is the work of a second: who asks about many waits, and nobody else does.
    loading: Mutex<()>,
}

/// A bundle that was in force, and the facts as they are read under its schema.
struct Earlier {
    bundle: Arc<Bundle>,
    facts: Arc<dyn Facts>,
}

/// Why there is no answer as of a time.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NoPast {
    /// It is still to come.
    #[error("{0} is in the future, and what will be in force then is not known")]
    Future(Timestamp),
    /// Facts from a file have no earlier states.
    #[error("the facts come from a file, which has no past; keep them in a store")]
    NoStore,
    /// Nothing answered then.
    #[error("no bundle was in force at {0}; the store's first came later")]
    Before(Timestamp),
    /// The facts, or what was kept, cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// What was kept of the bundle is no bundle any more, for this version or at all.
    #[error("the bundle {digest} that was in force then cannot be loaded: {problems}")]
    Unloadable {
        /// Its digest.
        digest: String,
        /// All that is wrong with it.
        problems: Arc<Problems>,
    },
}

impl Default for Ready {
    fn default() -> Self {
        Self { bundles: moka::sync::Cache::new(READY), loading: Mutex::default() }
    }
}

impl Engine {
    /// Keeps the bundle in force and since when, where the facts have a store: before the first answer under it.
    ///
    /// # Errors
    /// It cannot be kept, so nothing must be answered.
    pub fn keep_in_force(&self, at: Timestamp) -> Result<(), Unavailable> {
        let in_force = self.in_force.load();
        in_force.facts.store().map_or(Ok(()), |store| keep(&*store, &in_force.bundle, at))
    }

    /// The bundle and the facts that were in force at a time. Reads the store, and loads a bundle where that was
    /// another one: for a thread that may wait.
    ///
    /// # Errors
    /// The time is to come, nothing was in force then, or what was cannot be read.
    pub fn as_of(&self, at: Timestamp, now: Timestamp) -> Result<Moment, NoPast> {
        if at > now {
            return Err(NoPast::Future(at));
        }
        let in_force = self.in_force.load_full();
        let store = in_force.facts.store().ok_or(NoPast::NoStore)?;
        let digest = store.bundle_at(at)?.ok_or(NoPast::Before(at))?;
        let revision = store.revision_at(at)?;
        let (bundle, facts) = if digest == in_force.bundle.digest {
            (in_force.bundle.clone(), in_force.facts.clone())
        } else {
            let earlier = self.earlier(&digest, &*store, &*in_force.facts)?;
            (earlier.bundle.clone(), earlier.facts.clone())
        };
        // Another replica may have committed what is not known here yet.
        facts.refresh()?;
        Ok(Moment { bundle, snapshot: facts.at(revision)? })
    }

    fn earlier(&self, digest: &str, store: &dyn Store, facts: &dyn Facts) -> Result<Arc<Earlier>, NoPast> {
        let loaded = || {
            let _one_at_a_time = self.ready.loading.lock().unwrap_or_else(PoisonError::into_inner);
            load(digest, store, facts).map(Arc::new)
        };
        self.ready.bundles.try_get_with_by_ref(digest, loaded).map_err(|error| (*error).clone())
    }
}

fn load(digest: &str, store: &dyn Store, facts: &dyn Facts) -> Result<Earlier, NoPast> {
    let unloadable =
        |problems: Problems| NoPast::Unloadable { digest: digest.to_owned(), problems: Arc::new(problems) };
    let text = store.bundle(digest)?.ok_or_else(|| Unavailable(format!("the bundle {digest} is not kept")))?;
    let bundle = archive::read(digest, &text).and_then(Bundle::from_files).map_err(unloadable)?;
    let facts = facts.under(&bundle.schema).map_err(|problem| unloadable(problem.into()))?;
    Ok(Earlier { bundle: Arc::new(bundle), facts })
}

/// Keeps a bundle and that it is in force from now on.
pub(super) fn keep(store: &dyn Store, bundle: &Bundle, at: Timestamp) -> Result<(), Unavailable> {
    let activation = Activation { at, bundle: bundle.digest.clone() };
    store.keep_bundle(&activation, &archive::text(&bundle.files)).map_err(unkept)
}

/// The same by who has the store's writer, who gives it up by that.
pub(super) fn keep_by(mut writing: Box<dyn Writing>, bundle: &Bundle, at: Timestamp) -> Result<(), Unavailable> {
    let mut keep = || {
        writing.keep_bundle(&bundle.digest, &archive::text(&bundle.files))?;
        writing.activate(&Activation { at, bundle: bundle.digest.clone() })
    };
    keep().and_then(|()| writing.commit()).map_err(unkept)
}

fn unkept(Unavailable(reason): Unavailable) -> Unavailable {
    Unavailable(format!("the bundle cannot be kept, so nothing is answered under it: {reason}"))
}
