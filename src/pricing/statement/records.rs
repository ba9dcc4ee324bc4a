//! Where records and fields of a CSV begin and end, at memory speed.
//!
//! A record ends at a line feed that stands outside quotes; a carriage return before it belongs to the line end. A
//! quote opens a quoted field only as the field's first byte, and two quotes in it are one. What a quote opens and
//! nothing closes would swallow the rest of the file: within [`MAX_RECORD`] bytes it must be closed, else its
//! line is a bad row of its own and reading goes on with the next line.
//!
//! Most lines have no quote at all. Their separators are found eight bytes at a time.

use memchr::{memchr, memchr2, memrchr};

/// Longest record that is read, in bytes.
pub const MAX_RECORD: usize = 64 << 10;

/// How far the record at the start of some bytes goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// This many bytes, with its line end.
    Whole(usize),
    /// A quote is never closed; its line ends after this many bytes.
    Unclosed(usize),
    /// Its end is not among the bytes yet.
    Unfinished,
}

/// How many of the bytes are complete records; `at_end` says that nothing follows the bytes.
pub fn complete(bytes: &[u8], at_end: bool) -> usize {
    if at_end {
        return bytes.len();
    }
    if memchr(b'"', bytes).is_none() {
        return memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    }
    let mut at = 0;
    while let Extent::Whole(length) | Extent::Unclosed(length) = extent(&bytes[at..], false) {
        at += length;
    }
    at
}

/// How far the first record goes.
pub fn extent(bytes: &[u8], at_end: bool) -> Extent {
    let quotable = &bytes[..bytes.len().min(MAX_RECORD)];
    let mut at = 0;
    while let Some(found) = memchr2(b'\n', b'"', &quotable[at..]) {
        let found = at + found;
        if quotable[found] == b'\n' {
            return Extent::Whole(found + 1);
        }
        at = found + 1;
        if found == 0 || quotable[found - 1] == b',' {
            match closing(quotable, at) {
                // The last byte may be half of a doubled quote.
                Some(quote) if quote + 1 == bytes.len() && !at_end && bytes.len() < MAX_RECORD => {
                    return Extent::Unfinished;
                }
                Some(quote) => at = quote + 1,
                None if at_end || bytes.len() >= MAX_RECORD => return unclosed(bytes, at, at_end),
                None => return Extent::Unfinished,
            }
        }
    }
    match memchr(b'\n', &bytes[quotable.len()..]) {
        Some(end) => Extent::Whole(quotable.len() + end + 1),
        None if at_end && !bytes.is_empty() => Extent::Whole(bytes.len()),
        None => Extent::Unfinished,
    }
}

fn unclosed(bytes: &[u8], quote: usize, at_end: bool) -> Extent {
    match memchr(b'\n', &bytes[quote..]) {
        Some(end) => Extent::Unclosed(quote + end + 1),
        None if at_end => Extent::Unclosed(bytes.len()),
        None => Extent::Unfinished,
    }
}

/// The quote that closes a field whose text starts at `from`.
fn closing(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let quote = from + memchr(b'"', &bytes[from..])?;
        if bytes.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        from = quote + 2;
    }
}

/// Separators of lines without quotes: commas and line feeds, in their order.
#[derive(Debug)]
pub struct Separators<'b> {
    bytes: &'b [u8],
    /// Where the word starts that is being read.
    base: usize,
    /// The separators of that word that are still to come: the highest bit of each byte.
    found: u64,
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const LOW: u64 = 0x7f * ONES;

/// The highest bit of every byte that is zero.
fn zeros(word: u64) -> u64 {
    !(((word & LOW) + LOW) | word | LOW)
}

impl<'b> Separators<'b> {
    /// Those of these bytes.
    pub fn new(bytes: &'b [u8]) -> Self {
        let mut separators = Self { bytes, base: 0, found: 0 };
        separators.load();
        separators
    }

    fn load(&mut self) {
        let word = match self.bytes.get(self.base..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(word) => *word,
            None => {
                let rest = self.bytes.get(self.base..).unwrap_or(&[]);
                let mut word = [0; 8];
                word[..rest.len()].copy_from_slice(rest);
                word
            }
        };
        let word = u64::from_le_bytes(word);
        self.found = zeros(word ^ (ONES * u64::from(b','))) | zeros(word ^ (ONES * u64::from(b'\n')));
    }
}

impl Iterator for Separators<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.base += 8;
            if self.base >= self.bytes.len() {
                return None;
            }
            self.load();
        }
        let at = self.base + (self.found.trailing_zeros() / 8) as usize;
        self.found &= self.found - 1;
        Some(at)
    }
}

/// A record without its line end.
pub fn trimmed(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// Fields of a record with quotes, unquoted into `text`; `ends` says where each ends in it.
pub fn unquote(record: &[u8], text: &mut Vec<u8>, ends: &mut Vec<usize>) {
    text.clear();
    ends.clear();
    let mut rest = record;
    loop {
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let end = closing(quoted, 0).unwrap_or(quoted.len());
            let mut pieces = &quoted[..end];
            while let Some(quote) = memchr(b'"', pieces) {
                text.extend_from_slice(&pieces[..=quote]);
                pieces = pieces.get(quote + 2..).unwrap_or(&[]);
            }
            text.extend_from_slice(pieces);
            rest = quoted.get(end + 1..).unwrap_or(&[]);
        }
        let end = memchr(b',', rest);
        text.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
        ends.push(text.len());
        match end {
            Some(comma) => rest = &rest[comma + 1..],
            None => return,
        }
    }
}
