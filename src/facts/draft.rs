//! Changes worked out: from what is stored and what somebody wants changed to what would be stored.
//!
//! The client's representative accepts a request: the partnership becomes active, the client names it, a
//! product is handed over. [`Draft::of`] reads the entities that the changes name, [`Change`]s edit them one
//! after the other, and [`Draft::finish`] reads the results by the schema, checks names, sizes and the
//! hierarchy, and leaves out what did not change. Every mistake names the change that made it.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::{Entities, Entity, EntityUid, Schema};
use serde_json::Value;

use super::{
    Snapshot, Unavailable,
    changes::{Change, Editable},
    document::reference,
    hierarchy, ids, limits,
    overlay::Overlay,
    reading,
    slicing::{Shared, shared},
    store::record::{self, Record},
};
use crate::problem::describe;

/// Why changes cannot be made.
#[derive(Debug)]
pub enum Unmakeable {
    /// A change that does not fit what is stored, or the schema.
    Mistake {
        /// Its place in the list.
        change: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An entity that would not fit the schema.
    Misfit {
        /// The last change that edited it.
        change: usize,
        /// The entity as it would be.
        entity: Value,
    },
    /// The facts cannot be read.
    Unavailable(Unavailable),
}

/// Why an entity cannot be stored.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// It is beyond what we take.
    #[error("{0}")]
    Beyond(String),
    /// It does not fit the schema: in Cedar's words, which name what was sent, and as it was sent.
    #[error("{0}")]
    Misfit(String, Value),
}

impl From<String> for Wrong {
    fn from(reason: String) -> Self {
        Self::Beyond(reason)
    }
}

impl From<Unavailable> for Unmakeable {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// Entities on their way from one state to the next.
#[derive(Debug, Default)]
pub struct Draft {
    entities: BTreeMap<(String, String), Edited>,
}

#[derive(Debug)]
struct Edited {
    before: Option<Entity>,
    now: Option<Value>,
    /// The last change that edited it.
    by: usize,
}

/// What would be stored.
#[derive(Debug, Default)]
pub struct Finished {
    /// Entities that are new or different.
    pub put: Vec<Put>,
    /// Entities that are gone.
    pub deleted: Vec<EntityUid>,
}

/// An entity that is new or different.
#[derive(Debug)]
pub struct Put {
    /// What it was; none where it is new.
    pub before: Option<Entity>,
    /// What it is to be.
    pub after: Shared,
    /// The same as it is written.
    pub record: Record,
    /// The last change that edited it.
    pub by: usize,
}

impl Draft {
    /// Makes changes on a state, one after the other.
    ///
    /// # Errors
    /// A change names what does not exist or would change nothing, or the facts cannot be read.
    pub fn of(state: &dyn Snapshot, changes: &[Change]) -> Result<Self, Unmakeable> {
        let mut draft = Self::default();
        for (by, change) in changes.iter().enumerate() {
            let mistake = |reason| Unmakeable::Mistake { change: by, reason };
            let name = change.entity().map_err(mistake)?;
            draft.open(state, name, by)?;
            change.apply(&mut draft).map_err(mistake)?;
        }
        Ok(draft)
    }

    fn open(&mut self, state: &dyn Snapshot, (kind, id): (&str, &str), by: usize) -> Result<(), Unmakeable> {
        let name = (kind.to_owned(), id.to_owned());
        if let Some(edited) = self.entities.get_mut(&name) {
            edited.by = by;
            return Ok(());
        }
        let uid = record::uid(kind, id)
            .map_err(|_| Unmakeable::Mistake { change: by, reason: "the schema has no such entity type".to_owned() })?;
        let before = state.get(&uid)?;
        let now = before.as_ref().map(record::json).transpose()?;
        self.entities.insert(name, Edited { before, now, by });
        Ok(())
    }

    /// Reads the results by the schema and checks them.
    ///
    /// # Errors
    /// An entity that does not fit the schema or the limits, or facts that cannot be read.
    pub fn finish(self, state: &dyn Snapshot, schema: &Schema, actions: &Entities) -> Result<Finished, Unmakeable> {
        let mut finished = Finished::default();
        for edited in self.entities.into_values() {
            let Edited { before, now, by } = edited;
            match (before, now) {
                (Some(before), None) => finished.deleted.push(before.uid()),
                (None, None) => {}
                (before, Some(now)) => {
                    let (after, record) = checked(now, schema).map_err(|wrong| match wrong {
                        Wrong::Beyond(reason) => Unmakeable::Mistake { change: by, reason },
                        Wrong::Misfit(_, entity) => Unmakeable::Misfit { change: by, entity },
                    })?;
                    let same = before.as_ref().is_some_and(|before| Record::of(before).as_ref() == Ok(&record));
                    if !same {
                        finished.put.push(Put { before, after: shared(&after), record, by });
                    }
                }
            }
        }
        finished.check_hierarchy(state, schema, actions)?;
        Ok(finished)
    }
}

/// Reads an entity by the schema and checks what the schema does not say.
///
/// # Errors
/// What is wrong with it.
pub fn checked(json: Value, schema: &Schema) -> Result<(Entity, Record), Wrong> {
    limits::check_value(&json)?;
    let parents = json.get("parents").and_then(Value::as_array).map_or(0, Vec::len);
    if parents > limits::MAX_PARENTS {
        return Err(Wrong::Beyond(format!("{parents} parents are more than {}", limits::MAX_PARENTS)));
    }
    let entity = match reading::plain(&json, schema) {
        Some(entity) => entity,
        None => Entity::from_json_value(json.clone(), Some(schema))
            .map_err(|error| Wrong::Misfit(describe(&error), json))?,
    };
    if entity.uid().type_name().basename() == "Action" {
        return Err(Wrong::Beyond("actions are the schema's; they are no facts".to_owned()));
    }
    let record = Record::of(&entity)?;
    ids::check(record.uid.id().unescaped())?;
    record.links.iter().try_for_each(|link| ids::check(link.to.id().unescaped()))?;
    Ok((entity, record))
}

impl Editable for Draft {
    fn entity_mut(&mut self, entity_type: &str, id: &str) -> Option<&mut Value> {
        self.entities.get_mut(&(entity_type.to_owned(), id.to_owned()))?.now.as_mut()
    }

    fn put(&mut self, entity: Value) {
        let Some((kind, id)) = entity.get("uid").and_then(reference) else { return };
        if let Some(edited) = self.entities.get_mut(&(kind.to_owned(), id.to_owned())) {
            edited.now = Some(entity);
        }
    }

    fn delete(&mut self, entity_type: &str, id: &str) -> bool {
        let edited = self.entities.get_mut(&(entity_type.to_owned(), id.to_owned()));
        edited.is_some_and(|edited| edited.now.take().is_some())
    }
}

impl Finished {
    /// The state as it would be.
    pub fn over<'s>(&self, state: &'s dyn Snapshot, actions: &'s Entities) -> Overlay<'s> {
        let put = self.put.iter().map(|put| (put.record.uid.clone(), Some(put.after.clone())));
        let deleted = self.deleted.iter().map(|uid| (uid.clone(), None));
        Overlay::new(state, put.chain(deleted).collect::<HashMap<_, _>>(), actions)
    }

    fn check_hierarchy(&self, state: &dyn Snapshot, schema: &Schema, actions: &Entities) -> Result<(), Unmakeable> {
        let after = self.over(state, actions);
        for put in self.put.iter().filter(|put| put.has_new_parents()) {
            let excess = hierarchy::excess(&put.record.uid, &after, state, schema)?;
            if let Some(reason) = excess {
                return Err(Unmakeable::Mistake { change: put.by, reason });
            }
        }
        Ok(())
    }
}

impl Put {
    fn has_new_parents(&self) -> bool {
        let before: &cedar_policy_core::ast::Entity = match &self.before {
            Some(before) => before.as_ref(),
            None => return self.after.parents().next().is_some(),
        };
        self.after.parents().any(|parent| !before.is_child_of(parent))
    }
}
