//! A question in the words of whoever asks it: may this principal do this action to that resource?
//!
//! Nothing here knows Cedar, HTTP or the facts. The edge (`http`, `cli`, scenarios) builds a [`Request`]
//! from what it was sent, and `decision` turns it into a schema-checked question. What cannot be asked at
//! all is [`Invalid`]: a typing error must not look like a denial.

use std::fmt;

use serde_json::{Map, Value};

/// Names and values as a caller states them.
pub type Properties = Map<String, Value>;

/// An entity as a caller names it, with the attributes the caller states about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Entity type as the schema spells it, such as `User`.
    pub entity_type: String,
    /// Identifier, any text; compared byte by byte.
    pub id: String,
    /// What the caller says about it; see `caller_properties` in `mandat.toml`.
    pub properties: Properties,
}

impl Party {
    /// A party about which the caller says nothing but its name.
    pub fn new(entity_type: impl Into<String>, id: impl Into<String>) -> Self {
        Self { entity_type: entity_type.into(), id: id.into(), properties: Properties::new() }
    }
}

/// As policies name it.
impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{:?}", self.entity_type, self.id)
    }
}

/// May `principal` do `action` to `resource`, given `context`?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks to act (AuthZEN's subject).
    pub principal: Party,
    /// The action's name, such as `addClient`.
    pub action: String,
    /// Attributes of the action; they reach policies as `context.action` where the action declares it.
    pub action_properties: Properties,
    /// What is acted on.
    pub resource: Party,
    /// Circumstances of this one request.
    pub context: Properties,
}

/// A request that cannot be asked: which field is at fault, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Invalid {
    /// Path of the field, such as `context.payer`.
    pub field: String,
    /// What is wrong with it and what is expected, lowercase; never what was sent, which may name persons.
    pub reason: String,
    /// How many bytes of the path are names that the schema or the wire knows.
    known: usize,
}

impl Invalid {
    /// An invalid field.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        let field = field.into();
        Self { known: field.len(), field, reason: reason.into() }
    }

    /// A field that nobody has declared, in what stands at `path`.
    pub fn undeclared(path: &str, name: &str, reason: impl Into<String>) -> Self {
        Self { field: format!("{path}.{name}"), reason: reason.into(), known: path.len() }
    }

    /// The same without names that nobody has declared: they are the sender's own words, and errors go through the logs
    /// of everybody in between (threat T20).
    pub fn without_strange_names(mut self) -> Self {
        self.field.truncate(self.known);
        self
    }
}

/// What the one who asks on behalf of a caller knows besides the request.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// The time asked about; the engine itself never reads a clock.
    pub now: jiff::Timestamp,
    /// Whether a caller may state `context.now` itself (threat T24).
    pub trust_caller_clock: bool,
}
