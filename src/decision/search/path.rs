//! Attribute paths of what is looked for, as references that can be followed backwards.
//!
//! `resource.organization.administrators` of a product is two hops: a product's `organization`, an organisation's
//! `administrators`. A field inside a record is part of its hop, `address.country`, as stores name references.

use cedar_policy::EntityTypeName;
use cedar_policy_core::ast::{Expr, ExprKind, Var};

use super::Side;
use crate::bundle::{Shapes, shape::Shape};

/// From what is looked for to the entities that it refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Reference by reference; none where the path is what is looked for itself.
    pub hops: Vec<Hop>,
    /// The type it leads to.
    pub end: EntityTypeName,
    /// Whether it leads to a set.
    pub set: bool,
}

/// A reference from an entity to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The type of the one that refers.
    pub from: EntityTypeName,
    /// Its attribute, `a.b` inside a record.
    pub attribute: String,
}

impl Side {
    /// Its variable in policies.
    pub(super) fn variable(self) -> Var {
        match self {
            Self::Principal => Var::Principal,
            Self::Resource => Var::Resource,
        }
    }
}

impl Path {
    /// The path that an expression is, if it is one from what is looked for to entities.
    pub fn of(shapes: &Shapes, side: Side, sought: &EntityTypeName, expression: &Expr) -> Option<Self> {
        let attributes = attributes(side, expression)?;
        let mut path = Self { hops: Vec::new(), end: sought.clone(), set: false };
        let mut fields = &shapes.entity(sought)?.attributes;
        let mut name = String::new();
        for attribute in attributes {
            if path.set {
                return None;
            }
            name.push_str(attribute);
            match &fields.get(attribute)?.shape {
                Shape::Record(inner) => {
                    fields = inner;
                    name.push('.');
                    continue;
                }
                Shape::Entity(end) => {
                    path.step(std::mem::take(&mut name), end);
                    fields = &shapes.entity(end)?.attributes;
                }
                Shape::Set(element) => match &**element {
                    Shape::Entity(end) => {
                        path.step(std::mem::take(&mut name), end);
                        path.set = true;
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
        // What ends inside a record leads to no entity.
        name.is_empty().then_some(path)
    }

    fn step(&mut self, attribute: String, end: &EntityTypeName) {
        let from = std::mem::replace(&mut self.end, end.clone());
        self.hops.push(Hop { from, attribute });
    }
}

/// The attributes of `resource.a.b`, from the variable on.
fn attributes(side: Side, expression: &Expr) -> Option<Vec<&str>> {
    let (mut attributes, mut inner) = (Vec::new(), expression);
    loop {
        match inner.expr_kind() {
            ExprKind::GetAttr { expr, attr } => {
                attributes.push(attr.as_str());
                inner = expr;
            }
            ExprKind::Var(variable) if *variable == side.variable() => {
                attributes.reverse();
                return Some(attributes);
            }
            _ => return None,
        }
    }
}
