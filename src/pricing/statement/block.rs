//! A block of rows priced and written: what one clerk does, apart from all others.

use super::{
    Statement,
    columns::{Column, Columns, Fields},
    counts::Counts,
    records::{self, Extent},
    refusal::Refusal,
    rows::{Unquoted, quoted, rows},
    seen::Key,
    settlement::{CountsNeeded, Settlement, Stop},
    text,
    totals::Tally,
};

/// Prices blocks one after the other.
#[derive(Debug)]
pub struct Clerk<'s> {
    statement: &'s Statement,
    columns: &'s Columns,
    /// Items by order, once they were counted.
    counts: Option<&'s Counts>,
    /// The sums of what was priced.
    pub tally: Tally,
    /// Fields of a record with quotes.
    unquoted: Unquoted,
}

/// What came of a block.
#[derive(Debug, Default)]
pub struct Settled {
    /// Rows of `postings.csv`.
    pub postings: Vec<u8>,
    /// Rows of `refused.csv`.
    pub refused: Vec<u8>,
    /// Every line that has a price.
    pub(super) entries: Vec<Entry>,
    /// Of each row of `refused` the line in the file and where it ends.
    pub(super) refusals: Vec<(u32, usize)>,
    /// Rows read.
    pub(super) rows: u64,
    /// Rows refused for bad data.
    pub(super) bad: u64,
}

/// A line that has a price, as the ledger needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) key: Key,
    /// Where its record starts in the block.
    pub(super) start: u32,
    /// Its line in the file.
    pub(super) row: u32,
    /// Differs if amounts, currency or partner differ.
    pub(super) check: u32,
    /// Where the postings end up to here: a line without cashback adds none.
    pub(super) posted: u32,
}
impl Settled {
    fn clear(&mut self) {
        self.postings.clear();
        self.refused.clear();
        self.entries.clear();
        self.refusals.clear();
        (self.rows, self.bad) = (0, 0);
    }

    /// Takes over a refused row as it is written.
    pub(super) fn copy(&mut self, row: u32, text: &[u8]) {
        self.refused.extend_from_slice(text);
        self.refusals.push((row, self.refused.len()));
    }

    pub(super) fn refuse(&mut self, row: u32, ids: [&[u8]; 2], refusal: &Refusal) {
        text::refused(&mut self.refused, row, ids, refusal.code.word(), &refusal.message);
        self.refusals.push((row, self.refused.len()));
        self.bad += u64::from(refusal.code.is_bad_data());
    }
}

impl<'s> Clerk<'s> {
    /// A clerk who has priced nothing yet.
    pub fn new(statement: &'s Statement, columns: &'s Columns, counts: Option<&'s Counts>) -> Self {
        let tally = Tally::new(statement.coins.len());
        Self { statement, columns, counts, tally, unquoted: Default::default() }
    }

    /// Prices a block of whole records whose first stands on line `first` of its file.
    ///
    /// # Errors
    /// A row needs its order's items counted, and nobody did.
    pub fn settle(&mut self, block: &[u8], first: u32, settled: &mut Settled) -> Result<(), CountsNeeded> {
        settled.clear();
        // Without quotes and carriage returns no field needs quotes in its turn.
        let plain = memchr::memchr2(b'"', b'\r', block).is_none();
        let mut unquoted = std::mem::take(&mut self.unquoted);
        let done = rows(block, first, self.columns, &mut unquoted, |row, start, fields| {
            self.row(row, start, fields, plain, settled)
        });
        self.unquoted = unquoted;
        done
    }

    #[inline]
    fn row(
        &mut self,
        row: u32,
        start: usize,
        fields: Result<&Fields, Refusal>,
        plain: bool,
        settled: &mut Settled,
    ) -> Result<(), CountsNeeded> {
        settled.rows += 1;
        let fields = match fields {
            Ok(fields) => fields,
            Err(refusal) => {
                settled.refuse(row, [b"", b""], &refusal);
                return Ok(());
            }
        };
        match self.statement.line(fields, self.counts) {
            Ok(settlement) => self.enter(row, start, &settlement, plain, settled),
            Err(Stop::Refused(refusal)) => {
                let ids = [fields[Column::OrderId as usize], fields[Column::LineId as usize]];
                settled.refuse(row, ids, &refusal);
            }
            Err(Stop::CountsNeeded) => return Err(CountsNeeded),
        }
        Ok(())
    }

    #[inline]
    fn enter(&mut self, row: u32, start: usize, settlement: &Settlement, plain: bool, settled: &mut Settled) {
        self.tally.add(settlement.partner(), settlement.coin(), &settlement.priced);
        if settlement.priced.cashback > 0 {
            settlement.post(plain, &mut settled.postings);
        }
        let (key, check) = (Key::of(&settlement.digest), settlement.check());
        // A block is far smaller than four gigabytes.
        let (start, posted) = (start as u32, settled.postings.len() as u32);
        settled.entries.push(Entry { key, start, row, check, posted });
    }

    /// Takes the line of an entry back out of the sums, and tells what it was.
    pub(super) fn take_back<'r>(&mut self, fields: &'r Fields<'r>) -> Option<Settlement<'s, 'r>> {
        let settlement = self.statement.line(fields, self.counts).ok()?;
        self.tally.take_back(settlement.partner(), settlement.coin(), &settlement.priced);
        Some(settlement)
    }

    /// The fields of the record that starts there.
    pub(super) fn record<'t>(&self, block: &'t [u8], start: usize, unquoted: &'t mut Unquoted) -> Option<Fields<'t>> {
        let (Extent::Whole(length) | Extent::Unclosed(length)) = records::extent(&block[start..], true) else {
            return None;
        };
        quoted(records::trimmed(&block[start..start + length]), self.columns, unquoted).ok()
    }
}
