//! The decision log that a verb reads: where it is, its lines, and who stands behind its pseudonyms.

use std::path::Path;

use crate::{
    analysis::replay::{
        Files, Recorded,
        kept::{Identities, Kept},
    },
    audit::{ledger, place},
    config::Settings,
    problem::Problem,
};

/// A log, and who stands behind its pseudonyms where that is kept with it.
pub struct Log {
    /// Its records.
    pub source: Box<dyn Recorded>,
    /// Those persons; none of lines that were copied out of a log.
    pub identities: Option<Identities>,
}

impl Log {
    /// The log of a place: as it is kept, or lines that were copied out of one.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open(place: &str) -> Result<Self, Problem> {
        if !ledger::is_one(place) {
            return Ok(Self { source: Box::new(Files::open(Path::new(place))?), identities: None });
        }
        let ledger = ledger::open_existing(place).map_err(|error| Problem::new(error.to_string()))?;
        Ok(Self { source: Box::new(Kept::of(ledger.clone())?), identities: Some(Identities::of(ledger)) })
    }
}

/// Where the service of these settings keeps its log, if its facts are in that store.
///
/// # Errors
/// It keeps none.
pub fn place_of(settings: &Settings, store: Option<&str>) -> Result<place::Place, Problem> {
    let store = store.unwrap_or(&settings.store.place);
    place::of(&settings.audit, Some(store)).ok_or_else(|| {
        Problem::new("`[audit] log` of `mandat.toml` is `off`: there is no log").help("name one: `--log PLACE`")
    })
}
