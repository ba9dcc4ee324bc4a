//! The files of a statement: written under names of their own and renamed when all of them are complete.

use std::{
    fs::{self, File},
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
};

/// A file that is not complete yet; it goes if it never is.
#[derive(Debug)]
pub struct Draft {
    /// What is written so far.
    pub file: File,
    draft: PathBuf,
    path: PathBuf,
}

impl Draft {
    /// Begins a file of the directory with its first line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(dir: &Path, name: &str, header: &str) -> io::Result<Self> {
        let draft = dir.join(format!(".{name}.{}.draft", std::process::id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&draft)?;
        let mut begun = Self { file, draft, path: dir.join(name) };
        begun.file.write_all(header.as_bytes())?;
        Ok(begun)
    }

    /// Begins it again with its first line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin_again(&mut self, header: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(header.as_bytes())
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// It cannot be renamed.
    pub fn publish(self) -> io::Result<()> {
        fs::rename(&self.draft, &self.path)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After publishing there is nothing of that name any more.
        let _ = fs::remove_file(&self.draft);
    }
}
