//! Which lines may be missing: those that a record of the log says were dropped.
//!
//! Such a record is a line as any other, in a span that is signed. It counts only if it stands in the log where it is
//! checked, and only as far as it says.

use serde::Deserialize;

use super::chain::Chain;
use crate::audit::{Failed, ledger::Ledger};

/// How a record of retention is found among others without reading them all as JSON.
const KIND: &[u8] = br#""kind":"retention""#;

#[derive(Deserialize)]
struct Retention {
    of: u32,
    through: u64,
}

/// Finds how far lines of each chain were dropped.
pub(super) fn find(ledger: &dyn Ledger, chains: &mut [Chain]) -> Result<(), Failed> {
    // Only where the first line is gone is there anything to look for.
    let mut missing = Vec::new();
    for chain in chains.iter() {
        let mut first = true;
        ledger.lines(chain.writer, 1..=1, &mut |_| {
            first = false;
            Ok(false)
        })?;
        if first && !chain.checkpoints.is_empty() {
            missing.push(chain.writer);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let mut dropped = Vec::new();
    for chain in chains.iter() {
        let Some(last) = chain.checkpoints.last() else { continue };
        ledger.lines(chain.writer, 1..=last.last, &mut |line| {
            if memchr::memmem::find(line, KIND).is_some()
                && let Ok(retention) = serde_json::from_slice::<Retention>(line)
            {
                dropped.push(retention);
            }
            Ok(true)
        })?;
    }
    for chain in chains.iter_mut().filter(|chain| missing.contains(&chain.writer)) {
        let of_it = dropped.iter().filter(|retention| retention.of == chain.writer);
        // Lines are dropped by whole spans.
        let ends = |through: &u64| chain.checkpoints.iter().any(|span| span.last == *through && span.is_closed());
        chain.dropped_through = of_it.map(|retention| retention.through).filter(ends).max().unwrap_or(0);
    }
    Ok(())
}
