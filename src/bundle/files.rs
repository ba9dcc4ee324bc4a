//! The files of a bundle, read once, safely, and summed up in one digest.
//!
//! Only regular files with the endings we know are read, none through a symbolic link and none above
//! 1 MiB (threat T27). A file we do not know is a problem, not something to skip: `clients.ceder` would
//! otherwise silently take its rules out of force. The digest names exactly what was read: SHA-256 over
//! each file's path and content, both with their lengths, in the order of the paths.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::tree::{self, Directory, Tree};
use crate::problem::{Problem, Problems, Source};

/// Largest file of a bundle, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// What a bundle's directory holds.
#[derive(Debug, Default, Clone)]
pub struct Files {
    /// `policies/*.cedar`, by name.
    pub policies: Vec<Source>,
    /// `schemas/*.cedarschema`, by name.
    pub schemas: Vec<Source>,
    /// `policies/rules.toml`: the register of rules.
    pub rules: Option<Source>,
    /// `tariffs/*.toml`, by name: price books, and the table of tax rates.
    pub tariffs: Vec<Source>,
    /// `mandat.toml`: the settings.
    pub settings: Option<Source>,
    /// `sha256:` and 64 hexadecimal digits over all of these.
    pub digest: String,
}

/// Reads a bundle's directory.
///
/// # Errors
/// Every file that cannot be read or is none of a bundle's; a missing schema; no policies at all (T08).
pub fn read(dir: &Path) -> Result<Files, Problems> {
    of(&Directory::new(dir))
}

/// Reads a bundle wherever its files lie.
///
/// # Errors
/// As [`read`].
pub fn of(tree: &dyn Tree) -> Result<Files, Problems> {
    let mut problems = Problems::default();
    let mut files = Files { settings: read_file(tree, "mandat.toml", &mut problems), ..Files::default() };
    for name in list(tree, "policies", &mut problems) {
        match name.rsplit_once('.') {
            _ if name == "rules.toml" => files.rules = read_listed(tree, "policies/rules.toml", &mut problems),
            Some((_, "cedar")) => files.policies.extend(read_listed(tree, &format!("policies/{name}"), &mut problems)),
            // What must hold of the policies and what was proved of them; neither takes part in a decision.
            _ if name == "properties.toml" || name == "proofs.lock" => {}
            Some((_, "md")) => {}
            _ => problems.push(unknown("policies", &name, "*.cedar, rules.toml, properties.toml and proofs.lock")),
        }
    }
    for name in list(tree, "schemas", &mut problems) {
        match name.rsplit_once('.') {
            Some((_, "cedarschema")) => {
                files.schemas.extend(read_listed(tree, &format!("schemas/{name}"), &mut problems));
            }
            Some((_, "json" | "md")) => {}
            _ => problems.push(unknown("schemas", &name, "*.cedarschema")),
        }
    }
    for name in list(tree, "tariffs", &mut problems) {
        match name.rsplit_once('.') {
            Some((_, "toml")) => files.tariffs.extend(read_listed(tree, &format!("tariffs/{name}"), &mut problems)),
            Some((_, "md")) => {}
            _ => problems.push(unknown("tariffs", &name, "*.toml")),
        }
    }
    if files.schemas.is_empty() {
        problems.push(Problem::new("the bundle has no schema").code("E202").help("put one at `schemas/*.cedarschema`"));
    }
    if files.policies.is_empty() {
        problems.push(Problem::new("the bundle has no policies").code("E202").help(
            "put them at `policies/*.cedar`; an empty bundle would deny everything, which is never what is meant",
        ));
    }
    files.digest = digest(&files);
    problems.into_result(files)
}

fn digest(files: &Files) -> String {
    let mut all: Vec<&Source> = [&files.policies, &files.schemas, &files.tariffs]
        .into_iter()
        .flatten()
        .chain(&files.rules)
        .chain(&files.settings)
        .collect();
    all.sort_by(|left, right| left.name.cmp(&right.name));
    sum(all).iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// SHA-256 over the names and texts of files in their order.
pub fn sum<'s>(sources: impl IntoIterator<Item = &'s Source>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for source in sources {
        for part in [source.name.as_bytes(), source.text.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

fn unknown(dir: &str, name: &str, expected: &str) -> Problem {
    Problem::new(format!("`{dir}/{name}` is no file of a bundle"))
        .code("E201")
        .help(format!("`{dir}/` holds {expected}; rename it or move it away"))
}

/// Names in a directory, sorted, hidden ones left out.
fn list(tree: &dyn Tree, dir: &str, problems: &mut Problems) -> Vec<String> {
    tree.list(dir).unwrap_or_else(|reason| {
        let problem = Problem::new(format!("cannot read `{dir}/`: {reason}"));
        problems.push(problem.code("E200").help("it must be a directory of the bundle itself"));
        Vec::new()
    })
}

/// A file that may be missing.
fn read_file(tree: &dyn Tree, name: &str, problems: &mut Problems) -> Option<Source> {
    let read = tree.read(name, MAX_FILE).unwrap_or_else(|reason| {
        problems.push(Problem::new(format!("cannot read `{name}`: {reason}")).code("E200"));
        None
    });
    read.map(|text| Source::new(name, text))
}

/// A file that was there a moment ago.
fn read_listed(tree: &dyn Tree, name: &str, problems: &mut Problems) -> Option<Source> {
    let before = problems.iter().count();
    let read = read_file(tree, name, problems);
    if read.is_none() && problems.iter().count() == before {
        problems.push(Problem::new(format!("cannot read `{name}`: it is gone")).code("E200"));
    }
    read
}

/// Reads a file of at most 1 MiB that is no symbolic link and nothing that could be waited for (T27).
///
/// # Errors
/// Why it is not read.
pub fn read_regular(path: &Path) -> Result<String, String> {
    tree::read_regular(path, MAX_FILE).map_err(|error| error.to_string())
}
