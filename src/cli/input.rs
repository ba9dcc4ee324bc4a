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
    request::{Party, Properties},
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
