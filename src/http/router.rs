//! Routes, by path for the router and by name for the counters.

use std::sync::Arc;

use axum::{Router, http::StatusCode, middleware::from_fn_with_state};
use utoipa::OpenApi as _;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    authzen,
    callers::{
        access::{Access, Operation},
        gate::gate,
    },
    decisions,
    error::Error,
    facts, health, metadata, openapi, quotes, reload, search,
    service::Service,
    transactions,
};

/// A route, or any other path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// One question.
    Evaluation,
    /// Several questions.
    Evaluations,
    /// Who may.
    SearchSubject,
    /// What may be acted on.
    SearchResource,
    /// What may be done.
    SearchAction,
    /// What an order costs.
    Quotes,
    /// Changing facts.
    Transactions,
    /// One entity of the facts.
    Facts,
    /// What was decided.
    Decisions,
    /// One record of what was decided.
    Decision,
    /// Another bundle.
    Reload,
    /// AuthZEN's discovery document.
    Configuration,
    /// Whether the process answers.
    Healthz,
    /// Whether decisions can be asked.
    Readyz,
    /// What was counted.
    Metrics,
    /// The OpenAPI document.
    OpenApi,
    /// No route of ours.
    Other,
}

impl Route {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::Evaluation,
        Self::Evaluations,
        Self::SearchSubject,
        Self::SearchResource,
        Self::SearchAction,
        Self::Quotes,
        Self::Transactions,
        Self::Facts,
        Self::Decisions,
        Self::Decision,
        Self::Reload,
        Self::Configuration,
        Self::Healthz,
        Self::Readyz,
        Self::Metrics,
        Self::OpenApi,
        Self::Other,
    ];

    /// Its path; what is no route of ours is counted under one name, whatever callers try.
    pub fn path(self) -> &'static str {
        match self {
            Self::Evaluation => "/access/v1/evaluation",
            Self::Evaluations => "/access/v1/evaluations",
            Self::SearchSubject => "/access/v1/search/subject",
            Self::SearchResource => "/access/v1/search/resource",
            Self::SearchAction => "/access/v1/search/action",
            Self::Quotes => "/v1/quotes",
            Self::Transactions => "/v1/transactions",
            Self::Facts => "/v1/facts/{type}/{id}",
            Self::Decisions => "/v1/decisions",
            Self::Decision => "/v1/decisions/{id}",
            Self::Reload => "/v1/bundle/reload",
            Self::Configuration => "/.well-known/authzen-configuration",
            Self::Healthz => "/healthz",
            Self::Readyz => "/readyz",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::Other => "other",
        }
    }

    /// Who reaches it.
    pub fn access(self) -> Access {
        match self {
            // An earlier answer is a decision that is read: the handler looks again which of the two is wanted.
            Self::Evaluation | Self::Evaluations => Access::Needs(&[Operation::Evaluate, Operation::ReadDecisions]),
            Self::SearchSubject | Self::SearchResource | Self::SearchAction => Access::Needs(&[Operation::Search]),
            Self::Quotes => Access::Needs(&[Operation::Quote]),
            // Whoever may not write facts as it likes may change what a decision allows: the handler looks again.
            Self::Transactions => Access::Needs(&[Operation::Evaluate, Operation::WriteFacts]),
            Self::Facts => Access::Needs(&[Operation::ReadFacts]),
            Self::Decisions | Self::Decision => Access::Needs(&[Operation::ReadDecisions]),
            Self::Reload => Access::Needs(&[Operation::ReloadBundle]),
            Self::Configuration | Self::Healthz | Self::Readyz | Self::OpenApi => Access::Open,
            // How often what was decided is a part of what was decided; a monitor beside the service needs no token.
            Self::Metrics => Access::NeedsFromAfar(&[Operation::ReadDecisions]),
            Self::Other => Access::Closed,
        }
    }

    /// Whether its errors are RFC 9457 problems; on the others they are AuthZEN's message strings.
    pub fn has_problems(self) -> bool {
        self.path().starts_with("/v1/")
    }

    /// The route of a path.
    pub fn of(path: &str) -> Self {
        let known = Self::ALL.into_iter().find(|route| route.path() == path);
        let within = [("/v1/facts/", Self::Facts), ("/v1/decisions/", Self::Decision)];
        let beneath = || within.into_iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, route)| route);
        known.or_else(beneath).unwrap_or(Self::Other)
    }
}

/// Every route with its documentation.
pub fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::with_openapi(openapi::Head::openapi())
        .routes(routes!(authzen::evaluation))
        .routes(routes!(authzen::evaluations))
        .routes(routes!(search::subjects))
        .routes(routes!(search::resources))
        .routes(routes!(search::actions))
        .routes(routes!(quotes::quotes))
        .routes(routes!(transactions::transactions))
        .routes(routes!(facts::entity))
        .routes(routes!(decisions::decisions))
        .routes(routes!(decisions::decision))
        .routes(routes!(reload::reload))
        .routes(routes!(metadata::configuration))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(openapi::openapi))
}

/// The router of a service.
pub fn router(service: Arc<Service>) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .fallback(|| async { Error::new(StatusCode::NOT_FOUND, "no such route; `/openapi.json` lists them") })
        .method_not_allowed_fallback(|| async {
            Error::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this route does not take that method; `/openapi.json` lists what it takes",
            )
        })
        .route_layer(from_fn_with_state(service.clone(), gate))
        .with_state(service)
}

#[cfg(test)]
mod tests {
    use super::{Route, routes};

    #[test]
    fn every_documented_route_is_counted_under_its_name_and_the_other_way_round() {
        let document = routes().into_openapi();
        let documented: Vec<&str> = document.paths.paths.keys().map(String::as_str).collect();
        let mut named: Vec<&str> =
            Route::ALL.iter().map(|route| route.path()).filter(|path| path.starts_with('/')).collect();
        named.sort_unstable();
        assert_eq!(documented, named);
    }
}
