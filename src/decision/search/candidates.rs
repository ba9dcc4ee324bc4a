//! Candidates: several walks through the facts, merged in their common order, each entity once.
//!
//! A walk is read a batch at a time, small at first: a page of a search that permits most of what it finds needs no
//! more than a batch or two.

use std::collections::VecDeque;

use cedar_policy::{EntityTypeName, EntityUid};

use super::resolve::Reach;
use crate::facts::{
    Snapshot, Unavailable,
    store::{Placed, Position, Walk},
};

/// Entities of a walk's first batch; each further one is twice as large, up to the most.
const FIRST_BATCH: usize = 64;
const LARGEST_BATCH: usize = 1_024;

/// What may answer a search, in the order of the facts.
pub struct Candidates<'s> {
    snapshot: &'s dyn Snapshot,
    entity_type: EntityTypeName,
    streams: Vec<Stream>,
}

/// One walk, and what was read of it ahead.
struct Stream {
    source: Source,
    ahead: VecDeque<Placed>,
    after: Position,
    batch: usize,
}

enum Source {
    All,
    Referring { path: String, to: Vec<EntityUid> },
    Ended,
}

impl<'s> Candidates<'s> {
    pub(super) fn new(
        snapshot: &'s dyn Snapshot,
        entity_type: EntityTypeName,
        reach: Reach,
        after: Position,
    ) -> Result<Self, Unavailable> {
        let stream = |source| Stream { source, ahead: VecDeque::new(), after, batch: FIRST_BATCH };
        let mut streams = Vec::new();
        match reach {
            Reach::All => streams.push(stream(Source::All)),
            Reach::Some(reached) => {
                let named: Vec<EntityUid> = reached.named.into_iter().collect();
                if !named.is_empty() {
                    let placed = snapshot.places(&named)?.into_iter().filter(|placed| placed.position > after);
                    streams.push(Stream { ahead: placed.collect(), ..stream(Source::Ended) });
                }
                for (path, to) in reached.referring {
                    streams.push(stream(Source::Referring { path, to: to.into_iter().collect() }));
                }
            }
        }
        Ok(Self { snapshot, entity_type, streams })
    }

    /// The next few; none at the end.
    ///
    /// # Errors
    /// The facts cannot be read.
    pub fn next(&mut self, most: usize) -> Result<Vec<Placed>, Unavailable> {
        let mut found = Vec::new();
        while found.len() < most {
            for stream in &mut self.streams {
                stream.read_ahead(self.snapshot, &self.entity_type)?;
            }
            let first = self.streams.iter().filter_map(|stream| stream.ahead.front()).map(|placed| placed.position);
            let Some(position) = first.min() else { break };
            let at_front = self.streams.iter_mut().filter_map(|stream| stream.take(position));
            found.extend(at_front.reduce(|first, _| first));
        }
        Ok(found)
    }
}

impl Stream {
    fn read_ahead(&mut self, snapshot: &dyn Snapshot, entity_type: &EntityTypeName) -> Result<(), Unavailable> {
        if !self.ahead.is_empty() {
            return Ok(());
        }
        let walk = match &self.source {
            Source::All => Walk::All(entity_type),
            Source::Referring { path, to } => Walk::Referring { entity_type, path, to },
            Source::Ended => return Ok(()),
        };
        let placed = snapshot.walk(walk, self.after, self.batch)?;
        if placed.len() < self.batch {
            self.source = Source::Ended;
        }
        self.batch = (2 * self.batch).min(LARGEST_BATCH);
        self.after = placed.last().map_or(self.after, |placed| placed.position);
        self.ahead = placed.into();
        Ok(())
    }

    /// Its next entity, if that stands at the position.
    fn take(&mut self, position: Position) -> Option<Placed> {
        if self.ahead.front()?.position == position { self.ahead.pop_front() } else { None }
    }
}
