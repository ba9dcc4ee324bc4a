//! Why an entity does not fit the schema, in words of the schema alone.
//!
//! Cedar says it too, and names whose entity it is and what was sent for it. That goes into nobody's log (threat T20): a
//! sender knows what it has sent, and is told the field and what is expected there.

use serde_json::Value;

use crate::{
    bundle::{Bundle, shape::EntityShape},
    decision::values::{Reader, none},
    facts::{document::reference, plain::plain},
    request::Invalid,
};

/// The first field of an entity, in Cedar's JSON, that does not fit.
pub(super) fn reason(bundle: &Bundle, entity: &Value) -> String {
    let entity_type = entity.pointer("/uid/type").and_then(Value::as_str).unwrap_or_default();
    let Some(shape) = bundle.shapes.entity_types.get(entity_type) else {
        return "uid.type: no entity type of the schema".to_owned();
    };
    let Some(Value::Object(attributes)) = entity.get("attrs").cloned().map(plain) else {
        return "attrs: missing; expected an object".to_owned();
    };
    match Reader::default().fields("attrs", &shape.attributes, &attributes, &none) {
        Err(wrong) => Invalid::without_strange_names(wrong).to_string(),
        Ok(_) => of_parents(bundle, shape, entity),
    }
}

fn of_parents(bundle: &Bundle, shape: &EntityShape, entity: &Value) -> String {
    let parents = entity.get("parents").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let may_hold = |parent: &Value| {
        let holder = reference(parent).and_then(|(entity_type, _)| bundle.shapes.entity_types.get(entity_type));
        holder.is_some_and(|holder| holder.members.contains(&shape.name))
    };
    match parents.iter().position(|parent| !may_hold(parent)) {
        Some(place) => format!("parents[{place}]: the schema has no such ancestor of `{}`", shape.name),
        None => "its id or one of its parents does not fit the schema".to_owned(),
    }
}
