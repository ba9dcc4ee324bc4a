//! The decision log of a service, as its settings and flags say.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::{
    audit::{
        Failed, key, ledger,
        place::{self, Place},
        recorder::{Recorder, Settings},
    },
    config::audit::{AuditSettings, Mode},
    problem::Problem,
};

/// Where answers are recorded, and how surely.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where answers are recorded: `store`, `off`, or a place; overrides `[audit] log` of `mandat.toml`.
    #[arg(long, value_name = "PLACE", env = "MANDAT_AUDIT", hide_env_values = true)]
    audit: Option<String>,
    /// What the log promises; overrides `[audit] mode` of `mandat.toml`.
    #[arg(long, value_name = "MODE", env = "MANDAT_AUDIT_MODE")]
    audit_mode: Option<Mode>,
    /// The file of the key that signs the log; overrides `[audit] key` of `mandat.toml`.
    #[arg(long, value_name = "FILE", env = "MANDAT_AUDIT_KEY")]
    audit_key: Option<String>,
}

impl Arguments {
    /// Begins to record; nothing where the settings want none or facts come from a file.
    ///
    /// # Errors
    /// The log cannot be written: then nothing is answered either.
    pub(super) fn start(&self, settings: AuditSettings, store: Option<&str>) -> Result<Option<Arc<Recorder>>, Problem> {
        let settings = AuditSettings {
            log: self.audit.clone().unwrap_or(settings.log),
            mode: self.audit_mode.unwrap_or(settings.mode),
            key: self.audit_key.clone().or(settings.key),
            ..settings
        };
        let Some(Place { log, key: key_file }) = place::of(&settings, store) else {
            let reason = if settings.log == "off" { "the log is off" } else { "facts come from a file" };
            tracing::warn!(audit.reason = reason, "decisions are not recorded");
            return Ok(None);
        };
        let start = || {
            let ledger = ledger::open(&log)?;
            let name = ledger.name();
            let key = key::open(&key_file)?;
            let keep = (settings.keep_days > 0).then(|| SignedDuration::from_hours(24 * i64::from(settings.keep_days)));
            let recorder = Recorder::start(ledger, Settings { mode: settings.mode, limit: settings.queue, key, keep })?;
            tracing::info!(audit.log = name, audit.mode = settings.mode.name(), "decisions are recorded");
            Ok(Some(Arc::new(recorder)))
        };
        start().map_err(|error: Failed| {
            Problem::new(error.to_string())
                .help("`--audit off` answers without recording; nothing of it can be shown later")
        })
    }
}
