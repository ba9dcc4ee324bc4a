//! A plan carried out on the facts, as far as sets go.
//!
//! What is known is evaluated by Cedar on the same facts that a decision looks at, so that absent attributes,
//! errors and what the caller supplies mean the same here. From there references are followed backwards, set by
//! set. A set that grows beyond [`MAX_SET`] is given up, and all entities of the type are looked at instead: right,
//! only slower.
//!
//! The last reference backwards is not followed here: it can lead to half of all entities.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Entities, Entity, EntityTypeName, EntityUid, Request};
use cedar_policy_core::{
    ast::{self, Expr, Literal, SlotEnv, Value, ValueKind},
    evaluator::Evaluator,
    extensions::Extensions,
};

use super::plan::{Link, Plan, Relation};
use crate::{
    bundle::Shapes,
    facts::{
        Snapshot, Unavailable,
        store::{Walk, record},
    },
};

/// Most entities of a set on the way.
const MAX_SET: usize = 10_000;

/// What a plan reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// All entities of the type.
    All,
    /// Some of them.
    Some(Reached),
}

/// Entities that are looked for, by how they are found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// By their names.
    pub(super) named: BTreeSet<EntityUid>,
    /// By what they refer to, for each attribute.
    pub(super) referring: BTreeMap<String, BTreeSet<EntityUid>>,
}

/// What a plan is carried out on.
pub(super) struct Resolution<'a> {
    shapes: &'a Shapes,
    snapshot: &'a dyn Snapshot,
    entities: &'a Entities,
    evaluator: Evaluator<'a>,
    supplied: &'a [Entity],
    sought: &'a EntityTypeName,
}

/// Why a set is not complete.
enum Stop {
    TooMany,
    Unavailable(Unavailable),
}

impl From<Unavailable> for Stop {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

impl<'a> Resolution<'a> {
    /// On a request with the facts that a decision about it looks at; the side that is looked for is never asked for.
    pub(super) fn new(
        shapes: &'a Shapes,
        snapshot: &'a dyn Snapshot,
        request: &Request,
        entities: &'a Entities,
        supplied: &'a [Entity],
        sought: &'a EntityTypeName,
    ) -> Self {
        let request: &ast::Request = request.as_ref();
        let evaluator = Evaluator::new(request.clone(), entities.as_ref(), Extensions::all_available());
        Self { shapes, snapshot, entities, evaluator, supplied, sought }
    }

    /// What a plan reaches.
    pub(super) fn reach(&self, plan: &Plan) -> Result<Reach, Unavailable> {
        match plan {
            Plan::All => Ok(Reach::All),
            Plan::Nothing => Ok(Reach::nothing()),
            Plan::Given(condition) => Ok(if self.holds(condition) { Reach::All } else { Reach::nothing() }),
            Plan::Related(relation) => match self.related(relation) {
                Ok(reached) => Ok(Reach::Some(reached)),
                Err(Stop::TooMany) => Ok(Reach::All),
                Err(Stop::Unavailable(unavailable)) => Err(unavailable),
            },
            Plan::Either(parts) => self.any_of(parts),
            Plan::Both(parts) => self.first_of(parts),
        }
    }

    fn any_of(&self, parts: &[Plan]) -> Result<Reach, Unavailable> {
        let mut whole = Reached::default();
        for part in parts {
            match self.reach(part)? {
                Reach::All => return Ok(Reach::All),
                Reach::Some(reached) => whole.add(reached),
            }
        }
        Ok(Reach::Some(whole))
    }

    fn first_of(&self, parts: &[Plan]) -> Result<Reach, Unavailable> {
        for part in parts {
            let reach = self.reach(part)?;
            if reach != Reach::All {
                return Ok(reach);
            }
        }
        Ok(Reach::All)
    }

    fn value(&self, expression: &Expr) -> Option<Value> {
        self.evaluator.interpret(expression, &SlotEnv::new()).ok()
    }

    fn holds(&self, condition: &Expr) -> bool {
        let value = self.value(condition).map(|value| value.value);
        // What is neither true nor false makes no policy apply.
        matches!(value, Some(ValueKind::Lit(Literal::Bool(true))))
    }

    fn related(&self, relation: &Relation) -> Result<Reached, Stop> {
        let mut known = BTreeSet::new();
        if let Some(value) = self.value(&relation.known) {
            collect(&value, &mut known);
        }
        let path = &relation.path;
        let mut reached = Reached::default();
        match relation.link {
            Link::Same => {}
            Link::Above => self.add_ancestors(&mut known),
            Link::Below if path.hops.is_empty() => {
                let groups = self.groups(known.clone(), self.sought)?;
                reached.refer_to("", groups);
            }
            Link::Below => known = self.within(known, &path.end)?,
        }
        known.retain(|uid| *uid.type_name() == path.end);
        let Some((first, later)) = path.hops.split_first() else {
            reached.named = known;
            return Ok(reached);
        };
        for hop in later.iter().rev() {
            known = self.referring(&hop.from, &hop.attribute, known)?;
        }
        // A supplied entity refers to what the caller says, not to what is stored.
        reached.named.extend(self.supplied_referring(&first.from, &first.attribute, &known));
        reached.refer_to(&first.attribute, known);
        Ok(reached)
    }

    fn add_ancestors(&self, known: &mut BTreeSet<EntityUid>) {
        let ancestors: Vec<EntityUid> =
            known.iter().flat_map(|uid| self.entities.ancestors(uid).into_iter().flatten().cloned()).collect();
        known.extend(ancestors);
    }

    /// The entities of a type that are in any of some, and those themselves.
    fn within(&self, known: BTreeSet<EntityUid>, wanted: &EntityTypeName) -> Result<BTreeSet<EntityUid>, Stop> {
        let groups = self.groups(known.clone(), wanted)?;
        let mut found = self.referring(wanted, "", groups)?;
        found.extend(known);
        Ok(found)
    }

    /// All that entities of a type can be in directly so that they are in any of some.
    fn groups(&self, known: BTreeSet<EntityUid>, wanted: &EntityTypeName) -> Result<BTreeSet<EntityUid>, Stop> {
        let holds = |entity_type: &EntityTypeName, member: &EntityTypeName| {
            self.shapes.entity(entity_type).is_some_and(|shape| shape.members.contains(member))
        };
        let mut groups: BTreeSet<EntityUid> = known;
        groups.retain(|uid| holds(uid.type_name(), wanted));
        let mut edge = groups.clone();
        while !edge.is_empty() {
            let types: BTreeSet<&EntityTypeName> = edge.iter().map(EntityUid::type_name).collect();
            let between: BTreeSet<&EntityTypeName> = types
                .into_iter()
                .filter_map(|entity_type| self.shapes.entity(entity_type))
                .flat_map(|shape| &shape.members)
                .filter(|member| holds(member, wanted))
                .collect();
            let mut next = BTreeSet::new();
            for entity_type in between {
                next.extend(self.referring(entity_type, "", edge.clone())?);
            }
            next.retain(|uid| !groups.contains(uid));
            groups.extend(next.iter().cloned());
            if groups.len() > MAX_SET {
                return Err(Stop::TooMany);
            }
            edge = next;
        }
        Ok(groups)
    }

    /// The entities of a type whose attribute refers to any of some.
    fn referring(
        &self,
        entity_type: &EntityTypeName,
        path: &str,
        to: BTreeSet<EntityUid>,
    ) -> Result<BTreeSet<EntityUid>, Stop> {
        if to.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut found: BTreeSet<EntityUid> = self.supplied_referring(entity_type, path, &to).collect();
        let to: Vec<EntityUid> = to.into_iter().collect();
        let walk = Walk::Referring { entity_type, path, to: &to };
        let placed = self.snapshot.walk(walk, 0, MAX_SET + 1)?;
        if placed.len() > MAX_SET {
            return Err(Stop::TooMany);
        }
        found.extend(placed.into_iter().map(|placed| placed.uid));
        Ok(found)
    }

    fn supplied_referring<'r>(
        &'r self,
        entity_type: &'r EntityTypeName,
        path: &'r str,
        to: &'r BTreeSet<EntityUid>,
    ) -> impl Iterator<Item = EntityUid> + 'r {
        let refers = move |entity: &Entity| {
            let links = record::links(entity).unwrap_or_default();
            links.iter().any(|link| link.path == path && to.contains(&link.to))
        };
        let of_type = self.supplied.iter().filter(move |entity| entity.uid().type_name() == entity_type);
        of_type.filter(move |entity| refers(entity)).map(Entity::uid)
    }
}

impl Reach {
    fn nothing() -> Self {
        Self::Some(Reached::default())
    }
}

impl Reached {
    fn refer_to(&mut self, attribute: &str, to: BTreeSet<EntityUid>) {
        if !to.is_empty() {
            self.referring.entry(attribute.to_owned()).or_default().extend(to);
        }
    }

    fn add(&mut self, other: Self) {
        self.named.extend(other.named);
        for (attribute, to) in other.referring {
            self.refer_to(&attribute, to);
        }
    }
}

/// The entities that a value is.
fn collect(value: &Value, found: &mut BTreeSet<EntityUid>) {
    match &value.value {
        ValueKind::Lit(Literal::EntityUID(uid)) => drop(found.insert(EntityUid::from((**uid).clone()))),
        ValueKind::Set(set) => set.iter().for_each(|element| collect(element, found)),
        _ => {}
    }
}
