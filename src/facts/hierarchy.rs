//! How deep a hierarchy would become, looked at around one entity.
//!
//! A chain of a thousand parents costs Cedar a third of a second in every decision (threat T10), so it is
//! refused when it is written: the ancestors above an entity that gets a new parent and the members below it
//! are counted, not the whole hierarchy.

use std::collections::HashSet;

use cedar_policy::{EntityUid, Schema};

use super::{
    Snapshot, Unavailable,
    limits::{MAX_ANCESTOR_DEPTH, MAX_ANCESTORS},
    store::Walk,
};

/// Most members below an entity that are looked at when it gets a new parent.
const MAX_MEMBERS: usize = 10_000;

/// What would be wrong with the hierarchy around an entity, in the state after; `before` can be walked through.
///
/// # Errors
/// The facts cannot be read.
pub fn excess(
    uid: &EntityUid,
    after: &dyn Snapshot,
    before: &dyn Snapshot,
    schema: &Schema,
) -> Result<Option<String>, Unavailable> {
    let mut above = HashSet::new();
    let mut level = vec![uid.clone()];
    let mut height = 0;
    while !level.is_empty() {
        let parents: Vec<EntityUid> = after
            .load(&level)?
            .iter()
            .flat_map(|entity| entity.parents().cloned().map(EntityUid::from).collect::<Vec<_>>())
            .collect();
        if parents.contains(uid) {
            return Ok(Some(format!("`{uid}` would become its own ancestor")));
        }
        level = parents.into_iter().filter(|parent| above.insert(parent.clone())).collect();
        height += usize::from(!level.is_empty());
        if height > MAX_ANCESTOR_DEPTH || above.len() > MAX_ANCESTORS {
            return Ok(Some(too_far(uid)));
        }
    }
    let depth = depth_below(uid, before, schema)?;
    Ok(match depth {
        None => Some(format!("`{uid}` has more than {MAX_MEMBERS} members and cannot get another parent")),
        Some(depth) if depth > 0 && depth + height > MAX_ANCESTOR_DEPTH => Some(too_far(uid)),
        Some(_) => None,
    })
}

fn too_far(uid: &EntityUid) -> String {
    format!(
        "the ancestors of `{uid}` or of its members would be more than {MAX_ANCESTORS}, or further away than \
         {MAX_ANCESTOR_DEPTH}; flatten the hierarchy"
    )
}

/// How many levels of members there are below; nothing where they are too many to look at.
fn depth_below(uid: &EntityUid, state: &dyn Snapshot, schema: &Schema) -> Result<Option<usize>, Unavailable> {
    let mut seen = HashSet::new();
    let mut level = vec![uid.clone()];
    for depth in 0..=MAX_ANCESTOR_DEPTH {
        let mut members = Vec::new();
        for entity_type in schema.entity_types() {
            let walk = Walk::Referring { entity_type, path: "", to: &level };
            let found = state.walk(walk, 0, MAX_MEMBERS + 1)?;
            members.extend(found.into_iter().map(|placed| placed.uid).filter(|uid| seen.insert(uid.clone())));
        }
        if members.is_empty() {
            return Ok(Some(depth));
        }
        if seen.len() > MAX_MEMBERS {
            return Ok(None);
        }
        level = members;
    }
    Ok(Some(MAX_ANCESTOR_DEPTH + 1))
}
