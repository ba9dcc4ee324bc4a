//! The question whether a stored entity keeps what must hold of it.
//!
//! It is asked of the policies like any other: the engine is the principal, the entity as it would be stored
//! the resource, and `before` in the context is the record of its attributes before the change.

use cedar_policy::{Entity, EntityUid};
use cedar_policy_core::ast::{self, PartialValue, Value};

use super::{
    question::{NOW, Question, cedar_request, now},
    values::{self, Pairs},
};
use crate::{
    bundle::{Bundle, keepers::Keeper},
    request::Invalid,
};

/// The context entry with the attributes before the change.
const BEFORE: &str = "before";
/// The context entry that says that facts are taken over from elsewhere.
const IMPORTED: &str = "imported";

/// An entity whose invariants are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Its name.
    pub uid: &'a EntityUid,
    /// What it was before the change; none where it is new.
    pub before: Option<&'a Entity>,
    /// Whether facts are taken over from elsewhere.
    pub imported: bool,
    /// The time of the change.
    pub now: jiff::Timestamp,
}

impl Question {
    /// Asks whether an entity keeps its type's invariants.
    ///
    /// # Errors
    /// The action's context is none that the engine can fill.
    pub fn invariant(bundle: &Bundle, keeper: &Keeper, kept: &Kept) -> Result<Self, Invalid> {
        let declared = |name: &str| keeper.context.contains_key(name);
        let mut pairs: Pairs = Vec::with_capacity(3);
        if declared(NOW) {
            pairs.push((NOW, now(kept.now)?));
        }
        if declared(IMPORTED) {
            pairs.push((IMPORTED, Value::from(kept.imported)));
        }
        if let Some(before) = kept.before.filter(|_| declared(BEFORE)) {
            pairs.push((BEFORE, attributes(before)));
        }
        let context = values::context(pairs);
        let request = cedar_request(bundle, keeper.principal.clone(), &keeper.action, kept.uid.clone(), context)?;
        let roots = vec![keeper.action.clone(), keeper.principal.clone(), kept.uid.clone()];
        let mut question = Self { request, roots, supplied: Vec::new() };
        if let Some(before) = kept.before {
            question.name_references(before);
        }
        Ok(question)
    }

    /// What the entity referred to before can be looked into, too.
    fn name_references(&mut self, before: &Entity) {
        crate::facts::slicing::references(before.as_ref(), &mut self.roots);
    }
}

/// An entity's attributes as a record.
fn attributes(entity: &Entity) -> Value {
    let entity: &ast::Entity = entity.as_ref();
    let known = entity.attrs().filter_map(|(name, value)| match value {
        PartialValue::Value(value) => Some((name.clone(), value.clone())),
        PartialValue::Residual(_) => None,
    });
    Value::record_arc(std::sync::Arc::new(known.collect()), None)
}
