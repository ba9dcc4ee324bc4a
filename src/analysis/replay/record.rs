//! Records of the log, as far as a replay reads them: which question was decided how, when and on which facts.
//!
//! One line of JSON is one record. It may hold one decision or, of a transaction, several. Fields that decide nothing are
//! passed over, so that a record may say more than is known here.

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};

use crate::{
    decision::Decision,
    request::{Party, Properties, Request},
};

/// A record, borrowed from its line where that is possible.
#[derive(Debug, Deserialize)]
pub struct Record<'l> {
    /// By what it is found in the log.
    #[serde(borrow)]
    pub id: Cow<'l, str>,
    /// When it was answered.
    pub at: jiff::Timestamp,
    /// `decision`, `transaction` or what else was recorded.
    #[serde(borrow)]
    kind: Cow<'l, str>,
    /// The revision of the facts; 0 where facts came from a file.
    #[serde(default)]
    revision: u64,
    /// The revision that a transaction made; its questions were decided on the one before.
    committed: Option<u64>,
    /// The earlier time that was asked about.
    as_of: Option<IgnoredAny>,
    /// Paths of what was replaced by pseudonyms.
    #[serde(default)]
    pub masked: Vec<String>,
    /// Paths of what was left out.
    #[serde(default)]
    pub dropped: Vec<String>,
    question: Option<Asked>,
    decision: Option<bool>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    obligations: Vec<String>,
    #[serde(default)]
    advice: Vec<String>,
    error: Option<IgnoredAny>,
    #[serde(default)]
    evaluations: Vec<Evaluated>,
}

/// One of a transaction's decisions.
#[derive(Debug, Deserialize)]
struct Evaluated {
    question: Option<Asked>,
    #[serde(default)]
    masked: Vec<String>,
    #[serde(default)]
    dropped: Vec<String>,
    decision: Option<bool>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    obligations: Vec<String>,
    #[serde(default)]
    advice: Vec<String>,
    error: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Asked {
    subject: Entity,
    action: Action,
    resource: Entity,
    #[serde(default)]
    context: Properties,
}

#[derive(Debug, Deserialize)]
struct Entity {
    r#type: String,
    id: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Debug, Deserialize)]
struct Action {
    name: String,
    #[serde(default)]
    properties: Properties,
}

/// What an answer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Allow or Deny.
    pub allowed: bool,
    /// Why.
    pub code: String,
    /// The determining policies, in order.
    pub policies: Vec<String>,
    /// What the caller must do, in order.
    pub obligations: Vec<String>,
    /// What the caller may want to do, in order.
    pub advice: Vec<String>,
}

/// One decision of a record.
#[derive(Debug)]
pub struct Item {
    /// Its place in a transaction.
    pub place: Option<usize>,
    /// What was asked; none where the record does not say.
    pub request: Option<Request>,
    /// What was answered; none where it was an error.
    pub before: Option<Said>,
    /// What masking replaced in it.
    pub masked: Vec<String>,
    /// What masking left out of it.
    pub dropped: Vec<String>,
}

impl Record<'_> {
    /// The revision that its questions were decided on.
    pub fn decided_on(&self) -> u64 {
        self.committed.map_or(self.revision, |made| made.saturating_sub(1))
    }

    /// What it is counted as, where it is not decided again.
    pub fn kind(&self) -> &str {
        if self.as_of.is_some() { "historical" } else { &self.kind }
    }

    /// The decisions of a record; none where it is of a kind that is not decided again.
    pub fn items(&mut self) -> Option<Vec<Item>> {
        match self.kind() {
            "decision" => Some(vec![Item {
                place: None,
                request: self.question.take().map(Asked::request),
                before: said(self.decision, self.error.as_ref(), || Said {
                    allowed: false,
                    code: std::mem::take(&mut self.code),
                    policies: std::mem::take(&mut self.policies),
                    obligations: std::mem::take(&mut self.obligations),
                    advice: std::mem::take(&mut self.advice),
                }),
                masked: std::mem::take(&mut self.masked),
                dropped: std::mem::take(&mut self.dropped),
            }]),
            "transaction" => Some(self.evaluated()),
            _ => None,
        }
    }

    fn evaluated(&mut self) -> Vec<Item> {
        let evaluations = std::mem::take(&mut self.evaluations);
        let item = |(place, one): (usize, Evaluated)| Item {
            place: Some(place),
            request: one.question.map(Asked::request),
            masked: one.masked.into_iter().chain(of_place(&self.masked, place)).collect(),
            dropped: one.dropped.into_iter().chain(of_place(&self.dropped, place)).collect(),
            before: said(one.decision, one.error.as_ref(), || Said {
                allowed: false,
                code: one.code,
                policies: one.policies,
                obligations: one.obligations,
                advice: one.advice,
            }),
        };
        evaluations.into_iter().enumerate().map(item).collect()
    }
}

fn said(decision: Option<bool>, error: Option<&IgnoredAny>, rest: impl FnOnce() -> Said) -> Option<Said> {
    let allowed = decision.filter(|_| error.is_none())?;
    let mut said = Said { allowed, ..rest() };
    for names in [&mut said.policies, &mut said.obligations, &mut said.advice] {
        names.sort_unstable();
    }
    Some(said)
}

/// The paths of a transaction that concern one of its evaluations, relative to it; those that name none concern all.
pub fn of_place(paths: &[String], place: usize) -> impl Iterator<Item = String> {
    paths.iter().filter_map(move |path| {
        let Some(rest) = path.strip_prefix("evaluations") else { return Some(path.clone()) };
        let rest = rest.trim_start_matches(['.', '[']);
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = rest.split_at(digits);
        let concerned = number.parse().map_or(true, |number: usize| number == place);
        concerned.then(|| rest.trim_start_matches([']', '.']).to_owned())
    })
}

impl Asked {
    fn request(self) -> Request {
        Request {
            principal: self.subject.party(),
            action: self.action.name,
            action_properties: self.action.properties,
            resource: self.resource.party(),
            context: self.context,
        }
    }
}

impl Entity {
    fn party(self) -> Party {
        Party { entity_type: self.r#type, id: self.id, properties: self.properties }
    }
}

impl Said {
    /// Of a decision.
    pub fn of(decision: &Decision) -> Self {
        let names = |names: &[std::sync::Arc<str>]| names.iter().map(ToString::to_string).collect();
        Self {
            allowed: decision.allowed(),
            code: decision.code.name().to_owned(),
            policies: decision.determining.iter().map(ToString::to_string).collect(),
            obligations: names(&decision.obligations),
            advice: names(&decision.advice),
        }
    }

    /// `allow by clients.add`, `deny (not_permitted)`.
    pub fn words(&self) -> String {
        let by = if self.policies.is_empty() { String::new() } else { format!(" by {}", self.policies.join(", ")) };
        if self.allowed { format!("allow{by}") } else { format!("deny ({}){by}", self.code) }
    }
}
