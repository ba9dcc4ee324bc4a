//! What one entity shows by itself: the schema, names, sizes, and invariants that look at nothing else.

use std::collections::HashMap;

use cedar_policy::EntityUid;
use serde_json::Value;

use super::{
    Import,
    pieces::{Piece, Place},
};
use crate::facts::{Snapshot, draft, overlay::Overlay, slicing::shared, store::Record};

/// Reads pieces on one of the cores.
pub(super) struct Preparing<'p> {
    pub(super) import: &'p Import<'p>,
    /// Whether the store was empty, so that nothing has a former self.
    pub(super) alone: bool,
}

/// A piece that was read and checked.
#[derive(Default)]
pub(super) struct Prepared {
    pub(super) records: Vec<(Place, Record)>,
    /// What must be looked at again when all is there.
    pub(super) later: Vec<EntityUid>,
    pub(super) wrong: Vec<String>,
}

impl Preparing<'_> {
    pub(super) fn prepare(&self, piece: Piece) -> Prepared {
        let mut prepared = Prepared::default();
        for (place, text) in piece.entities {
            if let Err(reason) = self.read(place, &text, &mut prepared) {
                prepared.wrong.push(format!("{place}: {reason}"));
            }
        }
        prepared.wrong.extend(piece.wrong);
        prepared
    }

    fn read(&self, place: Place, text: &str, prepared: &mut Prepared) -> Result<(), String> {
        let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let (entity, record) = draft::checked(json, self.import.schema).map_err(|wrong| wrong.to_string())?;
        let deep = !record.links.iter().all(|link| !link.path.is_empty()) && self.is_deep(&record.uid);
        match self.import.invariants {
            Some(invariants) if self.alone && invariants.stands_alone(&record) => {
                let changed = HashMap::from([(record.uid.clone(), Some(shared(&entity)))]);
                let alone = Overlay::new(&Nothing, changed, self.import.actions);
                if let Some(reason) = invariants.broken(&alone, &record.uid, None).map_err(|error| error.0)? {
                    return Err(reason);
                }
                prepared.later.extend(deep.then(|| record.uid.clone()));
            }
            Some(_) => prepared.later.push(record.uid.clone()),
            None => prepared.later.extend(deep.then(|| record.uid.clone())),
        }
        prepared.records.push((place, record));
        Ok(())
    }

    /// Whether parents of that type can have parents themselves.
    fn is_deep(&self, uid: &EntityUid) -> bool {
        let above = |name| self.import.schema.ancestors(name).into_iter().flatten();
        above(uid.type_name()).any(|parent| above(parent).next().is_some())
    }
}

/// A state without facts.
struct Nothing;

impl Snapshot for Nothing {
    fn revision(&self) -> u64 {
        0
    }

    fn get(&self, _: &EntityUid) -> Result<Option<cedar_policy::Entity>, crate::facts::Unavailable> {
        Ok(None)
    }

    fn slice(
        &self,
        _: &[EntityUid],
        _: Vec<cedar_policy::Entity>,
        _: u32,
    ) -> Result<crate::facts::Slice, crate::facts::Unavailable> {
        Err(crate::facts::Unavailable("nothing can be sliced out of nothing".to_owned()))
    }

    fn walk(
        &self,
        _: crate::facts::store::Walk,
        _: u64,
        _: usize,
    ) -> Result<Vec<crate::facts::store::Placed>, crate::facts::Unavailable> {
        Ok(Vec::new())
    }

    fn places(&self, _: &[EntityUid]) -> Result<Vec<crate::facts::store::Placed>, crate::facts::Unavailable> {
        Ok(Vec::new())
    }
}
