//! Inquiries about an earlier time: the moment of then, and answers that say so.
//!
//! Nobody acts on such an answer. It carries the time, the bundle and the revision in `context.historical` and in its
//! headers, whatever else was asked for, so that it is taken for no answer of now.

use std::sync::Arc;

use axum::{
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use jiff::Timestamp;
use tokio::task::spawn_blocking;

use super::{Inquiry, now};
use crate::{
    http::{
        active::Active, answer::Historical, callers::Caller, error::Error, service::Service, trace::Trace,
        wire::Options,
    },
    request::Circumstances,
};

const AS_OF: HeaderName = HeaderName::from_static("x-mandat-as-of");

/// What is asked about is an earlier time.
pub(super) struct Past {
    as_of: Timestamp,
    /// Whether the caller may see facts.
    pub(super) sees_facts: bool,
}

impl<'s> Inquiry<'s> {
    /// Takes the moment and the time that a caller wants.
    ///
    /// # Errors
    /// The facts cannot be read, the revision is not known in time, or nothing can be told of that time.
    pub async fn wanted(
        service: &'s Arc<Service>,
        active: &Active,
        caller: Caller,
        trace: Trace,
        options: Options,
    ) -> Result<Self, Error> {
        match options.as_of {
            Some(at) => Self::as_of(service, active, caller, trace, at).await,
            None => Self::begin(service, active, caller, trace, options.at_least_revision).await,
        }
    }

    /// Takes the moment of an earlier time, where the wait for the store or for a bundle to be loaded holds up no other
    /// request; the deadline counts from then on.
    async fn as_of(
        service: &'s Arc<Service>,
        active: &Active,
        caller: Caller,
        trace: Trace,
        at: Timestamp,
    ) -> Result<Self, Error> {
        let waiting = service.clone();
        let taking = spawn_blocking(move || Ok(waiting.active()?.engine().as_of(at, now())?));
        let moment = taking.await.unwrap_or_else(|error| {
            tracing::error!(past.error = %error, "an earlier time could not be looked at");
            Err(Error::new(StatusCode::INTERNAL_SERVER_ERROR, "that time could not be looked at"))
        })?;
        let past = Past { as_of: at, sees_facts: caller.sees_facts(&active.bundle(), now()) };
        let circumstances = Circumstances { now: at, trust_caller_clock: false };
        // It is recorded at the time of the answer, as one about that time.
        let mut inquiry = Self::with(service, active, caller, trace, moment);
        inquiry.pen.is_of(at);
        Ok(Self { circumstances, past: Some(past), ..inquiry })
    }

    pub(super) fn stamp_past(&self, response: &mut Response) {
        let as_of = self.past.as_ref().and_then(|past| HeaderValue::from_str(&past.as_of.to_string()).ok());
        if let Some(as_of) = as_of {
            response.headers_mut().insert(AS_OF, as_of);
        }
    }

    /// What an answer says of the past that it is from.
    pub(super) fn historical(&self) -> Option<Historical> {
        self.past.as_ref().map(|past| Historical::of(past.as_of, &self.moment))
    }
}
