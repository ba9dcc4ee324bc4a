//! The log as files of JSON lines in a directory: for whoever ships, keeps or greps files.
//!
//! ```text
//! <dir>/1/000000000001.jsonl      lines of chain 1 from its first on, as they are signed
//! <dir>/1/000000106497.jsonl      those from line 106497 on: the next segment begins where a span ends
//! <dir>/1/checkpoints.jsonl       signed checkpoints; of those of a span the last counts
//! <dir>/1/unsigned-106612.jsonl   what stood without a signature where line 106612 belongs when a process was killed
//! <dir>/1/lock                    held by whoever writes the chain
//! <dir>/people.db                 the keys of persons
//! ```
//!
//! A commit writes lines and waits for the disk, then writes the checkpoint and waits for the disk ([`chain`]). So lines may
//! stand there without a checkpoint, never the other way round, and whatever stands there without one was told to nobody.
//! Lines are found by their number ([`segments`]) or by their name ([`names`]); both read files that grow while they
//! read them.
//!
//! Only the owner reads any of it.

mod chain;
mod checkpoints;
mod disk;
mod names;
mod segments;
mod take;

use std::{
    fs,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use self::segments::{Marks, Segment};
use super::{
    About, Chain, Keys, Ledger, Listener, lock,
    sqlite::{database::Database, people},
};
use crate::audit::Failed;

/// A segment takes no further span once it is larger, in bytes.
const SEGMENT: u64 = 64 << 20;

/// The log in a directory.
pub struct FilesLedger {
    dir: PathBuf,
    segment: u64,
    people: Database,
    marks: Marks,
}

impl FilesLedger {
    /// Opens a directory, and makes it where there is none.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(dir: &Path) -> Result<Self, Failed> {
        Self::open_with(dir, SEGMENT)
    }

    /// The same with segments of another size: what is written goes to the next one when they have so many bytes.
    ///
    /// # Errors
    /// As [`FilesLedger::open`].
    pub fn open_with(dir: &Path, segment: u64) -> Result<Self, Failed> {
        disk::make_dir(dir).map_err(|error| failed(dir, &error))?;
        let people = Database::new(&dir.join("people.db"), &[people::MIGRATION]);
        Ok(Self { dir: dir.to_owned(), segment, people, marks: Marks::default() })
    }

    fn of(&self, writer: u32) -> PathBuf {
        self.dir.join(writer.to_string())
    }

    fn segments(&self, writer: u32) -> Result<Vec<Segment>, Failed> {
        let dir = self.of(writer);
        segments::list(&dir).map_err(|error| failed(&dir, &error))
    }
}

impl Ledger for FilesLedger {
    fn name(&self) -> String {
        self.dir.display().to_string()
    }

    fn chain(&self) -> Result<Box<dyn Chain>, Failed> {
        let open = |writer| {
            let dir = self.of(writer);
            disk::make_dir(&dir)?;
            disk::append_to(&dir.join("lock"))
        };
        let (writer, lock) = lock::first_free(open).map_err(|error| failed(&self.dir, &error))?;
        Ok(Box::new(take::take(&self.dir, writer, self.segment, lock)?))
    }

    fn writers(&self) -> Result<Vec<u32>, Failed> {
        let mut writers = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(|error| failed(&self.dir, &error))? {
            let name = entry.map_err(|error| failed(&self.dir, &error))?.file_name();
            let number = name.to_str().and_then(|name| name.parse::<u32>().ok());
            let Some(writer) = number.filter(|number| name.to_str() == Some(&number.to_string())) else { continue };
            let lines = self.segments(writer)?.into_iter().map(|segment| segment.path);
            let mut files = lines.chain([checkpoints::path(&self.of(writer))]);
            if files.any(|path| fs::metadata(path).is_ok_and(|about| about.len() > 0)) {
                writers.push(writer);
            }
        }
        writers.sort_unstable();
        Ok(writers)
    }

    fn checkpoints(&self, writer: u32) -> Result<Vec<String>, Failed> {
        let dir = self.of(writer);
        checkpoints::read(&dir).map_err(|error| failed(&dir, &error))
    }

    fn lines(&self, writer: u32, range: RangeInclusive<u64>, tell: &mut Listener) -> Result<(), Failed> {
        segments::lines(&self.segments(writer)?, (writer, &self.marks), &range, tell)
    }

    fn find(&self, id: Uuid) -> Result<Option<Vec<u8>>, Failed> {
        for writer in self.writers()? {
            if let Some(line) = names::find(&self.segments(writer)?, id)? {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// All of them, whatever they are about: here is no index to find them by.
    fn newest(&self, before: Option<Uuid>, _about: About, tell: &mut Listener) -> Result<(), Failed> {
        let chains = self.writers()?.into_iter().map(|writer| self.segments(writer));
        names::newest(&chains.collect::<Result<Vec<_>, _>>()?, before.unwrap_or(Uuid::max()), tell)
    }

    /// Whole segments only.
    fn droppable(&self, writer: u32, through: u64) -> Result<Option<u64>, Failed> {
        Ok(segments::whole(&self.segments(writer)?, through).map(|(_, last)| last).last())
    }

    fn keys(&self) -> &dyn Keys {
        &self.people
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("`{}`: {error}", path.display()))
}
