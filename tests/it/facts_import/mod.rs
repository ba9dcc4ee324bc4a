//! Facts on their way in and out: import and export, backup and restore, on the command line and as a library.

mod backup;
mod export;
mod import;
mod reading;

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};

use crate::{
    http::process::mandat,
    support::programme_dir,
    transactions::{Directory, uid},
};

/// What a command did.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

/// A directory with a store in it, and the commands on that store.
pub(super) struct Desk {
    pub(super) dir: Directory,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self { dir: Directory::new() }
    }

    /// A desk whose store has the sample facts.
    pub(super) fn sample() -> Self {
        let desk = Self::new();
        let done = desk.facts(&["import", sample().to_str().unwrap()]);
        assert_eq!(done.code, Some(0), "{done:?}");
        desk
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.dir.0.join(name).display().to_string()
    }

    pub(super) fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.dir.0.join(name), text).unwrap();
        self.path(name)
    }

    /// `mandat facts …` on the store.
    pub(super) fn facts(&self, words: &[&str]) -> Done {
        self.facts_on("facts.db", words)
    }

    /// The same on another store of the desk.
    pub(super) fn facts_on(&self, store: &str, words: &[&str]) -> Done {
        let mut command = mandat();
        command.arg("facts").args(words).args(["--store", &self.path(store)]);
        command.arg("--bundle").arg(programme_dir());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Done { code: output.status.code(), out: text(output.stdout), err: unwrapped(&text(output.stderr)) }
    }

    /// Imports a list of entities.
    pub(super) fn import(&self, entities: &[Value]) -> Done {
        let file = self.write("in.json", &Value::from(entities).to_string());
        self.facts(&["import", &file])
    }

    /// All facts as they are exported.
    pub(super) fn exported(&self, store: &str) -> Vec<Value> {
        let done = self.facts_on(store, &["export"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        entities(&done.out)
    }

    /// All facts of a revision, sorted: each store has an order of its own.
    pub(super) fn sorted(&self, store: &str, revision: &str) -> Vec<String> {
        let done = self.facts_on(store, &["export", "--revision", revision]);
        assert_eq!(done.code, Some(0), "{done:?}");
        sorted(&done.out)
    }

    pub(super) fn revision(&self) -> u64 {
        self.store("facts.db").head().unwrap()
    }

    pub(super) fn store(&self, name: &str) -> std::sync::Arc<dyn mandat::facts::store::Store> {
        mandat::facts::store::open(&self.path(name)).unwrap()
    }
}

/// A message in one line, whatever the width it was printed for.
fn unwrapped(message: &str) -> String {
    let lines = message.lines().map(|line| line.trim_matches(|c: char| c.is_whitespace() || c == '│'));
    lines.collect::<Vec<_>>().join(" ")
}

pub(super) fn sample() -> std::path::PathBuf {
    programme_dir().join("tests/facts/programme.json")
}

pub(super) fn sample_entities() -> Vec<Value> {
    read_list(&sample())
}

fn read_list(path: &Path) -> Vec<Value> {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Lines in an order that does not depend on the store.
pub(super) fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// Entities, one a line.
pub(super) fn entities(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(super) fn entity(name: &str, attributes: Value) -> Value {
    json!({ "uid": uid(name), "attrs": attributes, "parents": [] })
}
