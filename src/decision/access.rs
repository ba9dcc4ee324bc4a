//! The engine's own access: may a calling service do that to the engine?
//!
//! Its token says who a service is and which roles it has; what these may do say the bundle's policies, as of any
//! other principal: `Service::"panel"` may `quote` on `Engine::"mandat"`. It is decided on the token and the time
//! alone. Stored facts have no part in it: whoever may write facts could otherwise give itself rights, and a
//! stranger could make the store work.

use std::collections::HashSet;

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid};
use cedar_policy_core::ast::{self, PartialValue};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Decision, decide, question,
    values::{Reader, none},
};
use crate::{
    bundle::{
        Bundle,
        shape::{Action, EntityShape},
    },
    problem::describe,
    request::{Circumstances, Party, Properties, Request},
};

const SERVICE: &str = "Service";
const ROLES: &str = "roles";
const ENGINE: (&str, &str) = ("Engine", "mandat");

/// A calling service as one bundle's policies see it.
#[derive(Debug)]
pub struct Entrant {
    service: String,
    uid: EntityUid,
    /// The service with its roles, and the schema's actions.
    entities: Entities,
}

/// The bundle does not say who may do something to the engine: nobody may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the bundle does not say who may ask for this: {0}")]
pub struct Undeclared(String);

impl Entrant {
    /// A service with the roles of its token.
    ///
    /// # Errors
    /// The bundle's schema has no such principal; says what to declare.
    pub fn new(bundle: &Bundle, service: &str, roles: &[String]) -> Result<Self, Undeclared> {
        let undeclared = |reason: &dyn std::fmt::Display| {
            Undeclared(format!("its schema needs `entity Service = {{ roles: Set<String> }};` ({reason})"))
        };
        let shape = entity_type(bundle, SERVICE).ok_or_else(|| undeclared(&"it has no such type"))?;
        let said = Properties::from_iter([(ROLES.to_owned(), Value::from(roles))]);
        let attributes = Reader::default()
            .fields(SERVICE, &shape.attributes, &said, &none)
            .map_err(|invalid| undeclared(&invalid))?
            .into_iter()
            .map(|(name, value)| (name.into(), PartialValue::from(value)));
        let uid = EntityUid::from_type_name_and_id(shape.name.clone(), EntityId::new(service));
        let (none, parents) = (HashSet::new(), HashSet::new());
        let entity = ast::Entity::new_with_attr_partial_value(uid.clone().into(), attributes, none, parents, []);
        let entities = bundle.actions.clone().upsert_entities([Entity::from(entity)], None);
        let entities = entities.map_err(|error| undeclared(&describe(&error)))?;
        Ok(Self { service: service.to_owned(), uid, entities })
    }

    /// Whether it may do an operation, by the policies of the bundle that it was made for.
    ///
    /// # Errors
    /// The bundle's schema has no such action; says what to declare.
    pub fn decide(&self, bundle: &Bundle, operation: &str, now: Timestamp) -> Result<Decision, Undeclared> {
        let undeclared = |reason: &dyn std::fmt::Display| {
            Undeclared(format!(
                "its schema needs `entity Engine;` and `action {operation} appliesTo {{ principal: Service, \
                 resource: Engine }};` ({reason})"
            ))
        };
        let engine = entity_type(bundle, ENGINE.0).ok_or_else(|| undeclared(&"it has no such type"))?;
        let action = bundle.shapes.actions.get(operation).filter(|action| self.fits(action, &engine.name));
        let action = action.ok_or_else(|| undeclared(&"it has no such action"))?;
        let asked = Request {
            principal: Party::new(SERVICE, &*self.service),
            action: operation.to_owned(),
            action_properties: Properties::new(),
            resource: Party::new(ENGINE.0, ENGINE.1),
            context: Properties::new(),
        };
        let circumstances = Circumstances { now, trust_caller_clock: false };
        let context = question::context(action, &asked, &circumstances, &mut Reader::default());
        let resource = EntityUid::from_type_name_and_id(engine.name.clone(), EntityId::new(ENGINE.1));
        let request = context
            .and_then(|context| question::cedar_request(bundle, self.uid.clone(), &action.uid, resource, context))
            .map_err(|invalid| undeclared(&invalid))?;
        Ok(decide(bundle, &request, &self.entities))
    }

    fn fits(&self, action: &Action, engine: &EntityTypeName) -> bool {
        action.principals.contains(self.uid.type_name()) && action.resources.contains(engine)
    }
}

fn entity_type<'b>(bundle: &'b Bundle, name: &str) -> Option<&'b EntityShape> {
    bundle.shapes.entity_types.get(name)
}
