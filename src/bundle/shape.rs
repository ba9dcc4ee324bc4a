//! The schema as values see it: which attributes an entity has, what a context holds, who an action applies to.
//!
//! Callers send plain JSON; what it means (a string or a date, a record or an entity) only the schema
//! knows. Cedar's schema is walked once at load into [`Shape`]s, so that a decision converts values
//! without asking the schema again, and can name the field at fault in the caller's own words.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::{EntityTypeName, EntityUid, Schema};
use cedar_policy_core::validator::types::{Attributes, EntityKind, Type};

/// What a value must look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`
    Bool,
    /// A whole number, 64 bits.
    Long,
    /// Text.
    String,
    /// An entity of this type, `{"type", "id"}` on the wire.
    Entity(EntityTypeName),
    /// A set, a list on the wire.
    Set(Box<Shape>),
    /// A record with these fields.
    Record(Fields),
    /// `datetime`, `duration`, `decimal` or `ipaddr`: text on the wire.
    Extension(String),
}

/// The fields of a record by name.
pub type Fields = BTreeMap<String, Field>;

/// One field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it must look like.
    pub shape: Shape,
    /// Whether it may be left out.
    pub optional: bool,
}

/// What the schema says of one action.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its name in Cedar.
    pub uid: EntityUid,
    /// Entity types that may be its principal.
    pub principals: Vec<EntityTypeName>,
    /// Entity types that may be its resource.
    pub resources: Vec<EntityTypeName>,
    /// What its context holds.
    pub context: Fields,
}

/// The schema's entity types and actions by the names callers use.
#[derive(Debug, Clone, Default)]
pub struct Shapes {
    /// Attributes by entity type.
    pub entity_types: HashMap<String, EntityShape>,
    /// Actions by name; in a schema with namespaces by their full name, such as `Shop::Action::"buy"`.
    pub actions: HashMap<String, Action>,
}

/// What the schema says of one entity type.
#[derive(Debug, Clone)]
pub struct EntityShape {
    /// Its name in Cedar.
    pub name: EntityTypeName,
    /// Its attributes.
    pub attributes: Fields,
    /// Entity types that can be in it, directly or through others.
    pub members: Vec<EntityTypeName>,
}

impl Shapes {
    /// What the schema says of that entity type.
    pub fn entity(&self, name: &EntityTypeName) -> Option<&EntityShape> {
        self.entity_types.get(&name.to_string())
    }

    /// Walks a schema.
    pub fn of(schema: &Schema) -> Self {
        let core: &cedar_policy_core::validator::ValidatorSchema = schema.as_ref();
        let entity_types = core.entity_types().map(|entity_type| {
            let name = EntityTypeName::from(entity_type.name().clone());
            let members = sorted(entity_type.descendants.iter().cloned().map(EntityTypeName::from));
            (name.to_string(), EntityShape { attributes: fields(entity_type.attributes()), members, name })
        });
        let actions =
            core.action_ids().filter(|action| action.applies_to_principals().next().is_some()).map(|action| {
                let uid = EntityUid::from(action.name().clone());
                let context = match action.context() {
                    Some(Type::Record { attrs, .. }) => fields(attrs),
                    _ => Fields::new(),
                };
                let principals = sorted(action.applies_to_principals().cloned().map(EntityTypeName::from));
                let resources = sorted(action.applies_to_resources().cloned().map(EntityTypeName::from));
                (action_name(&uid), Action { uid, principals, resources, context })
            });
        Self { entity_types: entity_types.collect(), actions: actions.collect() }
    }
}

fn sorted(names: impl Iterator<Item = EntityTypeName>) -> Vec<EntityTypeName> {
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// The name callers use for an action.
pub fn action_name(uid: &EntityUid) -> String {
    if uid.type_name().namespace().is_empty() { uid.id().unescaped().to_owned() } else { uid.to_string() }
}

fn fields(attributes: &Attributes) -> Fields {
    attributes
        .iter()
        .filter_map(|(name, attribute)| {
            let field = Field { shape: shape(&attribute.attr_type)?, optional: !attribute.is_required() };
            Some((name.to_string(), field))
        })
        .collect()
}

fn shape(kind: &Type) -> Option<Shape> {
    Some(match kind {
        Type::Bool(_) => Shape::Bool,
        Type::Long => Shape::Long,
        Type::String => Shape::String,
        Type::Entity(EntityKind::Entity(names)) => {
            Shape::Entity(EntityTypeName::from(names.get_single_entity()?.clone()))
        }
        Type::Set { element_type } => Shape::Set(Box::new(shape(element_type.as_deref()?)?)),
        Type::Record { attrs, .. } => Shape::Record(fields(attrs)),
        Type::ExtensionType { name } => Shape::Extension(name.to_string()),
        _ => return None,
    })
}

/// How an error message names a shape.
pub fn describe(shape: &Shape) -> String {
    match shape {
        Shape::Bool => "true or false".to_owned(),
        Shape::Long => "a whole number".to_owned(),
        Shape::String => "a string".to_owned(),
        Shape::Entity(name) => format!("an entity {{\"type\": \"{name}\", \"id\"}}"),
        Shape::Set(_) => "a list".to_owned(),
        Shape::Record(_) => "an object".to_owned(),
        Shape::Extension(name) => format!("a {name} as a string"),
    }
}
