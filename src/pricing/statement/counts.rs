//! How many items an order has, for rows that leave `tier_count` open.
//!
//! The scale of web hosting counts all hostings of the order, wherever its lines stand in the file. So the file is read
//! once before: every row of the month that has a price counts, and a line counts once, by the first of its rows, as in
//! the ledger.

use super::{
    Columns, Statement,
    columns::{Column, Fields},
    ledger::Ledger,
    line::{Line, id},
    posting_id,
    refusal::Refusal,
    rows::{Unquoted, rows},
    seen::{Key, Seen},
};

/// Items by order and family.
#[derive(Debug, Default)]
pub struct Counts {
    items: Seen,
    /// The lines that were counted.
    lines: Seen,
}

/// A row that counts.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Its order and family, if that is one that a scale counts.
    order: Option<Key>,
    /// Its order, line, period and event: what makes it one line.
    line: Key,
    quantity: u32,
}

impl Statement {
    /// The rows of a block that count, in the order in which they stand there.
    pub fn count(&self, columns: &Columns, block: &[u8], counted: &mut Vec<Counted>) {
        counted.clear();
        let mut unquoted = Unquoted::default();
        let taken: Result<(), std::convert::Infallible> = rows(block, 0, columns, &mut unquoted, |_, _, fields| {
            counted.extend(fields.ok().and_then(|fields| self.countable(fields).ok().flatten()));
            Ok(())
        });
        let Ok(()) = taken;
    }

    fn countable(&self, fields: &Fields) -> Result<Option<Counted>, Refusal> {
        let (order_id, line_id) = (id(fields, Column::OrderId)?, id(fields, Column::LineId)?);
        let second = self.moment(fields)?;
        if !self.calendar.holds(second) {
            return Ok(None);
        }
        let line = Line::read(fields)?;
        let version = self.version_of(second, fields)?;
        let product = version.product(fields)?;
        let Some(good) = version.good(product).filter(|_| self.has_price(&line, version, product)) else {
            return Ok(None);
        };
        let period = if good.daily { self.calendar.day(second) } else { self.calendar.month() };
        let line_key = posting_id::digest([order_id, line_id, period.as_bytes(), line.kind.word().as_bytes()]);
        let order = good.counts.then(|| Key::of(&order_digest(order_id, &self.families[good.family])));
        Ok(Some(Counted { order, line: Key::of(&line_key), quantity: line.quantity }))
    }
}

fn order_digest(order_id: &[u8], family: &str) -> [u8; 32] {
    posting_id::digest([order_id, family.as_bytes()])
}

impl Counts {
    /// Adds the rows of the next block.
    pub fn add(&mut self, counted: &[Counted]) {
        for row in counted {
            if self.lines.insert(row.line, 1, 0).is_none()
                && let Some(order) = row.order
                && let Some(slot) = self.items.insert(order, 1, row.quantity)
            {
                slot.value = slot.value.saturating_add(row.quantity);
            }
        }
    }

    /// All rows were added: which lines they were is no longer needed, and a ledger takes over the room they took.
    pub fn close(&mut self) -> Ledger {
        Ledger::in_place_of(std::mem::take(&mut self.lines))
    }

    /// The items of a family on an order.
    pub(super) fn items(&self, order_id: &[u8], family: &str) -> u32 {
        self.items.get(Key::of(&order_digest(order_id, family))).map_or(0, |slot| slot.value)
    }
}
