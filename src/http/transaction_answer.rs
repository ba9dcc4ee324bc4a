//! The answer to a transaction, as it goes over the wire and is kept under the caller's key.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::{DecisionAnswer, Detail, ExplanationAnswer},
    problem_details::ProblemDetails,
    wire::Entity,
};
use crate::{
    engine::{
        Answer,
        transact::{Broken, Outcome},
    },
    facts::{
        Unavailable,
        store::{Dangling, Revision},
    },
};

/// How a transaction came out.
#[derive(Debug, Serialize)]
struct TransactionAnswer {
    committed: bool,
    revision: Revision,
    evaluations: Vec<DecisionAnswer>,
    obligations: Vec<String>,
}

/// How a transaction came out.
#[derive(ToSchema)]
#[schema(as = TransactionAnswer)]
#[expect(dead_code, reason = "describes `TransactionAnswer` for the document, under another name than the request's")]
pub struct TransactionDocument {
    /// Whether everything was allowed and is kept.
    committed: bool,
    /// The revision that it made; of a denial the one that it was decided on.
    revision: u64,
    /// The decisions in the order asked; of a denial with their explanations.
    evaluations: Vec<DecisionAnswer>,
    /// What the caller must do, of all decisions together.
    obligations: Vec<String>,
}

/// A problem, with the invariants that would be broken.
#[derive(Debug, Serialize)]
struct BrokenProblem {
    #[serde(flatten)]
    problem: ProblemDetails,
    broken: Vec<BrokenAnswer>,
}

/// An entity that would not keep its invariants.
#[derive(Debug, Serialize)]
struct BrokenAnswer {
    /// For callers that may read facts: an invariant may look through entities that nobody has named.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<Entity>,
    explanation: Option<ExplanationAnswer>,
}

/// Status and body of an outcome, explained as far as `detail` says.
///
/// # Errors
/// The body cannot be written.
pub fn text(outcome: &Outcome, revision: Revision, detail: Detail) -> Result<(u16, String), Unavailable> {
    match outcome {
        Outcome::Committed { answers, .. } => {
            json(StatusCode::OK, &TransactionAnswer::of(true, revision, answers, Detail::None))
        }
        Outcome::Denied { answers } => json(StatusCode::OK, &TransactionAnswer::of(false, revision, answers, detail)),
        Outcome::Broken(broken) => json(StatusCode::UNPROCESSABLE_ENTITY, &BrokenProblem::of(broken, detail)),
        Outcome::Dangling(dangling) => {
            let problem =
                ProblemDetails::new("dangling-reference", StatusCode::UNPROCESSABLE_ENTITY, told(dangling, detail));
            json(StatusCode::UNPROCESSABLE_ENTITY, &problem)
        }
        Outcome::Unmakeable { change, reason } => {
            let field = Some(format!("changes[{change}]"));
            let detail = format!("changes[{change}]: {reason}");
            let problem = ProblemDetails::new("impossible-change", StatusCode::UNPROCESSABLE_ENTITY, detail);
            json(StatusCode::UNPROCESSABLE_ENTITY, &ProblemDetails { field, ..problem })
        }
        Outcome::Passed { revision } => {
            let detail = format!("the facts are at revision {revision}; read them again and decide anew");
            let problem = ProblemDetails::new("revision-passed", StatusCode::CONFLICT, detail);
            json(StatusCode::CONFLICT, &ProblemDetails { field: Some("if_revision".to_owned()), ..problem })
        }
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Result<(u16, String), Unavailable> {
    let text =
        serde_json::to_string(body).map_err(|error| Unavailable(format!("no answer can be written: {error}")))?;
    Ok((status.as_u16(), text))
}

/// What refers to nothing, in words.
fn told(dangling: &[Dangling], detail: Detail) -> String {
    const REMEDY: &str = "put what is referred to, or take the reference away first";
    if detail != Detail::Full {
        return format!("something would refer to what does not exist; {REMEDY}");
    }
    let told = |dangling: &Dangling| {
        let through = if dangling.path.is_empty() { "a parent" } else { &dangling.path };
        format!("{} refers to {} by {through}, which would not exist", dangling.from, dangling.to)
    };
    let told: Vec<String> = dangling.iter().map(told).collect();
    format!("{}; {REMEDY}", told.join("; "))
}

impl TransactionAnswer {
    fn of(committed: bool, revision: Revision, answers: &[Answer], detail: Detail) -> Self {
        let mut obligations: Vec<String> = answers
            .iter()
            .filter(|_| committed)
            .flat_map(|answer| answer.decision.obligations.iter().map(ToString::to_string))
            .collect();
        obligations.sort_unstable();
        obligations.dedup();
        let evaluations = answers.iter().map(|answer| DecisionAnswer::of(answer, detail)).collect();
        Self { committed, revision, evaluations, obligations }
    }
}

impl BrokenProblem {
    fn of(broken: &[Broken], detail: Detail) -> Self {
        let named = detail == Detail::Full;
        let entity =
            |broken: &Broken| Entity { r#type: broken.entity_type.clone(), id: broken.id.clone(), properties: None };
        let answers = broken.iter().map(|broken| BrokenAnswer {
            entity: named.then(|| entity(broken)),
            explanation: ExplanationAnswer::of(&broken.answer, detail),
        });
        let told = broken.iter().map(|broken| {
            let reason = broken.answer.reason();
            let titles: Vec<&str> = reason.policies.iter().map(|policy| &*policy.title).collect();
            let id = if named { format!(" {}", broken.id) } else { String::new() };
            format!("{}{id}: {}", broken.entity_type, titles.join("; "))
        });
        let detail = told.collect::<Vec<_>>().join("; ");
        let problem = ProblemDetails::new("broken-invariant", StatusCode::UNPROCESSABLE_ENTITY, detail);
        Self { problem, broken: answers.collect() }
    }
}
