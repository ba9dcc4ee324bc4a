//! An entity as a store keeps it: a text that people can read in the database, and its links.
//!
//! The text is Cedar's entity JSON without the name, `{"attrs":{…},"parents":[…]}`, with every key sorted and
//! every reference and extension value written out (`__entity`, `__extn`): the same entity is always the same
//! text, and it can be read back without the schema, in a few microseconds.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use cedar_policy_core::ast::{self, EntityUID, Literal, PartialValue, Value, ValueKind};
use serde_json::{Map, Value as Json, json};

use crate::facts::Unavailable;

/// An entity ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub uid: EntityUid,
    /// Its text.
    pub text: String,
    /// What it refers to, each once.
    pub links: Vec<Link>,
}

/// A reference to another entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// The attribute, `a.b` inside a record; empty for a parent.
    pub path: String,
    /// What is referred to.
    pub to: EntityUid,
}

impl Record {
    /// An entity as it is written.
    ///
    /// # Errors
    /// It has a value that is not yet known, which no checked entity has.
    pub fn of(entity: &Entity) -> Result<Self, String> {
        let uid = entity.uid();
        let entity: &ast::Entity = entity.as_ref();
        if entity.tags().next().is_some() {
            return Err("tags are not kept; declare attributes instead".to_owned());
        }
        let mut writer = Writer::default();
        let mut attributes = Map::new();
        for (name, value) in entity.attrs() {
            let PartialValue::Value(value) = value else { return Err(format!("`{name}` has no known value")) };
            attributes.insert(name.to_string(), writer.value(name, value)?);
        }
        let mut parents: Vec<EntityUid> = entity.parents().cloned().map(EntityUid::from).collect();
        parents.sort_unstable();
        for parent in &parents {
            writer.link("", parent.clone());
        }
        let parents: Vec<Json> = parents.iter().map(reference).collect();
        let text = json!({ "attrs": attributes, "parents": parents }).to_string();
        Ok(Self { uid, text, links: writer.links })
    }
}

impl Record {
    /// Cedar's JSON of the entity, its name included.
    ///
    /// # Errors
    /// The text is none that was written here.
    pub fn json(&self) -> Result<Json, Unavailable> {
        let mut json: Json = serde_json::from_str(&self.text).map_err(|error| Unavailable(error.to_string()))?;
        if let Some(fields) = json.as_object_mut() {
            fields.insert("uid".to_owned(), reference(&self.uid));
        }
        Ok(json)
    }
}

/// The links of an entity as it was read.
///
/// # Errors
/// As for [`Record::of`].
pub fn links(entity: &Entity) -> Result<Vec<Link>, String> {
    Record::of(entity).map(|record| record.links)
}

/// An entity in Cedar's JSON, its name included.
///
/// # Errors
/// As for [`Record::of`].
pub fn json(entity: &Entity) -> Result<Json, Unavailable> {
    Record::of(entity).map_err(Unavailable)?.json()
}

/// `{"type", "id"}`
pub fn reference(uid: &EntityUid) -> Json {
    json!({ "type": uid.type_name().to_string(), "id": uid.id().unescaped() })
}

/// Reads a name.
///
/// # Errors
/// The type is none that Cedar can have.
pub fn uid(entity_type: &str, id: &str) -> Result<EntityUid, Unavailable> {
    Ok(EntityUid::from_type_name_and_id(type_name(entity_type)?, EntityId::new(id)))
}

/// Most names of types that a thread remembers: a schema has a few dozen, a stranger could send any number.
const REMEMBERED: usize = 1_000;

/// The name of a type. Cedar reads names with its whole parser; each thread keeps those that it has read.
fn type_name(text: &str) -> Result<EntityTypeName, Unavailable> {
    thread_local! {
        static KNOWN: RefCell<HashMap<String, EntityTypeName>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(name) = known.get(text) {
            return Ok(name.clone());
        }
        let name: EntityTypeName = text.parse().map_err(|_| Unavailable(format!("`{text}` is no entity type")))?;
        if known.len() < REMEMBERED {
            known.insert(text.to_owned(), name.clone());
        }
        Ok(name)
    })
}

/// Reads an entity back.
///
/// # Errors
/// The text is none that was written here.
pub fn read(uid: EntityUid, text: &str) -> Result<Entity, Unavailable> {
    let unreadable = |reason: String| Unavailable(format!("the stored text of `{uid}` cannot be read: {reason}"));
    let whole: Json = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    let empty = Map::new();
    let attributes = whole.get("attrs").and_then(Json::as_object).unwrap_or(&empty);
    let mut values = Vec::with_capacity(attributes.len());
    for (name, value) in attributes {
        values.push((name.as_str().into(), PartialValue::from(read_value(value).map_err(unreadable)?)));
    }
    let mut parents = HashSet::new();
    for parent in whole.get("parents").and_then(Json::as_array).into_iter().flatten() {
        parents.insert(read_reference(parent).map_err(unreadable)?);
    }
    let entity = ast::Entity::new_with_attr_partial_value(uid.clone().into(), values, HashSet::new(), parents, []);
    Ok(entity.into())
}

#[derive(Default)]
struct Writer {
    links: Vec<Link>,
    seen: HashSet<Link>,
}

impl Writer {
    fn link(&mut self, path: &str, to: EntityUid) {
        let link = Link { path: path.to_owned(), to };
        if self.seen.insert(link.clone()) {
            self.links.push(link);
        }
    }

    fn value(&mut self, path: &str, value: &Value) -> Result<Json, String> {
        Ok(match &value.value {
            ValueKind::Lit(Literal::Bool(value)) => json!(value),
            ValueKind::Lit(Literal::Long(value)) => json!(value),
            ValueKind::Lit(Literal::String(value)) => json!(value.as_str()),
            ValueKind::Lit(Literal::EntityUID(uid)) => {
                let uid = EntityUid::from((**uid).clone());
                let reference = reference(&uid);
                self.link(path, uid);
                json!({ "__entity": reference })
            }
            ValueKind::Set(set) => {
                let mut items = set.iter().map(|item| self.value(path, item)).collect::<Result<Vec<_>, _>>()?;
                // A set has no order; its text has one.
                items.sort_by_cached_key(Json::to_string);
                Json::Array(items)
            }
            ValueKind::Record(record) => {
                let mut fields = Map::new();
                for (name, value) in record.iter() {
                    fields.insert(name.to_string(), self.value(&format!("{path}.{name}"), value)?);
                }
                Json::Object(fields)
            }
            ValueKind::ExtensionValue(_) => extension(value)?,
        })
    }
}

/// Cedar's own way to write an extension value.
fn extension(value: &Value) -> Result<Json, String> {
    let value =
        cedar_policy_core::entities::CedarValueJson::from_value(value.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(value).map_err(|error| error.to_string())
}

fn read_value(json: &Json) -> Result<Value, String> {
    Ok(match json {
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => Value::from(number.as_i64().ok_or_else(|| format!("{number} is no whole number"))?),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::set(items.iter().map(read_value).collect::<Result<Vec<_>, _>>()?, None),
        Json::Object(fields) => match (fields.get("__entity"), fields.get("__extn")) {
            (Some(entity), _) => Value::from(read_reference(entity)?),
            (_, Some(call)) => read_extension(call)?,
            _ => {
                let read = |(name, value): (&String, &Json)| Ok((name.as_str().into(), read_value(value)?));
                Value::record_arc(std::sync::Arc::new(fields.iter().map(read).collect::<Result<_, String>>()?), None)
            }
        },
        Json::Null => return Err("a value is null".to_owned()),
    })
}

fn read_reference(json: &Json) -> Result<EntityUID, String> {
    let (entity_type, id) =
        crate::facts::document::reference(json).ok_or_else(|| format!("`{json}` names no entity"))?;
    uid(entity_type, id).map(EntityUID::from).map_err(|Unavailable(reason)| reason)
}

fn read_extension(call: &Json) -> Result<Value, String> {
    let (Some(function), Some(argument)) =
        (call.get("fn").and_then(Json::as_str), call.get("arg").and_then(Json::as_str))
    else {
        // A value that takes more than one word to write, such as an offset from a date.
        return evaluated(&json!({ "value": { "__extn": call } }));
    };
    extension_value(function, argument)
}

/// A value of one of Cedar's extension types, from its text.
///
/// # Errors
/// The text is none of that type, or the type is not known.
pub fn extension_value(function: &str, argument: &str) -> Result<Value, String> {
    let expression = match function {
        "datetime" => RestrictedExpression::new_datetime(argument),
        "duration" => RestrictedExpression::new_duration(argument),
        "decimal" => RestrictedExpression::new_decimal(argument),
        "ip" => RestrictedExpression::new_ip(argument),
        other => return Err(format!("the function `{other}` is not known")),
    };
    let context = cedar_policy::Context::from_pairs([("value".to_owned(), expression)]);
    inner(context.map_err(|error| error.to_string())?)
}

fn evaluated(json: &Json) -> Result<Value, String> {
    inner(cedar_policy::Context::from_json_value(json.clone(), None).map_err(|error| error.to_string())?)
}

/// Cedar evaluates such values only as part of a context.
fn inner(context: cedar_policy::Context) -> Result<Value, String> {
    match context.as_ref() {
        ast::Context::Value(entries) => entries.get("value").cloned().ok_or_else(|| "no value".to_owned()),
        ast::Context::RestrictedResidual(_) => Err("the value is not known".to_owned()),
    }
}
