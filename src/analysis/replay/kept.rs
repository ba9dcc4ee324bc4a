//! Records as the decision log keeps them, chain by chain, and who stands behind their pseudonyms.

use std::{collections::VecDeque, sync::Arc};

use moka::sync::Cache;

use super::source::{Origin, PIECE, Recorded};
use crate::{
    audit::{Failed, ledger::Ledger, line::Place, people::Pseudonym},
    problem::Problem,
};

/// Pseudonyms that are kept near.
const PSEUDONYMS: u64 = 100_000;

/// All lines of a log.
pub struct Kept {
    ledger: Arc<dyn Ledger>,
    writers: VecDeque<u32>,
    /// The first line that was not read yet, of the chain that is read.
    next: u64,
}

impl Kept {
    /// Those of a ledger.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(ledger: Arc<dyn Ledger>) -> Result<Self, Problem> {
        let writers = ledger.writers().map_err(unreadable)?.into();
        Ok(Self { ledger, writers, next: 1 })
    }
}

impl Recorded for Kept {
    fn next(&mut self, piece: &mut Vec<u8>) -> Result<Option<Origin>, Problem> {
        while let Some(writer) = self.writers.front().copied() {
            piece.clear();
            let mut places: Option<(u64, u64)> = None;
            let read = self.ledger.lines(writer, self.next..=u64::MAX, &mut |line| {
                let place = Place::of(line).ok_or_else(|| Failed(format!("a line of chain {writer} was changed")))?;
                places = Some((places.map_or(place.sequence, |(first, _)| first), place.sequence));
                piece.extend_from_slice(line);
                piece.push(b'\n');
                Ok(piece.len() < PIECE)
            });
            read.map_err(unreadable)?;
            if let Some((first, last)) = places {
                self.next = last + 1;
                let name = format!("chain {writer} of {}", self.ledger.name()).into();
                return Ok(Some(Origin { name, line: usize::try_from(first).unwrap_or(usize::MAX) }));
            }
            self.writers.pop_front();
            self.next = 1;
        }
        Ok(None)
    }
}

/// Who stands behind the pseudonyms of a log; looked up once each.
pub struct Identities {
    ledger: Arc<dyn Ledger>,
    known: Cache<String, Option<(String, String)>>,
}

impl Identities {
    /// Those of a ledger.
    pub fn of(ledger: Arc<dyn Ledger>) -> Self {
        Self { ledger, known: Cache::new(PSEUDONYMS) }
    }

    /// Type and id of a person; none where that cannot be told, for whatever reason: then the record is left out.
    pub fn identify(&self, pseudonym: &str) -> Option<(String, String)> {
        self.known.get_with_by_ref(pseudonym, || {
            let person = self.ledger.person(Pseudonym::read(pseudonym)?).ok().flatten()?;
            Some((person.entity_type, person.id))
        })
    }
}

fn unreadable(error: Failed) -> Problem {
    Problem::new(error.to_string())
}
