//! Trails: how one entity leads to another, reference by reference, and the way back.
//!
//! A flat refers to its house, the house to its street. Who must know which flats a change of the street
//! concerns goes the trail back: from the street to the houses that refer to it, from these to the flats.

use cedar_policy::{EntityTypeName, EntityUid};

use super::{Snapshot, Unavailable, store::Walk};

/// Entities of a walk that are read together.
const CHUNK: usize = 1_000;

/// One reference of a trail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The type that refers.
    pub entity_type: EntityTypeName,
    /// The attribute, as links name it; empty for parents.
    pub path: String,
}

/// References one after the other: the first step, and those beyond it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trail {
    /// Of the entity where the trail begins.
    pub first: Step,
    /// The further ones, from near to far.
    pub beyond: Vec<Step>,
}

impl Trail {
    /// What the first step must lead to so that the trail ends at one of some entities.
    ///
    /// # Errors
    /// The facts cannot be read.
    pub fn back(&self, state: &dyn Snapshot, ends: &[EntityUid]) -> Result<Vec<EntityUid>, Unavailable> {
        let mut found = ends.to_vec();
        for step in self.beyond.iter().rev() {
            found = step.referring(state, &found)?;
        }
        Ok(found)
    }
}

impl Step {
    /// Every entity that refers to one of some others by this step.
    ///
    /// # Errors
    /// The facts cannot be read.
    pub fn referring(&self, state: &dyn Snapshot, to: &[EntityUid]) -> Result<Vec<EntityUid>, Unavailable> {
        let walk = Walk::Referring { entity_type: &self.entity_type, path: &self.path, to };
        let (mut found, mut position) = (Vec::new(), 0);
        loop {
            let page = state.walk(walk, position, CHUNK)?;
            let Some(last) = page.last() else { return Ok(found) };
            position = last.position;
            found.extend(page.into_iter().map(|placed| placed.uid));
        }
    }
}
