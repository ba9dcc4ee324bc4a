//! One request's questions: one moment of bundle and facts, one time, one deadline.
//!
//! A batch is asked item by item. Between items the deadline is looked at, since deciding is computing
//! and nothing could interrupt it, and now and then others get their turn: a hundred explained items must
//! not make a single question wait (threat T17).

mod past;
mod search;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::Guard;
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use self::past::Past;
use super::{
    active::{Active, Dress},
    answer::{DecisionAnswer, Detail},
    callers::Caller,
    error::Error,
    problem_details::ProblemDetails,
    quote_answer::QuoteAnswer,
    service::Service,
    trace::Trace,
    wire::{self, Evaluation, Options, order::Asked},
};
use crate::{
    decision::{Decision, Refusal},
    engine::{
        Answer, Moment,
        quote::{Decided, NoQuote},
    },
    facts::store::Revision,
    pricing::order::{Mistake, Rejected},
    request::{Circumstances, Request},
};

const BUNDLE: HeaderName = HeaderName::from_static("x-mandat-bundle");
const REVISION: HeaderName = HeaderName::from_static("x-mandat-revision");

/// How long a batch computes before others get their turn.
const TURN: Duration = Duration::from_micros(200);

/// Questions that belong together.
pub struct Inquiry<'s> {
    service: &'s Service,
    dress: Guard<Arc<Dress>>,
    moment: Moment,
    caller: Caller,
    circumstances: Circumstances,
    begun: Instant,
    trace: Trace,
    past: Option<Past>,
}

impl<'s> Inquiry<'s> {
    /// Takes the moment and the time; the deadline counts from here. A caller that has seen a revision is never
    /// answered from an older one.
    ///
    /// # Errors
    /// The facts cannot be read, or that revision is not known in time.
    pub async fn begin(
        service: &'s Service,
        active: &Active,
        caller: Caller,
        trace: Trace,
        at_least: Option<u64>,
    ) -> Result<Self, Error> {
        if let Some(revision) = at_least {
            active.await_revision(revision, service.settings.revision_wait()).await?;
        }
        Self::newest(service, active, caller, trace)
    }

    /// The same on the newest known state of the facts.
    ///
    /// # Errors
    /// The facts cannot be read.
    pub fn newest(service: &'s Service, active: &Active, caller: Caller, trace: Trace) -> Result<Self, Error> {
        Ok(Self::with(service, active, caller, trace, active.moment()?))
    }

    /// The same on an earlier state of the facts, for what was begun on it.
    ///
    /// # Errors
    /// The facts cannot be read, or that state cannot be had any more.
    pub fn resume(
        service: &'s Service,
        active: &Active,
        caller: Caller,
        trace: Trace,
        revision: Revision,
    ) -> Result<Self, Error> {
        Ok(Self::with(service, active, caller, trace, active.moment_at(revision)?))
    }

    fn with(service: &'s Service, active: &Active, caller: Caller, trace: Trace, moment: Moment) -> Self {
        Self {
            dress: active.dress(&moment),
            circumstances: Circumstances { now: now(), trust_caller_clock: service.trust_caller_clock },
            begun: Instant::now(),
            service,
            moment,
            caller,
            trace,
            past: None,
        }
    }

    /// Answers one evaluation.
    ///
    /// # Errors
    /// It cannot be asked, the facts cannot be read, or the deadline has passed.
    pub fn single(&self, evaluation: Evaluation, options: Options) -> Result<Bytes, Error> {
        let request = wire::request(evaluation)?;
        let answer = self.text(&self.decide(&request)?, self.detail(options.explain))?;
        self.in_time()?;
        Ok(answer)
    }

    /// Answers a batch: `{"evaluations": […]}`, cut off after the deciding item where the options say so.
    ///
    /// # Errors
    /// The facts cannot be read, or the deadline has passed: then nothing of it is answered.
    pub async fn batch(&self, items: Vec<Value>, defaults: &Evaluation, options: Options) -> Result<Bytes, Error> {
        let mut answers = br#"{"evaluations":["#.to_vec();
        let detail = self.detail(options.explain);
        let mut turn = Instant::now();
        for item in items {
            if answers.last() == Some(&b'}') {
                answers.push(b',');
            }
            let (decision, answer) = self.item(item, defaults, detail)?;
            answers.extend_from_slice(&answer);
            self.in_time()?;
            if options.evaluations_semantic.ends_with(decision) {
                break;
            }
            if turn.elapsed() > TURN {
                tokio::task::yield_now().await;
                turn = Instant::now();
            }
        }
        answers.extend_from_slice(b"]}");
        Ok(answers.into())
    }

    /// Answers what an order costs.
    ///
    /// # Errors
    /// It cannot be priced or asked about, the facts cannot be read, or the deadline has passed.
    pub fn quote(&self, body: Value) -> Result<Bytes, ProblemDetails> {
        let Asked { order, explain } = wire::order::order(body, self.circumstances.now)?;
        let started = Instant::now();
        let quote = self.moment.quote(&order, &self.circumstances).map_err(no_quote)?;
        if let Some(Decided { request, answer }) = &quote.decision {
            let decision = &answer.decision;
            self.service.meters.decision(&self.dress.meters, &request.action, decision.code, started.elapsed());
            self.report(request, decision);
        }
        let answer =
            serde_json::to_vec(&QuoteAnswer::of(&quote, &order, explain, self.detail(true))).map_err(|error| {
                tracing::error!(answer.error = %error, "a quote cannot be written");
                Error::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written")
            })?;
        self.in_time()?;
        Ok(answer.into())
    }

    /// An item that cannot be asked is denied and says why; it does not fail the batch.
    fn item(&self, item: Value, defaults: &Evaluation, detail: Detail) -> Result<(bool, Bytes), Error> {
        let request = wire::item(item, defaults).and_then(wire::request);
        match request.map_err(Refusal::from).and_then(|request| {
            self.decide(&request).map(|answer| (answer.decision.allowed(), self.text(&answer, detail)))
        }) {
            Ok((decision, answer)) => Ok((decision, answer?)),
            Err(Refusal::Invalid(invalid)) => {
                let answer = DecisionAnswer::item_error(wire::in_wire_words(invalid).to_string());
                let answer = answer.historical(self.historical());
                Ok((false, json(&answer)?))
            }
            Err(unavailable) => Err(unavailable.into()),
        }
    }

    /// How much of an explanation the caller may see.
    fn detail(&self, explain: bool) -> Detail {
        if !explain {
            return Detail::None;
        }
        let sees_facts = match &self.past {
            // By the bundle of now: what a caller may see is not for rules of the past to say.
            Some(past) => past.sees_facts,
            None => self.caller.sees_facts(&self.moment.bundle, self.circumstances.now),
        };
        if sees_facts { Detail::Full } else { Detail::Reason }
    }

    fn decide(&self, request: &Request) -> Result<Answer<'_>, Refusal> {
        let started = Instant::now();
        let answer = self.moment.decide(request, &self.circumstances)?;
        if self.past.is_some() {
            // Nobody acts on it: it is counted among the requests, not among the decisions.
            return Ok(answer);
        }
        self.service.meters.decision(&self.dress.meters, &request.action, answer.decision.code, started.elapsed());
        self.report(request, &answer.decision);
        Ok(answer)
    }

    /// Names of persons go into the log only where somebody asked for that much of it.
    fn report(&self, request: &Request, decision: &Decision) {
        let (request_id, traceparent) = (self.trace.request_id(), self.trace.traceparent());
        for fault in &decision.faults {
            self.service.meters.fault(fault.forbid);
            let effect = if fault.forbid { "forbid" } else { "permit" };
            tracing::warn!(
                policy.id = fault.policy.to_string(),
                policy.effect = effect,
                decision.action = request.action,
                request.id = request_id,
                trace.parent = traceparent,
                "a policy could not be evaluated"
            );
            tracing::debug!(
                policy.id = fault.policy.to_string(),
                fault.reason = fault.message,
                "why a policy could not be evaluated"
            );
        }
        tracing::debug!(
            decision.result = decision.code.name(),
            decision.action = request.action,
            principal.r#type = request.principal.entity_type,
            principal.id = request.principal.id,
            resource.r#type = request.resource.entity_type,
            resource.id = request.resource.id,
            request.id = request_id,
            trace.parent = traceparent,
            "a question was decided"
        );
    }

    fn in_time(&self) -> Result<(), Error> {
        let deadline = self.service.settings.deadline();
        if self.begun.elapsed() >= deadline {
            tracing::warn!(
                deadline.ms = self.service.settings.deadline_ms,
                request.id = self.trace.request_id(),
                "a request passed its deadline"
            );
            return Err(Error::unavailable(format!("the answer took longer than {} ms", deadline.as_millis())));
        }
        Ok(())
    }

    /// The response, with the bundle and the revision it was made from.
    pub fn respond(&self, outcome: Result<Bytes, impl IntoResponse>) -> Response {
        let mut response = match outcome {
            Ok(answer) => {
                let mut response = Response::new(Body::from(answer));
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
            Err(error) => error.into_response(),
        };
        stamp(&mut response, self.dress.digest.clone(), self.moment.revision());
        self.stamp_past(&mut response);
        response
    }

    /// An answer on the wire; most are one of two texts.
    fn text(&self, answer: &Answer, detail: Detail) -> Result<Bytes, Error> {
        let decision = &answer.decision;
        let bare = detail == Detail::None && decision.obligations.is_empty() && decision.advice.is_empty();
        if bare && self.past.is_none() {
            let text: &[u8] = if decision.allowed() { br#"{"decision":true}"# } else { br#"{"decision":false}"# };
            return Ok(Bytes::from_static(text));
        }
        json(&DecisionAnswer::of(answer, detail).historical(self.historical()))
    }
}

/// Says which bundle and which revision an answer was made from.
pub fn stamp(response: &mut Response, digest: HeaderValue, revision: u64) {
    response.headers_mut().insert(BUNDLE, digest);
    response.headers_mut().insert(REVISION, HeaderValue::from(revision));
}

/// Why there is no quote, on the wire.
pub fn no_quote(reason: NoQuote) -> ProblemDetails {
    match reason {
        NoQuote::Rejected(rejected) => wire::order::in_wire_words(rejected).into(),
        // What cannot be asked of an order's parties are the order's own fields.
        NoQuote::Invalid(invalid) => {
            let field = match invalid.field.strip_prefix("principal") {
                Some(rest) => format!("actor{rest}"),
                None => invalid.field,
            };
            Rejected::new(Mistake::Form, field, invalid.reason).into()
        }
        NoQuote::Unavailable(unavailable) => Error::from(unavailable).into(),
    }
}

fn json(answer: &DecisionAnswer) -> Result<Bytes, Error> {
    bytes(answer)
}

fn bytes(answer: &impl serde::Serialize) -> Result<Bytes, Error> {
    let text = serde_json::to_vec(answer).map_err(|error| {
        tracing::error!(answer.error = %error, "an answer cannot be written");
        Error::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written")
    })?;
    Ok(text.into())
}

/// The time that a request is about.
#[expect(clippy::disallowed_methods, reason = "the edge: the one place of the service that reads the clock")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
