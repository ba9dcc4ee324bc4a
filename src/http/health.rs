//! Whether the service lives, whether it can answer, and what it has counted.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    error::{Error, Message},
    recording,
    reload::{Reloads, answer::LastReload},
    service::Service,
};
use crate::facts::{Freshness, Unavailable};

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
    /// What came of the last reload of the bundle; left out where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reload: Option<LastReload>,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "Operation", responses((status = 200, description = "The process answers", body = Message)))]
pub async fn healthz() -> impl IntoResponse {
    (JSON, "\"alive\"")
}

/// Why a service is not ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotReady {
    /// What is the matter.
    pub reason: String,
    /// How long ago the store was asked for the last time what its newest revision is, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_ms_ago: Option<u64>,
}

/// A bundle is active and the facts are known to be fresh enough.
#[utoipa::path(
    get, path = "/readyz", tag = "Operation",
    responses(
        (status = 200, description = "Decisions can be asked", body = Ready),
        (status = 503, description = "No bundle is active yet, the facts cannot be read, or nobody can tell how fresh they are", body = NotReady)
    )
)]
pub async fn readyz(State(service): State<Arc<Service>>) -> Response {
    let active = match service.active() {
        Ok(active) => active,
        Err(error) => return not_ready(error.message.into_owned(), None),
    };
    let freshness = active.engine().facts().freshness();
    let checked_ms_ago = match freshness {
        Freshness::Current | Freshness::Parted => None,
        Freshness::Checked(ago) | Freshness::Unknown(ago) => u64::try_from(ago.as_millis()).ok(),
    };
    match active.moment() {
        Ok(moment) => {
            let (bundle, revision) = (moment.bundle.digest.clone(), moment.revision());
            let last = service.reloads.as_ref().and_then(Reloads::last);
            let last_reload = last.as_deref().map(LastReload::from);
            axum::Json(Ready { bundle, revision, checked_ms_ago, last_reload }).into_response()
        }
        Err(unavailable) => not_ready(reason(freshness, unavailable), checked_ms_ago),
    }
}

fn reason(freshness: Freshness, unavailable: Unavailable) -> String {
    match freshness {
        Freshness::Unknown(_) => {
            "the store has not answered for longer than `max_staleness_ms` allows; what is known may be out of date".to_owned()
        }
        Freshness::Parted => {
            "the store has lost commits that answers were given on: it was restored, or a copy took over; restart the service"
                .to_owned()
        }
        // The facts' own words can name entities.
        Freshness::Current | Freshness::Checked(_) => Error::from(unavailable).message.into_owned(),
    }
}

fn not_ready(reason: String, checked_ms_ago: Option<u64>) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, axum::Json(NotReady { reason, checked_ms_ago })).into_response()
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
    let mut text = service.meters.render();
    if let Some(recorder) = service.active().ok().and_then(|active| active.recorder.as_ref()) {
        text.push_str(&recording::metrics(recorder));
    }
    (PROMETHEUS, text)
}
