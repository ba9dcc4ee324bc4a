//! What verbs that answer one question read: a bundle, facts, a body as the service would get it, and the time.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    bundle::Bundle,
    engine::Engine,
    facts::memory::MemoryFacts,
    http::json,
    problem::{Problem, Problems},
};

/// What one question is answered from.
#[derive(Debug, clap::Args)]
pub struct Ground {
    /// The bundle's directory.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    /// Facts in Cedar's entity JSON.
    #[arg(long, value_name = "FILE", env = "MANDAT_FACTS")]
    facts: Option<PathBuf>,
}

impl Ground {
    /// An engine for one question: without a facts file it knows only what callers supply.
    ///
    /// # Errors
    /// Everything that is wrong with the bundle, or with the facts.
    pub fn engine(&self) -> Result<Engine, Problems> {
        let bundle = Bundle::load(&self.bundle)?;
        let facts = match &self.facts {
            Some(path) => MemoryFacts::read(path, &bundle.schema)?,
            None => MemoryFacts::empty(&bundle.schema)?,
        };
        Ok(Engine::new(bundle, facts))
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

/// The time that a question on the command line is about, unless it says another.
#[expect(clippy::disallowed_methods, reason = "the edge: what is asked on the command line is asked now")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
