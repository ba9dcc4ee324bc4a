//! What callers send, as Cedar values: plain JSON read by the schema's shapes.
//!
//! The shape decides what a value means, so Cedar's own escapes (`__entity`, `__extn`) are ordinary,
//! undeclared fields here and refused like any other (threat T03). Every error names the field.

use std::sync::Arc;

use cedar_policy::{EntityId, EntityUid, RestrictedExpression};
use cedar_policy_core::ast::{Context, EntityUID, Value as CedarValue};
use serde_json::Value;

use crate::{
    bundle::shape::{Fields, Shape, describe},
    facts::limits,
    request::{Invalid, Properties},
};

/// Reads values and remembers every entity they name.
#[derive(Debug, Default)]
pub struct Reader {
    /// Entities named so far, in order.
    pub named: Vec<EntityUid>,
}

/// A record's fields by name.
pub type Pairs<'a> = Vec<(&'a str, CedarValue)>;

impl Reader {
    /// Reads an object whose declared fields are `fields`; required ones may be missing where `may_miss` says so.
    ///
    /// # Errors
    /// The first field that is undeclared, missing or of another shape.
    pub fn fields<'a>(
        &mut self,
        path: &str,
        fields: &Fields,
        given: &'a Properties,
        may_miss: &dyn Fn(&str) -> bool,
    ) -> Result<Pairs<'a>, Invalid> {
        let mut pairs = Vec::with_capacity(given.len() + 1);
        for (name, value) in given {
            let Some(field) = fields.get(name) else {
                return Err(Invalid::undeclared(path, name, undeclared(name, fields)));
            };
            pairs.push((name.as_str(), self.value(&|| format!("{path}.{name}"), &field.shape, value)?));
        }
        match fields.iter().find(|(name, field)| !field.optional && !given.contains_key(*name) && !may_miss(name)) {
            Some((name, field)) => {
                Err(Invalid::new(format!("{path}.{name}"), format!("missing; expected {}", describe(&field.shape))))
            }
            None => Ok(pairs),
        }
    }

    fn value(&mut self, path: &dyn Fn() -> String, shape: &Shape, value: &Value) -> Result<CedarValue, Invalid> {
        match (shape, value) {
            (Shape::Bool, Value::Bool(value)) => Ok(CedarValue::from(*value)),
            (Shape::Long, Value::Number(number)) => number
                .as_i64()
                .map(CedarValue::from)
                .ok_or_else(|| Invalid::new(path(), "expected a whole number of at most 64 bits")),
            (Shape::String, Value::String(text)) => Ok(CedarValue::from(short(path, text)?)),
            (Shape::Extension(name), Value::String(text)) => {
                extension(name, short(path, text)?).map_err(|reason| Invalid::new(path(), reason))
            }
            (Shape::Entity(name), Value::Object(object)) => {
                let uid = entity(path, name, object)?;
                self.named.push(uid.clone());
                Ok(CedarValue::from(EntityUID::from(uid)))
            }
            (Shape::Set(element), Value::Array(items)) => self.set(path, element, items),
            (Shape::Record(fields), Value::Object(object)) => {
                Ok(record(self.fields(&path(), fields, object, &none)?))
            }
            (expected, _) => Err(Invalid::new(path(), format!("expected {}", describe(expected)))),
        }
    }

    fn set(&mut self, path: &dyn Fn() -> String, element: &Shape, items: &[Value]) -> Result<CedarValue, Invalid> {
        if items.len() > limits::MAX_ELEMENTS {
            return Err(Invalid::new(path(), format!("a list of more than {} elements", limits::MAX_ELEMENTS)));
        }
        let read = |(index, item)| self.value(&|| format!("{}[{index}]", path()), element, item);
        let values = items.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(CedarValue::set(values, None))
    }
}

/// Fields as a record.
pub fn record(pairs: Pairs) -> CedarValue {
    CedarValue::record_arc(Arc::new(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect()), None)
}

/// Fields as a context.
pub fn context(pairs: Pairs) -> cedar_policy::Context {
    Context::Value(Arc::new(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())).into()
}

/// A value of one of Cedar's extension types, from its text.
///
/// # Errors
/// The text is none of that type.
pub fn extension(name: &str, text: &str) -> Result<CedarValue, String> {
    let expression = match name {
        "datetime" => RestrictedExpression::new_datetime(text),
        "duration" => RestrictedExpression::new_duration(text),
        "decimal" => RestrictedExpression::new_decimal(text),
        "ipaddr" => RestrictedExpression::new_ip(text),
        _ => return Err(format!("values of type `{name}` cannot be sent")),
    };
    let none = || format!("no {name}; write one such as \"{}\"", example(name));
    // Cedar evaluates such expressions only as part of a context. What it says of a wrong one repeats it.
    let evaluated = cedar_policy::Context::from_pairs([("value".to_owned(), expression)]).map_err(|_| none())?;
    match evaluated.as_ref() {
        Context::Value(entries) => entries.get("value").cloned().ok_or_else(none),
        Context::RestrictedResidual(_) => Err(none()),
    }
}

fn example(name: &str) -> &'static str {
    match name {
        "datetime" => "2026-10-01T12:00:00Z",
        "duration" => "1d2h30m",
        "decimal" => "12.3456",
        _ => "192.0.2.7",
    }
}

/// No field may be missing.
pub fn none(_: &str) -> bool {
    false
}

fn undeclared(name: &str, fields: &Fields) -> String {
    let known: Vec<&str> = fields.keys().map(String::as_str).collect();
    match closest(name, known.iter().copied()) {
        Some(similar) => format!("a field that the schema does not declare; did you mean `{similar}`?"),
        None if known.is_empty() => "a field, and the schema declares none here".to_owned(),
        None => format!("a field that the schema does not declare; it declares {}", known.join(", ")),
    }
}

fn short<'a>(path: &dyn Fn() -> String, text: &'a str) -> Result<&'a str, Invalid> {
    if text.len() > limits::MAX_STRING {
        return Err(Invalid::new(path(), format!("longer than {} bytes", limits::MAX_STRING)));
    }
    Ok(text)
}

fn entity(
    path: &dyn Fn() -> String,
    name: &cedar_policy::EntityTypeName,
    object: &Properties,
) -> Result<EntityUid, Invalid> {
    let field = |key: &str| object.get(key).and_then(Value::as_str);
    match (field("type"), field("id")) {
        (Some(given), Some(id)) if object.len() == 2 => {
            if name.to_string() != given {
                return Err(Invalid::new(format!("{}.type", path()), format!("expected `{name}`")));
            }
            Ok(EntityUid::from_type_name_and_id(name.clone(), EntityId::new(short(path, id)?)))
        }
        _ => Err(Invalid::new(path(), format!("expected an entity {{\"type\": \"{name}\", \"id\"}}"))),
    }
}

/// The known name that differs least from `name`, if it differs by no more than a third.
pub fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = name.chars().count().div_ceil(3);
    known
        .map(|other| (distance(name, other), other))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, other)| other)
}

/// Letters to insert, delete or replace, case ignored (Levenshtein's distance).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}
