//! The one writer of a chain's files.

use std::{
    fs::{self, File},
    io::{Result, Write as _},
    path::{Path, PathBuf},
};

use super::{checkpoints, disk, failed, segments};
use crate::audit::{
    Failed,
    checkpoint::SPAN,
    ledger::{Chain, Entry, Sealed, lock::Lock},
};

/// A chain that was taken.
pub(super) struct FilesChain {
    /// The log's directory.
    pub(super) root: PathBuf,
    /// The chain's own.
    pub(super) dir: PathBuf,
    pub(super) writer: u32,
    pub(super) lines: Growing,
    pub(super) checkpoints: Growing,
    /// The next line's number.
    pub(super) next: u64,
    /// A segment takes no further span once it has more bytes.
    pub(super) limit: u64,
    /// Whether the last span is closed.
    pub(super) closed: bool,
    /// After a commit that failed, only whoever reads the files knows what is in them.
    pub(super) broken: bool,
    pub(super) set_aside: u64,
    /// Held for as long as the chain is written.
    pub(super) _lock: Lock,
}

/// A file that is written behind its end, which is at so many bytes.
pub(super) struct Growing {
    file: File,
    length: u64,
}

impl Growing {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = disk::append_to(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length })
    }

    /// Writes and waits for the disk; the end is where it was until [`Growing::keep`].
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
    }

    fn take_back(&mut self) -> Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_data()
    }
}

impl FilesChain {
    fn write(&mut self, entries: &[Entry], checkpoint: &Sealed) -> Result<()> {
        if self.closed && self.lines.length >= self.limit {
            self.rotate()?;
        }
        let mut lines = Vec::with_capacity(entries.iter().map(|entry| entry.line.len() + 1).sum());
        for entry in entries {
            lines.extend_from_slice(entry.line.as_bytes());
            lines.push(b'\n');
        }
        let text = format!("{}\n", checkpoint.text);
        self.lines.write(&lines)?;
        self.checkpoints.write(text.as_bytes())?;
        self.lines.keep(&lines);
        self.checkpoints.keep(text.as_bytes());
        self.next += entries.len() as u64;
        self.closed = checkpoint.last - checkpoint.first + 1 >= SPAN;
        Ok(())
    }

    /// Begins another segment, and leaves out the checkpoints that count no more.
    fn rotate(&mut self) -> Result<()> {
        checkpoints::compact(&self.dir)?;
        self.checkpoints = Growing::open(&checkpoints::path(&self.dir))?;
        self.lines = Growing::open(&segments::path(&self.dir, self.next))?;
        Ok(())
    }

    /// Takes back what a commit left that failed; whatever that leaves is set aside when the chain is taken again. A
    /// checkpoint must never stand there without its lines, so it goes first.
    fn take_back(&mut self) {
        self.broken = true;
        if self.checkpoints.take_back().is_ok() {
            let _ = self.lines.take_back();
        }
    }

    /// Lines go on where the last one ended, and have no end within.
    fn fits(&self, entries: &[Entry], checkpoint: &Sealed) -> bool {
        let numbered = |(entry, number): (&Entry, u64)| entry.sequence == number && !entry.line.contains('\n');
        entries.iter().zip(self.next..).all(numbered) && checkpoint.last + 1 == self.next + entries.len() as u64
    }
}

impl Chain for FilesChain {
    fn writer(&self) -> u32 {
        self.writer
    }

    fn set_aside(&self) -> u64 {
        self.set_aside
    }

    fn append(&mut self, entries: &[Entry], checkpoint: &Sealed) -> std::result::Result<(), Failed> {
        if self.broken || !self.fits(entries, checkpoint) {
            return Err(Failed(format!("`{}`: these are not the next lines of the chain", self.dir.display())));
        }
        let written = self.write(entries, checkpoint);
        if written.is_err() {
            self.take_back();
        }
        written.map_err(|error| failed(&self.dir, &error))
    }

    fn drop_through(&mut self, writer: u32, through: u64) -> std::result::Result<(), Failed> {
        let dir = self.root.join(writer.to_string());
        drop_through(&dir, through).map_err(|error| failed(&dir, &error))
    }
}

/// Removes whole segments, the oldest first, and what was set aside among their lines.
fn drop_through(dir: &Path, through: u64) -> Result<()> {
    let segments = segments::list(dir)?;
    let mut end = 0;
    for (segment, last) in segments::whole(&segments, through) {
        fs::remove_file(&segment.path)?;
        end = last;
    }
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let digits = name.strip_prefix("unsigned-").and_then(|rest| rest.split('.').next());
        if digits.and_then(|digits| digits.parse::<u64>().ok()).is_some_and(|number| number <= end) {
            fs::remove_file(&path)?;
        }
    }
    disk::sync_dir(dir)
}
