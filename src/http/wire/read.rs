//! From JSON to the engine's words: every string is moved, none copied, and errors name the field.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Evaluation, Evaluations, Options, Semantic};
use crate::request::{Invalid, Party, Properties, Request};

/// The evaluation that a body holds.
///
/// # Errors
/// The body is no object.
pub fn evaluation(body: Value) -> Result<Evaluation, Invalid> {
    object("body", body).map(|mut parts| parts_of(&mut parts))
}

/// The batch that a body holds.
///
/// # Errors
/// The body is no object, or its items are no list.
pub fn evaluations(body: Value) -> Result<Evaluations, Invalid> {
    let mut parts = object("body", body)?;
    let evaluations = match take(&mut parts, "evaluations") {
        None => None,
        Some(Value::Array(items)) => Some(items),
        Some(_) => return Err(Invalid::new("evaluations", "expected a list")),
    };
    Ok(Evaluations { defaults: parts_of(&mut parts), evaluations })
}

/// The options of a request.
///
/// # Errors
/// A known option with an unknown value.
pub fn options(options: Option<Value>) -> Result<Options, Invalid> {
    let Some(options) = options else { return Ok(Options::default()) };
    let mut options = object("options", options)?;
    let explain = match take(&mut options, "explain") {
        None => false,
        Some(Value::Bool(explain)) => explain,
        Some(_) => return Err(Invalid::new("options.explain", "expected true or false")),
    };
    let evaluations_semantic =
        take(&mut options, "evaluations_semantic").map_or_else(|| Ok(Semantic::default()), semantic)?;
    let at_least_revision = match take(&mut options, "at_least_revision") {
        None => None,
        Some(revision) => Some(revision.as_u64().ok_or_else(|| {
            Invalid::new("options.at_least_revision", "expected a revision, a whole number from an earlier answer")
        })?),
    };
    let as_of = take(&mut options, "as_of").map(time).transpose()?;
    if as_of.is_some() && at_least_revision.is_some() {
        let both = "cannot go together with `at_least_revision`: the revision is the one of that time";
        return Err(Invalid::new("options.as_of", both));
    }
    Ok(Options { explain, at_least_revision, as_of, evaluations_semantic })
}

fn time(value: Value) -> Result<Timestamp, Invalid> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
        Invalid::new("options.as_of", "expected a time with its offset from UTC, such as \"2026-10-01T12:00:00Z\"")
    })
}

fn semantic(value: Value) -> Result<Semantic, Invalid> {
    serde_json::from_value(value).map_err(|_| {
        Invalid::new(
            "options.evaluations_semantic",
            "expected `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`",
        )
    })
}

/// Reads the parts of an evaluation.
///
/// # Errors
/// The part that is missing or of the wrong form, under its name on the wire.
pub fn request(evaluation: Evaluation) -> Result<Request, Invalid> {
    let principal = party("subject", evaluation.subject)?;
    let (action, action_properties) = action(evaluation.action)?;
    let resource = party("resource", evaluation.resource)?;
    let context = evaluation.context.map_or_else(|| Ok(Map::new()), |context| object("context", context))?;
    Ok(Request { principal, action, action_properties, resource, context })
}

/// One item of a batch over its defaults: an item's part replaces the default whole.
///
/// # Errors
/// The item is no object.
pub fn item(item: Value, defaults: &Evaluation) -> Result<Evaluation, Invalid> {
    let own = parts_of(&mut object("evaluation", item)?);
    Ok(Evaluation {
        subject: own.subject.or_else(|| defaults.subject.clone()),
        action: own.action.or_else(|| defaults.action.clone()),
        resource: own.resource.or_else(|| defaults.resource.clone()),
        context: own.context.or_else(|| defaults.context.clone()),
        options: None,
    })
}

/// An error in the words of the wire, and in no others: what the engine calls principal, AuthZEN calls subject.
pub fn in_wire_words(invalid: Invalid) -> Invalid {
    let invalid = invalid.without_strange_names();
    match invalid.field.strip_prefix("principal") {
        Some(rest) => Invalid::new(format!("subject{rest}"), invalid.reason),
        None => invalid,
    }
}

fn parts_of(parts: &mut Properties) -> Evaluation {
    Evaluation {
        subject: take(parts, "subject"),
        action: take(parts, "action"),
        resource: take(parts, "resource"),
        context: take(parts, "context"),
        options: take(parts, "options"),
    }
}

pub(super) fn party(field: &str, value: Option<Value>) -> Result<Party, Invalid> {
    let mut entity = object(field, required(field, value)?)?;
    Ok(Party {
        entity_type: string(field, &mut entity, "type")?,
        id: string(field, &mut entity, "id")?,
        properties: properties(field, &mut entity)?,
    })
}

pub(super) fn action(value: Option<Value>) -> Result<(String, Properties), Invalid> {
    let mut action = object("action", required("action", value)?)?;
    Ok((string("action", &mut action, "name")?, properties("action", &mut action)?))
}

fn properties(field: &str, fields: &mut Properties) -> Result<Properties, Invalid> {
    match take(fields, "properties") {
        None => Ok(Map::new()),
        Some(Value::Object(properties)) => Ok(properties),
        Some(_) => Err(Invalid::new(format!("{field}.properties"), "expected an object")),
    }
}

/// Takes a field out; JSON's `null` stands for a field that is missing.
pub(super) fn take(fields: &mut Properties, name: &str) -> Option<Value> {
    fields.remove(name).filter(|value| !value.is_null())
}

pub(super) fn required(field: &str, value: Option<Value>) -> Result<Value, Invalid> {
    value.ok_or_else(|| Invalid::new(field, "missing"))
}

pub(super) fn object(field: &str, value: Value) -> Result<Properties, Invalid> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(Invalid::new(field, "expected an object")),
    }
}

pub(super) fn string(field: &str, fields: &mut Properties, name: &str) -> Result<String, Invalid> {
    match take(fields, name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Invalid::new(format!("{field}.{name}"), "expected a string")),
        None => Err(Invalid::new(format!("{field}.{name}"), "missing")),
    }
}
