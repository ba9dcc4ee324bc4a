//! Callers who are not served: what the log and the metrics learn, and how little they themselves do.
//!
//! A token that is unknown, expired or taken back gets one and the same answer, so that a stranger who tries tokens
//! learns nothing from it. Which it was stands in the log, with the token's public id and never with its secret.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use super::access::Operation;
use crate::{
    decision::access::Undeclared,
    http::{error::Error, problem_details::ProblemDetails, router::Route},
};

/// Why a caller is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No token came.
    Missing,
    /// What came has not the form of a token.
    Malformed,
    /// There is no such token.
    Unknown,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
    /// The policies do not permit its service to do that.
    Forbidden,
    /// The bundle does not say who may do that.
    Undeclared,
    /// The store has not told which tokens are good for too long.
    Stale,
}

impl Reason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Missing,
        Self::Malformed,
        Self::Unknown,
        Self::Revoked,
        Self::Expired,
        Self::Forbidden,
        Self::Undeclared,
        Self::Stale,
    ];

    /// Its name in the log and the metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Forbidden => "forbidden",
            Self::Undeclared => "undeclared",
            Self::Stale => "stale",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Missing | Self::Malformed | Self::Unknown | Self::Revoked | Self::Expired => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Undeclared => StatusCode::FORBIDDEN,
            Self::Stale => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What RFC 6750 has the caller told, beside the status.
    fn challenge(self) -> Option<&'static str> {
        match self {
            Self::Missing => Some(r#"Bearer realm="mandat""#),
            Self::Malformed | Self::Unknown | Self::Revoked | Self::Expired => {
                Some(r#"Bearer realm="mandat", error="invalid_token""#)
            }
            Self::Forbidden | Self::Undeclared => Some(r#"Bearer realm="mandat", error="insufficient_scope""#),
            Self::Stale => None,
        }
    }
}

/// A caller who is not served.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The id of a token that was good, or once was; public.
    pub token: Option<String>,
    message: String,
}

impl Refusal {
    /// A caller who has not shown who it is.
    pub fn unauthenticated(reason: Reason, token: Option<String>) -> Self {
        let message = match reason {
            Reason::Missing => "callers show a token: send `Authorization: Bearer` with the one of your service",
            Reason::Stale => "it cannot be told at the moment which tokens are good",
            _ => "the token is not good, or no longer; ask whoever runs this service for another one",
        };
        Self { reason, token, message: message.to_owned() }
    }

    /// A service that is known and may not do that.
    pub fn forbidden(operations: &[Operation], token: &str) -> Self {
        let names: Vec<String> = operations.iter().map(|operation| format!("`{}`", operation.name())).collect();
        let message = format!("the roles of this token do not permit {}", names.join(" or "));
        Self { reason: Reason::Forbidden, token: Some(token.to_owned()), message }
    }

    /// A bundle that has no words for it.
    pub fn undeclared(undeclared: &Undeclared, token: &str) -> Self {
        Self { reason: Reason::Undeclared, token: Some(token.to_owned()), message: undeclared.to_string() }
    }

    /// A route that nobody is let to.
    pub fn closed() -> Self {
        Self { reason: Reason::Undeclared, token: None, message: "nobody may ask for this".to_owned() }
    }

    /// The answer, in the form of its route.
    pub fn respond(self, route: Route) -> Response {
        let challenge = self.reason.challenge();
        let error = Error::new(self.reason.status(), self.message);
        let mut response =
            if route.has_problems() { ProblemDetails::from(error).into_response() } else { error.into_response() };
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
