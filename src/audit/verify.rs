//! Verification: whether the log is what was written, to the byte and in order.
//!
//! The reviewer holds the public key. First the checkpoints of a chain are checked: every signature, that each names the one
//! before, and that no span is missing. After that a span needs nothing but its own lines and the head of the one before, so
//! that all cores check spans at once. Lines that retention dropped are missed by nobody if a signed record says so.
//!
//! What a log cannot show of itself is that its end was cut off together with the newest checkpoint. Whoever keeps a
//! checkpoint elsewhere ([`Witness`]) finds that too.

mod chain;
mod dropped;
mod span;

use std::fmt;

use ed25519_dalek::VerifyingKey;

use self::chain::Chain;
use super::{Failed, checkpoint::Checkpoint, ledger::Ledger};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// By chain, in order of the writers.
    pub chains: Vec<ChainReport>,
}

/// What was found in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// Whose chain.
    pub writer: u32,
    /// Lines that were there and checked.
    pub lines: u64,
    /// Checkpoints that were checked.
    pub checkpoints: u64,
    /// Up to here lines were dropped, as a record says.
    pub dropped_through: u64,
    /// The newest checkpoint, as it is stored.
    pub newest: Option<String>,
    /// The first thing that is wrong.
    pub flaw: Option<Flaw>,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The line where it shows, by its place in the chain.
    pub line: u64,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// A checkpoint that was kept where nobody could change it with the log.
pub type Witness = Checkpoint;

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.chains.iter().all(|chain| chain.flaw.is_none())
    }

    /// Lines that were checked.
    pub fn lines(&self) -> u64 {
        self.chains.iter().map(|chain| chain.lines).sum()
    }
}

/// Checks a log against the keys that are trusted and the checkpoints that were kept, on so many threads.
///
/// # Errors
/// The log cannot be read.
pub fn verify(
    ledger: &dyn Ledger,
    trusted: &[VerifyingKey],
    witnesses: &[Witness],
    threads: usize,
) -> Result<Report, Failed> {
    let mut writers = ledger.writers()?;
    // A chain that a witness speaks of and nobody knows any more is missed.
    writers.extend(witnesses.iter().map(|witness| witness.writer));
    writers.sort_unstable();
    writers.dedup();
    let mut chains = Vec::new();
    for writer in writers {
        let mut chain = Chain::read(ledger, writer, trusted)?;
        witnesses.iter().filter(|witness| witness.writer == writer).for_each(|witness| chain.hold_against(witness));
        chains.push(chain);
    }
    dropped::find(ledger, &mut chains)?;
    let chains = chains.into_iter().map(|chain| chain.check(ledger, threads)).collect::<Result<_, _>>()?;
    Ok(Report { chains })
}
