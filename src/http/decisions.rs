//! The decision log over HTTP, for auditors: records by what they are about, and one by its name.
//!
//! Reading takes from the same disk that answers are recorded on, so a page ends after half of a request's time and goes on
//! with its token.

mod filter;

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
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use self::filter::{Filter, bad};
use super::{error::Error, problem_details::ProblemDetails, service::Service};
use crate::audit::{
    Failed,
    ledger::Ledger,
    proof::{self, Proof},
    query,
};

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
    parameters: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, ProblemDetails> {
    let Query(parameters) = parameters.map_err(|_| bad("the query: expected parameters, percent-encoded"))?;
    let filter = Filter::read(parameters)?;
    let (limit, after, query) = (filter.page(), filter.token(), filter.query()?);
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
