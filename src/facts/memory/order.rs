//! The order of facts in memory, and who refers to whom: what searches walk through.
//!
//! Made when the first search asks and kept from then on, since these facts never change. Entities stand in the
//! order of their names, from 1 on; actions are no part of it.

use std::collections::HashMap;

use cedar_policy::{Entities, Entity, EntityTypeName, EntityUid};

use crate::facts::{
    Unavailable,
    store::{Placed, Position, Walk, record},
};

/// Entities by their positions.
#[derive(Debug, Default)]
pub(super) struct Order {
    uids: Vec<EntityUid>,
    positions: HashMap<EntityUid, Position>,
    types: HashMap<EntityTypeName, Vec<Position>>,
    /// By what is referred to: who refers, and by which attribute.
    referring: HashMap<EntityUid, Vec<(Position, String)>>,
}

impl Order {
    /// The order of all entities but the actions.
    pub(super) fn of(entities: &Entities, actions: &Entities) -> Result<Self, Unavailable> {
        let mut all: Vec<&Entity> = entities.iter().filter(|entity| actions.get(&entity.uid()).is_none()).collect();
        all.sort_by_cached_key(|entity| entity.uid());
        let mut order = Self::default();
        for (position, entity) in (1..).zip(all) {
            let uid = entity.uid();
            for link in record::links(entity).map_err(Unavailable)? {
                order.referring.entry(link.to).or_default().push((position, link.path));
            }
            order.types.entry(uid.type_name().clone()).or_default().push(position);
            order.positions.insert(uid.clone(), position);
            order.uids.push(uid);
        }
        Ok(order)
    }

    /// At most `limit` entities of a walk behind a position.
    pub(super) fn walk(&self, walk: Walk, after: Position, limit: usize) -> Vec<Placed> {
        match walk {
            Walk::All(entity_type) => {
                let all = self.types.get(entity_type).map_or(&[][..], Vec::as_slice);
                let start = all.partition_point(|position| *position <= after);
                all[start..].iter().take(limit).filter_map(|position| self.placed(*position)).collect()
            }
            Walk::Referring { entity_type, path, to } => {
                let links = to.iter().filter_map(|uid| self.referring.get(uid)).flatten();
                let behind = links.filter(|(position, link)| *position > after && link == path);
                let mut found: Vec<Position> = behind.map(|(position, _)| *position).collect();
                found.sort_unstable();
                found.dedup();
                let placed = found.into_iter().filter_map(|position| self.placed(position));
                placed.filter(|placed| placed.uid.type_name() == entity_type).take(limit).collect()
            }
        }
    }

    /// The places of those that exist, in order.
    pub(super) fn places(&self, uids: &[EntityUid]) -> Vec<Placed> {
        let mut found: Vec<Position> = uids.iter().filter_map(|uid| self.positions.get(uid).copied()).collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|position| self.placed(position)).collect()
    }

    fn placed(&self, position: Position) -> Option<Placed> {
        let index = usize::try_from(position).ok()?.checked_sub(1)?;
        Some(Placed { position, uid: self.uids.get(index)?.clone() })
    }
}
