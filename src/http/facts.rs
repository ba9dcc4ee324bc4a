//! Reading facts over HTTP, one entity at a time.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use super::{error::Error, inquiry::stamp, problem_details::ProblemDetails, service::Service};

/// An entity as it is stored: Cedar's entity JSON.
#[utoipa::path(
    get, path = "/v1/facts/{type}/{id}", tag = "Facts",
    params(
        ("type" = String, Path, description = "Entity type as the schema spells it"),
        ("id" = String, Path, description = "Identifier, percent-encoded")
    ),
    responses(
        (status = 200, description = "The entity", body = Object),
        (status = 400, description = "The path is no UTF-8", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that is not good", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "The roles of the token do not permit this", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 404, description = "The facts have no such entity", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "No bundle is active, or the facts cannot be read", body = ProblemDetails, content_type = "application/problem+json")
    )
)]
pub async fn entity(
    State(service): State<Arc<Service>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, ProblemDetails> {
    let Path((entity_type, id)) =
        path.map_err(|rejected| Error::bad_request(format!("the path: {}", rejected.body_text())))?;
    let active = service.active()?;
    let moment = active.moment().map_err(Error::from)?;
    let unknown = || ProblemDetails::new("unknown-entity", StatusCode::NOT_FOUND, "the facts have no such entity");
    let json = moment.fact(&entity_type, &id).map_err(Error::from)?.ok_or_else(unknown)?;
    let mut response = Json(json).into_response();
    stamp(&mut response, active.dress(&moment).digest.clone(), moment.revision());
    Ok(response)
}
