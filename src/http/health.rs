//! Whether the service lives, whether it can answer, and what it has counted.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    error::{Error, Message},
    service::Service,
};

/// The header of an answer in JSON.
pub const JSON: [(HeaderName, HeaderValue); 1] = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];

const PROMETHEUS: [(HeaderName, HeaderValue); 1] =
    [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"))];

/// What a service that is ready answers from.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// Digest of the bundle in force.
    pub bundle: String,
    /// Revision of the facts.
    pub revision: u64,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "Operation", responses((status = 200, description = "The process answers", body = Message)))]
pub async fn healthz() -> impl IntoResponse {
    (JSON, "\"alive\"")
}

/// A bundle is active and the facts can be read.
#[utoipa::path(
    get, path = "/readyz", tag = "Operation",
    responses(
        (status = 200, description = "Decisions can be asked", body = Ready),
        (status = 503, description = "No bundle is active yet, or the facts cannot be read", body = Message)
    )
)]
pub async fn readyz(State(service): State<Arc<Service>>) -> Result<impl IntoResponse, Error> {
    let moment = service.active()?.moment()?;
    Ok(axum::Json(Ready { bundle: moment.bundle.digest.clone(), revision: moment.revision() }))
}

/// Decisions, evaluation errors, requests and their times.
#[utoipa::path(
    get, path = "/metrics", tag = "Operation",
    responses((status = 200, description = "Metrics in Prometheus' text form", body = String, content_type = "text/plain"))
)]
pub async fn metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    (PROMETHEUS, service.meters.render())
}
