//! A proof that one record is in the log, for whoever has nothing but the public key.
//!
//! It holds the stored line, the hashes that lead from it to the root of its span, and the signed checkpoint that states the
//! root. It stays good when the line's span is dropped from the log.

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Failed,
    checkpoint::Checkpoint,
    ledger::Ledger,
    line::{Place, hash, hex, unhex},
    tree,
};

/// The proof as it is handed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The stored line.
    pub line: String,
    /// The hashes beside the way from the line to the root, nearest first, in hexadecimal digits.
    pub path: Vec<String>,
    /// The signed checkpoint of the line's span.
    pub checkpoint: String,
}

/// Makes the proof of a record; none where there is no such record.
///
/// # Errors
/// The log cannot be read, or the record is in no span.
pub fn prove(ledger: &dyn Ledger, id: Uuid) -> Result<Option<Proof>, Failed> {
    let Some(line) = ledger.find(id)? else { return Ok(None) };
    let place = Place::of(&line).ok_or_else(|| Failed(format!("record {id} does not begin as lines do")))?;
    let covers = |checkpoint: &Checkpoint| (checkpoint.first..=checkpoint.last).contains(&place.sequence);
    for text in ledger.checkpoints(place.writer)?.into_iter().rev() {
        let checkpoint = Checkpoint::read_as_it_says(&text).map_err(Failed)?;
        if !covers(&checkpoint) {
            continue;
        }
        let mut leaves = Vec::new();
        ledger.lines(place.writer, checkpoint.first..=checkpoint.last, &mut |line| {
            leaves.push(hash(line));
            Ok(true)
        })?;
        let index = usize::try_from(place.sequence - checkpoint.first).unwrap_or(usize::MAX);
        let path = tree::path(&leaves, index)
            .ok_or_else(|| Failed(format!("lines are missing around record {id}; `mandat audit verify` tells more")))?;
        let line = String::from_utf8(line).map_err(|_| Failed(format!("record {id} is no text")))?;
        return Ok(Some(Proof { line, path: path.iter().map(|hash| hex(hash)).collect(), checkpoint: text }));
    }
    Err(Failed(format!("record {id} is in no signed span")))
}

impl Proof {
    /// Checks it with trusted keys; tells the checkpoint that holds the line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, trusted: &[VerifyingKey]) -> Result<Checkpoint, String> {
        let checkpoint =
            Checkpoint::read(&self.checkpoint, trusted).map_err(|wrong| format!("the checkpoint: {wrong}"))?;
        let place = Place::of(self.line.as_bytes()).ok_or("the line does not begin as lines do")?;
        if place.writer != checkpoint.writer || !(checkpoint.first..=checkpoint.last).contains(&place.sequence) {
            return Err("the checkpoint is not of the line's span".to_owned());
        }
        let path: Option<Vec<_>> = self.path.iter().map(|digits| unhex(digits.as_bytes())).collect();
        let path = path.ok_or("the path holds something else than hashes")?;
        let leaf = hash(self.line.as_bytes());
        match tree::climb(leaf, place.sequence - checkpoint.first, checkpoint.lines(), &path) {
            Some(root) if root == checkpoint.root => Ok(checkpoint),
            _ => Err("the line is not in the log that the checkpoint signs: it or the path was changed".to_owned()),
        }
    }
}
