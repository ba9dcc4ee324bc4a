//! What verbs that answer one question read: a bundle, facts, a body as the service would get it, and the time.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use crate::{
    bundle::{Bundle, files},
    config::{Settings, StoreSettings},
    engine::Engine,
    facts::{
        Unavailable,
        memory::MemoryFacts,
        store::{self, Store},
        stored::{Keeping, Stored},
    },
    http::json,
    problem::{Problem, Problems},
    request::{Party, Properties},
};

/// What one question is answered from.
#[derive(Debug, clap::Args)]
pub struct Ground {
    /// The bundle's directory.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    #[command(flatten)]
    facts: FactsPlace,
}

/// Where facts are: in a file that is only read, or in a store.
#[derive(Debug, Clone, clap::Args)]
pub struct FactsPlace {
    /// Facts in Cedar's entity JSON, read once and never changed.
    #[arg(long, value_name = "FILE", env = "MANDAT_FACTS", conflicts_with = "store")]
    facts: Option<PathBuf>,
    /// The store: the path of a file, or the URL of a PostgreSQL database.
    #[arg(long, value_name = "PLACE", env = "MANDAT_STORE", hide_env_values = true)]
    store: Option<String>,
}

impl FactsPlace {
    /// The file that is named.
    pub fn file(&self) -> Option<&Path> {
        self.facts.as_deref()
    }

    /// The store that is named.
    pub fn named_store(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// The store that is named, or the one of the settings; none where facts come from a file.
    pub fn store_or<'a>(&'a self, settings: &'a StoreSettings) -> Option<&'a str> {
        match (&self.facts, &self.store) {
            (Some(_), _) => None,
            (None, Some(store)) => Some(store),
            (None, None) => Some(&settings.place),
        }
    }

    /// An engine on these facts; without a place it knows only what callers supply.
    ///
    /// # Errors
    /// The facts do not fit the bundle, or the store cannot be opened.
    pub fn engine(&self, bundle: Bundle) -> Result<Engine, Problems> {
        match (&self.facts, &self.store) {
            (Some(path), _) => {
                let facts = MemoryFacts::read(path, &bundle.schema)?;
                Ok(Engine::new(bundle, facts))
            }
            (None, Some(place)) => stored_engine(bundle, place),
            (None, None) => {
                let facts = MemoryFacts::empty(&bundle.schema)?;
                Ok(Engine::new(bundle, facts))
            }
        }
    }
}

/// A bundle and the store that is worked on.
#[derive(Debug, clap::Args)]
pub struct StorePlace {
    /// The bundle's directory, whose `mandat.toml` names the store.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    /// The store: the path of a file, or the URL of a PostgreSQL database; `[store] place` of `mandat.toml` if left out.
    #[arg(long, value_name = "PLACE", env = "MANDAT_STORE", hide_env_values = true)]
    store: Option<String>,
}

impl StorePlace {
    /// An engine on the store.
    ///
    /// # Errors
    /// The bundle does not load, or the store cannot be opened.
    pub fn engine(&self) -> Result<Engine, Problems> {
        let bundle = Bundle::load(&self.bundle)?;
        let place = self.store.clone().unwrap_or_else(|| bundle.settings.store.place.clone());
        stored_engine(bundle, &place)
    }

    /// The store alone: what only keeps or moves what is stored must be possible with a bundle that does not load.
    ///
    /// # Errors
    /// No store is named, or it cannot be opened.
    pub fn store(&self) -> Result<Arc<dyn Store>, Problems> {
        let place = match &self.store {
            Some(place) => place.clone(),
            None => {
                let files = files::read(&self.bundle)?;
                files.settings.as_ref().map(Settings::parse).transpose()?.unwrap_or_default().store.place
            }
        };
        Ok(open_store(&place)?)
    }
}

/// An engine on the facts of a store.
///
/// # Errors
/// The store cannot be opened or read.
pub fn stored_engine(bundle: Bundle, place: &str) -> Result<Engine, Problems> {
    let facts = Stored::open(open_store(place)?, &bundle.schema, keeping(&bundle.settings.store))?;
    Ok(Engine::new(bundle, facts))
}

/// Opens a store.
///
/// # Errors
/// It cannot be opened, or is none of ours.
pub fn open_store(place: &str) -> Result<Arc<dyn Store>, Problem> {
    store::open(place).map_err(|Unavailable(reason)| Problem::new(format!("the store cannot be opened: {reason}")))
}

/// How facts are kept near, as the settings say.
pub fn keeping(settings: &StoreSettings) -> Keeping {
    Keeping {
        memory: settings.cache_mb.saturating_mul(1 << 20),
        poll: Duration::from_millis(settings.poll_ms.max(1)),
        max_staleness: Duration::from_millis(settings.max_staleness_ms),
    }
}

impl Ground {
    /// An engine for one question: without a facts file it knows only what callers supply.
    ///
    /// # Errors
    /// Everything that is wrong with the bundle, or with the facts.
    pub fn engine(&self) -> Result<Engine, Problems> {
        self.facts.engine(Bundle::load(&self.bundle)?)
    }
}

/// Reads a file, or standard input for `-`, as the service reads a body; `what` names it in messages.
///
/// # Errors
/// It cannot be read, or is no JSON within the service's bounds.
pub fn body(path: &Path, what: &str) -> Result<Value, Problem> {
    let name = path.display();
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut text).map(|_| ())
    } else {
        fs::read(path).map(|content| text = content)
    };
    read.map_err(|error| Problem::new(format!("cannot read the {what} `{name}`: {error}")))?;
    json::read(&text).map_err(|error| Problem::new(format!("the {what} `{name}` is no JSON we take: {error}")))
}

/// A context: JSON as it stands on the command line, or the file that holds it; empty where none is given.
///
/// # Errors
/// It cannot be read, or is no JSON object within the service's bounds.
pub fn context(given: Option<&str>) -> Result<Properties, Problem> {
    let no_json = |error| Problem::new(format!("the context is no JSON we take: {error}"));
    let value = match given {
        None => return Ok(Properties::new()),
        Some(text) if text.trim_start().starts_with('{') => json::read(text.as_bytes()).map_err(no_json)?,
        Some(path) => body(Path::new(path), "context")?,
    };
    match value {
        Value::Object(context) => Ok(context),
        _ => Err(Problem::new("the context is no JSON object")),
    }
}

/// An entity as policies name it, `Type::"id"`; the quotes, which shells take away, may be missing.
///
/// # Errors
/// The text names no entity.
pub fn party(text: &str) -> Result<Party, Problem> {
    let quoted = text.split_once("::\"").and_then(|(name, rest)| Some((name, rest.strip_suffix('"')?)));
    match quoted.or_else(|| text.rsplit_once("::")) {
        Some((name, id)) if !name.is_empty() => Ok(Party::new(name, id)),
        _ => Err(Problem::new(format!("`{text}` names no entity; write Type::\"id\""))),
    }
}

/// The time that a question on the command line is about, unless it says another.
#[expect(clippy::disallowed_methods, reason = "the edge: what is asked on the command line is asked now")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
