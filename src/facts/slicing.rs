//! Slices: what policies can reach from a request, gathered round by round.
//!
//! A policy validated at level 4 looks four references far. So the first round loads what the request
//! names, the next what these refer to, and after four rounds nothing is left that could be looked at. Only
//! references that stand alone are followed: Cedar can ask what a set contains but never look into its
//! members, so a client's thousand products cost nothing. Ancestors are loaded whole, however far: `in`
//! asks about all of them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cedar_policy::{Entities, Entity, EntityUid};
use cedar_policy_core::{
    ast::{self, EntityUID, Literal, PartialValue, Value, ValueKind},
    entities::{self as core, Dereference, NoEntitiesSchema, TCComputation},
    extensions::Extensions,
};

use super::{Unavailable, limits};
use crate::problem::describe;

/// An entity as it is shared between decisions.
pub type Shared = Arc<ast::Entity>;

/// Reads those of some entities that exist.
pub type Load<'l> = dyn Fn(&[EntityUid]) -> Result<Vec<Shared>, Unavailable> + 'l;

/// An entity, to be shared.
pub fn shared(entity: &Entity) -> Shared {
    let entity: &ast::Entity = entity.as_ref();
    Arc::new(entity.clone())
}

/// Gathers the slice of a request; `load` gives those of some entities that exist.
///
/// # Errors
/// The facts cannot be read, or supplied entities do not fit into the hierarchy.
pub fn gather(
    load: &Load,
    actions: &Entities,
    roots: &[EntityUid],
    supplied: Vec<Entity>,
    level: u32,
) -> Result<Entities, Unavailable> {
    let mut gathering = Gathering::default();
    let mut frontier: Vec<EntityUid> = roots.to_vec();
    for entity in supplied {
        let entity = shared(&entity);
        gathering.seen.insert(EntityUid::from(entity.uid().clone()));
        gathering.take(entity, &mut frontier);
    }
    for _ in 0..level.max(1) {
        gathering.round(load, &mut frontier)?;
    }
    gathering.ancestors(load)?;
    let gathered = gathering.closed()?;
    base(actions, roots)
        .add_entities(
            gathered,
            None::<&NoEntitiesSchema>,
            TCComputation::AssumeAlreadyComputed,
            Extensions::all_available(),
        )
        .map(Entities::from)
        .map_err(|error| Unavailable(describe(&error)))
}

/// The action that is asked about, where it is among the roots; else all of them.
fn base(actions: &Entities, roots: &[EntityUid]) -> core::Entities {
    let actions: &core::Entities = actions.as_ref();
    let asked = roots.iter().find_map(|uid| match actions.entity(uid.as_ref()) {
        Dereference::Data(action) => Some(Arc::new(action.clone())),
        _ => None,
    });
    let Some(action) = asked else { return actions.clone() };
    let alone = core::Entities::new().add_entities(
        [action],
        None::<&NoEntitiesSchema>,
        TCComputation::AssumeAlreadyComputed,
        Extensions::all_available(),
    );
    alone.unwrap_or_else(|_| actions.clone())
}

#[derive(Default)]
struct Gathering {
    seen: HashSet<EntityUid>,
    found: Vec<Shared>,
    /// Parents that are to be loaded, from the entities found last.
    parents: Vec<EntityUid>,
}

impl Gathering {
    fn take(&mut self, entity: Shared, frontier: &mut Vec<EntityUid>) {
        references(&entity, frontier);
        self.parents.extend(entity.parents().cloned().map(EntityUid::from));
        self.found.push(entity);
    }

    fn round(&mut self, load: &Load, frontier: &mut Vec<EntityUid>) -> Result<(), Unavailable> {
        let wanted: Vec<EntityUid> = frontier.drain(..).filter(|uid| self.seen.insert(uid.clone())).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        load(&wanted)?.into_iter().for_each(|entity| self.take(entity, frontier));
        Ok(())
    }

    /// Loads the ancestors of all that was found; what ancestors refer to is out of reach.
    fn ancestors(&mut self, load: &Load) -> Result<(), Unavailable> {
        let mut parents = std::mem::take(&mut self.parents);
        for _ in 0..=limits::MAX_ANCESTOR_DEPTH {
            self.round(load, &mut parents)?;
            parents = std::mem::take(&mut self.parents);
        }
        Ok(())
    }

    /// The entities with all their ancestors. Most have no parents beyond the nearest and stay as they are, uncopied.
    fn closed(self) -> Result<Vec<Shared>, Unavailable> {
        let by_uid: HashMap<&EntityUID, &Shared> = self.found.iter().map(|entity| (entity.uid(), entity)).collect();
        let mut closed = Vec::with_capacity(self.found.len());
        for entity in &self.found {
            let far = far_ancestors(entity, &by_uid)?;
            closed.push(if far.is_empty() { entity.clone() } else { Arc::new(with_ancestors(entity, far)) });
        }
        Ok(closed)
    }
}

/// Ancestors that are no parents.
fn far_ancestors(entity: &Shared, by_uid: &HashMap<&EntityUID, &Shared>) -> Result<HashSet<EntityUID>, Unavailable> {
    let mut far = HashSet::new();
    let mut open: Vec<&EntityUID> = entity.parents().collect();
    while let Some(uid) = open.pop() {
        let Some(parent) = by_uid.get(uid) else { continue };
        open.extend(parent.parents().filter(|grandparent| far.insert((*grandparent).clone())));
        if far.contains(entity.uid()) || far.len() > limits::MAX_ANCESTORS {
            return Err(Unavailable(format!("`{}` is its own ancestor, or has too many", entity.uid())));
        }
    }
    for parent in entity.parents() {
        far.remove(parent);
    }
    Ok(far)
}

fn with_ancestors(entity: &ast::Entity, far: HashSet<EntityUID>) -> ast::Entity {
    ast::Entity::new_with_attr_partial_value(
        entity.uid().clone(),
        entity.attrs().map(|(name, value)| (name.clone(), value.clone())),
        far,
        entity.parents().cloned().collect(),
        [],
    )
}

/// What an entity refers to outside of sets.
pub fn references(entity: &ast::Entity, found: &mut Vec<EntityUid>) {
    for (_, value) in entity.attrs() {
        if let PartialValue::Value(value) = value {
            follow(value, found);
        }
    }
}

fn follow(value: &Value, found: &mut Vec<EntityUid>) {
    match &value.value {
        ValueKind::Lit(Literal::EntityUID(uid)) => found.push(EntityUid::from((**uid).clone())),
        ValueKind::Record(record) => record.values().for_each(|item| follow(item, found)),
        _ => {}
    }
}
