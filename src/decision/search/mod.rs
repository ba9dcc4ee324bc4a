//! Search: who of a type may, and what of a type may be acted on, without asking everybody.
//!
//! Which products may Ada manage? Of a million products she may manage three, and the policies say how to find
//! them: `resource.organization.administrators.contains(principal)` leads back from Ada to the organisations that
//! she administers, and from these to their products. So a search goes in three steps:
//! 1. each permit of the environment becomes a [`plan::Plan`]: how everything that may satisfy its condition is
//!    reached from what is known, the other side and the context ([`derive`], [`path`]);
//! 2. the plan is carried out on the facts as far as sets go ([`resolve`]): what is known is evaluated as a
//!    decision would, and references are followed backwards;
//! 3. the last step backwards is not a set but a walk in the order of the facts, taken as far as a page needs
//!    ([`candidates`]).
//!
//! A plan may lead to too much, never to too little: whoever searches asks for an ordinary decision about each
//! candidate. Forbids therefore play no part here. Where a condition leads nowhere (`resource.public`), all
//! entities of the type are candidates; [`words`] shows an author which searches are of that kind.

pub mod candidates;
mod derive;
pub mod path;
pub mod plan;
mod resolve;
pub mod words;

use cedar_policy::EntityTypeName;

use self::{candidates::Candidates, derive::Derivation, plan::Plan, resolve::Resolution};
use super::{
    Refusal,
    question::{Asked, Question},
};
use crate::{
    bundle::{Bundle, shape::Action},
    facts::{Snapshot, store::Position},
    request::{Circumstances, Party, Request},
};

/// Which side of a request is looked for; the other one is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who may.
    Principal,
    /// What it may be done to.
    Resource,
}

impl Side {
    /// The party of a request that is looked for.
    pub fn sought(self, request: &mut Request) -> &mut Party {
        match self {
            Self::Principal => &mut request.principal,
            Self::Resource => &mut request.resource,
        }
    }
}

/// One principal type, action and resource type.
#[derive(Debug, Clone, Copy)]
pub struct Environment<'e> {
    /// The principal's type.
    pub principal: &'e EntityTypeName,
    /// The action.
    pub action: &'e Action,
    /// The resource's type.
    pub resource: &'e EntityTypeName,
}

impl Environment<'_> {
    /// The type that is looked for.
    pub fn sought(&self, side: Side) -> &EntityTypeName {
        match side {
            Side::Principal => self.principal,
            Side::Resource => self.resource,
        }
    }
}

/// How everything that any permit of an environment may permit is reached.
pub fn plan(bundle: &Bundle, environment: Environment, side: Side) -> Plan {
    let derivation = Derivation::new(&bundle.shapes, side, environment.sought(side));
    let permits = bundle.index.permits(environment.principal, &environment.action.uid, environment.resource);
    let plans = permits.into_iter().map(|permit| match &permit.condition {
        Some(condition) => derivation.plan(condition),
        None => Plan::All,
    });
    Plan::either(plans.collect())
}

/// What may answer a search, in the order of the facts, from after a position on; none where the names are unknown
/// or never go together. Of the side that is looked for only the type counts.
///
/// # Errors
/// The request cannot be asked, or the facts cannot be read.
pub fn candidates<'s>(
    bundle: &Bundle,
    snapshot: &'s dyn Snapshot,
    request: &Request,
    side: Side,
    circumstances: &Circumstances,
    after: Position,
) -> Result<Option<Candidates<'s>>, Refusal> {
    let types = &bundle.shapes.entity_types;
    let (Some(action), Some(principal), Some(resource)) = (
        bundle.shapes.actions.get(&request.action),
        types.get(&request.principal.entity_type),
        types.get(&request.resource.entity_type),
    ) else {
        return Ok(None);
    };
    let environment = Environment { principal: &principal.name, action, resource: &resource.name };
    // Any name will do: no expression that mentions it is evaluated.
    let mut request = request.clone();
    let party = side.sought(&mut request);
    *party = Party::new(std::mem::take(&mut party.entity_type), "");
    let Asked::Question(mut question) = Question::ask(bundle, snapshot, &request, circumstances)? else {
        return Ok(None);
    };
    let supplied = std::mem::take(&mut question.supplied);
    let slice = snapshot.slice(&question.roots, supplied.clone(), bundle.settings.policies.level)?;
    let sought = environment.sought(side);
    let resolution = Resolution::new(&bundle.shapes, snapshot, &question.request, &slice.entities, &supplied, sought);
    let reach = resolution.reach(&plan(bundle, environment, side))?;
    Ok(Some(Candidates::new(snapshot, sought.clone(), reach, after)?))
}
