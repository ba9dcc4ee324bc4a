//! What is recorded of everything that the service answers: who asked what, what came of it, and from what.
//!
//! A record says nothing that it cannot stand for: determining policies and their rules as the decision named them, the
//! bundle by its digest, the facts by their revision. Of a question that got no answer it says which field was at fault,
//! never in the caller's words.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use uuid::Uuid;

use crate::request::{Party, Properties, Request};

/// One thing that was answered, or that happened to the log.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Its name: a UUID of version 7, so that names sort by time.
    pub id: Uuid,
    /// When it was answered.
    pub at: Timestamp,
    /// The earlier time that was asked about; none where it was that of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// The calling service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<Arc<str>>,
    /// The caller's own name of its request (`X-Request-ID`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// What it was.
    #[serde(flatten)]
    pub event: Event,
    /// Paths of identifiers that stand there as pseudonyms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub masked: Vec<String>,
    /// Paths of what was asked with and is not recorded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// Digest of the bundle that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<Arc<str>>,
    /// Revision of the facts it was answered on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// How long the answer took, in microseconds.
    #[serde(rename = "latency_us", serialize_with = "micros", skip_serializing_if = "Duration::is_zero")]
    pub latency: Duration,
}

/// What was answered, or what happened to the log.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Event {
    /// A question was decided.
    Decision {
        /// The question; none where it could not be asked, since it is then in nobody's words but the caller's.
        #[serde(serialize_with = "may_be_asked", skip_serializing_if = "Option::is_none")]
        question: Option<Box<Request>>,
        /// Its place in a batch, from 0.
        #[serde(skip_serializing_if = "Option::is_none")]
        item: Option<u32>,
        /// What came of it.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// A page of a search was filled.
    Search {
        /// What was looked for: `subject`, `resource` or `action`.
        sought: &'static str,
        /// The question; the side that was looked for has no id.
        #[serde(serialize_with = "may_be_asked", skip_serializing_if = "Option::is_none")]
        question: Option<Box<Request>>,
        /// What was found, or why nothing was.
        #[serde(flatten)]
        outcome: SearchOutcome,
    },
    /// An order was priced.
    Quote {
        /// The question that was decided; none where the caller stated the terms.
        #[serde(serialize_with = "may_be_asked", skip_serializing_if = "Option::is_none")]
        question: Option<Box<Request>>,
        /// The decision on it, or why there is no price.
        #[serde(flatten)]
        outcome: Option<Outcome>,
        /// What was priced.
        #[serde(skip_serializing_if = "Option::is_none")]
        priced: Option<Priced>,
    },
    /// Facts were to be changed.
    Transaction {
        /// How it came out, such as `committed`, `denied` or `broken`.
        outcome: &'static str,
        /// The decisions that guarded it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        evaluations: Vec<Evaluation>,
        /// What was to be changed, without values.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        changes: Vec<Change>,
        /// The revision that it made.
        #[serde(skip_serializing_if = "Option::is_none")]
        committed: Option<u64>,
        /// Whether the answer was given before, under the same key.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        repeated: bool,
    },
    /// Another bundle was to come into force.
    Reload {
        /// Who wanted it: `request`, `watch` or `signal`.
        by: &'static str,
        /// How it came out.
        outcome: &'static str,
        /// Digest of the bundle before.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<String>,
    },
    /// Records could not be kept.
    Lost {
        /// How many.
        count: u64,
        /// Why: `queue` where they came faster than the disk, `disk` where it failed, `unsigned` where they were on the
        /// disk without a signature when the process ended.
        reason: &'static str,
    },
    /// A person's key was dropped: who stands behind the pseudonym cannot be told any more.
    Erasure {
        /// The pseudonym.
        pseudonym: String,
    },
    /// Old lines were dropped.
    Retention {
        /// Whose chain they were of.
        of: u32,
        /// The last line that was dropped.
        through: u64,
        /// Records from this time on were kept.
        kept_from: Timestamp,
    },
}

/// What came of a question.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// It was decided.
    Decided(Verdict),
    /// It was not.
    Failed {
        /// Why.
        error: Failure,
    },
}

/// What came of a search.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum SearchOutcome {
    /// What was found.
    Found {
        /// Entities, or actions by name.
        results: Vec<Named>,
        /// Whether there may be more.
        more: bool,
    },
    /// Nothing, for a reason.
    Failed {
        /// Why.
        error: Failure,
    },
}

/// A decision as it is recorded.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verdict {
    /// Whether it is an Allow.
    pub decision: bool,
    /// `permitted`, `forbidden` …, as in explanations.
    pub code: &'static str,
    /// The determining policies.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// The rules that these stand for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// What the caller must do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<Arc<str>>,
    /// What the caller may want to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Arc<str>>,
    /// Policies that could not be evaluated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// Why there was no answer.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// HTTP's status.
    pub status: u16,
    /// `invalid`, `unavailable`, `late` …
    pub reason: &'static str,
    /// The field at fault: its first part, since what follows may be the caller's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// A decision that guarded a transaction.
#[derive(Debug, Clone, Serialize)]
pub struct Evaluation {
    /// The question.
    #[serde(serialize_with = "asked")]
    pub question: Box<Request>,
    /// The decision.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// A change that was to be made.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// `put`, `delete`, `set` …
    pub change: &'static str,
    /// Of what.
    pub entity: Named,
    /// Of which attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
}

/// A name: of an entity, or of an action without a type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Named {
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub entity_type: String,
    /// Its id.
    pub id: String,
}

/// What an order came to. Amounts are decimals as text.
#[derive(Debug, Clone, Serialize)]
pub struct Priced {
    /// The tariff and its version.
    pub tariff: String,
    /// SHA-256 of the tariff's file.
    pub sha256: String,
    /// ISO 4217.
    pub currency: String,
    /// How many lines.
    pub lines: usize,
    /// Sum of the list prices.
    pub list: String,
    /// Sum of what is charged.
    pub charged: String,
    /// Sum of the cashback.
    pub cashback: String,
}

impl Record {
    /// What the log records of itself.
    pub fn of_log(id: Uuid, at: Timestamp, event: Event) -> Self {
        Self {
            id,
            at,
            as_of: None,
            caller: None,
            request: None,
            event,
            masked: Vec::new(),
            dropped: Vec::new(),
            bundle: None,
            revision: None,
            latency: Duration::ZERO,
        }
    }
}

impl Event {
    /// Every question in it.
    pub fn questions_mut(&mut self) -> Vec<(String, &mut Request)> {
        match self {
            Self::Decision { question, .. } | Self::Search { question, .. } | Self::Quote { question, .. } => {
                question.iter_mut().map(|question| (String::new(), &mut **question)).collect()
            }
            Self::Transaction { evaluations, .. } => {
                let place = |place: usize| format!("evaluations[{place}].");
                evaluations.iter_mut().enumerate().map(|(at, asked)| (place(at), &mut *asked.question)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Every name in it that stands outside of questions.
    pub fn names_mut(&mut self) -> Vec<(String, &mut Named)> {
        match self {
            Self::Search { outcome: SearchOutcome::Found { results, .. }, .. } => {
                results.iter_mut().enumerate().map(|(at, named)| (format!("results[{at}].id"), named)).collect()
            }
            Self::Transaction { changes, .. } => {
                let place = |at: usize| format!("changes[{at}].entity.id");
                changes.iter_mut().enumerate().map(|(at, change)| (place(at), &mut change.entity)).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn micros<S: Serializer>(latency: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
}

fn may_be_asked<S: Serializer>(question: &Option<Box<Request>>, serializer: S) -> Result<S::Ok, S::Error> {
    question.as_deref().map(Asked).serialize(serializer)
}

fn asked<S: Serializer>(question: &Request, serializer: S) -> Result<S::Ok, S::Error> {
    Asked(question).serialize(serializer)
}

/// A question in AuthZEN's words.
struct Asked<'a>(&'a Request);

impl Serialize for Asked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(request) = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("subject", &Side(&request.principal))?;
        map.serialize_entry("action", &Action(&request.action, &request.action_properties))?;
        map.serialize_entry("resource", &Side(&request.resource))?;
        if !request.context.is_empty() {
            map.serialize_entry("context", &request.context)?;
        }
        map.end()
    }
}

struct Side<'a>(&'a Party);

impl Serialize for Side<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &self.0.entity_type)?;
        map.serialize_entry("id", &self.0.id)?;
        if !self.0.properties.is_empty() {
            map.serialize_entry("properties", &self.0.properties)?;
        }
        map.end()
    }
}

struct Action<'a>(&'a str, &'a Properties);

impl Serialize for Action<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.0)?;
        if !self.1.is_empty() {
            map.serialize_entry("properties", self.1)?;
        }
        map.end()
    }
}
