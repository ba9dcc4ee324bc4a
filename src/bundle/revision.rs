//! A bundle as a revision of its git repository has it, read without a checkout.
//!
//! A reviewer asks what a branch changes. `git ls-tree` lists the bundle's files of both revisions, `git cat-file`
//! gives their texts into memory; nothing in the working tree is touched, and neither attributes nor hooks of the
//! repository come into play. A directory of a repository need not be its top: paths are those below the bundle.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::tree::{self, Tree};

/// What of a bundle's directory is looked at.
const PATHS: [&str; 5] = ["mandat.toml", "policies", "schemas", "tariffs", "tests"];

/// Variables that would lead git to another repository than the bundle's; a hook sets them.
const LEADING_ASTRAY: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"];

/// The files of a bundle in one commit.
#[derive(Debug, Clone)]
pub struct Revision {
    dir: PathBuf,
    /// The commit's full name.
    pub commit: String,
    files: BTreeMap<String, Blob>,
}

/// A file of a commit.
#[derive(Debug, Clone)]
struct Blob {
    object: String,
    /// In bytes; none of what is no file.
    length: Option<u64>,
    regular: bool,
}

impl Revision {
    /// The commit that a name stands for in the repository that holds `dir`; none where it stands for none there.
    ///
    /// # Errors
    /// git cannot be run.
    pub fn resolve(dir: &Path, name: &str) -> Result<Option<String>, String> {
        let name = format!("{name}^{{commit}}");
        let output = git(dir, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name])?;
        let commit = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !commit.is_empty()).then_some(commit))
    }

    /// The bundle of `dir` as it is in a commit.
    ///
    /// # Errors
    /// git cannot be run, or cannot list the commit.
    pub fn open(dir: &Path, commit: String) -> Result<Self, String> {
        let mut arguments = vec!["ls-tree", "-r", "-z", "-l", &commit];
        arguments.extend(PATHS);
        let listed = succeeded(git(dir, &arguments)?)?;
        let entries = listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        let files = entries.map(|entry| blob(&String::from_utf8_lossy(entry))).collect::<Result<_, _>>()?;
        Ok(Self { dir: dir.to_owned(), commit, files })
    }
}

/// `<mode> <type> <object> <length>\t<path>`
fn blob(entry: &str) -> Result<(String, Blob), String> {
    let parsed = entry.split_once('\t').and_then(|(about, path)| {
        let mut words = about.split_whitespace();
        let (mode, kind, object, length) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let regular = kind == "blob" && mode.starts_with("100");
        Some((path.to_owned(), Blob { object: object.to_owned(), length: length.parse().ok(), regular }))
    });
    parsed.ok_or_else(|| format!("git lists a file in a form that is not known: `{entry}`"))
}

impl Tree for Revision {
    fn list(&self, dir: &str) -> Result<Vec<String>, String> {
        if self.files.contains_key(dir) {
            return Err("it is no directory".to_owned());
        }
        let below = format!("{dir}/");
        let inside = self.files.keys().filter_map(|path| path.strip_prefix(&below));
        // Of what lies deeper the directory is named.
        let names: BTreeSet<&str> = inside.map(|path| path.split('/').next().unwrap_or(path)).collect();
        Ok(tree::shown(names.into_iter().map(str::to_owned)))
    }

    fn read(&self, name: &str, limit: u64) -> Result<Option<String>, String> {
        let Some(blob) = self.files.get(name) else {
            let below = format!("{name}/");
            let is_directory = self.files.keys().any(|path| path.starts_with(&below));
            return if is_directory { Err(tree::NO_FILE.to_owned()) } else { Ok(None) };
        };
        let Some(length) = blob.length.filter(|_| blob.regular) else { return Err(tree::NO_FILE.to_owned()) };
        tree::within(length, limit)?;
        let text = succeeded(git(&self.dir, &["cat-file", "blob", &blob.object])?)?;
        String::from_utf8(text).map(Some).map_err(|_| "it is not UTF-8".to_owned())
    }
}

fn git(dir: &Path, arguments: &[&str]) -> Result<Output, String> {
    let mut command = Command::new("git");
    LEADING_ASTRAY.iter().for_each(|name| {
        command.env_remove(name);
    });
    // What is asked for is there or not: git must not go and fetch it, and take nothing for something else.
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_NO_REPLACE_OBJECTS", "1").env("GIT_OPTIONAL_LOCKS", "0");
    let output = command.arg("-C").arg(dir).args(arguments).output();
    output.map_err(|error| format!("git cannot be run: {error}"))
}

fn succeeded(output: Output) -> Result<Vec<u8>, String> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("git failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
