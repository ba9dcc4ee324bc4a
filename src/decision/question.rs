//! From a request in a caller's words to a question that Cedar can answer, checked against the schema.
//!
//! A name that the schema does not know is refused, since a typing error must not look like a denial.
//! Known names that do not go together (a support agent adding a client) are no error: nothing can ever
//! permit them, so they are [`Asked::NotApplicable`]. What callers say about entities is taken as
//! `caller_properties` in `mandat.toml` allows.

use std::{cell::RefCell, collections::HashSet};

use cedar_policy::{Context, Entity, EntityId, EntityUid, Request as CedarRequest};
use cedar_policy_core::ast::{self, PartialValue, Value};

use super::{
    Refusal,
    values::{self, Pairs, Reader, closest, none},
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
    /// The action and the entities that the question names: where loading facts starts.
    pub roots: Vec<EntityUid>,
    /// Entities that the caller describes, to be used in place of stored ones.
    pub supplied: Vec<Entity>,
}

/// The context entry that the engine fills in where an action declares it.
pub(super) const NOW: &str = "now";
/// The context entry that takes the action's properties where an action declares it as a record.
pub const ACTION: &str = "action";

impl Question {
    /// Checks a request against the bundle's schema and the facts.
    ///
    /// # Errors
    /// A field that cannot be asked about, or facts that cannot be read.
    pub fn ask(
        bundle: &Bundle,
        snapshot: &dyn Snapshot,
        request: &Request,
        circumstances: &Circumstances,
    ) -> Result<Asked, Refusal> {
        let action = action(bundle, &request.action)?;
        let mut reader = Reader::default();
        let policy = bundle.settings.facts.caller_properties;
        let principal = Described::read("principal", bundle, &request.principal, policy, &mut reader)?;
        let resource = Described::read("resource", bundle, &request.resource, policy, &mut reader)?;
        let context = context(action, request, circumstances, &mut reader)?;
        if !action.principals.contains(principal.uid.type_name())
            || !action.resources.contains(resource.uid.type_name())
        {
            return Ok(Asked::NotApplicable);
        }
        let mut roots = vec![action.uid.clone(), principal.uid.clone(), resource.uid.clone()];
        roots.append(&mut reader.named);
        let request = cedar_request(bundle, principal.uid.clone(), &action.uid, resource.uid.clone(), context)?;
        let mut supplied = Vec::new();
        for party in [principal, resource] {
            supplied.extend(party.entity(snapshot, policy)?);
        }
        Ok(Asked::Question(Box::new(Self { request, roots, supplied })))
    }
}

/// The request in Cedar's form. Everything in it was read by the schema's shapes, so Cedar's own check
/// against the schema, which costs as much as evaluating a policy, is left to builds with debug assertions.
pub(super) fn cedar_request(
    bundle: &Bundle,
    principal: EntityUid,
    action: &EntityUid,
    resource: EntityUid,
    context: Context,
) -> Result<CedarRequest, Invalid> {
    let schema = cfg!(debug_assertions).then_some(&bundle.schema);
    let request = CedarRequest::new(principal, action.clone(), resource, context, schema);
    request.map_err(|error| Invalid::new("context", describe(&error)))
}

/// A party with what the caller says of it, read by its shape.
struct Described<'r> {
    uid: EntityUid,
    attributes: Pairs<'r>,
}

impl<'r> Described<'r> {
    fn read(
        field: &str,
        bundle: &Bundle,
        party: &'r Party,
        policy: CallerProperties,
        reader: &mut Reader,
    ) -> Result<Self, Invalid> {
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
        let (mut attributes, parents): (Vec<_>, HashSet<_>) = match (&stored, policy) {
            (Some(_), CallerProperties::Fill) | (_, CallerProperties::Ignore) => return Ok(None),
            (Some(stored), CallerProperties::Override) => {
                let stored: &ast::Entity = stored.as_ref();
                let attributes = stored.attrs().map(|(name, value)| (name.clone(), value.clone()));
                (attributes.collect(), stored.parents().cloned().collect())
            }
            (None, _) => (Vec::new(), HashSet::new()),
        };
        // What comes later replaces what came before of the same name.
        attributes.extend(self.attributes.into_iter().map(|(name, value)| (name.into(), PartialValue::from(value))));
        let entity = ast::Entity::new_with_attr_partial_value(self.uid.into(), attributes, HashSet::new(), parents, []);
        Ok(Some(entity.into()))
    }
}

fn action<'b>(bundle: &'b Bundle, name: &str) -> Result<&'b Action, Invalid> {
    bundle.shapes.actions.get(name).ok_or_else(|| {
        Invalid::new("action.name", unknown("action", name, bundle.shapes.actions.keys().map(String::as_str)))
    })
}

fn entity_type<'b>(bundle: &'b Bundle, field: &str, name: &str) -> Result<&'b EntityShape, Invalid> {
    bundle.shapes.entity_types.get(name).ok_or_else(|| {
        Invalid::new(
            format!("{field}.type"),
            unknown("entity type", name, bundle.shapes.entity_types.keys().map(String::as_str)),
        )
    })
}

fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let shown: String = name.chars().take(80).collect();
    match closest(&shown, known) {
        Some(similar) => format!("no {kind} of the schema; did you mean `{similar}`?"),
        None => format!("no {kind} of the schema"),
    }
}

pub(super) fn context(
    action: &Action,
    request: &Request,
    circumstances: &Circumstances,
    reader: &mut Reader,
) -> Result<Context, Invalid> {
    let clock = action
        .context
        .get(NOW)
        .is_some_and(|field| matches!(&field.shape, Shape::Extension(name) if name == "datetime"));
    let stated = request.context.contains_key(NOW);
    if clock && stated && !circumstances.trust_caller_clock {
        return Err(Invalid::new(
            "context.now",
            "the time comes from the engine's clock; leave it out, or start the engine with `--trust-caller-clock`",
        ));
    }
    let filled_in = |name: &str| (clock && name == NOW) || (name == ACTION && declares_action(action));
    let mut pairs = reader.fields("context", &action.context, &request.context, &filled_in)?;
    if clock && !stated {
        pairs.push((NOW, now(circumstances.now)?));
    }
    if let Some(record) = action_record(action, request, reader)? {
        pairs.push((ACTION, record));
    }
    Ok(values::context(pairs))
}

/// Whether an action takes properties of its own, as the record `context.action`.
pub fn declares_action(action: &Action) -> bool {
    action.context.get(ACTION).is_some_and(|field| matches!(field.shape, Shape::Record(_)))
}

/// `action.properties` as the record `context.action`, where the action declares it.
fn action_record(action: &Action, request: &Request, reader: &mut Reader) -> Result<Option<Value>, Invalid> {
    let Some(Shape::Record(fields)) = action.context.get(ACTION).map(|field| &field.shape) else { return Ok(None) };
    if request.context.contains_key(ACTION) {
        return Err(Invalid::new("context.action", "is filled from `action.properties`; leave it out of the context"));
    }
    if request.action_properties.is_empty() && action.context.get(ACTION).is_some_and(|field| field.optional) {
        return Ok(None);
    }
    let pairs = reader.fields("action.properties", fields, &request.action_properties, &none)?;
    Ok(Some(values::record(pairs)))
}

/// A moment as Cedar's datetime, to the millisecond.
///
/// Cedar reads datetimes from text, with a regular expression; on a busy service many questions fall into
/// one millisecond, so each thread keeps the last one it read.
pub(super) fn now(moment: jiff::Timestamp) -> Result<Value, Invalid> {
    thread_local! {
        static LAST: RefCell<Option<(i64, Value)>> = const { RefCell::new(None) };
    }
    let millisecond = moment.as_millisecond();
    LAST.with_borrow_mut(|last| match last {
        Some((known, value)) if *known == millisecond => Ok(value.clone()),
        _ => {
            let text = moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
            let value = values::extension("datetime", &text).map_err(|reason| Invalid::new("context.now", reason))?;
            *last = Some((millisecond, value.clone()));
            Ok(value)
        }
    })
}
