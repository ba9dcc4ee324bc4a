//! What a change does: found by proof and by questions, told with a case, and a gate for builds.
//!
//! Each test makes a repository of its own with real commits and asks the binary. Proofs need a solver; where none is
//! installed those tests say so on standard error and show nothing (CI installs it).

mod answers;
mod gates;
mod prices;
mod sides;

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use mandat::analysis::prover::solver;
use serde_json::Value;

use crate::{
    http::todo_dir,
    reload::edit,
    support::{copy, copy_programme},
    worlds::TempDir,
};

/// A repository that holds a bundle.
pub(crate) struct Repository {
    dir: TempDir,
}

impl Repository {
    /// The to-do list, committed.
    pub(crate) fn todo() -> Self {
        let dir = TempDir::new();
        copy(&todo_dir(), dir.path());
        Self::committed(dir)
    }

    /// The partner programme, committed.
    pub(crate) fn programme() -> Self {
        let dir = TempDir::new();
        copy_programme(dir.path());
        Self::committed(dir)
    }

    fn committed(dir: TempDir) -> Self {
        let repository = Self { dir };
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.commit("as it was");
        repository
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        edit(&self.dir, file, from, to);
    }

    /// Changes one policy: the first such text after its id.
    pub(crate) fn edit_policy(&self, file: &str, id: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path().join(file)).unwrap();
        let start = text.find(&format!("@id(\"{id}\")")).unwrap_or_else(|| panic!("`{id}` is not in {file}"));
        let (head, rest) = text.split_at(start);
        assert!(rest.contains(from), "`{from}` is not after `{id}`");
        self.write(file, &format!("{head}{}", rest.replacen(from, to, 1)));
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        self.dir.write(file, text);
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// Runs git as nobody's configuration wants it.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.dir.path());
        for (name, value) in [
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "Ada"),
            ("GIT_AUTHOR_EMAIL", "ada@example.com"),
            ("GIT_COMMITTER_NAME", "Ada"),
            ("GIT_COMMITTER_EMAIL", "ada@example.com"),
        ] {
            git.env(name, value);
        }
        let output = git.output().expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `mandat diff` in the repository.
    pub(crate) fn diff(&self, arguments: &[&str]) -> Told {
        let mut mandat = Command::new(env!("CARGO_BIN_EXE_mandat"));
        mandat.arg("diff").args(arguments).current_dir(self.dir.path());
        // A hook's variables must not lead anywhere else.
        mandat.env("GIT_DIR", "/nowhere");
        Told(mandat.output().expect("mandat runs"))
    }

    /// What has changed since the commit, for programs.
    pub(crate) fn changes(&self, arguments: &[&str]) -> Value {
        let told = self.diff(&[&["HEAD", "--json"], arguments].concat());
        assert_eq!(told.code(), 0, "{}", told.errors());
        serde_json::from_str(&told.text()).unwrap()
    }
}

/// What the command printed.
pub(crate) struct Told(Output);

impl Told {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().expect("it is not killed")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn errors(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

/// Whether proofs can be shown here; says so where they cannot.
pub(crate) fn can_prove() -> bool {
    let found = solver::find().unwrap().is_some();
    if !found {
        eprintln!("no solver is installed: this test shows no proof");
    }
    found
}

/// Direction and environment of each change, with the policies that do it.
pub(crate) fn in_short(difference: &Value) -> Vec<String> {
    let changes = difference["changes"].as_array().unwrap();
    let line = |change: &Value| {
        let policies = change["policies"].as_array().unwrap();
        let by: Vec<String> = policies
            .iter()
            .map(|policy| format!("{} {}", policy["id"].as_str().unwrap(), policy["fate"].as_str().unwrap()))
            .collect();
        let text = |field: &str| change[field].as_str().unwrap().to_owned();
        format!("{}: {} by {}", text("direction"), text("environment"), by.join(", "))
    };
    changes.iter().map(line).collect()
}
