//! Records by their names, from the newest segment backwards.
//!
//! Names begin with the time. Answers that are given at once may be recorded in another order, and a clock may be set back a
//! little; so a segment is left out only if its lines are [`SLACK`] older or newer than what is looked for.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Result},
    os::unix::fs::FileExt as _,
};

use uuid::Uuid;

use super::{disk, failed, segments::Segment};
use crate::audit::{Failed, ledger::Listener, line};

/// How far names may be out of order, in milliseconds.
const SLACK: u64 = 120_000;

/// What the names in a segment may be.
struct Bounds {
    lowest: Uuid,
    highest: Uuid,
}

/// The bounds of all segments of a chain: from the first line of each to that of the next.
fn bounds(segments: &[Segment]) -> std::result::Result<Vec<Bounds>, Failed> {
    let mut bounds: Vec<Bounds> = Vec::new();
    let mut highest = Uuid::max();
    for segment in segments.iter().rev() {
        let first = first_name(segment).map_err(|error| failed(&segment.path, &error))?;
        let lowest = first.map_or(Uuid::nil(), |first| at(millis(first).saturating_sub(SLACK), 0));
        bounds.push(Bounds { lowest, highest });
        highest = first.map_or(Uuid::max(), |first| at(millis(first) + SLACK, u128::MAX));
    }
    bounds.reverse();
    Ok(bounds)
}

fn first_name(segment: &Segment) -> Result<Option<Uuid>> {
    let mut first = Vec::new();
    match File::open(&segment.path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => BufReader::new(file?).read_until(b'\n', &mut first)?,
    };
    Ok(line::id(&first))
}

fn millis(id: Uuid) -> u64 {
    u64::try_from(id.as_u128() >> 80).unwrap_or(u64::MAX)
}

fn at(millis: u64, rest: u128) -> Uuid {
    Uuid::from_u128(u128::from(millis) << 80 | rest & ((1 << 80) - 1))
}

/// The line of a record in a chain.
pub(super) fn find(segments: &[Segment], id: Uuid) -> std::result::Result<Option<Vec<u8>>, Failed> {
    let wanted = format!("\"id\":\"{id}\"");
    for (segment, bounds) in segments.iter().zip(bounds(segments)?).rev() {
        if !(bounds.lowest..=bounds.highest).contains(&id) {
            continue;
        }
        let bytes = disk::read(&segment.path).map_err(|error| failed(&segment.path, &error))?;
        for place in memchr::memmem::find_iter(&bytes, wanted.as_bytes()) {
            let begin = memchr::memrchr(b'\n', &bytes[..place]).map_or(0, |end| end + 1);
            // A line without an end is being written.
            let Some(end) = memchr::memchr(b'\n', &bytes[place..]) else { continue };
            let line = &bytes[begin..place + end];
            // A question may say the same of something else.
            if line::id(line) == Some(id) {
                return Ok(Some(line.to_vec()));
            }
        }
    }
    Ok(None)
}

/// Tells the records of several chains that are older than one, newest first.
pub(super) fn newest(chains: &[Vec<Segment>], before: Uuid, tell: &mut Listener) -> std::result::Result<(), Failed> {
    let mut closed: Vec<(Uuid, &Segment)> = Vec::new();
    for segments in chains {
        let inside = segments.iter().zip(bounds(segments)?).filter(|(_, bounds)| bounds.lowest < before);
        closed.extend(inside.map(|(segment, bounds)| (bounds.highest, segment)));
    }
    closed.sort_unstable_by_key(|(highest, _)| *highest);
    let mut open: Vec<Names> = Vec::new();
    loop {
        let newest = open.iter().enumerate().filter_map(|(at, names)| Some((names.newest()?, at))).max();
        // Whatever may hold a newer one is looked into first.
        if let Some((_, segment)) = closed.pop_if(|(highest, _)| newest.is_none_or(|(newest, _)| *highest >= newest)) {
            open.push(Names::read(segment, before).map_err(|error| failed(&segment.path, &error))?);
            continue;
        }
        let Some((_, at)) = newest else { return Ok(()) };
        let Some(line) = open[at].take()? else { continue };
        if !tell(&line)? {
            return Ok(());
        }
        if open[at].newest().is_none() {
            open.swap_remove(at);
        }
    }
}

/// The names in a segment that are older than one, and where their lines are.
struct Names<'s> {
    segment: &'s Segment,
    file: Option<File>,
    lines: Vec<(Uuid, u64, usize)>,
}

impl<'s> Names<'s> {
    fn read(segment: &'s Segment, before: Uuid) -> Result<Self> {
        let mut names = Self { segment, file: None, lines: Vec::new() };
        let file = match File::open(&segment.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(names),
            file => file?,
        };
        let (mut reader, mut line, mut begin) = (BufReader::with_capacity(256 << 10, &file), Vec::new(), 0_u64);
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if line.pop_if(|byte| *byte == b'\n').is_none() {
                break;
            }
            if let Some(id) = line::id(&line).filter(|id| *id < before) {
                names.lines.push((id, begin, line.len()));
            }
            begin += length as u64;
        }
        names.lines.sort_unstable();
        names.file = Some(file);
        Ok(names)
    }

    fn newest(&self) -> Option<Uuid> {
        self.lines.last().map(|(id, ..)| *id)
    }

    /// The line of the newest, which is then forgotten.
    fn take(&mut self) -> std::result::Result<Option<Vec<u8>>, Failed> {
        let (Some((_, begin, length)), Some(file)) = (self.lines.pop(), &self.file) else { return Ok(None) };
        let mut line = vec![0; length];
        file.read_exact_at(&mut line, begin).map_err(|error| failed(&self.segment.path, &error))?;
        Ok(Some(line))
    }
}
