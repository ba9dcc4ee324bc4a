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

/// What a service records, if anything.
pub(super) struct Recording {
    pub(super) recorder: Option<Arc<Recorder>>,
    about: String,
}

impl Recording {
    /// Says so in the log of the service.
    pub(super) fn tell(&self) {
        match &self.recorder {
            Some(recorder) => {
                tracing::info!(audit.log = self.about, audit.mode = recorder.mode().name(), "decisions are recorded");
            }
            None => tracing::warn!(audit.reason = self.about, "decisions are not recorded"),
        }
    }
}

impl Arguments {
    /// Begins to record; nothing where the settings want none or facts come from a file.
    ///
    /// # Errors
    /// The log cannot be written: then nothing is answered either.
    pub(super) fn start(&self, settings: AuditSettings, store: Option<&str>) -> Result<Recording, Problem> {
        let settings = AuditSettings {
            log: self.audit.clone().unwrap_or(settings.log),
            mode: self.audit_mode.unwrap_or(settings.mode),
            key: self.audit_key.clone().or(settings.key),
            ..settings
        };
        let Some(place) = place::of(&settings, store) else {
            let about = if settings.log == "off" { "the log is off" } else { "facts come from a file" };
            return Ok(Recording { recorder: None, about: about.to_owned() });
        };
        begin(&settings, &place).map_err(|error| {
            Problem::new(error.to_string())
                .help("`--audit off` answers without recording; nothing of it can be shown later")
        })
    }
}

fn begin(settings: &AuditSettings, place: &Place) -> Result<Recording, Failed> {
    let ledger = ledger::open(&place.log)?;
    let (about, key) = (ledger.name(), key::open(&place.key)?);
    let keep = (settings.keep_days > 0).then(|| SignedDuration::from_hours(24 * i64::from(settings.keep_days)));
    let recorder = Recorder::start(ledger, Settings { mode: settings.mode, limit: settings.queue, key, keep })?;
    Ok(Recording { recorder: Some(Arc::new(recorder)), about })
}
