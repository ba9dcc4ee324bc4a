//! All facts of one state, in the form that an import takes.

use cedar_policy::{Entity, EntityTypeName};
use serde_json::Value;

use super::{
    Snapshot, Unavailable,
    store::{Walk, record},
};

/// Entities that are read together.
const CHUNK: usize = 1_000;

/// Tells every entity of some types, type by type by name, each in the facts' own order.
///
/// # Errors
/// The facts cannot be read, or the listener fails.
pub fn export<'t>(
    state: &dyn Snapshot,
    types: impl Iterator<Item = &'t EntityTypeName>,
    tell: &mut dyn FnMut(&Value) -> Result<(), Unavailable>,
) -> Result<(), Unavailable> {
    let mut types: Vec<&EntityTypeName> = types.collect();
    types.sort_unstable();
    for entity_type in types {
        let mut position = 0;
        loop {
            let page = state.walk(Walk::All(entity_type), position, CHUNK)?;
            let Some(last) = page.last() else { break };
            position = last.position;
            for placed in &page {
                let entity: Option<Entity> = state.get(&placed.uid)?;
                entity.map_or(Ok(()), |entity| tell(&record::json(&entity)?))?;
            }
        }
    }
    Ok(())
}
