//! The rows of a block: from bytes to the fields of each column.

use memchr::memchr;

use super::{
    columns::{COLUMNS, Columns, Fields},
    records::{self, Extent, MAX_RECORD, Separators},
    refusal::{Code, Refusal},
};

/// Fields of a record with quotes: their text, and where each ends in it.
pub(super) type Unquoted = (Vec<u8>, Vec<usize>);

/// Hands every row of a block on: its line in the file, where it starts in the block, and its fields or what is
/// wrong with the whole of it. Blank lines are passed over.
#[inline]
pub(super) fn rows<E>(
    block: &[u8],
    first: u32,
    columns: &Columns,
    unquoted: &mut Unquoted,
    take: impl FnMut(u32, usize, Result<&Fields, Refusal>) -> Result<(), E>,
) -> Result<(), E> {
    // Looking at a whole block is far cheaper than looking at each field.
    let utf8 = block.is_ascii() || str::from_utf8(block).is_ok();
    match memchr(b'"', block) {
        None => plain_rows(block, first, columns, utf8, take),
        Some(_) => quoted_rows(block, first, columns, unquoted, take),
    }
}

#[inline]
fn plain_rows<E>(
    block: &[u8],
    first: u32,
    columns: &Columns,
    utf8: bool,
    mut take: impl FnMut(u32, usize, Result<&Fields, Refusal>) -> Result<(), E>,
) -> Result<(), E> {
    let mut separators = Separators::new(block);
    let (mut start, mut row) = (0, first);
    // A row is handed on only if it has all fields, so what the row before left here is never seen.
    let mut fields: Fields = [&[]; COLUMNS];
    while start < block.len() {
        let (mut count, mut from) = (0, start);
        let end = loop {
            match separators.next() {
                Some(at) if block[at] == b',' => {
                    if let Some(column) = columns.at.get(count) {
                        fields[*column] = &block[from..at];
                    }
                    (count, from) = (count + 1, at + 1);
                }
                Some(at) => break at,
                None => break block.len(),
            }
        };
        let line = records::trimmed(&block[start..end]);
        if !line.is_empty() {
            if let Some(column) = columns.at.get(count) {
                fields[*column] = &block[from..start + line.len()];
            }
            let sound = count + 1 == COLUMNS && line.len() <= MAX_RECORD && (utf8 || str::from_utf8(line).is_ok());
            take(row, start, if sound { Ok(&fields) } else { Err(unsound(line, count + 1)) })?;
        }
        (start, row) = (end + 1, row + 1);
    }
    Ok(())
}

fn quoted_rows<E>(
    block: &[u8],
    first: u32,
    columns: &Columns,
    unquoted: &mut Unquoted,
    mut take: impl FnMut(u32, usize, Result<&Fields, Refusal>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut start, mut row) = (0, first);
    loop {
        let (record, closed) = match records::extent(&block[start..], true) {
            Extent::Whole(length) => (&block[start..start + length], true),
            Extent::Unclosed(length) => (&block[start..start + length], false),
            Extent::Unfinished => return Ok(()),
        };
        let line = records::trimmed(record);
        if !closed {
            let message = format!("a quote that opens a field is not closed within {MAX_RECORD} bytes");
            take(row, start, Err(Refusal::new(Code::UnclosedQuote, message)))?;
        } else if !line.is_empty() {
            let fields = quoted(line, columns, unquoted);
            take(row, start, fields.as_ref().map_err(Clone::clone))?;
        }
        start += record.len();
        // A block has fewer lines than bytes, and the reader counts the lines of the file.
        row += memchr::memchr_iter(b'\n', record).count() as u32;
    }
}

/// The fields of a record that may have quotes.
pub(super) fn quoted<'t>(line: &'t [u8], columns: &Columns, unquoted: &'t mut Unquoted) -> Result<Fields<'t>, Refusal> {
    let (text, ends) = unquoted;
    records::unquote(line, text, ends);
    if ends.len() != COLUMNS || line.len() > MAX_RECORD || str::from_utf8(line).is_err() {
        return Err(unsound(line, ends.len()));
    }
    let mut fields: Fields = [&[]; COLUMNS];
    let mut start = 0;
    for (end, column) in ends.iter().zip(columns.at) {
        fields[column] = &text[start..*end];
        start = *end;
    }
    Ok(fields)
}

#[cold]
fn unsound(line: &[u8], count: usize) -> Refusal {
    if line.len() > MAX_RECORD {
        return Refusal::new(Code::TooLong, format!("the row is longer than {MAX_RECORD} bytes"));
    }
    if count != COLUMNS {
        return Refusal::new(Code::WrongFields, format!("{count} fields; the header has {COLUMNS}"));
    }
    Refusal::new(Code::BadEncoding, "the row is not UTF-8")
}
