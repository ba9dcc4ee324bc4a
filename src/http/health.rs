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
use crate::facts::Freshness;

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
    /// How long ago the store was asked whether that is the newest, in milliseconds; left out where facts come from a
    /// file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_ms_ago: Option<u64>,
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
    let checked_ms_ago = match service.active()?.engine().facts().freshness() {
        Freshness::Current => None,
        Freshness::Checked(ago) | Freshness::Unknown(ago) => u64::try_from(ago.as_millis()).ok(),
    };
    Ok(axum::Json(Ready { bundle: moment.bundle.digest.clone(), revision: moment.revision(), checked_ms_ago }))
}

/// Decisions, evaluation errors, requests and their times.
#[utoipa::path(
    get, path = "/metrics", tag = "Operation",
    responses(
        (status = 200, description = "Metrics in Prometheus' text form", body = String, content_type = "text/plain"),
        (status = 401, description = "From another machine: no token, or one that is not good", body = Message),
        (status = 403, description = "From another machine: the roles of the token do not permit this", body = Message),
        (status = 503, description = "From another machine: nobody is known yet", body = Message)
    )
)]
pub async fn metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    (PROMETHEUS, service.meters.render())
}
