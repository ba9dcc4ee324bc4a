//! Reports for reviewers: that they say what is so, and that everybody can read them.

mod access;
mod book;
mod browser;
mod decisions;
mod form;
mod tariffs;

use std::{collections::BTreeMap, fs, path::Path};

use crate::{http::process::mandat, support::programme_dir, transactions::Directory};

pub(super) const FACTS: &str = "tests/facts/programme.json";

/// The time that reports of the tests are about.
pub(super) const AT: &str = "2026-10-01T12:00:00Z";

/// Reports of one test, in a directory of its own.
pub(super) struct Desk {
    pub(super) dir: Directory,
}

/// What a command did.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self { dir: Directory::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.dir.0
    }

    /// `mandat report …` in the programme's directory.
    pub(super) fn report(&self, words: &[&str]) -> Done {
        let mut command = mandat();
        command.arg("report").args(words).args(["--at", AT, "--out"]).arg(self.path());
        let output = command.current_dir(programme_dir()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Done { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The same, which must succeed.
    pub(super) fn written(&self, words: &[&str]) -> Done {
        let done = self.report(words);
        assert_eq!(done.code, Some(0), "{done:?}");
        done
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// The rows of a CSV file, by head.
    pub(super) fn rows(&self, name: &str) -> Vec<BTreeMap<String, String>> {
        let text = self.read(name);
        let text = text.strip_prefix('\u{feff}').expect("a byte order mark");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(Result::unwrap).collect()
    }
}

/// Where those columns say that.
pub(super) fn having<'r>(
    rows: &'r [BTreeMap<String, String>],
    columns: &[(&str, &str)],
) -> Vec<&'r BTreeMap<String, String>> {
    rows.iter().filter(|row| columns.iter().all(|(head, value)| row[*head] == *value)).collect()
}
