//! What stored facts must keep: the `keep…` actions, and what their policies look through.
//!
//! A bundle states an invariant as a policy. Where its schema has an action `keepOrganization` for the type
//! `Organization`, the engine asks it of the state after every change, about each organisation that was
//! changed. A forbid may look further, at the partnership that the organisation names; then a change of the
//! partnership can break it too, so organisations that refer to a changed partnership are asked about as
//! well. Which attributes the policies of an action look through is read from their text once, at load:
//! nobody asks about half a million products because their organisation got a new administrator.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, Var};

use super::{
    index::Index,
    shape::{Action, EntityShape, Fields, Shape, Shapes},
};
use crate::facts::trail::{Step, Trail};

/// The prefix of actions that state what a type must keep.
const PREFIX: &str = "keep";

/// The id of the one who asks, of whatever type the action's principal has.
const ENGINE: &str = "mandat";

/// Invariants by the entity type that must keep them.
#[derive(Debug, Default)]
pub struct Keepers {
    by_type: HashMap<EntityTypeName, Keeper>,
    watched: Vec<Trail>,
}

/// The invariants of one type.
#[derive(Debug)]
pub struct Keeper {
    /// The action that is asked.
    pub action: EntityUid,
    /// Who asks.
    pub principal: EntityUid,
    /// What its context may hold.
    pub context: Fields,
    through: Through,
}

/// What policies look through.
#[derive(Debug, Default, PartialEq, Eq)]
struct Through {
    /// Attributes, one of the other, of what is looked into.
    chains: BTreeSet<Vec<String>>,
    /// Its own ancestors.
    parents: bool,
    /// Something that is no plain attribute: anything may matter.
    anything: bool,
}

impl Keepers {
    /// Reads the invariants of a bundle.
    pub fn of(shapes: &Shapes, index: &Index) -> Self {
        let mut keepers = Self::default();
        for shape in shapes.entity_types.values() {
            let Some(keeper) = keeper(shape, shapes, index) else { continue };
            keepers.watched.extend(keeper.through.trails(shape, shapes));
            keepers.by_type.insert(shape.name.clone(), keeper);
        }
        keepers.watched.sort_unstable();
        keepers.watched.dedup();
        keepers
    }

    /// The invariants of a type; none where the schema has no action for it.
    pub fn get(&self, entity_type: &EntityTypeName) -> Option<&Keeper> {
        self.by_type.get(entity_type)
    }

    /// The same invariants, asked only about what changes itself: for tests that show what looking further is good for.
    #[doc(hidden)]
    #[must_use]
    pub fn without_looking_through(self) -> Self {
        Self { watched: Vec::new(), ..self }
    }

    /// The references by which a change of one entity can break another's invariants.
    pub fn watched(&self) -> &[Trail] {
        &self.watched
    }
}

impl Keeper {
    /// Whether its policies may look through that attribute of the entity.
    pub fn looks_through(&self, path: &str) -> bool {
        let first = path.split('.').next().unwrap_or(path);
        self.through.anything
            || if path.is_empty() {
                self.through.parents
            } else {
                self.through.chains.iter().any(|chain| chain[0] == first)
            }
    }
}

fn keeper(shape: &EntityShape, shapes: &Shapes, index: &Index) -> Option<Keeper> {
    let name = format!("{PREFIX}{}", shape.name.basename());
    let asks = |action: &&Action| *action.uid.id().unescaped() == *name && action.resources.contains(&shape.name);
    let action = shapes.actions.values().find(asks)?;
    let principal = EntityUid::from_type_name_and_id(action.principals.first()?.clone(), EntityId::new(ENGINE));
    let mut through = Through::default();
    index.conditions(&action.uid).for_each(|condition| through.read(condition));
    Some(Keeper { action: action.uid.clone(), principal, context: action.context.clone(), through })
}

impl Through {
    /// The trails from the entity to what is looked into; nothing looks into the members of a set.
    fn trails(&self, of: &EntityShape, shapes: &Shapes) -> Vec<Trail> {
        let mut trails: Vec<Trail> = self.chains.iter().flat_map(|chain| trails(of, chain, shapes)).collect();
        let mut paths = Vec::new();
        if self.anything {
            of.attributes.iter().for_each(|(name, field)| single(name, &field.shape, &mut paths));
        }
        if self.anything || self.parents {
            paths.push(String::new());
        }
        let step = |path| Step { entity_type: of.name.clone(), path };
        trails.extend(paths.into_iter().map(|path| Trail { first: step(path), beyond: Vec::new() }));
        trails
    }

    fn read(&mut self, condition: &Expr) {
        for expression in condition.subexpressions() {
            match expression.expr_kind() {
                ExprKind::GetAttr { expr, .. } | ExprKind::HasAttr { expr, .. } | ExprKind::ExtHasAttr { expr, .. } => {
                    self.look_into(expr);
                }
                ExprKind::BinaryApp { op: BinaryOp::In, arg1, .. } => self.look_above(arg1),
                ExprKind::BinaryApp { op: BinaryOp::GetTag | BinaryOp::HasTag, .. } => self.anything = true,
                _ => {}
            }
            if let ExprKind::ExtHasAttr { expr, attrs } = expression.expr_kind() {
                // `resource has a.b` looks into `resource.a`.
                let known = chain(expr).map(|(variable, attributes)| (variable, attributes.into_iter()));
                for end in 1..attrs.len() {
                    let further = attrs.iter().take(end).map(|name| name.as_str());
                    let known = known.clone().map(|(variable, before)| (variable, before.chain(further).collect()));
                    self.note(known);
                }
            }
        }
    }

    /// An attribute of this is asked for.
    fn look_into(&mut self, expression: &Expr) {
        self.note(chain(expression));
    }

    fn note(&mut self, chain: Option<(Var, Vec<&str>)>) {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        match chain.as_ref().map(|(variable, attributes)| (variable, attributes.as_slice())) {
            // The entity's own attributes, the context's, and the record of what it was before.
            Some((Var::Resource, [])) | Some((Var::Context, [] | [_])) | Some((Var::Principal | Var::Action, _)) => {}
            Some((Var::Resource, attributes)) | Some((Var::Context, [_, attributes @ ..])) => {
                self.chains.insert(owned(attributes));
            }
            None => self.anything = true,
        }
    }

    /// Its ancestors are asked for.
    fn look_above(&mut self, expression: &Expr) {
        match chain(expression) {
            Some((Var::Resource, attributes)) if attributes.is_empty() => self.parents = true,
            _ => self.look_into(expression),
        }
    }
}

/// `resource.a.b` as its variable and attributes.
fn chain(expression: &Expr) -> Option<(Var, Vec<&str>)> {
    match expression.expr_kind() {
        ExprKind::Var(variable) => Some((*variable, Vec::new())),
        ExprKind::GetAttr { expr, attr } => {
            let (variable, mut attributes) = chain(expr)?;
            attributes.push(attr);
            Some((variable, attributes))
        }
        _ => None,
    }
}

/// The trail along a chain of attributes, and every shorter one: what lies between is looked at, too.
fn trails(of: &EntityShape, chain: &[String], shapes: &Shapes) -> Vec<Trail> {
    let (mut of, mut fields) = (of, &of.attributes);
    let (mut path, mut steps, mut trails) = (Vec::new(), Vec::new(), Vec::new());
    for name in chain {
        path.push(name.as_str());
        match fields.get(name).map(|field| &field.shape) {
            Some(Shape::Record(inner)) => fields = inner,
            Some(Shape::Entity(next)) => {
                steps.push(Step { entity_type: of.name.clone(), path: path.join(".") });
                trails.push(Trail { first: steps[0].clone(), beyond: steps[1..].to_vec() });
                path.clear();
                let Some(next) = shapes.entity(next) else { break };
                (of, fields) = (next, &next.attributes);
            }
            _ => break,
        }
    }
    trails
}

/// Paths of references that stand alone.
fn single(path: &str, shape: &Shape, paths: &mut Vec<String>) {
    match shape {
        Shape::Entity(_) => paths.push(path.to_owned()),
        Shape::Record(fields) => {
            fields.iter().for_each(|(name, field)| single(&format!("{path}.{name}"), &field.shape, paths));
        }
        _ => {}
    }
}
