//! What is in force: the engine, and what answers need of its bundle in the form the wire wants.
//!
//! The digest as a header and the decision counters are made once for each bundle, not once for each
//! request. They belong to the bundle that a moment holds: when a reload has put another one in force,
//! the next moment brings it along and they are made anew.

use std::{sync::Arc, time::Duration};

use arc_swap::{ArcSwap, Guard};
use axum::http::HeaderValue;
use tokio::{
    sync::Semaphore,
    task::spawn_blocking,
    time::{Instant, sleep, timeout_at},
};

use super::{
    callers::Callers,
    error::Error,
    meters::{DecisionMeters, Meters},
};
use crate::{
    bundle::Bundle,
    engine::{Engine, Moment},
    facts::{Unavailable, store::Revision},
};

/// Pause between two looks for a revision that somebody waits for.
const LOOK: Duration = Duration::from_millis(5);

/// An engine that answers.
pub struct Active {
    /// Who may ask it.
    pub callers: Callers,
    engine: Engine,
    dress: ArcSwap<Dress>,
    /// Who looks for newer facts because a request asks for them.
    looking: Arc<Semaphore>,
}

/// A bundle as answers show it.
pub struct Dress {
    bundle: Arc<Bundle>,
    /// Its digest.
    pub digest: HeaderValue,
    /// Its decision counters.
    pub meters: DecisionMeters,
}

impl Active {
    /// Puts an engine into force.
    ///
    /// # Errors
    /// The facts, or the tokens of callers, cannot be read.
    pub fn new(engine: Engine, meters: &Meters) -> Result<Self, Unavailable> {
        let dress = Dress::new(engine.moment()?.bundle, None, meters);
        let callers = Callers::of(engine.facts().store())?;
        Ok(Self { callers, engine, dress: ArcSwap::from_pointee(dress), looking: Arc::new(Semaphore::new(1)) })
    }

    /// The bundle in force.
    pub fn bundle(&self) -> Arc<Bundle> {
        self.engine.bundle()
    }

    /// The engine itself.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// One bundle and one state of the facts.
    ///
    /// # Errors
    /// The facts cannot be read.
    pub fn moment(&self) -> Result<Moment, Unavailable> {
        self.engine.moment()
    }

    /// Waits until a revision of the facts is known.
    ///
    /// # Errors
    /// It is not known in time: no answer is better than one from before what the caller has seen.
    pub async fn await_revision(&self, revision: u64, patience: Duration) -> Result<(), Error> {
        let until = Instant::now() + patience;
        loop {
            // A snapshot costs nothing; only where it is too old is the store asked.
            let known = self.engine.facts().snapshot()?.revision();
            if known >= revision {
                return Ok(());
            }
            let late = || {
                Error::unavailable(format!(
                    "revision {revision} of the facts is not known here yet, only {known}; ask again"
                ))
            };
            let looked = timeout_at(until, self.look()).await.map_err(|_| late())??;
            if looked < revision {
                timeout_at(until, sleep(LOOK)).await.map_err(|_| late())?;
            }
        }
    }

    /// Looks for newer facts, where the wait for a database that does not answer holds up no other request. One look
    /// at a time, so that such waits do not pile up either.
    async fn look(&self) -> Result<Revision, Error> {
        let turn = self.looking.clone().acquire_owned().await;
        let facts = self.engine.shared_facts();
        let looking = spawn_blocking(move || {
            let looked = facts.refresh();
            drop(turn);
            looked
        });
        let looked = looking.await.map_err(|_| Error::unavailable("the facts could not be looked at"))?;
        Ok(looked?)
    }

    /// The bundle in force and an earlier state of the facts.
    ///
    /// # Errors
    /// The facts cannot be read, or that state cannot be had any more.
    pub fn moment_at(&self, revision: Revision) -> Result<Moment, Unavailable> {
        self.engine.moment_at(revision)
    }

    /// What goes with a moment's bundle.
    pub fn dress(&self, moment: &Moment, meters: &Meters) -> Guard<Arc<Dress>> {
        let dress = self.dress.load();
        if Arc::ptr_eq(&dress.bundle, &moment.bundle) {
            return dress;
        }
        self.dress.store(Arc::new(Dress::new(moment.bundle.clone(), Some(&dress.bundle), meters)));
        self.dress.load()
    }
}

impl Dress {
    fn new(bundle: Arc<Bundle>, before: Option<&Bundle>, meters: &Meters) -> Self {
        // A digest is hexadecimal, which a header always takes.
        let digest = HeaderValue::from_str(&bundle.digest).unwrap_or(HeaderValue::from_static("unknown"));
        Self { digest, meters: meters.bundle(before, &bundle), bundle }
    }
}
