//! Facts from a file, held in memory: read once, never changed, revision 0.
//!
//! As long as a caller supplies nothing, a decision looks straight at the one shared set of entities and
//! copies nothing. Where a caller supplies entities that the file does not know, only the neighbourhood
//! that policies can reach is gathered around them.

mod order;

use std::{
    collections::HashSet,
    fs,
    path::Path,
    sync::{Arc, OnceLock},
};

use cedar_policy::{Entities, Entity, EntityUid, Schema};
use cedar_policy_core::ast::{Literal, PartialValue, Value, ValueKind};

use self::order::Order;
use super::{
    Facts, Slice, Snapshot, Unavailable,
    document::Document,
    limits,
    store::{Placed, Position, Walk},
};
use crate::problem::{Problem, Problems, Source, describe};

/// Facts that were read from a file, or none at all.
#[derive(Debug, Clone)]
pub struct MemoryFacts(Arc<Memory>);

#[derive(Debug)]
struct Memory {
    entities: Arc<Entities>,
    actions: Arc<Entities>,
    /// Made when a search first asks.
    order: OnceLock<Result<Order, Unavailable>>,
}

impl MemoryFacts {
    /// Facts of a bundle that is asked about nothing but what callers supply.
    ///
    /// # Errors
    /// The schema's action hierarchy cannot be built.
    pub fn empty(schema: &Schema) -> Result<Self, Problems> {
        let actions = Arc::new(action_entities(schema)?);
        Ok(Self(Arc::new(Memory { entities: actions.clone(), actions, order: OnceLock::new() })))
    }

    /// Reads and checks a facts file.
    ///
    /// # Errors
    /// The file cannot be read, is too large, or holds entities that do not fit the schema.
    pub fn read(path: &Path, schema: &Schema) -> Result<Self, Problems> {
        Self::build(&Document::parse(read_source(path)?)?, schema)
    }

    /// Builds facts from a document.
    ///
    /// # Errors
    /// Every entity that does not fit the schema.
    pub fn build(document: &Document, schema: &Schema) -> Result<Self, Problems> {
        let actions = Arc::new(action_entities(schema)?);
        let entities = Arc::new(document.build(schema, &actions)?);
        Ok(Self(Arc::new(Memory { entities, actions, order: OnceLock::new() })))
    }

    /// How many entities there are, action entities not counted.
    pub fn len(&self) -> usize {
        self.0.entities.len() - self.0.actions.len()
    }

    /// Whether there is no entity but the actions.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads a facts file after looking at its size.
///
/// # Errors
/// The file cannot be read, or is larger than the limit.
pub fn read_source(path: &Path) -> Result<Source, Problems> {
    let name = path.display().to_string();
    let cannot = |error: std::io::Error| Problem::new(format!("cannot read facts `{name}`: {error}"));
    let metadata = fs::metadata(path).map_err(cannot)?;
    if !metadata.is_file() || metadata.len() > limits::MAX_FILE {
        return Err(Problem::new(format!("`{name}` is no regular file of at most {} bytes", limits::MAX_FILE)).into());
    }
    let text = fs::read_to_string(path).map_err(cannot)?;
    Ok(Source::new(name, text))
}

fn action_entities(schema: &Schema) -> Result<Entities, Problem> {
    schema.action_entities().map_err(|error| Problem::new(describe(&error)))
}

impl Facts for MemoryFacts {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Unavailable> {
        Ok(self.0.clone())
    }

    fn under(&self, schema: &Schema) -> Result<Arc<dyn Facts>, Problem> {
        let actions = Arc::new(action_entities(schema)?);
        let stated = self.0.entities.iter().filter(|entity| self.0.actions.get(&entity.uid()).is_none());
        let entities = Entities::from_entities(stated.chain(actions.iter()).cloned(), None)
            .map_err(|error| Problem::new(describe(&error)))?;
        Ok(Arc::new(Self(Arc::new(Memory { entities: Arc::new(entities), actions, order: OnceLock::new() }))))
    }
}

impl Snapshot for Memory {
    fn revision(&self) -> u64 {
        0
    }

    fn get(&self, uid: &EntityUid) -> Result<Option<Entity>, Unavailable> {
        Ok(self.entities.get(uid).cloned())
    }

    fn slice(&self, roots: &[EntityUid], supplied: Vec<Entity>, level: u32) -> Result<Slice, Unavailable> {
        let entities =
            if supplied.is_empty() { self.entities.clone() } else { Arc::new(self.gather(roots, supplied, level)?) };
        Ok(Slice { entities, revision: self.revision() })
    }

    fn walk(&self, walk: Walk, after: Position, limit: usize) -> Result<Vec<Placed>, Unavailable> {
        Ok(self.order()?.walk(walk, after, limit))
    }

    fn places(&self, uids: &[EntityUid]) -> Result<Vec<Placed>, Unavailable> {
        Ok(self.order()?.places(uids))
    }
}

impl Memory {
    fn order(&self) -> Result<&Order, Unavailable> {
        let order = self.order.get_or_init(|| Order::of(&self.entities, &self.actions));
        order.as_ref().map_err(Clone::clone)
    }

    /// The supplied entities, and what is reachable from them and the roots within `level` references.
    fn gather(&self, roots: &[EntityUid], supplied: Vec<Entity>, level: u32) -> Result<Entities, Unavailable> {
        let mut known: HashSet<EntityUid> = supplied.iter().map(Entity::uid).collect();
        let mut frontier: Vec<EntityUid> = roots.to_vec();
        for entity in &supplied {
            neighbours(entity, &mut frontier);
        }
        let mut gathered = supplied;
        for _ in 0..level.max(1) {
            let mut next = Vec::new();
            for uid in frontier.drain(..).filter(|uid| known.insert(uid.clone())) {
                let Some(entity) = self.entities.get(&uid) else { continue };
                neighbours(entity, &mut next);
                gathered.push(entity.clone());
            }
            frontier = next;
        }
        let actions = (*self.actions).clone();
        actions.upsert_entities(gathered, None).map_err(|error| Unavailable(describe(&error)))
    }
}

/// What an entity refers to in its attributes, and its ancestors.
fn neighbours(entity: &Entity, found: &mut Vec<EntityUid>) {
    let entity: &cedar_policy_core::ast::Entity = entity.as_ref();
    found.extend(entity.ancestors().cloned().map(EntityUid::from));
    for (_, value) in entity.attrs() {
        if let PartialValue::Value(value) = value {
            references(value, found);
        }
    }
}

fn references(value: &Value, found: &mut Vec<EntityUid>) {
    match &value.value {
        ValueKind::Lit(Literal::EntityUID(uid)) => found.push(EntityUid::from((**uid).clone())),
        ValueKind::Set(set) => set.iter().for_each(|item| references(item, found)),
        ValueKind::Record(record) => record.values().for_each(|item| references(item, found)),
        _ => {}
    }
}
