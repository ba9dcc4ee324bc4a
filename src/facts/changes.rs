//! Changes to facts, in the forms of our own transactions: put, delete, set, unset, add, remove.
//!
//! Scenarios use them to turn one situation into the next ("the same, but the partnership has ended").
//! `join` and `leave` move an entity into and out of a parent, since parents are no attribute.

use serde::Deserialize;
use serde_json::{Value, json};

use super::document::{Document, reference};

/// One change.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Change {
    /// Adds an entity or replaces it whole.
    Put(Value),
    /// Takes an entity out.
    Delete(Value),
    /// Gives an attribute a value.
    Set(Attribute),
    /// Takes an attribute away.
    Unset(AttributeName),
    /// Adds one element to an attribute that is a set.
    Add(Attribute),
    /// Takes one element out of an attribute that is a set.
    Remove(Attribute),
    /// Makes an entity a member of another.
    Join(Membership),
    /// Ends an entity's membership of another.
    Leave(Membership),
}

/// An attribute with a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    entity: Value,
    attribute: String,
    value: Value,
}

/// An attribute by name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeName {
    entity: Value,
    attribute: String,
}

/// Membership of an entity in a parent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    member: Value,
    of: Value,
}

/// What changes are made to: entities in Cedar's JSON, by name.
pub trait Editable {
    /// The entity of that name.
    fn entity_mut(&mut self, entity_type: &str, id: &str) -> Option<&mut Value>;
    /// Adds an entity or replaces it whole.
    fn put(&mut self, entity: Value);
    /// Takes an entity out; whether there was one.
    fn delete(&mut self, entity_type: &str, id: &str) -> bool;
}

impl Change {
    /// Its name, as it is written.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Put(_) => "put",
            Self::Delete(_) => "delete",
            Self::Set(_) => "set",
            Self::Unset(_) => "unset",
            Self::Add(_) => "add",
            Self::Remove(_) => "remove",
            Self::Join(_) => "join",
            Self::Leave(_) => "leave",
        }
    }

    /// The attribute that is changed, where it is one.
    pub fn attribute(&self) -> Option<&str> {
        match self {
            Self::Set(change) | Self::Add(change) | Self::Remove(change) => Some(&change.attribute),
            Self::Unset(change) => Some(&change.attribute),
            Self::Put(_) | Self::Delete(_) | Self::Join(_) | Self::Leave(_) => None,
        }
    }

    /// Type and id of the entity that is changed.
    ///
    /// # Errors
    /// The change names none.
    pub fn entity(&self) -> Result<(&str, &str), String> {
        named(match self {
            Self::Put(entity) => entity.get("uid").unwrap_or(&Value::Null),
            Self::Delete(uid) => uid,
            Self::Set(change) | Self::Add(change) | Self::Remove(change) => &change.entity,
            Self::Unset(change) => &change.entity,
            Self::Join(change) | Self::Leave(change) => &change.member,
        })
    }

    /// Makes the change.
    ///
    /// # Errors
    /// It names an entity that is not there, removes what is not in a set, or adds to what is none: such a change
    /// would quietly change nothing.
    pub fn apply(&self, to: &mut dyn Editable) -> Result<(), String> {
        let (entity_type, id) = self.entity()?;
        match self {
            Self::Put(entity) => {
                to.put(entity.clone());
                Ok(())
            }
            Self::Delete(_) => to.delete(entity_type, id).then_some(()).ok_or_else(unknown),
            Self::Set(change) => {
                attributes(to, &change.entity)?.insert(change.attribute.clone(), change.value.clone());
                Ok(())
            }
            Self::Unset(change) => {
                let found = attributes(to, &change.entity)?.remove(&change.attribute);
                found.map(|_| ()).ok_or_else(not_set)
            }
            Self::Add(change) => add(set_attribute(to, change)?, &change.value, "the set"),
            Self::Remove(change) => remove(set_attribute(to, change)?, &change.value, "the set"),
            Self::Join(change) => add(parents(to, &change.member)?, &change.of, "`parents`"),
            Self::Leave(change) => remove(parents(to, &change.member)?, &change.of, "`parents`"),
        }
    }
}

impl Editable for Document {
    fn entity_mut(&mut self, entity_type: &str, id: &str) -> Option<&mut Value> {
        self.get_mut(entity_type, id)
    }

    fn put(&mut self, entity: Value) {
        Self::put(self, entity);
    }

    fn delete(&mut self, entity_type: &str, id: &str) -> bool {
        Self::delete(self, entity_type, id)
    }
}

impl Document {
    /// Makes one change.
    ///
    /// # Errors
    /// As for [`Change::apply`].
    pub fn apply(&mut self, change: &Change) -> Result<(), String> {
        change.apply(self)
    }
}

fn entity<'e>(of: &'e mut dyn Editable, uid: &Value) -> Result<&'e mut Value, String> {
    let (entity_type, id) = named(uid)?;
    of.entity_mut(entity_type, id).ok_or_else(unknown)
}

fn attributes<'e>(of: &'e mut dyn Editable, uid: &Value) -> Result<&'e mut serde_json::Map<String, Value>, String> {
    let fields = entity(of, uid)?.as_object_mut().ok_or("the entity is no object")?;
    let attributes = fields.entry("attrs").or_insert_with(|| json!({}));
    attributes.as_object_mut().ok_or_else(|| "`attrs` is no object".to_owned())
}

fn set_attribute<'e>(of: &'e mut dyn Editable, change: &Attribute) -> Result<&'e mut Vec<Value>, String> {
    let attributes = attributes(of, &change.entity)?;
    let value = attributes.get_mut(&change.attribute).ok_or_else(not_set)?;
    value.as_array_mut().ok_or_else(|| "the attribute is no set".to_owned())
}

fn parents<'e>(of: &'e mut dyn Editable, uid: &Value) -> Result<&'e mut Vec<Value>, String> {
    let fields = entity(of, uid)?.as_object_mut().ok_or("the entity is no object")?;
    let parents = fields.entry("parents").or_insert_with(|| json!([]));
    parents.as_array_mut().ok_or_else(|| "`parents` is no list".to_owned())
}

fn named(uid: &Value) -> Result<(&str, &str), String> {
    reference(uid).ok_or_else(|| "it names no entity; write Type::\"id\"".to_owned())
}

// What is wrong is said without what was sent: it may name persons, and the change is named by its place.

fn unknown() -> String {
    "there is no such entity in the facts".to_owned()
}

fn not_set() -> String {
    "the attribute is not set".to_owned()
}

fn same(left: &Value, right: &Value) -> bool {
    left == right || reference(left).is_some_and(|uid| Some(uid) == reference(right))
}

fn add(set: &mut Vec<Value>, value: &Value, name: &str) -> Result<(), String> {
    if set.iter().any(|item| same(item, value)) {
        return Err(format!("{name} contains it already"));
    }
    set.push(value.clone());
    Ok(())
}

fn remove(set: &mut Vec<Value>, value: &Value, name: &str) -> Result<(), String> {
    let before = set.len();
    set.retain(|item| !same(item, value));
    if set.len() < before { Ok(()) } else { Err(format!("{name} does not contain it")) }
}
