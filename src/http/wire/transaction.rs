//! Transactions as they come over the wire.
//!
//! Other than on AuthZEN's routes an unknown field is a mistake: a misspelt `if_revison` would silently guard
//! nothing.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Evaluation, in_wire_words, item, request};
use crate::{
    engine::transact::Transaction,
    facts::changes::Change,
    request::{Invalid, Request},
};

/// A transaction: what must be allowed, and what is changed then.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `transaction` reads field by field")]
pub struct TransactionDocument {
    /// Evaluations that must all be allowed on the state before; none only for callers that may write facts as they like.
    evaluations: Vec<super::Part>,
    /// Changes, made one after the other.
    changes: Vec<ChangeDocument>,
    /// The revision that the caller has seen; a newer one refuses the transaction.
    if_revision: Option<u64>,
}

/// A change: exactly one of these.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes what `Change` reads")]
pub struct ChangeDocument {
    /// Adds an entity or replaces it whole: Cedar's entity JSON.
    #[schema(value_type = Option<Object>)]
    put: Option<Value>,
    /// Deletes the entity `{"type", "id"}`.
    #[schema(value_type = Option<Object>)]
    delete: Option<Value>,
    /// Gives an attribute a value: `{"entity", "attribute", "value"}`.
    #[schema(value_type = Option<Object>)]
    set: Option<Value>,
    /// Takes an attribute away: `{"entity", "attribute"}`.
    #[schema(value_type = Option<Object>)]
    unset: Option<Value>,
    /// Adds an element to an attribute that is a set: `{"entity", "attribute", "value"}`.
    #[schema(value_type = Option<Object>)]
    add: Option<Value>,
    /// Takes an element out of an attribute that is a set: `{"entity", "attribute", "value"}`.
    #[schema(value_type = Option<Object>)]
    remove: Option<Value>,
    /// Makes an entity a member: `{"member", "of"}`.
    #[schema(value_type = Option<Object>)]
    join: Option<Value>,
    /// Ends a membership: `{"member", "of"}`.
    #[schema(value_type = Option<Object>)]
    leave: Option<Value>,
}

const FIELDS: [&str; 3] = ["evaluations", "changes", "if_revision"];

/// The transaction that a body holds, of at most so many evaluations and changes.
///
/// # Errors
/// The field that is unknown, missing, of another form, or too long.
pub fn transaction(body: Value, limits: Limits) -> Result<Transaction, Invalid> {
    let Value::Object(mut fields) = body else { return Err(Invalid::new("body", "expected an object")) };
    if !fields.keys().all(|name| FIELDS.contains(&name.as_str())) {
        let reason = format!("a field that no transaction has; known are {}", FIELDS.join(", "));
        return Err(Invalid::new("body", reason));
    }
    let evaluations = list(&mut fields, "evaluations", limits.evaluations)?;
    let changes = list(&mut fields, "changes", limits.changes)?;
    let if_revision = match fields.remove("if_revision").filter(|value| !value.is_null()) {
        None => None,
        Some(value) => {
            Some(value.as_u64().ok_or_else(|| Invalid::new("if_revision", "expected a revision, a whole number"))?)
        }
    };
    if changes.is_empty() {
        return Err(Invalid::new("changes", "nothing is changed; ask `/access/v1/evaluations` for decisions alone"));
    }
    Ok(Transaction {
        evaluations: numbered(evaluations, evaluation)?,
        changes: numbered(changes, change)?,
        if_revision,
    })
}

/// How long the lists of a transaction may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most evaluations.
    pub evaluations: usize,
    /// Most changes.
    pub changes: usize,
}

fn list(fields: &mut Map<String, Value>, name: &str, limit: usize) -> Result<Vec<Value>, Invalid> {
    match fields.remove(name) {
        Some(Value::Array(items)) if items.len() > limit => {
            Err(Invalid::new(name, format!("{} items, more than {limit}", items.len())))
        }
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(Invalid::new(name, "expected a list")),
        None => Err(Invalid::new(name, "missing; expected a list")),
    }
}

fn numbered<T>(items: Vec<Value>, read: impl Fn(usize, Value) -> Result<T, Invalid>) -> Result<Vec<T>, Invalid> {
    items.into_iter().enumerate().map(|(place, item)| read(place, item)).collect()
}

fn evaluation(place: usize, value: Value) -> Result<Request, Invalid> {
    item(value, &Evaluation::default()).and_then(request).map_err(|invalid| at_evaluation(place, invalid))
}

/// An error of one evaluation, with its place.
pub fn at_evaluation(place: usize, invalid: Invalid) -> Invalid {
    let invalid = in_wire_words(invalid);
    Invalid::new(format!("evaluations[{place}].{}", invalid.field), invalid.reason)
}

fn change(place: usize, value: Value) -> Result<Change, Invalid> {
    let refused = |reason: String| Invalid::new(format!("changes[{place}]"), reason);
    let change = Change::deserialize(value).map_err(|_| {
        refused("expected one of put, delete, set, unset, add, remove, join, leave with just its fields".to_owned())
    })?;
    change.entity().map_err(refused)?;
    Ok(change)
}
