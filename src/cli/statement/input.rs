//! Order lines from a file in blocks of whole records, each with the line on which it starts.

use std::io::{self, Read};

use crate::pricing::statement::{
    Columns,
    records::{self, MAX_RECORD},
};

/// How much is read at once, in bytes: enough that taking turns costs nothing, little enough for the cache.
pub const BLOCK: usize = 1 << 18;

/// A file that is read block by block.
#[derive(Debug)]
pub struct Blocks<R> {
    reader: R,
    size: usize,
    /// What was read and belongs to no whole record yet.
    rest: Vec<u8>,
    /// The line on which `rest` starts.
    line: u32,
    at_end: bool,
}

/// Why a file has no order lines.
#[derive(Debug)]
pub enum NoOrders {
    /// It cannot be read.
    Unreadable(io::Error),
    /// Its header is not that of orders; everything that is wrong with it.
    Header(Vec<String>),
}

impl<R: Read> Blocks<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// There is none, or the file cannot be read.
    pub fn open(reader: R, size: usize) -> Result<(Columns, Self), NoOrders> {
        let mut blocks = Self { reader, size: size.max(1), rest: Vec::new(), line: 1, at_end: false };
        let mut start = Vec::new();
        blocks.fill(&mut start, 2 * MAX_RECORD).map_err(NoOrders::Unreadable)?;
        let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
        let (columns, length) = Columns::read(text).map_err(NoOrders::Header)?;
        blocks.rest = text[length..].to_vec();
        blocks.line += lines(&text[..length]).map_err(NoOrders::Unreadable)?;
        Ok((columns, blocks))
    }

    /// About how long a row is, by the first ones; fifteen fields that can be priced are never shorter than this.
    pub fn row_length(&self) -> u64 {
        let rows = memchr::memchr_iter(b'\n', &self.rest).count().max(1);
        (self.rest.len() / rows).max(64) as u64
    }

    /// Reads the next block and tells on which line it starts; nothing at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next(&mut self, block: &mut Vec<u8>) -> io::Result<Option<u32>> {
        block.clear();
        std::mem::swap(block, &mut self.rest);
        let mut length = self.size;
        let whole = loop {
            self.fill(block, length)?;
            let whole = records::complete(block, self.at_end);
            if whole > 0 || self.at_end {
                break whole;
            }
            if block.len() > MAX_RECORD {
                self.cut(block)?;
                break block.len();
            }
            length = block.len() + self.size;
        };
        let start = self.line;
        if self.rest.is_empty() {
            self.rest.extend_from_slice(&block[whole..]);
        }
        block.truncate(whole);
        let too_many = || io::Error::other("more than four billion lines");
        self.line = self.line.checked_add(lines(block)?).ok_or_else(too_many)?;
        Ok((!block.is_empty()).then_some(start))
    }

    /// Reads until there are so many bytes, or no more.
    fn fill(&mut self, block: &mut Vec<u8>, length: usize) -> io::Result<()> {
        let mut filled = block.len();
        if !self.at_end && filled < length {
            block.resize(length, 0);
            while filled < length {
                match self.reader.read(&mut block[filled..]) {
                    Ok(0) => {
                        self.at_end = true;
                        break;
                    }
                    Ok(count) => filled += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            block.truncate(filled);
        }
        Ok(())
    }

    /// Leaves of a line without end what shows that it is too long, and goes on behind it.
    fn cut(&mut self, block: &mut Vec<u8>) -> io::Result<()> {
        block.truncate(MAX_RECORD + 1);
        block.push(b'\n');
        let mut passed = Vec::new();
        while !self.at_end {
            passed.clear();
            self.fill(&mut passed, MAX_RECORD)?;
            if let Some(end) = memchr::memchr(b'\n', &passed) {
                self.rest.extend_from_slice(&passed[end + 1..]);
                break;
            }
        }
        Ok(())
    }
}

fn lines(bytes: &[u8]) -> io::Result<u32> {
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).map_err(|_| io::Error::other("a block of too many lines"))
}
