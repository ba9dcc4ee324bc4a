//! One chain: its checkpoints first, then its spans, several at once.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ed25519_dalek::VerifyingKey;

use super::{ChainReport, Flaw, Witness, span};
use crate::audit::{
    Failed,
    checkpoint::{self, Checkpoint},
    ledger::Ledger,
    line::{Hash, NOTHING},
};

/// So often is looked whether lines that nobody has signed are signed by now.
const TURNS: u32 = 20;
const TURN: Duration = Duration::from_millis(50);

/// A chain whose checkpoints were read.
pub(super) struct Chain {
    pub(super) writer: u32,
    /// Those up to the first that is wrong.
    pub(super) checkpoints: Vec<Checkpoint>,
    pub(super) dropped_through: u64,
    trusted: Vec<VerifyingKey>,
    newest: Option<String>,
    flaw: Option<Flaw>,
    /// Lines that checkpoints kept elsewhere sign, with their hashes.
    kept: Vec<(u64, Hash)>,
}

impl Chain {
    pub(super) fn read(ledger: &dyn Ledger, writer: u32, trusted: &[VerifyingKey]) -> Result<Self, Failed> {
        let texts = ledger.checkpoints(writer)?;
        let mut chain = Self {
            writer,
            checkpoints: Vec::new(),
            dropped_through: 0,
            trusted: trusted.to_owned(),
            newest: texts.last().cloned(),
            flaw: None,
            kept: Vec::new(),
        };
        let mut before = NOTHING;
        for text in &texts {
            match chain.next(text, before, trusted) {
                Ok(checkpoint) => chain.checkpoints.push(checkpoint),
                Err(what) => {
                    chain.flaw = Some(Flaw { line: chain.end() + 1, what });
                    break;
                }
            }
            before = checkpoint::hash(text);
        }
        Ok(chain)
    }

    fn next(&self, text: &str, before: Hash, trusted: &[VerifyingKey]) -> Result<Checkpoint, String> {
        let wrong = |what: String| format!("the checkpoint over it: {what}");
        let checkpoint = Checkpoint::read(text, trusted).map_err(wrong)?;
        if checkpoint.writer != self.writer {
            return Err(wrong(format!("it belongs to chain {}", checkpoint.writer)));
        }
        if checkpoint.first != self.end() + 1 || checkpoint.previous != before {
            return Err("a checkpoint was removed, changed or put in here".to_owned());
        }
        if self.checkpoints.last().is_some_and(|last| !last.is_closed()) {
            return Err("the checkpoint before it was not of a full span".to_owned());
        }
        Ok(checkpoint)
    }

    /// The last line that a good checkpoint signs.
    fn end(&self) -> u64 {
        self.checkpoints.last().map_or(0, |last| last.last)
    }

    /// What was signed once and kept elsewhere must still be signed.
    pub(super) fn hold_against(&mut self, witness: &Witness) {
        let of_same_span = self.checkpoints.iter().find(|checkpoint| checkpoint.first == witness.first);
        let what = match of_same_span {
            // The span has grown since: its line must be the one that was its last then.
            Some(checkpoint) if checkpoint.last > witness.last => return self.kept.push((witness.last, witness.head)),
            Some(checkpoint) if checkpoint.head == witness.head && checkpoint.last == witness.last => return,
            Some(checkpoint) if checkpoint.last < witness.last => "lines that the kept checkpoint signs were removed",
            _ => "the kept checkpoint signs something else",
        };
        self.blame(Flaw { line: self.end().min(witness.last) + 1, what: what.to_owned() });
    }

    /// Keeps the earlier of two flaws.
    pub(super) fn blame(&mut self, flaw: Flaw) {
        if self.flaw.as_ref().is_none_or(|known| flaw.line < known.line) {
            self.flaw = Some(flaw);
        }
    }

    /// Checks its lines.
    pub(super) fn check(mut self, ledger: &dyn Ledger, threads: usize) -> Result<ChainReport, Failed> {
        let there: Vec<usize> =
            (0..self.checkpoints.len()).filter(|span| self.checkpoints[*span].last > self.dropped_through).collect();
        let next = AtomicUsize::new(0);
        let flaws = Mutex::new(Vec::new());
        let work = || -> Result<u64, Failed> {
            let mut lines = 0;
            while let Some(span) = there.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.check_span(ledger, *span)? {
                    Ok(checked) => lines += checked,
                    Err(flaw) => flaws.lock().unwrap_or_else(PoisonError::into_inner).push(flaw),
                }
            }
            Ok(lines)
        };
        let lines = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
            let mut lines = work();
            for other in others {
                let found =
                    other.join().unwrap_or_else(|_| Err(Failed("a thread that checked it broke off".to_owned())));
                lines = lines.and_then(|lines| Ok(lines + found?));
            }
            lines
        })?;
        let flaws = flaws.into_inner().unwrap_or_else(PoisonError::into_inner);
        flaws.into_iter().for_each(|flaw| self.blame(flaw));
        if self.flaw.is_none() {
            self.flaw = self.unsigned(ledger)?;
        }
        Ok(ChainReport {
            writer: self.writer,
            lines,
            checkpoints: self.checkpoints.len() as u64,
            dropped_through: self.dropped_through,
            newest: self.newest,
            flaw: self.flaw,
        })
    }

    fn check_span(&self, ledger: &dyn Ledger, at: usize) -> Result<Result<u64, Flaw>, Failed> {
        let before = match at.checked_sub(1) {
            Some(before) => self.checkpoints[before].head,
            None => NOTHING,
        };
        span::check(ledger, &self.checkpoints[at], before, &self.kept)
    }

    /// Lines behind the newest checkpoint, which nobody has signed. Whoever is writing the log signs them at once.
    fn unsigned(&self, ledger: &dyn Ledger) -> Result<Option<Flaw>, Failed> {
        let next = self.end() + 1;
        for _ in 0..TURNS {
            let mut there = false;
            ledger.lines(self.writer, next..=next, &mut |_| {
                there = true;
                Ok(false)
            })?;
            let signs = |text: &String| Checkpoint::read(text, &self.trusted).is_ok_and(|signed| signed.last >= next);
            if !there || ledger.checkpoints(self.writer)?.last().is_some_and(signs) {
                return Ok(None);
            }
            std::thread::sleep(TURN);
        }
        let what = "it stands behind the last signed line: it was put in, or a process was killed before it signed it, and \
                    the next start sets it aside";
        Ok(Some(Flaw { line: next, what: what.to_owned() }))
    }
}
