//! Answers as they go over the wire: decisions, and explanations in the form that is a contract.
//!
//! A bare decision is `{"decision": true}` and nothing else: published runners compare strictly. The
//! context appears when the caller asks for an explanation, or when the decision carries obligations or
//! advice that the caller must see.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    bundle::Policy,
    engine::{Answer, Moment},
    explanation::{
        Explanation,
        near_miss::{Missing, NearMiss},
    },
};

/// How much an answer tells of its reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Nothing was asked.
    None,
    /// What the person who asked may be told: for callers who may not see facts.
    Reason,
    /// Everything: policies, near misses, the values found.
    Full,
}

/// A decision.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DecisionAnswer {
    /// Whether the subject may.
    pub decision: bool,
    /// Why, where asked for; obligations and advice always.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ContextDocument>)]
    pub context: Option<AnswerContext>,
}

/// What stands beside a decision.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AnswerContext {
    /// The explanation, where asked for.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<ExplanationAnswer>,
    /// That it is the answer of an earlier time, which nobody acts on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub historical: Option<Historical>,
    /// What the caller must do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<String>,
    /// What the caller may want to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
    /// In a batch: why this item could not be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ItemError>,
}

/// What stands beside a decision: an explanation, obligations, advice, an error, or some of them.
#[derive(ToSchema)]
#[schema(as = AnswerContext)]
#[expect(dead_code, reason = "describes `AnswerContext`, whose flattened option the generator cannot express")]
pub struct ContextDocument {
    /// `permitted`, `forbidden`, `not_permitted`, `not_applicable` or `evaluation_error`.
    code: Option<String>,
    /// For the person who asked.
    reason_user: Option<Text>,
    /// For who administers the rules.
    reason_admin: Option<Text>,
    /// The determining policies.
    policies: Option<Vec<PolicyAnswer>>,
    /// The permits that came closest, of a Deny.
    near_misses: Option<Vec<NearMissAnswer>>,
    /// Digest of the bundle that answered.
    bundle: Option<String>,
    /// Revision of the facts it was decided on.
    revision: Option<u64>,
    /// That it is the answer of an earlier time, which nobody acts on.
    historical: Option<Historical>,
    /// What the caller must do.
    obligations: Option<Vec<String>>,
    /// What the caller may want to do.
    advice: Option<Vec<String>>,
    /// In a batch: why this item could not be asked.
    error: Option<ItemError>,
}

/// The time that was asked about, and what was in force then.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Historical {
    /// The time, in UTC.
    pub as_of: String,
    /// Digest of the bundle that was in force.
    pub bundle: String,
    /// The newest revision of the facts then.
    pub revision: u64,
}

impl Historical {
    /// Of a moment of the past.
    pub fn of(as_of: Timestamp, moment: &Moment) -> Self {
        Self { as_of: as_of.to_string(), bundle: moment.bundle.digest.clone(), revision: moment.revision() }
    }
}

/// Why an item of a batch could not be asked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ItemError {
    /// As an HTTP status.
    pub status: u16,
    /// What is wrong with which field.
    pub message: String,
}

/// Why a decision is what it is.
#[derive(Debug, Clone, Serialize)]
pub struct ExplanationAnswer {
    /// `permitted`, `forbidden`, `not_permitted`, `not_applicable` or `evaluation_error`.
    pub code: &'static str,
    /// For the person who asked.
    pub reason_user: Text,
    /// What only callers who may see facts are told.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub facts: Option<FactualAnswer>,
}

/// The part of an explanation that shows facts and rules.
#[derive(Debug, Clone, Serialize)]
pub struct FactualAnswer {
    /// For who administers the rules.
    pub reason_admin: Text,
    /// The determining policies.
    pub policies: Vec<PolicyAnswer>,
    /// The permits that came closest, of a Deny.
    pub near_misses: Vec<NearMissAnswer>,
    /// Digest of the bundle that answered.
    pub bundle: String,
    /// Revision of the facts it was decided on.
    pub revision: u64,
}

/// A text by language.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Text {
    /// English.
    pub en: String,
}

/// A policy as an explanation names it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PolicyAnswer {
    /// Its id.
    pub id: String,
    /// `permit` or `forbid`.
    pub effect: &'static str,
    /// One sentence.
    pub title: String,
    /// The rules it encodes.
    pub rules: Vec<String>,
    /// The readings it stands on.
    pub readings: Vec<String>,
    /// `file:line`.
    pub at: String,
}

/// A permit that came close.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NearMissAnswer {
    /// The permit.
    pub policy: PolicyAnswer,
    /// Its clauses that failed.
    pub missing: Vec<MissingAnswer>,
}

/// A clause that failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MissingAnswer {
    /// As written.
    pub clause: String,
    /// `file:line`.
    pub at: String,
    /// The values found.
    pub found: String,
    /// What would make it true.
    pub change: String,
}

impl DecisionAnswer {
    /// The wire form of an answer, explained as far as `detail` says.
    pub fn of(answer: &Answer, detail: Detail) -> Self {
        let decision = &answer.decision;
        let needed = detail != Detail::None || !decision.obligations.is_empty() || !decision.advice.is_empty();
        let context = needed.then(|| AnswerContext {
            explanation: ExplanationAnswer::of(answer, detail),
            obligations: strings(&decision.obligations),
            advice: strings(&decision.advice),
            ..AnswerContext::default()
        });
        Self { decision: decision.allowed(), context }
    }

    /// The same as the answer of an earlier time, if it is one: that is told whether or not anything else is.
    #[must_use]
    pub fn historical(mut self, historical: Option<Historical>) -> Self {
        if historical.is_some() {
            self.context.get_or_insert_default().historical = historical;
        }
        self
    }

    /// The denial of a batch's item that could not be asked.
    pub fn item_error(message: String) -> Self {
        let error = Some(ItemError { status: 400, message });
        Self { decision: false, context: Some(AnswerContext { error, ..AnswerContext::default() }) }
    }
}

impl ExplanationAnswer {
    /// The explanation of an answer, as far as `detail` says.
    pub fn of(answer: &Answer, detail: Detail) -> Option<Self> {
        match detail {
            Detail::None => None,
            Detail::Reason => Some(Self::from(&answer.reason(), None)),
            Detail::Full => {
                let explanation = answer.explain();
                let facts = FactualAnswer::of(&explanation, &answer.bundle.digest, answer.revision);
                Some(Self::from(&explanation, Some(facts)))
            }
        }
    }

    fn from(explanation: &Explanation, facts: Option<FactualAnswer>) -> Self {
        Self { code: explanation.code.name(), reason_user: Text { en: explanation.reason_user.clone() }, facts }
    }
}

impl FactualAnswer {
    fn of(explanation: &Explanation, bundle: &str, revision: u64) -> Self {
        Self {
            reason_admin: Text { en: explanation.reason_admin.clone() },
            policies: explanation.policies.iter().map(|policy| PolicyAnswer::of(policy)).collect(),
            near_misses: explanation.near_misses.iter().map(NearMissAnswer::of).collect(),
            bundle: bundle.to_owned(),
            revision,
        }
    }
}

impl PolicyAnswer {
    fn of(policy: &Policy) -> Self {
        Self {
            id: policy.id.to_string(),
            effect: policy.effect_name(),
            title: policy.title.to_string(),
            rules: strings(&policy.rules),
            readings: strings(&policy.readings),
            at: policy.at.short(),
        }
    }
}

impl NearMissAnswer {
    fn of(near_miss: &NearMiss) -> Self {
        Self {
            policy: PolicyAnswer::of(near_miss.policy),
            missing: near_miss.missing.iter().map(MissingAnswer::of).collect(),
        }
    }
}

impl MissingAnswer {
    fn of(missing: &Missing) -> Self {
        Self {
            clause: missing.clause.clone(),
            at: missing.at.short(),
            found: missing.finding.found.clone(),
            change: missing.finding.change.clone(),
        }
    }
}

fn strings(names: &[std::sync::Arc<str>]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
