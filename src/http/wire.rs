//! AuthZEN requests as they come over the wire.
//!
//! Unknown fields are ignored, as the specification asks; a missing required one is an error that names
//! it. Parts of a batch are read only when an item uses them: a published client sends
//! `"resource": {}` as a default that no item takes. So the parts stay plain JSON here, and [`request`]
//! reads them when their turn comes.

pub mod order;
mod read;
pub mod search;
pub mod transaction;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use self::read::{evaluation, evaluations, in_wire_words, item, options, request};
use crate::request::Properties;

/// An evaluation: may the subject do the action to the resource, given the context?
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Evaluation {
    /// Who asks to act.
    #[schema(value_type = Entity)]
    pub subject: Option<Value>,
    /// What is to be done.
    #[schema(value_type = Action)]
    pub action: Option<Value>,
    /// What it is to be done to.
    #[schema(value_type = Entity)]
    pub resource: Option<Value>,
    /// Circumstances of this request.
    #[schema(value_type = Option<Object>)]
    pub context: Option<Value>,
    /// What the answer should hold.
    #[serde(default)]
    #[schema(value_type = Option<Options>)]
    pub options: Option<Value>,
}

/// Several evaluations; what stands at the top is the default of each item.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
pub struct Evaluations {
    /// Defaults, and the options of the whole batch.
    #[serde(flatten)]
    #[schema(value_type = Part)]
    pub defaults: Evaluation,
    /// The items; missing or empty, the defaults are a single evaluation.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Part>>)]
    pub evaluations: Option<Vec<Value>>,
}

/// An item of a batch, or the defaults of all: together they make an evaluation.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is read as an `Evaluation`")]
pub struct Part {
    /// Who asks to act.
    subject: Option<Entity>,
    /// What is to be done.
    action: Option<Action>,
    /// What it is to be done to.
    resource: Option<Entity>,
    /// Circumstances of this request.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    /// What the answers should hold; looked at in the defaults only.
    options: Option<Options>,
}

/// A subject or resource.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct Entity {
    /// Entity type as the schema spells it.
    pub r#type: String,
    /// Identifier.
    pub id: String,
    /// What the caller says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub properties: Option<Properties>,
}

/// An action.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct Action {
    /// The action's name as the schema spells it.
    pub name: String,
    /// What the caller says about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub properties: Option<Properties>,
}

/// What an answer should hold, and how a batch is worked through.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
pub struct Options {
    /// Whether the answer explains itself in its `context`.
    #[serde(default)]
    pub explain: bool,
    /// The oldest revision of the facts that may answer; a service that does not know it in time answers 503.
    #[serde(default)]
    pub at_least_revision: Option<u64>,
    /// An earlier time, to be answered as it would have been then: by the facts and the bundle of then, with that time
    /// as `context.now`. For callers that may read decisions, where facts are in a store; not with `at_least_revision`.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-10-01T12:00:00Z")]
    pub as_of: Option<Timestamp>,
    /// How a batch is worked through.
    #[serde(default)]
    pub evaluations_semantic: Semantic,
}

/// How a batch is worked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Semantic {
    /// Every item is answered.
    #[default]
    ExecuteAll,
    /// The answer ends with the first denied item.
    DenyOnFirstDeny,
    /// The answer ends with the first permitted item.
    PermitOnFirstPermit,
}

impl Semantic {
    /// Whether a batch ends with an item that was decided so.
    pub fn ends_with(self, decision: bool) -> bool {
        match self {
            Self::ExecuteAll => false,
            Self::DenyOnFirstDeny => !decision,
            Self::PermitOnFirstPermit => decision,
        }
    }
}
