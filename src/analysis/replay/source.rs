//! Where records come from: pieces of whole lines, one after the other, so that a log of any size takes little memory.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::problem::Problem;

/// How much is read at once, in bytes: some thousand records.
pub(super) const PIECE: usize = 1 << 20;

/// Longest line, in bytes.
const MAX_LINE: usize = 64 << 20;

/// Records as they are kept: lines of JSON.
pub trait Recorded: Send {
    /// Puts the next whole lines in place of what the buffer holds; none at the end.
    ///
    /// # Errors
    /// The log cannot be read.
    fn next(&mut self, piece: &mut Vec<u8>) -> Result<Option<Origin>, Problem>;
}

/// Where a piece is from.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The file, or what else it is called.
    pub name: Arc<str>,
    /// The number of its first line there.
    pub line: usize,
}

impl Origin {
    /// A problem with one of its lines, counted from 0.
    pub fn problem(&self, line: usize, what: &dyn std::fmt::Display) -> Problem {
        Problem::new(format!("{}:{}: no record: {what}", self.name, self.line + line))
            .help("a log that was altered or cut off answers nothing; verify it first")
    }
}

/// Records in a file, or in all `*.jsonl` files of a directory, by name.
#[derive(Debug)]
pub struct Files {
    waiting: VecDeque<PathBuf>,
    open: Option<Reading>,
}

#[derive(Debug)]
struct Reading {
    file: File,
    origin: Origin,
    /// The beginning of the line that the last piece ended in.
    rest: Vec<u8>,
}

impl Files {
    /// The records of a path.
    ///
    /// # Errors
    /// It cannot be read, or is a directory without records.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let unreadable = |error| unreadable(path, &error);
        if !fs::metadata(path).map_err(unreadable)?.is_dir() {
            return Ok(Self { waiting: VecDeque::from([path.to_owned()]), open: None });
        }
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        let mut files: Vec<PathBuf> = entries.map_err(unreadable)?.into_iter().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
        files.sort_unstable();
        if files.is_empty() {
            return Err(Problem::new(format!("`{}` holds no `*.jsonl`", path.display())));
        }
        Ok(Self { waiting: files.into(), open: None })
    }
}

impl Recorded for Files {
    fn next(&mut self, piece: &mut Vec<u8>) -> Result<Option<Origin>, Problem> {
        loop {
            if let Some(reading) = &mut self.open {
                if let Some(origin) = reading.next(piece)? {
                    return Ok(Some(origin));
                }
                self.open = None;
            }
            let Some(path) = self.waiting.pop_front() else { return Ok(None) };
            let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
            let origin = Origin { name: path.display().to_string().into(), line: 1 };
            self.open = Some(Reading { file, origin, rest: Vec::new() });
        }
    }
}

impl Reading {
    fn next(&mut self, piece: &mut Vec<u8>) -> Result<Option<Origin>, Problem> {
        piece.clear();
        piece.append(&mut self.rest);
        loop {
            let from = piece.len();
            let limit = PIECE.saturating_sub(from).max(PIECE / 2) as u64;
            let read = (&mut self.file).take(limit).read_to_end(piece);
            let read = read.map_err(|error| unreadable(Path::new(&*self.origin.name), &error))?;
            // What follows the last end of a line is the beginning of the next piece, or at the end a line as well.
            let end = memchr::memrchr(b'\n', &piece[from..]).map(|end| from + end + 1);
            match end {
                Some(end) => self.rest.extend(piece.drain(end..)),
                None if read == 0 && piece.is_empty() => return Ok(None),
                None if read == 0 => {}
                None if piece.len() > MAX_LINE => {
                    return Err(self.origin.problem(0, &format!("a line is longer than {MAX_LINE} bytes")));
                }
                None => continue,
            }
            let origin = self.origin.clone();
            self.origin.line += memchr::memchr_iter(b'\n', piece).count();
            return Ok(Some(origin));
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(format!("cannot read the log `{}`: {error}", path.display()))
}
