//! The passes over the order lines: one that prices them, and before it one that counts, where a row needs it.

use std::{
    io::{Read, Write},
    marker::PhantomData,
};

use super::{
    input::Blocks,
    turns::{Failure, Work, take_turns},
};
use crate::pricing::statement::{
    Clerk, Columns, Ledger, Settled, Statement,
    counts::{Counted, Counts},
    ledger::Outcomes,
    totals::Totals,
};

/// Where what was priced goes.
pub struct Outlet<'w> {
    /// Rows of `postings.csv`.
    pub postings: &'w mut (dyn Write + Send),
    /// Rows of `refused.csv`.
    pub refused: &'w mut (dyn Write + Send),
    /// About how many rows there are.
    pub expected: u64,
    /// Told how many bytes of the orders were read.
    pub progress: &'w (dyn Fn(usize) + Sync),
}

/// Prices all rows.
///
/// # Errors
/// The file cannot be read, an outlet cannot be written, or the items of orders must be counted first.
pub fn settle<R: Read + Send>(
    (statement, columns): (&Statement, &Columns),
    (counts, ledger): (Option<&Counts>, Option<Ledger>),
    blocks: Blocks<R>,
    outlet: Outlet,
    threads: usize,
) -> Result<(Outcomes, Totals), Failure> {
    let clerks = (0..threads.max(1)).map(|_| Clerk::new(statement, columns, counts));
    let mut workers: Vec<Pricing> =
        clerks.map(|clerk| Pricing { clerk, settled: Settled::default(), desk: PhantomData }).collect();
    let ledger = ledger.unwrap_or_else(|| Ledger::expecting(outlet.expected));
    let mut desk = Desk { ledger, outlet };
    take_turns(blocks, &mut desk, &mut workers)?;
    let mut totals = Totals::default();
    for worker in workers {
        totals.collect(worker.clerk.tally, statement.coins());
    }
    Ok((desk.ledger.outcomes, totals))
}

struct Desk<'w> {
    ledger: Ledger,
    outlet: Outlet<'w>,
}

/// A clerk at work for a desk.
struct Pricing<'s, 'w> {
    clerk: Clerk<'s>,
    settled: Settled,
    desk: PhantomData<Desk<'w>>,
}

impl<'w> Work for Pricing<'_, 'w> {
    type Desk = Desk<'w>;

    fn work(&mut self, block: &[u8], first: u32) -> Result<(), Failure> {
        Ok(self.clerk.settle(block, first, &mut self.settled)?)
    }

    fn hand_in(&mut self, block: &[u8], desk: &mut Desk<'w>) -> Result<(), Failure> {
        desk.ledger.enter(&mut self.clerk, block, &mut self.settled);
        desk.outlet.postings.write_all(&self.settled.postings).map_err(Failure::Unwritable)?;
        desk.outlet.refused.write_all(&self.settled.refused).map_err(Failure::Unwritable)?;
        (desk.outlet.progress)(block.len());
        Ok(())
    }
}

/// Counts the items of all orders; the ledger is for the pass that prices them.
///
/// # Errors
/// The file cannot be read.
pub fn count<R: Read + Send>(
    (statement, columns): (&Statement, &Columns),
    blocks: Blocks<R>,
    progress: &(dyn Fn(usize) + Sync),
    threads: usize,
) -> Result<(Counts, Ledger), Failure> {
    let worker = || Counting { statement, columns, progress, counted: Vec::new() };
    let mut workers: Vec<Counting> = (0..threads.max(1)).map(|_| worker()).collect();
    let mut counts = Counts::default();
    take_turns(blocks, &mut counts, &mut workers)?;
    let ledger = counts.close();
    Ok((counts, ledger))
}

struct Counting<'s> {
    statement: &'s Statement,
    columns: &'s Columns,
    progress: &'s (dyn Fn(usize) + Sync),
    counted: Vec<Counted>,
}

impl Work for Counting<'_> {
    type Desk = Counts;

    fn work(&mut self, block: &[u8], _first: u32) -> Result<(), Failure> {
        self.statement.count(self.columns, block, &mut self.counted);
        Ok(())
    }

    fn hand_in(&mut self, block: &[u8], counts: &mut Counts) -> Result<(), Failure> {
        counts.add(&self.counted);
        (self.progress)(block.len());
        Ok(())
    }
}
