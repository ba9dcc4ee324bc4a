//! One running service: its settings, its counters, and the engine once a bundle is active.

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use metrics_exporter_prometheus::BuildError;

use super::{
    active::Active, error::Error, metadata::Configuration, meters::Meters, openapi, reload::Reloads, tls::Tls,
};
use crate::{audit::recorder::Recorder, config::ServerSettings, engine::Engine, facts::Unavailable};

/// What every handler can see.
pub struct Service {
    /// Limits and timeouts.
    pub settings: ServerSettings,
    /// Whether a caller may state `context.now` itself.
    pub trust_caller_clock: bool,
    /// What is counted.
    pub meters: Meters,
    /// Certificates to present; without them connections are not encrypted.
    pub tls: Option<Arc<Tls>>,
    /// Where other bundles come from; without it the first one stays.
    pub reloads: Option<Reloads>,
    /// The discovery document.
    pub configuration: Bytes,
    /// The OpenAPI document.
    pub openapi: Bytes,
    active: OnceLock<Active>,
}

impl Service {
    /// A service that is reached under `base` and has no bundle yet.
    ///
    /// # Errors
    /// Metrics cannot be set up, which would be a bug.
    pub fn new(settings: ServerSettings, base: &str, trust_caller_clock: bool) -> Result<Self, BuildError> {
        Ok(Self {
            meters: Meters::new()?,
            configuration: json(&Configuration::of(base)),
            openapi: json(&openapi::document()),
            active: OnceLock::new(),
            settings,
            trust_caller_clock,
            tls: None,
            reloads: None,
        })
    }

    /// The same, over TLS.
    #[must_use]
    pub fn over_tls(self, tls: Tls) -> Self {
        Self { tls: Some(Arc::new(tls)), ..self }
    }

    /// The same, with bundles to come.
    #[must_use]
    pub fn reloading(self, reloads: Reloads) -> Self {
        Self { reloads: Some(reloads), ..self }
    }

    /// Puts an engine into force, of whose answers nothing is recorded; from now on the service is ready. A second engine
    /// is not taken.
    ///
    /// # Errors
    /// The facts, or the tokens of callers, cannot be read, or the bundle cannot be kept.
    pub fn activate(&self, engine: Engine) -> Result<(), Unavailable> {
        self.activate_with(engine, None)
    }

    /// The same, with its answers recorded.
    ///
    /// # Errors
    /// The facts, or the tokens of callers, cannot be read.
    pub fn activate_with(&self, engine: Engine, recorder: Option<Arc<Recorder>>) -> Result<(), Unavailable> {
        let active = Active::new(engine, recorder, &self.meters)?;
        let _ = self.active.set(active);
        Ok(())
    }

    /// The engine in force.
    ///
    /// # Errors
    /// There is none yet.
    pub fn active(&self) -> Result<&Active, Error> {
        self.active.get().ok_or_else(|| Error::unavailable("no bundle is active yet"))
    }
}

fn json(document: &impl serde::Serialize) -> Bytes {
    // Our own documents have names as keys only, so they can always be written.
    serde_json::to_vec(document).unwrap_or_default().into()
}
