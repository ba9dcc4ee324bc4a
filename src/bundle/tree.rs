//! Where a bundle's files lie: in a directory, or in a revision of a repository ([`super::revision`]).
//!
//! Whoever reads a bundle asks a [`Tree`] for names and texts, so that the same checks and limits hold wherever they
//! come from.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// Files by their path, relative to the bundle, with `/` between its parts.
pub trait Tree: Send + Sync {
    /// The names in a directory, sorted, hidden ones left out; none where there is no such directory.
    ///
    /// # Errors
    /// Why it cannot be read; all names or none, since one that is missing without a word takes its rules out of force.
    fn list(&self, dir: &str) -> Result<Vec<String>, String>;

    /// The text of a file; none where there is no such file.
    ///
    /// # Errors
    /// It cannot be read, is no regular file, no text, or larger than `limit` bytes.
    fn read(&self, name: &str, limit: u64) -> Result<Option<String>, String>;
}

impl<T: Tree + ?Sized> Tree for &T {
    fn list(&self, dir: &str) -> Result<Vec<String>, String> {
        (**self).list(dir)
    }

    fn read(&self, name: &str, limit: u64) -> Result<Option<String>, String> {
        (**self).read(name, limit)
    }
}

/// A directory; nothing in it is read through a symbolic link (threat T27).
#[derive(Debug, Clone)]
pub struct Directory(PathBuf);

impl Directory {
    /// The files of a directory.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }
}

impl Tree for Directory {
    fn list(&self, dir: &str) -> Result<Vec<String>, String> {
        match read_dir(&self.0.join(dir)) {
            Ok(names) => Ok(shown(names)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn read(&self, name: &str, limit: u64) -> Result<Option<String>, String> {
        match read_regular(&self.0.join(name), limit) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Reads a file that is no symbolic link, nothing that could be waited for, and no larger than `limit` bytes.
pub(super) fn read_regular(path: &Path, limit: u64) -> io::Result<String> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other(NO_FILE));
    }
    within(metadata.len(), limit).map_err(io::Error::other)?;
    fs::read_to_string(path)
}

/// What is said of links and directories.
pub(super) const NO_FILE: &str = "it is no regular file";

/// Whether a file is small enough.
pub(super) fn within(length: u64, limit: u64) -> Result<(), String> {
    if length > limit { Err(format!("it is larger than {limit} bytes")) } else { Ok(()) }
}

/// Names as they are listed.
pub(super) fn shown(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

/// All names or none.
fn read_dir(path: &Path) -> io::Result<Vec<String>> {
    if fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::other("it is a symbolic link"));
    }
    fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect()
}
