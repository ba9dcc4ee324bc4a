//! Segments: files named after their first line, in which a line is found by counting.
//!
//! Counting and not reading, because what a line says of itself is what a check is about: whatever was put in, taken out or
//! made unreadable is told in the place where it stands.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead, BufReader, ErrorKind, Result, Seek as _, SeekFrom},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::failed;
use crate::audit::{Failed, ledger::Listener};

/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;

/// Most marks that are kept.
const MARKS: usize = 100_000;

/// A file of lines.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// The number of its first line.
    pub(super) first: u64,
    pub(super) path: PathBuf,
}

/// Where lines begin in their segments, by writer and number, so that the next span is not counted to from the start.
#[derive(Default)]
pub(super) struct Marks(Mutex<BTreeMap<(u32, u64), u64>>);

impl Marks {
    /// The nearest line from a segment's first up to one, and where it begins.
    fn nearest(&self, writer: u32, first: u64, line: u64) -> (u64, u64) {
        let marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let nearest = marks.range((writer, first)..=(writer, line)).next_back();
        nearest.map_or((first, 0), |((_, line), at)| (*line, *at))
    }

    fn set(&self, writer: u32, line: u64, at: u64) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if marks.len() >= MARKS {
            marks.clear();
        }
        marks.insert((writer, line), at);
    }
}

/// The file of the segment that begins with a line.
pub(super) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:012}.jsonl"))
}

/// The segments of a chain, oldest first.
pub(super) fn list(dir: &Path) -> Result<Vec<Segment>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut segments = Vec::new();
    for entry in entries {
        let found = entry?.path();
        let stem = found.file_stem().and_then(|stem| stem.to_str());
        if let Some(first) = stem.and_then(|stem| stem.parse().ok())
            && found == path(dir, first)
        {
            segments.push(Segment { first, path: found });
        }
    }
    segments.sort_unstable_by_key(|segment| segment.first);
    Ok(segments)
}

/// The segments that hold nothing behind a line, each with its last line; of the newest nobody knows yet where it ends.
pub(super) fn whole(segments: &[Segment], through: u64) -> impl Iterator<Item = (&Segment, u64)> {
    let ends = segments.iter().skip(1).map(|next| next.first - 1);
    segments.iter().zip(ends).filter(move |(_, last)| *last <= through)
}

/// Tells the lines of a range.
pub(super) fn lines(
    segments: &[Segment],
    (writer, marks): (u32, &Marks),
    range: &RangeInclusive<u64>,
    tell: &mut Listener,
) -> std::result::Result<(), Failed> {
    let from = segments.partition_point(|segment| segment.first <= *range.start()).saturating_sub(1);
    let mut left = range.end().saturating_sub(*range.start()).saturating_add(1);
    for (at, segment) in segments.iter().enumerate().skip(from) {
        if segment.first > *range.end() {
            break;
        }
        let last = segments.get(at + 1).map(|next| next.first - 1);
        let start = segment.first.max(*range.start());
        let opened = Reading::open(segment, marks.nearest(writer, segment.first, start));
        let Some(mut reading) = opened.map_err(|error| failed(&segment.path, &error))? else { continue };
        let mut read = || -> Result<std::result::Result<bool, Failed>> {
            if !reading.skip_to(start)? {
                return Ok(Ok(true));
            }
            marks.set(writer, start, reading.at);
            // Where a segment ends with the range, what stands behind the end belongs to nobody and is told too.
            while left > 0 || last == Some(*range.end()) {
                if !reading.next(last.is_some())? {
                    return Ok(Ok(true));
                }
                left = left.saturating_sub(1);
                match tell(&reading.line) {
                    Ok(true) => {}
                    Ok(false) => return Ok(Ok(false)),
                    Err(error) => return Ok(Err(error)),
                }
            }
            marks.set(writer, reading.number, reading.at);
            Ok(Ok(true))
        };
        if !read().map_err(|error| failed(&segment.path, &error))?? {
            return Ok(());
        }
    }
    Ok(())
}

/// A segment that is read.
struct Reading {
    file: BufReader<File>,
    /// Where the next line begins.
    at: u64,
    /// The next line's number.
    number: u64,
    line: Vec<u8>,
}

impl Reading {
    /// From a line on that begins somewhere; none where the segment was dropped meanwhile.
    fn open(segment: &Segment, (number, at): (u64, u64)) -> Result<Option<Self>> {
        let mut file = match File::open(&segment.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        file.seek(SeekFrom::Start(at))?;
        Ok(Some(Self { file: BufReader::with_capacity(BUFFER, file), at, number, line: Vec::new() }))
    }

    /// Goes on to a line; whether the segment has it.
    fn skip_to(&mut self, number: u64) -> Result<bool> {
        while self.number < number {
            if !self.next(false)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads a line. One without an end is being written, unless nothing more is to come.
    fn next(&mut self, closed: bool) -> Result<bool> {
        self.line.clear();
        let length = self.file.read_until(b'\n', &mut self.line)?;
        if self.line.pop_if(|byte| *byte == b'\n').is_none() && !(closed && length > 0) {
            return Ok(false);
        }
        self.at += length as u64;
        self.number += 1;
        Ok(true)
    }
}
