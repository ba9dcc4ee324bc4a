//! Entities from JSON by the schema, in the plain cases.
//!
//! Cedar reads an entity by trying one form of each value after the other, which is most of what taking over a
//! million entities costs. Nearly all are written plainly: every declared attribute, references as
//! `{"type", "id"}`, dates as text. These are read here straight by the schema's types. Whatever is not plain is left to
//! Cedar, and so is everything that is wrong: its messages say what. A test holds the two against each other.

use std::{collections::HashSet, sync::Arc};

use cedar_policy::{Entity, Schema};
use cedar_policy_core::{
    ast::{self, EntityUID, PartialValue, Value},
    validator::{
        ValidatorEntityType, ValidatorEntityTypeKind, ValidatorSchema,
        types::{Attributes, EntityKind, Type},
    },
};
use serde_json::{Map, Value as Json};

use super::store::record;

/// Reads an entity that is written plainly and fits the schema; nothing where it is not or does not.
pub fn plain(json: &Json, schema: &Schema) -> Option<Entity> {
    let reader = Reader { schema: schema.as_ref() };
    let fields = json.as_object()?;
    if !fields.keys().all(|name| ["uid", "attrs", "parents"].contains(&name.as_str())) {
        return None;
    }
    let uid = reference(fields.get("uid")?)?;
    let entity_type = reader.standard(&uid)?;
    let attributes = reader.fields(fields.get("attrs")?.as_object()?, entity_type.attributes())?;
    let parents = reader.parents(fields.get("parents")?.as_array()?, &uid)?;
    let attributes = attributes.into_iter().map(|(name, value)| (name.into(), PartialValue::from(value)));
    Some(ast::Entity::new_with_attr_partial_value(uid, attributes, HashSet::new(), parents, []).into())
}

struct Reader<'s> {
    schema: &'s ValidatorSchema,
}

impl Reader<'_> {
    /// The declared type of an entity, if any id will do for it.
    fn standard(&self, uid: &EntityUID) -> Option<&ValidatorEntityType> {
        let declared = self.schema.get_entity_type(uid.entity_type())?;
        matches!(declared.kind, ValidatorEntityTypeKind::Standard(_)).then_some(declared)
    }

    fn parents(&self, list: &[Json], child: &EntityUID) -> Option<HashSet<EntityUID>> {
        let parent = |json| {
            let uid = reference(json)?;
            self.standard(&uid)?.has_descendant_entity_type(child.entity_type()).then_some(uid)
        };
        list.iter().map(parent).collect()
    }

    /// Every declared field that is needed, and no other.
    fn fields<'j>(&self, given: &'j Map<String, Json>, declared: &Attributes) -> Option<Vec<(&'j str, Value)>> {
        if declared.iter().any(|(name, attribute)| attribute.is_required() && !given.contains_key(name.as_str())) {
            return None;
        }
        let read = |(name, json): (&'j String, &Json)| {
            let attribute = declared.get_attr(name)?;
            Some((name.as_str(), self.value(json, &attribute.attr_type)?))
        };
        given.iter().map(read).collect()
    }

    fn value(&self, json: &Json, expected: &Type) -> Option<Value> {
        match (expected, json) {
            (Type::Bool(_), Json::Bool(value)) => Some(Value::from(*value)),
            (Type::Long, Json::Number(number)) => number.as_i64().map(Value::from),
            (Type::String, Json::String(text)) => Some(Value::from(text.as_str())),
            (Type::Entity(EntityKind::Entity(names)), json) => {
                let uid = reference(json)?;
                self.standard(&uid)?;
                (names.get_single_entity()? == uid.entity_type()).then(|| Value::from(uid))
            }
            (Type::Set { element_type: Some(element) }, Json::Array(items)) => {
                let items = items.iter().map(|item| self.value(item, element)).collect::<Option<Vec<_>>>()?;
                Some(Value::set(items, None))
            }
            (Type::Record { attrs, .. }, Json::Object(fields)) => {
                let fields = self.fields(fields, attrs)?.into_iter().map(|(name, value)| (name.into(), value));
                Some(Value::record_arc(Arc::new(fields.collect()), None))
            }
            (Type::ExtensionType { name }, Json::String(text)) if name.to_string() == "datetime" => {
                record::extension_value("datetime", text).ok()
            }
            _ => None,
        }
    }
}

/// `{"type", "id"}` and nothing else, plain or as Cedar's own escape.
fn reference(json: &Json) -> Option<EntityUID> {
    let fields = json.as_object()?;
    let fields = match fields.get("__entity") {
        Some(inner) if fields.len() == 1 => inner.as_object()?,
        Some(_) => return None,
        None => fields,
    };
    let text = |name: &str| fields.get(name).and_then(Json::as_str);
    let (entity_type, id) = (text("type")?, text("id")?);
    (fields.len() == 2).then(|| record::uid(entity_type, id).ok().map(EntityUID::from))?
}
