//! Taking a chain: what a process left without a signature when it was killed is put aside.
//!
//! Such lines were told to nobody: an answer leaves after its checkpoint is on the disk. They are kept beside the log, and
//! the next commit records how many there were. Until then the file that they were put into bears the number of the line that
//! comes next, so that a process that is killed in here loses no count.

use std::{
    io::{Result, Write as _},
    path::{Path, PathBuf},
};

use super::{
    chain::{FilesChain, Growing},
    checkpoints, disk, failed,
    segments::{self, Segment},
};
use crate::audit::{Failed, checkpoint::Checkpoint, ledger::lock::Lock, line};

/// Takes the chain that the lock is of.
pub(super) fn take(root: &Path, writer: u32, limit: u64, lock: Lock) -> std::result::Result<FilesChain, Failed> {
    let dir = root.join(writer.to_string());
    let failed = |error: std::io::Error| failed(&dir, &error);
    let half = half_checkpoint(&dir).map_err(failed)?;
    let newest = checkpoints::read(&dir).map_err(failed)?.pop();
    let newest = newest.map(|text| Checkpoint::read_as_it_says(&text)).transpose().map_err(|wrong| {
        Failed(format!("`{}`: the newest checkpoint was changed: {wrong}; nothing is written behind it", dir.display()))
    })?;
    let next = newest.as_ref().map_or(1, |checkpoint| checkpoint.last + 1);
    let closed = newest.as_ref().is_some_and(Checkpoint::is_closed);
    let taken = || {
        let segments = segments::list(&dir)?;
        let mut aside = Aside { path: dir.join(format!("unsigned-{next:012}.jsonl")) };
        if let Some(half) = half {
            Aside { path: dir.join(format!("unsigned-{next:012}.checkpoint")) }.put(&half.text)?;
            half.cut()?;
        }
        aside.put_all(unsigned(&segments, newest.as_ref())?)?;
        let first = segments.iter().rev().find(|segment| segment.first <= next).map_or(next, |segment| segment.first);
        Ok(FilesChain {
            root: root.to_owned(),
            lines: Growing::open(&segments::path(&dir, first))?,
            checkpoints: Growing::open(&checkpoints::path(&dir))?,
            dir: dir.clone(),
            writer,
            next,
            limit,
            closed,
            broken: false,
            set_aside: aside.count()?,
            _lock: lock,
        })
    };
    taken().map_err(failed)
}

/// The end of a file that is signed by nobody.
struct Tail {
    path: PathBuf,
    /// Where it begins.
    at: u64,
    text: Vec<u8>,
}

impl Tail {
    /// Of a file from some byte on; none where nothing follows.
    fn of(path: PathBuf, bytes: &[u8], at: usize) -> Option<Self> {
        let text = bytes.get(at..).filter(|text| !text.is_empty())?.to_vec();
        Some(Self { path, at: at as u64, text })
    }

    fn cut(&self) -> Result<()> {
        let file = disk::append_to(&self.path)?;
        file.set_len(self.at)?;
        file.sync_all()
    }
}

/// A checkpoint that was not written to its end.
fn half_checkpoint(dir: &Path) -> Result<Option<Tail>> {
    let path = checkpoints::path(dir);
    let bytes = disk::read(&path)?;
    Ok(Tail::of(path, &bytes, checkpoints::whole(&bytes)))
}

/// What stands behind the last signed line, oldest first. Where that line is another one than was signed, nothing is moved:
/// whoever reads the end of the chain finds that out.
fn unsigned(segments: &[Segment], newest: Option<&Checkpoint>) -> Result<Vec<Tail>> {
    let signed = newest.map_or(0, |checkpoint| checkpoint.last);
    let mut tails = Vec::new();
    for segment in segments.iter().rev() {
        let bytes = disk::read(&segment.path)?;
        let count = (signed + 1).saturating_sub(segment.first);
        let Some(end) = end_of(&bytes, count) else { return Ok(Vec::new()) };
        let last = bytes[..end].strip_suffix(b"\n").map(|lines| lines.rsplit(|byte| *byte == b'\n').next());
        let is_signed = |line: &[u8]| newest.is_some_and(|checkpoint| line::hash(line) == checkpoint.head);
        if count > 0 && !last.flatten().is_some_and(is_signed) {
            return Ok(Vec::new());
        }
        tails.extend(Tail::of(segment.path.clone(), &bytes, end));
        if count > 0 {
            break;
        }
    }
    tails.reverse();
    Ok(tails)
}

/// Where so many lines end.
fn end_of(bytes: &[u8], count: u64) -> Option<usize> {
    let Some(last) = count.checked_sub(1) else { return Some(0) };
    memchr::memchr_iter(b'\n', bytes).nth(usize::try_from(last).ok()?).map(|end| end + 1)
}

/// The file that takes what is set aside.
struct Aside {
    path: PathBuf,
}

impl Aside {
    /// Puts tails into it, and only then cuts them off where they were.
    fn put_all(&mut self, tails: Vec<Tail>) -> Result<()> {
        let text: Vec<u8> = tails.iter().flat_map(|tail| tail.text.iter().copied()).collect();
        self.put(&text)?;
        // The newest first, so that the rest still follows the signed end if this is where the process is killed.
        tails.iter().rev().try_for_each(Tail::cut)
    }

    fn put(&self, text: &[u8]) -> Result<()> {
        // It is there already if a process was killed after it had put it there.
        if text.is_empty() || disk::read(&self.path)?.ends_with(text) {
            return Ok(());
        }
        let mut file = disk::append_to(&self.path)?;
        file.write_all(text)?;
        file.sync_all()
    }

    /// How many lines are in it, with those that have no end.
    fn count(&self) -> Result<u64> {
        let bytes = disk::read(&self.path)?;
        let ends = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Ok(ends + u64::from(bytes.last().is_some_and(|last| *last != b'\n')))
    }
}
