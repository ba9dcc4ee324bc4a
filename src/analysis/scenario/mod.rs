//! Scenarios: the rules as cases that a policy author reads and writes.
//!
//! A file in `tests/scenarios/` names its facts and lists scenarios. Each states a question and what is
//! expected; under it, `[[scenario.but]]` entries repeat the question with one thing changed, so that it
//! can be seen which single condition turns the answer. [`file`] reads such files into [`Case`]s,
//! [`run`] asks them, and [`verdict`] says what a bundle does otherwise than they want.

pub mod file;
pub mod run;
pub mod verdict;

use std::{path::Path, sync::Arc};

use crate::{
    facts::changes::Change,
    problem::{Location, Problem, Problems},
    request::{Properties, Request},
};

/// One question with what is expected of the answer.
#[derive(Debug, Clone)]
pub struct Case {
    /// The scenario's name; of a `but`, both names.
    pub name: String,
    /// Where it stands.
    pub at: Location,
    /// The rules, denials and table cells it stands for.
    pub rules: Vec<String>,
    /// The facts file, relative to `tests/facts/`.
    pub facts: Arc<str>,
    /// Changes to these facts, in order.
    pub changes: Vec<Change>,
    /// The time asked about.
    pub now: jiff::Timestamp,
    /// The question.
    pub request: Request,
    /// What the answer must be.
    pub expected: Expected,
}

/// What the answer must be; what is `None` is not looked at.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Allow or Deny.
    pub allowed: bool,
    /// Exactly these determining policies.
    pub determining: Option<Vec<String>>,
    /// The kind of answer.
    pub code: Option<String>,
    /// Exactly these obligations.
    pub obligations: Option<Vec<String>>,
    /// Exactly this advice.
    pub advice: Option<Vec<String>>,
    /// The nearest permit fails at exactly these clauses, as written.
    pub missing: Option<Vec<String>>,
}

/// The cases of every scenario file in a directory, by file name.
///
/// # Errors
/// The directory cannot be read, or a file in it is no scenario file.
pub fn read_all(dir: &Path) -> Result<Vec<Case>, Problems> {
    let entries = std::fs::read_dir(dir).map_err(|error| {
        Problem::new(format!("cannot read `{}`: {error}", dir.display()))
            .help("scenarios are files `tests/scenarios/*.toml` in the bundle's directory")
    })?;
    let mut names: Vec<String> =
        entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.ends_with(".toml"));
    names.sort();
    let mut problems = Problems::default();
    let mut cases = Vec::new();
    for name in names {
        match file::read(&dir.join(&name), &format!("tests/scenarios/{name}")) {
            Ok(read) => cases.extend(read),
            Err(found) => problems.extend(found),
        }
    }
    problems.into_result(cases)
}

/// Empty properties, for parties of scenarios.
pub(crate) fn no_properties() -> Properties {
    Properties::new()
}
