//! The decision log over HTTP, for auditors: records by what they are about, and one by its name.
//!
//! Reading takes from the same disk that answers are recorded on, so a page ends after half of a request's time and goes on
//! with its token.

use std::{sync::Arc, time::Instant};

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{error::Error, problem_details::ProblemDetails, service::Service};
use crate::audit::{
    Failed,
    ledger::Ledger,
    people::Person,
    proof::{self, Proof},
    query,
};

/// Most records of a page.
const PAGE: usize = 100;

/// What is looked for; what is left out may be anything.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Who asked to act, as `User::"u-1"`; found under its pseudonym too.
    subject: Option<String>,
    /// What was acted on, as `Organization::"o-1"`.
    resource: Option<String>,
    /// The action's name.
    action: Option<String>,
    /// Allow (`true`) or deny.
    decision: Option<bool>,
    /// `permitted`, `forbidden`, `not_permitted`, `not_applicable` or `evaluation_error`.
    code: Option<String>,
    /// `decision`, `search`, `quote`, `transaction`, `reload`, `lost`, `retention` or `erasure`.
    kind: Option<String>,
    /// The calling service.
    caller: Option<String>,
    /// A determining policy.
    policy: Option<String>,
    /// A rule that a determining policy stands for.
    rule: Option<String>,
    /// Not before this time (RFC 3339).
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Records of a page, 1 to 100.
    limit: Option<usize>,
    /// Where the page before ended.
    #[param(value_type = Option<String>)]
    token: Option<Uuid>,
}

/// A page of records, newest first.
#[derive(Serialize, ToSchema)]
pub struct Decisions {
    /// The records as they are stored.
    #[schema(value_type = Vec<Object>)]
    results: Vec<Box<RawValue>>,
    /// Asks for the next page; empty at the end. A page may be short before it.
    next_token: String,
}

/// A record with the proof that it is in the log.
#[derive(Serialize, ToSchema)]
pub struct DecisionRecord {
    /// The record as it is stored.
    #[schema(value_type = Object)]
    record: Box<RawValue>,
    /// The proof, which needs nothing but the public key.
    #[schema(value_type = Object)]
    proof: Proof,
}

/// What was decided, by whom it was asked, what it was about, how it came out, and when.
#[utoipa::path(
    get, path = "/v1/decisions", tag = "Decisions", params(Filter),
    responses(
        (status = 200, description = "A page of records, newest first", body = Decisions),
        (status = 400, description = "The query cannot be read; names the parameter", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that is not good", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "The roles of the token do not permit this", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "This service records nothing", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 500, description = "A failure of the service", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "No bundle is active, or the log cannot be read", body = ProblemDetails, content_type = "application/problem+json")
    )
)]
pub async fn decisions(
    State(service): State<Arc<Service>>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Response, ProblemDetails> {
    let Query(filter) = filter.map_err(|rejected| bad(&rejected.body_text()))?;
    let limit = filter.limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(bad(&format!("limit: {limit}, expected 1 to {PAGE}")));
    }
    let (after, query) = (filter.token, filter.query()?);
    let until = Instant::now() + service.settings.deadline() / 2;
    let page =
        on_ledger(&service, move |ledger| query::page(ledger, &query, after, limit, &mut || Instant::now() < until))
            .await?;
    let results = page.lines.into_iter().map(raw).collect::<Result<_, _>>()?;
    let next_token = page.next.map(|id| id.to_string()).unwrap_or_default();
    Ok(Json(Decisions { results, next_token }).into_response())
}

/// One record, with the proof that it is in the log.
#[utoipa::path(
    get, path = "/v1/decisions/{id}", tag = "Decisions",
    params(("id" = String, Path, description = "The record's name")),
    responses(
        (status = 200, description = "The record", body = DecisionRecord),
        (status = 400, description = "The path names no record", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that is not good", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "The roles of the token do not permit this", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "The log has no such record", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "This service records nothing", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 500, description = "A failure of the service", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "No bundle is active, or the log cannot be read", body = ProblemDetails, content_type = "application/problem+json")
    )
)]
pub async fn decision(
    State(service): State<Arc<Service>>,
    path: Result<Path<Uuid>, PathRejection>,
) -> Result<Response, ProblemDetails> {
    let Path(id) = path.map_err(|_| bad("the path: a record's name is a UUID"))?;
    let proof = on_ledger(&service, move |ledger| proof::prove(ledger, id)).await?.ok_or_else(|| {
        ProblemDetails::new("unknown-record", StatusCode::NOT_FOUND, "the log has no such record, or has it no more")
    })?;
    Ok(Json(DecisionRecord { record: raw(proof.line.clone())?, proof }).into_response())
}

impl Filter {
    fn query(self) -> Result<query::Query, ProblemDetails> {
        let Self { action, decision, code, kind, caller, policy, rule, from, until, .. } = self;
        let (subject, resource) = (entity("subject", self.subject)?, entity("resource", self.resource)?);
        Ok(query::Query { subject, resource, action, decision, code, kind, caller, policy, rule, from, until })
    }
}

/// As policies write it: `Type::"id"`.
fn entity(parameter: &str, text: Option<String>) -> Result<Option<Person>, ProblemDetails> {
    let Some(text) = text else { return Ok(None) };
    let parts = text.split_once("::\"").and_then(|(name, rest)| Some((name, rest.strip_suffix('"')?)));
    match parts {
        Some((name, id)) if !name.is_empty() => Ok(Some(Person { entity_type: name.to_owned(), id: id.to_owned() })),
        _ => Err(bad(&format!("{parameter}: names no entity; write Type::\"id\""))),
    }
}

async fn on_ledger<T: Send + 'static>(
    service: &Service,
    read: impl FnOnce(&dyn Ledger) -> Result<T, Failed> + Send + 'static,
) -> Result<T, ProblemDetails> {
    let Some(recorder) = service.active()?.recorder.clone() else {
        let detail = "this service records no decisions: `[audit] log` is off, or its facts come from a file";
        return Err(ProblemDetails::new("no-log", StatusCode::CONFLICT, detail));
    };
    let reading = tokio::task::spawn_blocking(move || read(&**recorder.ledger()));
    let failure = || Error::new(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be answered");
    reading.await.map_err(|_| failure())?.map_err(|Failed(reason)| {
        tracing::error!(audit.error = reason, "the decision log cannot be read");
        Error::unavailable("the decision log cannot be read at the moment").into()
    })
}

fn raw(line: String) -> Result<Box<RawValue>, ProblemDetails> {
    RawValue::from_string(line).map_err(|error| {
        tracing::error!(audit.error = %error, "a line of the decision log is no JSON; `mandat audit verify` tells more");
        Error::new(StatusCode::INTERNAL_SERVER_ERROR, "a record is not as it was written").into()
    })
}

fn bad(detail: &str) -> ProblemDetails {
    Error::bad_request(detail.to_owned()).into()
}
