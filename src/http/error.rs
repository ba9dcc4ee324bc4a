//! Answers that are no decision: a status and one sentence.
//!
//! AuthZEN asks for "an error message string" as the body. It is sent as a JSON string, because every
//! other answer on these routes is JSON: a caller that parses all it gets does not stumble over the one
//! answer that tells what went wrong. Internals are logged where they happen; what is sent is safe text.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};

use super::wire;
use crate::{decision::Refusal, engine::past::NoPast, facts::Unavailable, request::Invalid};

/// One sentence, as a JSON string.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body that `Error` sends")]
pub struct Message(String);

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// HTTP's word for it.
    pub status: StatusCode,
    /// What is wrong, with the field's path where one is at fault.
    pub message: Cow<'static, str>,
}

impl Error {
    /// An error with its status.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, message: message.into() }
    }

    /// The caller's mistake.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// Not now, and never an Allow.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::bad_request(wire::in_wire_words(invalid).to_string())
    }
}

impl From<Unavailable> for Error {
    fn from(Unavailable(reason): Unavailable) -> Self {
        tracing::warn!("the facts cannot be read; the request is answered 503");
        // The reason can name entities, and the names of persons stay out of the log at this level.
        tracing::debug!(facts.reason = reason, "why the facts cannot be read");
        Self::unavailable("the facts cannot be read at the moment")
    }
}

impl From<NoPast> for Error {
    fn from(reason: NoPast) -> Self {
        match reason {
            NoPast::Future(_) | NoPast::NoStore | NoPast::Before(_) => {
                Self::bad_request(format!("options.as_of: {reason}"))
            }
            NoPast::Unavailable(unavailable) => unavailable.into(),
            NoPast::Unloadable { digest, problems } => {
                tracing::error!(bundle.digest = digest, bundle.problems = %problems, "a kept bundle cannot be loaded");
                let message = "the bundle that was in force then cannot be loaded any more";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
            }
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(invalid) => invalid.into(),
            Refusal::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response<Body> {
        let text = serde_json::Value::String(self.message.into_owned()).to_string();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        response
    }
}
