//! Policies and schemas with something put in another's place: how one request is held against a second one.
//!
//! A proof knows one principal, one resource and one context. A second request rides in the context of the first: the
//! schema of the analysis gets an entry more ([`with_context_entry`]), and a copy of the policies reads that entry
//! where they read their own ([`Rewrite`]). Both work on Cedar's JSON form, where a variable is
//! `{"Var": "principal"}` wherever it stands.

use cedar_policy::{Policy as CedarPolicy, Schema};
use serde_json::{Map, Value, json};

use crate::analysis::prover::Untranslatable;

/// Name of the entry that the second principal, or the second value, rides in.
pub const OTHER: &str = "otherRequest";

/// What a copy of a policy reads instead.
#[derive(Debug, Clone)]
pub enum Rewrite {
    /// The second request's principal and context.
    OtherRequest,
    /// A context without these entries.
    Without(Vec<String>),
    /// Another value of an attribute of `principal` or `resource`.
    OtherValue {
        /// `principal` or `resource`.
        variable: String,
        /// The attribute.
        attribute: String,
    },
}

/// The expression for an entry of the second request.
fn other(entry: &str) -> Value {
    json!({ ".": { "left": { ".": { "left": { "Var": "context" }, "attr": OTHER } }, "attr": entry } })
}

fn other_record() -> Value {
    json!({ ".": { "left": { "Var": "context" }, "attr": OTHER } })
}

impl Rewrite {
    /// The copy of a policy.
    ///
    /// # Errors
    /// The attribute is read of something else too, which might be the same entity: nothing could be said then.
    pub fn policy(&self, policy: &CedarPolicy) -> Result<CedarPolicy, Untranslatable> {
        let untranslatable = |error: &dyn std::error::Error| Untranslatable(crate::problem::describe(error));
        let mut form = policy.to_json().map_err(|error| untranslatable(&error))?;
        if matches!(self, Self::OtherRequest) {
            free_principal(&mut form);
        }
        if let Some(conditions) = form.get_mut("conditions") {
            *conditions = self.value(std::mem::take(conditions))?;
        }
        CedarPolicy::from_json(Some(policy.id().clone()), form).map_err(|error| untranslatable(&error))
    }

    fn value(&self, value: Value) -> Result<Value, Untranslatable> {
        if let Some(replaced) = self.replaced(&value)? {
            return Ok(replaced);
        }
        Ok(match value {
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => Value::Object(
                fields
                    .into_iter()
                    // A literal is no expression, whatever it looks like.
                    .map(|(key, inner)| Ok((key.clone(), if key == "Value" { inner } else { self.value(inner)? })))
                    .collect::<Result<Map<_, _>, Untranslatable>>()?,
            ),
            plain => plain,
        })
    }

    fn replaced(&self, value: &Value) -> Result<Option<Value>, Untranslatable> {
        Ok(match self {
            Self::OtherRequest if is_variable(value, "principal") => Some(other("principal")),
            Self::OtherRequest if is_variable(value, "context") => Some(other("context")),
            Self::OtherRequest => None,
            Self::Without(entries) => access(value)
                .filter(|found| found.test && is_variable(found.of, "context"))
                .filter(|found| entries.iter().any(|entry| entry == found.attribute))
                .map(|_| json!({ "Value": false })),
            Self::OtherValue { variable, attribute } => match access(value) {
                Some(found) if found.attribute == attribute && is_variable(found.of, variable) => {
                    let word = if found.test { "has" } else { "." };
                    Some(json!({ word: { "left": other_record(), "attr": attribute } }))
                }
                Some(found) if found.attribute == attribute && !is_variable(found.of, "context") => {
                    return Err(Untranslatable(format!(
                        "`{attribute}` is read of something that might be the `{variable}` too"
                    )));
                }
                _ => None,
            },
        })
    }
}

fn is_variable(value: &Value, name: &str) -> bool {
    value.get("Var").and_then(Value::as_str) == Some(name)
}

struct Access<'v> {
    of: &'v Value,
    attribute: &'v str,
    test: bool,
}

/// `x.y` or `x has y`.
fn access(value: &Value) -> Option<Access<'_>> {
    let fields = value.as_object().filter(|fields| fields.len() == 1)?;
    let (word, inner) = fields.iter().next()?;
    let test = match word.as_str() {
        "." => false,
        "has" => true,
        _ => return None,
    };
    Some(Access { of: inner.get("left")?, attribute: inner.get("attr")?.as_str()?, test })
}

/// Turns what the scope says of the principal into a condition, which can be rewritten.
fn free_principal(form: &mut Value) {
    let scope = form.get("principal").cloned().unwrap_or_default();
    let principal = json!({ "Var": "principal" });
    let entity = || json!({ "Value": { "__entity": scope.get("entity") } });
    let condition = match scope.get("op").and_then(Value::as_str) {
        Some(word @ ("==" | "in")) => json!({ word: { "left": principal, "right": entity() } }),
        Some("is") => {
            let mut test = json!({ "left": principal, "entity_type": scope.get("entity_type") });
            if let Some(inside) = scope.get("in").and_then(|inside| inside.get("entity")) {
                test["in"] = json!({ "Value": { "__entity": inside } });
            }
            json!({ "is": test })
        }
        _ => return,
    };
    form["principal"] = json!({ "op": "All" });
    if let Some(conditions) = form.get_mut("conditions").and_then(Value::as_array_mut) {
        conditions.insert(0, json!({ "kind": "when", "body": condition }));
    }
}

/// A schema in which an action's context has a record `otherRequest` more.
///
/// `entries` makes it, given the action's context (as a record) and the types of entities.
///
/// # Errors
/// The schema has namespaces, or the action's context is no record.
pub fn with_context_entry(
    schema: &Value,
    action: &str,
    entries: impl FnOnce(&Value, &Value) -> Result<Value, Untranslatable>,
) -> Result<Schema, Untranslatable> {
    let mut schema = schema.clone();
    let unknown = |what: &str| Untranslatable(format!("the schema has no {what} in its outermost namespace"));
    let outermost = schema.get_mut("").ok_or_else(|| unknown("declarations"))?;
    let entities = outermost.get("entityTypes").cloned().unwrap_or_default();
    let common = outermost.get("commonTypes").cloned().unwrap_or_default();
    let applies = outermost
        .get_mut("actions")
        .and_then(|actions| actions.get_mut(action))
        .and_then(|action| action.get_mut("appliesTo"))
        .ok_or_else(|| unknown("such action"))?;
    let mut context = resolved(applies.get("context").cloned().unwrap_or_else(|| json!({"type": "Record"})), &common);
    let added = entries(&context, &entities)?;
    let attributes = context.as_object_mut().ok_or_else(|| unknown("record"))?.entry("attributes");
    attributes.or_insert_with(|| json!({}))[OTHER] = added;
    applies["context"] = context;
    Schema::from_json_value(schema).map_err(|error| Untranslatable(crate::problem::describe(&error)))
}

/// A common type by what it stands for.
fn resolved(form: Value, common: &Value) -> Value {
    let name = form.get("name").or_else(|| form.get("type")).and_then(Value::as_str);
    match name.and_then(|name| common.get(name)) {
        Some(meant) => meant.clone(),
        None => form,
    }
}
