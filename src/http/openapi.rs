//! The OpenAPI document: derived from handlers and wire types, so that it cannot drift from them.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use utoipa::OpenApi;

use super::{health::JSON, router, service::Service};

/// What stands above the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "mandat",
        description = "Who may act for whom, and on what terms. Decisions are asked by AuthZEN 1.0: a denial is \
            an answer with status 200; errors have a JSON string as their body."
    ),
    tags(
        (name = "AuthZEN", description = "Decisions and discovery, AuthZEN Authorization API 1.0"),
        (name = "Facts", description = "What is known, and how it changes"),
        (name = "Decisions", description = "What was decided, for auditors"),
        (name = "Operation", description = "Health, metrics, this document")
    )
)]
pub struct Head;

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    router::routes().into_openapi()
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "Operation", responses((status = 200, description = "The OpenAPI document", body = Object)))]
pub async fn openapi(State(service): State<Arc<Service>>) -> impl IntoResponse {
    (JSON, service.openapi.clone())
}
