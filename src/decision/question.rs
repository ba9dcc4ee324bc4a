//! From a request in a caller's words to a question that Cedar can answer, checked against the schema.
//!
//! A name that the schema does not know is refused, since a typing error must not look like a denial.
//! Known names that do not go together (a support agent adding a client) are no error: nothing can ever
//! permit them, so they are [`Asked::NotApplicable`]. What callers say about entities is taken as
//! `caller_properties` in `mandat.toml` allows.

use cedar_policy::{Context, Entity, EntityId, EntityUid, Request as CedarRequest, RestrictedExpression};

use super::{
    Refusal,
    values::{Pairs, Reader, closest, none},
};
use crate::{
    bundle::{
        Bundle,
        shape::{Action, EntityShape, Shape},
    },
    config::CallerProperties,
    facts::{Snapshot, limits},
    problem::describe,
    request::{Circumstances, Invalid, Party, Request},
};

/// A question Cedar can answer, or one that no policy can ever permit.
#[derive(Debug)]
pub enum Asked {
    /// A question of an environment that the schema has.
    Question(Box<Question>),
    /// Principal, action and resource are known but never go together.
    NotApplicable,
}

/// A schema-checked question.
#[derive(Debug)]
pub struct Question {
    /// Principal, action, resource and context.
    pub request: CedarRequest,
    /// The entities that the question names: where loading facts starts.
    pub roots: Vec<EntityUid>,
    /// Entities that the caller describes, to be used in place of stored ones.
    pub supplied: Vec<Entity>,
}

/// The context entry that the engine fills in where an action declares it.
const NOW: &str = "now";
/// The context entry that takes the action's properties where an action declares it as a record.
const ACTION: &str = "action";

impl Question {
    /// Checks a request against the bundle's schema and the facts.
    ///
    /// # Errors
    /// A field that cannot be asked about, or facts that cannot be read.
    pub fn ask(bundle: &Bundle, snapshot: &dyn Snapshot, request: &Request, circumstances: &Circumstances) -> Result<Asked, Refusal> {
        let action = action(bundle, &request.action)?;
        let mut reader = Reader::default();
        let policy = bundle.settings.facts.caller_properties;
        let principal = Described::read("principal", bundle, &request.principal, policy, &mut reader)?;
        let resource = Described::read("resource", bundle, &request.resource, policy, &mut reader)?;
        let context = context(action, request, circumstances, &mut reader)?;
        if !action.principals.contains(principal.uid.type_name()) || !action.resources.contains(resource.uid.type_name()) {
            return Ok(Asked::NotApplicable);
        }
        let mut roots = vec![principal.uid.clone(), resource.uid.clone()];
        roots.append(&mut reader.named);
        let asked = CedarRequest::new(principal.uid.clone(), action.uid.clone(), resource.uid.clone(), context, Some(&bundle.schema));
        let request = asked.map_err(|error| Invalid::new("context", describe(&error)))?;
        let mut supplied = Vec::new();
        for party in [principal, resource] {
            supplied.extend(party.entity(snapshot, policy)?);
        }
        Ok(Asked::Question(Box::new(Self { request, roots, supplied })))
    }
}

/// A party with what the caller says of it, read by its shape.
struct Described {
    uid: EntityUid,
    attributes: Pairs,
}

impl Described {
    fn read(field: &str, bundle: &Bundle, party: &Party, policy: CallerProperties, reader: &mut Reader) -> Result<Self, Invalid> {
        let shape = entity_type(bundle, field, &party.entity_type)?;
        if party.id.len() > limits::MAX_STRING {
            return Err(Invalid::new(format!("{field}.id"), format!("longer than {} bytes", limits::MAX_STRING)));
        }
        let uid = EntityUid::from_type_name_and_id(shape.name.clone(), EntityId::new(&party.id));
        let attributes = if policy == CallerProperties::Ignore || party.properties.is_empty() {
            Pairs::new()
        } else {
            reader.fields(&format!("{field}.properties"), &shape.attributes, &party.properties, &|_| true)?
        };
        Ok(Self { uid, attributes })
    }

    /// The entity as the caller describes it, where its description counts.
    fn entity(self, snapshot: &dyn Snapshot, policy: CallerProperties) -> Result<Option<Entity>, Refusal> {
        if self.attributes.is_empty() {
            return Ok(None);
        }
        let stored = snapshot.get(&self.uid)?;
        let (attributes, parents) = match (stored, policy) {
            (Some(_), CallerProperties::Fill) | (_, CallerProperties::Ignore) => return Ok(None),
            (Some(stored), CallerProperties::Override) => {
                let (_, mut attributes, parents) = stored.into_inner();
                attributes.extend(self.attributes);
                (attributes, parents)
            }
            (None, _) => (self.attributes.into_iter().collect(), std::collections::HashSet::new()),
        };
        let entity = Entity::new(self.uid, attributes, parents);
        entity.map(Some).map_err(|error| Invalid::new("properties", describe(&error)).into())
    }
}

fn action<'b>(bundle: &'b Bundle, name: &str) -> Result<&'b Action, Invalid> {
    bundle.shapes.actions.get(name).ok_or_else(|| {
        Invalid::new("action.name", unknown("action", name, bundle.shapes.actions.keys().map(String::as_str)))
    })
}

fn entity_type<'b>(bundle: &'b Bundle, field: &str, name: &str) -> Result<&'b EntityShape, Invalid> {
    bundle.shapes.entity_types.get(name).ok_or_else(|| {
        Invalid::new(format!("{field}.type"), unknown("entity type", name, bundle.shapes.entity_types.keys().map(String::as_str)))
    })
}

fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let shown: String = name.chars().take(80).collect();
    match closest(&shown, known) {
        Some(similar) => format!("the schema knows no {kind} `{shown}`; did you mean `{similar}`?"),
        None => format!("the schema knows no {kind} `{shown}`"),
    }
}

fn context(action: &Action, request: &Request, circumstances: &Circumstances, reader: &mut Reader) -> Result<Context, Invalid> {
    let clock = action.context.get(NOW).is_some_and(|field| matches!(&field.shape, Shape::Extension(name) if name == "datetime"));
    let stated = request.context.contains_key(NOW);
    if clock && stated && !circumstances.trust_caller_clock {
        return Err(Invalid::new("context.now", "the time comes from the engine's clock; leave it out, or start the engine with `--trust-caller-clock`"));
    }
    let filled_in = |name: &str| (clock && name == NOW) || (name == ACTION && declares_action(action));
    let mut pairs = reader.fields("context", &action.context, &request.context, &filled_in)?;
    if clock && !stated {
        pairs.push((NOW.to_owned(), RestrictedExpression::new_datetime(datetime(circumstances.now))));
    }
    if let Some(record) = action_record(action, request, reader)? {
        pairs.push((ACTION.to_owned(), record));
    }
    Context::from_pairs(pairs).map_err(|error| Invalid::new("context", describe(&error)))
}

fn declares_action(action: &Action) -> bool {
    action.context.get(ACTION).is_some_and(|field| matches!(field.shape, Shape::Record(_)))
}

/// `action.properties` as the record `context.action`, where the action declares it.
fn action_record(action: &Action, request: &Request, reader: &mut Reader) -> Result<Option<RestrictedExpression>, Invalid> {
    let Some(Shape::Record(fields)) = action.context.get(ACTION).map(|field| &field.shape) else { return Ok(None) };
    if request.context.contains_key(ACTION) {
        return Err(Invalid::new("context.action", "is filled from `action.properties`; leave it out of the context"));
    }
    if request.action_properties.is_empty() && action.context.get(ACTION).is_some_and(|field| field.optional) {
        return Ok(None);
    }
    let pairs = reader.fields("action.properties", fields, &request.action_properties, &none)?;
    RestrictedExpression::new_record(pairs).map(Some).map_err(|error| Invalid::new("action.properties", error.to_string()))
}

/// A moment in the form Cedar reads: UTC, milliseconds.
pub fn datetime(moment: jiff::Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
