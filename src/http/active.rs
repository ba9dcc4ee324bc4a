//! What is in force: the engine, and what answers need of its bundle in the form the wire wants.
//!
//! The digest as a header and the decision counters are made once for each bundle, not once for each
//! request. They belong to the bundle that a moment holds: who began before a reload is dressed as what it
//! answers from, not as what is in force meanwhile.

use std::{path::Path, sync::Arc, time::Duration};

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
    inquiry::now,
    meters::{DecisionMeters, Meters},
};
use crate::{
    audit::{mask::Masks, recorder::Recorder},
    bundle::Bundle,
    config::{ServerSettings, StoreSettings, audit::AuditSettings},
    engine::{
        Engine, Moment,
        reload::{Asked, Refused, Reloaded},
    },
    facts::{Unavailable, store::Revision},
};

/// Pause between two looks for a revision that somebody waits for.
const LOOK: Duration = Duration::from_millis(5);

/// An engine that answers.
pub struct Active {
    /// Who may ask it.
    pub callers: Callers,
    /// Where answers are recorded.
    pub recorder: Option<Arc<Recorder>>,
    engine: Engine,
    dress: ArcSwap<Dress>,
    /// Settings that hold for as long as the process lives.
    lasting: (ServerSettings, StoreSettings, AuditSettings),
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
    /// What of questions is recorded under it.
    pub masks: Arc<Masks>,
    /// Its digest in records.
    pub name: Arc<str>,
}

impl Active {
    /// Puts an engine into force.
    ///
    /// # Errors
    /// The facts, or the tokens of callers, cannot be read, or the bundle cannot be kept.
    pub fn new(engine: Engine, recorder: Option<Arc<Recorder>>, meters: &Meters) -> Result<Self, Unavailable> {
        let bundle = engine.moment()?.bundle;
        let callers = Callers::of(engine.facts().store())?;
        engine.keep_in_force(now())?;
        meters.in_force(&bundle);
        let settings = &bundle.settings;
        let lasting = (settings.server.clone(), settings.store.clone(), settings.audit.clone());
        let (dress, looking) = (ArcSwap::from_pointee(Dress::new(bundle)), Arc::new(Semaphore::new(1)));
        Ok(Self { callers, recorder, engine, dress, lasting, looking })
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
        let facts = self.engine.facts();
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
    pub fn dress(&self, moment: &Moment) -> Guard<Arc<Dress>> {
        let dress = self.dress.load();
        if Arc::ptr_eq(&dress.bundle, &moment.bundle) {
            return dress;
        }
        // Around a reload. It stays with this answer: others have begun with the other bundle.
        Guard::from_inner(Arc::new(Dress::new(moment.bundle.clone())))
    }

    /// What goes with a bundle.
    pub fn dress_of(&self, bundle: Arc<Bundle>) -> Arc<Dress> {
        let dress = self.dress.load_full();
        if Arc::ptr_eq(&dress.bundle, &bundle) { dress } else { Arc::new(Dress::new(bundle)) }
    }

    /// Puts the bundle of a directory into force, if nothing is wrong with it. Blocks for as long as that takes; one
    /// after the other.
    ///
    /// # Errors
    /// Why the bundle in force stays there.
    pub fn reload(&self, dir: &Path, asked: &Asked, meters: &Meters) -> Result<Reloaded, Refused> {
        let reloaded = self.engine.reload(dir, asked, &now)?;
        if let Reloaded::Replaced { now, .. } = &reloaded {
            self.dress.store(Arc::new(Dress::new(now.clone())));
            meters.in_force(now);
        }
        Ok(reloaded)
    }

    /// The settings in which a bundle differs from what holds until the service is restarted.
    pub fn waiting_settings(&self, bundle: &Bundle) -> Vec<String> {
        let (server, store, audit) = &self.lasting;
        let named = |table: &'static str| move |name: &'static str| format!("{table}.{name}");
        let server = server.differing(&bundle.settings.server).into_iter().map(named("server"));
        let store = store.differing(&bundle.settings.store).into_iter().map(named("store"));
        let audit = audit.differing(&bundle.settings.audit).into_iter().map(named("audit"));
        server.chain(store).chain(audit).collect()
    }
}

impl Dress {
    fn new(bundle: Arc<Bundle>) -> Self {
        // A digest is hexadecimal, which a header always takes.
        let digest = HeaderValue::from_str(&bundle.digest).unwrap_or(HeaderValue::from_static("unknown"));
        let masks = Arc::new(Masks::of(&bundle.settings.audit));
        Self { digest, meters: DecisionMeters::of(&bundle), masks, name: bundle.digest.as_str().into(), bundle }
    }
}
