//! AuthZEN discovery: where the decision point is and what it answers.
//!
//! Parameters that would be empty are left out, as the specification asks; so there are no
//! `capabilities` as long as none of the registered ones is ours.

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::{health::JSON, router::Route, service::Service};

/// The discovery document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Configuration {
    /// The URL this document is discovered from, without `/.well-known/…`.
    pub policy_decision_point: String,
    /// Where one evaluation is asked.
    pub access_evaluation_endpoint: String,
    /// Where several are asked at once.
    pub access_evaluations_endpoint: String,
    /// Where subjects are searched.
    pub search_subject_endpoint: String,
    /// Where resources are searched.
    pub search_resource_endpoint: String,
    /// Where actions are searched.
    pub search_action_endpoint: String,
}

impl Configuration {
    /// The document of a service that is reached under `base`.
    pub fn of(base: &str) -> Self {
        let base = base.trim_end_matches('/');
        let endpoint = |route: Route| format!("{base}{}", route.path());
        Self {
            policy_decision_point: base.to_owned(),
            access_evaluation_endpoint: endpoint(Route::Evaluation),
            access_evaluations_endpoint: endpoint(Route::Evaluations),
            search_subject_endpoint: endpoint(Route::SearchSubject),
            search_resource_endpoint: endpoint(Route::SearchResource),
            search_action_endpoint: endpoint(Route::SearchAction),
        }
    }
}

/// The discovery document of this service.
#[utoipa::path(
    get, path = "/.well-known/authzen-configuration", tag = "AuthZEN",
    responses((status = 200, description = "Where this decision point answers", body = Configuration))
)]
pub async fn configuration(State(service): State<Arc<Service>>) -> impl IntoResponse {
    (JSON, service.configuration.clone())
}
