//! The end of a chain: where the next line goes, and what the growing span has so far.

use ed25519_dalek::SigningKey;
use jiff::Timestamp;

use crate::audit::{
    Failed,
    checkpoint::{self, Checkpoint},
    ledger::{Ledger, Sealed},
    line::{Hash, NOTHING, Place, hash},
    tree::Growing,
};

/// The end of a chain.
#[derive(Debug, Clone)]
pub(super) struct Tip {
    sequence: u64,
    hash: Hash,
    /// Hash of the text of the last full span's checkpoint.
    before: Hash,
    /// First line of the span that grows.
    first: u64,
    tree: Growing,
}

impl Tip {
    /// The end of a new chain.
    fn new() -> Self {
        Self { sequence: 0, hash: NOTHING, before: NOTHING, first: 1, tree: Growing::default() }
    }

    /// The end of a chain as it stands in the ledger.
    ///
    /// # Errors
    /// It cannot be read, or is not what its checkpoint signs: nothing is written behind what somebody has changed.
    pub(super) fn read(ledger: &dyn Ledger, writer: u32) -> Result<Self, Failed> {
        let read = |text: &String| Checkpoint::read_as_it_says(text).map_err(|wrong| changed(writer, &wrong));
        let mut texts = ledger.checkpoints(writer)?;
        let open = texts.last().map(read).transpose()?.filter(|checkpoint| !checkpoint.is_closed());
        if open.is_some() {
            texts.pop();
        }
        let mut tip = Self::new();
        if let Some(text) = texts.last() {
            let full = read(text)?;
            (tip.sequence, tip.hash, tip.first) = (full.last, full.head, full.last + 1);
            tip.before = checkpoint::hash(text);
        }
        let signed = match &open {
            Some(open) if open.first != tip.first => return Err(changed(writer, "a span is missing")),
            Some(open) => (open.last, open.head, open.root),
            None => (tip.sequence, tip.hash, tip.tree.root()),
        };
        ledger.lines(writer, tip.first..=u64::MAX, &mut |line| {
            tip.follow(writer, line)?;
            Ok(true)
        })?;
        if (tip.sequence, tip.hash, tip.tree.root()) != signed {
            return Err(changed(writer, "its last lines are not those that were signed"));
        }
        Ok(tip)
    }

    fn follow(&mut self, writer: u32, line: &[u8]) -> Result<(), Failed> {
        if Place::of(line) != Some(self.next(writer)) {
            return Err(changed(writer, &format!("line {} is another one", self.sequence + 1)));
        }
        self.push(line);
        Ok(())
    }

    pub(super) fn next(&self, writer: u32) -> Place {
        Place { writer, sequence: self.sequence + 1, previous: self.hash }
    }

    pub(super) fn push(&mut self, line: &[u8]) {
        self.sequence += 1;
        self.hash = hash(line);
        self.tree.push(self.hash);
    }

    /// Signs the span as it is, and begins another where it is full.
    pub(super) fn seal(&mut self, writer: u32, at: Timestamp, key: &SigningKey) -> Sealed {
        let statement = Checkpoint {
            writer,
            first: self.first,
            last: self.sequence,
            head: self.hash,
            root: self.tree.root(),
            at,
            previous: self.before,
            key: key.verifying_key().to_bytes(),
        };
        let text = statement.sign(key);
        if statement.is_closed() {
            (self.before, self.first, self.tree) = (checkpoint::hash(&text), self.sequence + 1, Growing::default());
        }
        Sealed { first: statement.first, last: statement.last, text }
    }
}

fn changed(writer: u32, what: &str) -> Failed {
    Failed(format!(
        "the end of chain {writer} was changed: {what}; nothing is written behind it. `mandat audit verify` tells more; move \
         the log away to begin another"
    ))
}
