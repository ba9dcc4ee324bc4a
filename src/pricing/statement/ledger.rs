//! The one place that sees all blocks, in their order: lines that were there before, and how many of what.

use super::{
    block::{Clerk, Entry, Settled},
    posting_id,
    refusal::{Code, Refusal},
    reversal::Reversed,
    rows::Unquoted,
    seen::Seen,
};

/// Takes blocks in the order of the file.
#[derive(Debug, Default)]
pub struct Ledger {
    seen: Seen,
    /// What came of the rows so far.
    pub outcomes: Outcomes,
}

/// What came of all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// Rows read, of orders and reversals.
    pub rows: u64,
    /// Rows with a price.
    pub priced: u64,
    /// Rows refused for bad data.
    pub bad: u64,
    /// Rows that rightly have no price: of another month, refused by the benefits, repeated.
    pub left_out: u64,
    /// Reversals written.
    pub reversed: u64,
}

impl Outcomes {
    /// Adds what came of the reversals.
    pub fn reversals(&mut self, reversed: &Reversed) {
        self.rows += reversed.rows;
        self.reversed += reversed.written;
        self.bad += reversed.bad;
        self.left_out += reversed.rows - reversed.written - reversed.bad;
    }
}

/// How many entries are looked up together.
const TOGETHER: usize = 32;

/// An entry that was there before.
struct Again {
    entry: usize,
    /// The row of the first.
    first: u32,
    same: bool,
}

impl Ledger {
    /// An empty ledger in the room that something else took: freed and asked for again, it would count twice.
    pub(super) fn in_place_of(mut seen: Seen) -> Self {
        seen.clear();
        Self { seen, outcomes: Outcomes::default() }
    }

    /// With room for about so many lines.
    pub fn expecting(lines: u64) -> Self {
        Self { seen: Seen::expecting(lines), outcomes: Outcomes::default() }
    }

    /// Enters a block that its clerk has just settled. What was there before is taken back out of it.
    pub fn enter(&mut self, clerk: &mut Clerk, block: &[u8], settled: &mut Settled) {
        let mut again = Vec::new();
        for (part, entries) in settled.entries.chunks(TOGETHER).enumerate() {
            std::hint::black_box(self.seen.fetch(entries.iter().map(|entry| entry.key)));
            for (position, entry) in entries.iter().enumerate() {
                if let Some(slot) = self.seen.insert(entry.key, entry.row, entry.check) {
                    let same = slot.value == entry.check;
                    again.push(Again { entry: part * TOGETHER + position, first: slot.number, same });
                }
            }
        }
        let priced = settled.entries.len() - again.len();
        if !again.is_empty() {
            withdraw(clerk, block, settled, &again);
        }
        self.outcomes.rows += settled.rows;
        self.outcomes.priced += priced as u64;
        self.outcomes.bad += settled.bad;
        self.outcomes.left_out += settled.refusals.len() as u64 - settled.bad;
    }
}

/// Takes lines out of a block's postings and sums, and tells them among its refused rows.
fn withdraw(clerk: &mut Clerk, block: &[u8], settled: &mut Settled, again: &[Again]) {
    let mut postings = Vec::with_capacity(settled.postings.len());
    let mut merged = Settled::default();
    let (mut kept, mut refusals) = (0, settled.refusals.iter().peekable());
    let mut unquoted = Unquoted::default();
    let mut told = 0;
    for line in again {
        let entry = settled.entries[line.entry];
        let before = line.entry.checked_sub(1).map_or(0, |before| settled.entries[before].posted as usize);
        postings.extend_from_slice(&settled.postings[kept..before]);
        kept = entry.posted as usize;
        while let Some((row, end)) = refusals.next_if(|(row, _)| *row < entry.row) {
            merged.copy(*row, &settled.refused[told..*end]);
            told = *end;
        }
        if let Some(fields) = clerk.record(block, entry.start as usize, &mut unquoted)
            && let Some(settlement) = clerk.take_back(&fields)
        {
            let ids = settlement.ids();
            merged.refuse(entry.row, ids, &refusal(line, entry, &settlement.digest));
        }
    }
    postings.extend_from_slice(&settled.postings[kept..]);
    for (row, end) in refusals {
        merged.copy(*row, &settled.refused[told..*end]);
        told = *end;
    }
    settled.bad += merged.bad;
    settled.postings = postings;
    settled.refused = merged.refused;
    settled.refusals = merged.refusals;
}

fn refusal(line: &Again, entry: Entry, digest: &[u8; 32]) -> Refusal {
    let (row, first) = (entry.row, line.first);
    if line.same {
        return Refusal::new(Code::Repeated, format!("row {row} is row {first} once more; it counts once"));
    }
    let id = posting_id::text(digest);
    let message = format!(
        "row {row} has another amount, currency or partner than row {first} for the same posting {id}; one of the two is wrong"
    );
    Refusal::new(Code::Conflict, message)
}
