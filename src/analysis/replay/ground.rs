//! The facts that recorded questions are decided on: as they were, or as they are.

use std::sync::Arc;

use crate::{
    bundle::Bundle,
    facts::{
        Snapshot, Unavailable,
        passage::Passage,
        store::{Revision, Store},
    },
    problem::Problem,
};

/// Where the facts are from.
pub enum Ground {
    /// Of a store, at each record's revision.
    Were(Arc<dyn Store>),
    /// Of a store, at its newest revision.
    Now(Arc<dyn Store>),
    /// Of a file, for records on that state alone.
    FileWere(Arc<dyn Snapshot>),
    /// Of a file, for all records.
    FileNow(Arc<dyn Snapshot>),
}

impl Ground {
    /// In words.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Were(_) | Self::FileWere(_) => "on the facts as they were",
            Self::Now(_) | Self::FileNow(_) => "on the facts as they are now",
        }
    }

    /// The newest revision.
    pub(super) fn head(&self) -> Result<Revision, Problem> {
        match self {
            Self::Were(store) | Self::Now(store) => store.head().map_err(|error| Problem::new(error.to_string())),
            Self::FileWere(facts) | Self::FileNow(facts) => Ok(facts.revision()),
        }
    }

    pub(super) fn stand(&self, bundle: &Bundle, head: Revision) -> Stand {
        let passage = |store: &Arc<dyn Store>| Passage::new(store.clone(), Arc::new(bundle.actions.clone()), head);
        match self {
            Self::Were(store) => Stand::Moving(passage(store), head),
            Self::Now(store) => Stand::Fixed(Arc::new(passage(store)), None),
            Self::FileWere(facts) => Stand::Fixed(facts.clone(), Some(head)),
            Self::FileNow(facts) => Stand::Fixed(facts.clone(), None),
        }
    }
}

/// A thread's place in the facts.
pub(super) enum Stand {
    /// At whatever revision is asked about, up to the newest.
    Moving(Passage, Revision),
    /// Always the same, for one revision or for all.
    Fixed(Arc<dyn Snapshot>, Option<Revision>),
}

impl Stand {
    /// The facts for a record of that revision; none where that state is not there.
    pub(super) fn at(&mut self, revision: Revision) -> Result<Option<&dyn Snapshot>, Unavailable> {
        match self {
            Self::Moving(_, head) if revision > *head => Ok(None),
            Self::Moving(passage, _) => {
                passage.go_to(revision)?;
                Ok(Some(passage))
            }
            Self::Fixed(_, Some(only)) if revision != *only => Ok(None),
            Self::Fixed(facts, _) => Ok(Some(&**facts)),
        }
    }
}
