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

impl Document {
    /// Makes one change.
    ///
    /// # Errors
    /// The change names an entity that is not there, removes what is not in a set, or adds to what is none:
    /// such a change would quietly change nothing.
    pub fn apply(&mut self, change: &Change) -> Result<(), String> {
        match change {
            Change::Put(entity) => {
                named(entity.get("uid").unwrap_or(&Value::Null))?;
                self.put(entity.clone());
                Ok(())
            }
            Change::Delete(uid) => self.remove_entity(uid),
            Change::Set(change) => {
                self.attributes(&change.entity)?.insert(change.attribute.clone(), change.value.clone());
                Ok(())
            }
            Change::Unset(change) => {
                let found = self.attributes(&change.entity)?.remove(&change.attribute);
                found.map(|_| ()).ok_or_else(|| format!("`{}` is not set", change.attribute))
            }
            Change::Add(change) => add(self.set_attribute(change)?, &change.value, &change.attribute),
            Change::Remove(change) => remove(self.set_attribute(change)?, &change.value, &change.attribute),
            Change::Join(change) => add(self.parents(&change.member)?, &change.of, "parents"),
            Change::Leave(change) => remove(self.parents(&change.member)?, &change.of, "parents"),
        }
    }

    fn remove_entity(&mut self, uid: &Value) -> Result<(), String> {
        let (entity_type, id) = named(uid)?;
        if self.delete(entity_type, id) { Ok(()) } else { Err(unknown(entity_type, id)) }
    }

    fn entity(&mut self, uid: &Value) -> Result<&mut Value, String> {
        let (entity_type, id) = named(uid)?;
        self.get_mut(entity_type, id).ok_or_else(|| unknown(entity_type, id))
    }

    fn attributes(&mut self, uid: &Value) -> Result<&mut serde_json::Map<String, Value>, String> {
        let fields = self.entity(uid)?.as_object_mut().ok_or("the entity is no object")?;
        let attributes = fields.entry("attrs").or_insert_with(|| json!({}));
        attributes.as_object_mut().ok_or_else(|| "`attrs` is no object".to_owned())
    }

    fn set_attribute(&mut self, change: &Attribute) -> Result<&mut Vec<Value>, String> {
        let attributes = self.attributes(&change.entity)?;
        let value =
            attributes.get_mut(&change.attribute).ok_or_else(|| format!("`{}` is not set", change.attribute))?;
        value.as_array_mut().ok_or_else(|| format!("`{}` is no set", change.attribute))
    }

    fn parents(&mut self, uid: &Value) -> Result<&mut Vec<Value>, String> {
        let fields = self.entity(uid)?.as_object_mut().ok_or("the entity is no object")?;
        let parents = fields.entry("parents").or_insert_with(|| json!([]));
        parents.as_array_mut().ok_or_else(|| "`parents` is no list".to_owned())
    }
}

fn named(uid: &Value) -> Result<(&str, &str), String> {
    reference(uid).ok_or_else(|| format!("`{uid}` names no entity; write Type::\"id\""))
}

fn unknown(entity_type: &str, id: &str) -> String {
    format!("there is no {entity_type}::\"{id}\" in the facts")
}

fn same(left: &Value, right: &Value) -> bool {
    left == right || reference(left).is_some_and(|uid| Some(uid) == reference(right))
}

fn add(set: &mut Vec<Value>, value: &Value, name: &str) -> Result<(), String> {
    if set.iter().any(|item| same(item, value)) {
        return Err(format!("`{name}` contains {value} already"));
    }
    set.push(value.clone());
    Ok(())
}

fn remove(set: &mut Vec<Value>, value: &Value, name: &str) -> Result<(), String> {
    let before = set.len();
    set.retain(|item| !same(item, value));
    if set.len() < before { Ok(()) } else { Err(format!("`{name}` does not contain {value}")) }
}
