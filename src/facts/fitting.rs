//! Whether facts fit another schema than the one they were checked against.
//!
//! A new bundle says that a list has a title, and the lists that are stored have none: every policy that asks for it
//! would fail on them. So before a bundle with another schema comes into force, every entity is held against it. What
//! a schema says of actions concerns no entity; where it says the same of entities as before, all of them still fit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cedar_policy::{EntityTypeName, EntityUid, Schema};
use cedar_policy_core::{
    entities::conformance::EntitySchemaConformanceChecker,
    extensions::Extensions,
    validator::{CoreSchema, ValidatorEntityType, ValidatorSchema},
};

use super::{Snapshot, Unavailable, slicing::Shared, store::Walk};
use crate::problem::describe;

/// Entities that are read together.
const CHUNK: usize = 1_000;

/// Entities of one type that do not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Their type.
    pub entity_type: String,
    /// How many.
    pub count: u64,
    /// The id of the first.
    pub id: String,
    /// What is wrong with it; names entities.
    pub reason: String,
}

/// Whether two schemas say the same of entities.
pub fn same_entities(left: &Schema, right: &Schema) -> bool {
    entity_types(left) == entity_types(right)
}

fn entity_types(schema: &Schema) -> HashMap<String, &ValidatorEntityType> {
    let schema: &ValidatorSchema = schema.as_ref();
    schema.entity_types().map(|entity_type| (entity_type.name().to_string(), entity_type)).collect()
}

/// What does not fit `after` of a state that was checked against `before`. Reads all of it.
///
/// # Errors
/// The facts cannot be read.
pub fn misfits(state: &dyn Snapshot, before: &Schema, after: &Schema) -> Result<Vec<Misfit>, Unavailable> {
    let types: BTreeSet<&EntityTypeName> = before.entity_types().chain(after.entity_types()).collect();
    let mut found = Found::default();
    for entity_type in types {
        let mut position = 0;
        loop {
            let page = state.walk(Walk::All(entity_type), position, CHUNK)?;
            let Some(last) = page.last() else { break };
            position = last.position;
            let uids: Vec<EntityUid> = page.into_iter().map(|placed| placed.uid).collect();
            found.hold(&state.load(&uids)?, after);
        }
    }
    Ok(found.0.into_values().collect())
}

/// What does not fit a schema of some entities of a state.
///
/// # Errors
/// The facts cannot be read.
pub fn misfits_among(state: &dyn Snapshot, uids: &[EntityUid], schema: &Schema) -> Result<Vec<Misfit>, Unavailable> {
    let mut found = Found::default();
    for chunk in uids.chunks(CHUNK) {
        found.hold(&state.load(chunk)?, schema);
    }
    Ok(found.0.into_values().collect())
}

#[derive(Default)]
struct Found(BTreeMap<String, Misfit>);

impl Found {
    fn hold(&mut self, entities: &[Shared], schema: &Schema) {
        let schema = CoreSchema::new(schema.as_ref());
        let checker = EntitySchemaConformanceChecker::new(&schema, Extensions::all_available());
        for entity in entities {
            let Err(error) = checker.validate_entity(entity) else { continue };
            let entity_type = entity.uid().entity_type().to_string();
            let misfit = self.0.entry(entity_type).or_insert_with_key(|entity_type| Misfit {
                entity_type: entity_type.clone(),
                count: 0,
                id: AsRef::<str>::as_ref(entity.uid().eid()).to_owned(),
                reason: describe(&error),
            });
            misfit.count += 1;
        }
    }
}
