//! One concrete case of a change: the question, the facts it was asked on, and both answers.

use std::sync::Arc;

use cedar_policy::{Effect, Entities, Request as CedarRequest};
use serde_json::{Value, json};

use super::{
    Direction, Which,
    policies::{Fate, PolicyChange},
    side::Side,
};
use crate::{
    analysis::{
        asking::Query,
        proofs::counterexample::{apart, facts},
    },
    bundle::{Bundle, shape::action_name},
    decision::{Code, Decision},
    facts::plain::plain,
    problem::Location,
    request::{Party, Properties, Request},
};

/// One concrete case.
#[derive(Debug, Clone)]
pub struct Example {
    /// Where it is from.
    pub told: Told,
    /// The question.
    pub request: Request,
    /// The facts.
    pub facts: ExampleFacts,
    /// The time asked about, where it is not in the context.
    pub now: Option<jiff::Timestamp>,
    /// The answer as it was.
    pub old: Verdict,
    /// The answer as it is.
    pub new: Verdict,
}

/// Where an example is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A scenario, by name and place.
    Scenario(String, Location),
    /// A cell of the matrix.
    Matrix(String),
    /// The solver made it up.
    Counterexample,
}

/// The facts of an example.
#[derive(Debug, Clone)]
pub enum ExampleFacts {
    /// A facts file in `tests/facts/` of one side, and how many changes are made to it.
    File(Which, Arc<str>, usize),
    /// Just these entities, in Cedar's JSON.
    Entities(Value),
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Allow or Deny.
    pub allowed: bool,
    /// Why.
    pub code: Code,
    /// The determining policies.
    pub determining: Vec<String>,
    /// What an Allow brings along.
    pub obligations: Vec<Arc<str>>,
    /// What an Allow advises.
    pub advice: Vec<Arc<str>>,
}

/// A policy that makes an answer what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doer {
    /// Its id.
    pub id: String,
    /// Permit or forbid.
    pub effect: Effect,
    /// Where it determines the answer.
    pub side: Which,
    /// What became of it.
    pub fate: Fate,
    /// Where it stands on that side.
    pub at: Location,
}

impl Verdict {
    /// Of a decision.
    pub fn of(decision: &Decision) -> Self {
        Self {
            allowed: decision.allowed(),
            code: decision.code,
            determining: decision.determining.iter().map(ToString::to_string).collect(),
            obligations: decision.obligations.clone(),
            advice: decision.advice.clone(),
        }
    }

    /// `allow by clients.add`, `deny (not_permitted)`.
    pub fn words(&self) -> String {
        let by =
            if self.determining.is_empty() { String::new() } else { format!(" by {}", self.determining.join(", ")) };
        if self.allowed { format!("allow{by}") } else { format!("deny ({}){by}", self.code.name()) }
    }
}

/// Which way an answer has changed, if it has.
pub(super) fn direction(old: &Verdict, new: &Verdict) -> Option<Direction> {
    match (old.allowed, new.allowed) {
        (false, true) => Some(Direction::NewlyAllowed),
        (true, false) => Some(Direction::NewlyDenied),
        (true, true) if (&old.obligations, &old.advice) != (&new.obligations, &new.advice) => {
            Some(Direction::OtherTerms)
        }
        _ => None,
    }
}

/// The policies that turn an answer: of those that determine it on either side the ones that are not as before; where
/// all are, all of them.
pub(super) fn doers([old, new]: [&Side; 2], changed: &[PolicyChange], verdicts: [&Verdict; 2]) -> Vec<Doer> {
    let sides = [(Which::Old, old, verdicts[0]), (Which::New, new, verdicts[1])];
    let mut all: Vec<Doer> = Vec::new();
    for (which, side, verdict) in sides {
        let policies =
            side.bundle.policies.iter().filter(|policy| verdict.determining.iter().any(|id| **id == *policy.id));
        all.extend(policies.map(|policy| {
            let fate = changed.iter().find(|change| change.id == policy.id).map_or(Fate::Same, |change| change.fate);
            Doer { id: policy.id.to_string(), effect: policy.effect, side: which, fate, at: policy.at.clone() }
        }));
    }
    // A changed policy that determines both answers is told once, as it is now.
    let twice = |doer: &Doer| {
        doer.side == Which::Old && all.iter().any(|other| other.side == Which::New && other.id == doer.id)
    };
    let once: Vec<Doer> = all.iter().filter(|doer| !twice(doer)).cloned().collect();
    let turned: Vec<Doer> = once.iter().filter(|doer| doer.fate != Fate::Same).cloned().collect();
    if turned.is_empty() { once } else { turned }
}

impl Example {
    /// Of a question on a facts file.
    pub(super) fn asked(told: Told, which: Which, query: &Query, old: Verdict, new: Verdict) -> Self {
        Self {
            told,
            request: query.request.clone(),
            facts: ExampleFacts::File(which, query.facts.clone(), query.changes.len()),
            now: Some(query.now),
            old,
            new,
        }
    }

    /// Of a counterexample, with the answers still to come.
    ///
    /// # Errors
    /// It cannot be written down.
    pub(super) fn made_up(bundle: &Bundle, request: &CedarRequest, entities: &Entities) -> Result<Self, String> {
        let (Some(principal), Some(action), Some(resource), Some(context)) =
            (request.principal(), request.action(), request.resource(), request.context())
        else {
            return Err("the solver left the request open".to_owned());
        };
        let party = |uid: &cedar_policy::EntityUid| Party::new(uid.type_name().to_string(), uid.id().unescaped());
        let name = action_name(action);
        let context = plain(context.to_json_value().map_err(|error| error.to_string())?);
        let (context, properties) = apart(bundle, &name, context);
        let entries = |value: Value| match value {
            Value::Object(entries) => entries,
            _ => Properties::new(),
        };
        let unasked = Verdict::of(&Decision::not_applicable());
        Ok(Self {
            told: Told::Counterexample,
            request: Request {
                principal: party(principal),
                action: name,
                action_properties: entries(properties),
                resource: party(resource),
                context: entries(context),
            },
            facts: ExampleFacts::Entities(facts(entities)?),
            now: None,
            old: unasked.clone(),
            new: unasked,
        })
    }

    /// The question in one line: `User::"u-ada" endPartnership Partnership::"a:b"`.
    pub fn words(&self) -> String {
        format!("{} {} {}", self.request.principal, self.request.action, self.request.resource)
    }

    /// The question as `mandat decide` takes it.
    pub fn question(&self) -> Value {
        let party = |party: &Party| json!({ "type": party.entity_type, "id": party.id });
        json!({
            "subject": party(&self.request.principal),
            "action": { "name": self.request.action, "properties": self.request.action_properties },
            "resource": party(&self.request.resource),
            "context": self.request.context,
        })
    }
}
