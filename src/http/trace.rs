//! By what a caller finds its request again: `X-Request-ID` and the trace it belongs to.
//!
//! Both go back as they came, on errors too, and into the log. None is made up where none came: an answer
//! carries what the caller can use. What is too long or no plain text is neither echoed nor logged.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Longest value that is kept, in bytes.
const MAX_LENGTH: usize = 200;

/// What a request says about itself.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    request_id: Option<HeaderValue>,
    traceparent: Option<HeaderValue>,
}

impl Trace {
    /// Reads it from a request's head.
    pub fn of(headers: &HeaderMap) -> Self {
        let kept = |name| headers.get(name).filter(|value| is_plain(value)).cloned();
        Self { request_id: kept(REQUEST_ID), traceparent: kept(TRACEPARENT) }
    }

    /// Sends it back.
    pub fn echo(self, headers: &mut HeaderMap) {
        headers.extend(self.request_id.map(|value| (REQUEST_ID, value)));
        headers.extend(self.traceparent.map(|value| (TRACEPARENT, value)));
    }

    /// The request's id, for the log.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref()?.to_str().ok()
    }

    /// The trace and span it belongs to, for the log.
    pub fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_ref()?.to_str().ok()
    }
}

fn is_plain(value: &HeaderValue) -> bool {
    value.len() <= MAX_LENGTH && value.to_str().is_ok()
}
