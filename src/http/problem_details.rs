//! Errors of our own routes: RFC 9457 problems, with the path of the field at fault.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::Error;
use crate::pricing::order::{Mistake, Rejected};

/// `application/problem+json`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// Which kind of problem: `urn:mandat:problem:` and a stable name.
    pub r#type: String,
    /// The kind in words.
    pub title: String,
    /// HTTP's status, again.
    pub status: u16,
    /// What is wrong, and what is expected.
    pub detail: String,
    /// The path of the field at fault, such as `lines[0].quantity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl ProblemDetails {
    /// A problem of a kind.
    pub fn new(name: &str, status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            r#type: format!("urn:mandat:problem:{name}"),
            title: name.replace('-', " "),
            status: status.as_u16(),
            detail: detail.into().into_owned(),
            field: None,
        }
    }
}

/// What cannot be understood is 400; what is understood and has no price is 422.
fn status(mistake: Mistake) -> StatusCode {
    match mistake {
        Mistake::Form => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl From<Rejected> for ProblemDetails {
    fn from(rejected: Rejected) -> Self {
        let detail = rejected.to_string();
        Self { field: Some(rejected.field), ..Self::new(rejected.kind.name(), status(rejected.kind), detail) }
    }
}

impl From<Error> for ProblemDetails {
    fn from(error: Error) -> Self {
        let name = match error.status {
            StatusCode::BAD_REQUEST => "invalid-form",
            StatusCode::UNAUTHORIZED => "unauthenticated",
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::REQUEST_TIMEOUT => "too-slow",
            StatusCode::PAYLOAD_TOO_LARGE => "too-large",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "encoded-body",
            StatusCode::SERVICE_UNAVAILABLE => "unavailable",
            _ => "failure",
        };
        Self::new(name, error.status, error.message)
    }
}

impl IntoResponse for ProblemDetails {
    fn into_response(self) -> Response<Body> {
        // Texts and a number can always be written.
        let text = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE.as_u16() {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        response
    }
}
