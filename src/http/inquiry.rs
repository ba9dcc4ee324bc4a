//! One request's questions: one moment of bundle and facts, one time, one deadline.
//!
//! A batch is asked item by item. Between items the deadline is looked at, since deciding is computing
//! and nothing could interrupt it, and now and then others get their turn: a hundred explained items must
//! not make a single question wait (threat T17).

mod past;
mod search;
mod text;

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

use self::{past::Past, text::json};
use super::{
    active::{Active, Dress},
    answer::{DecisionAnswer, Detail},
    callers::Caller,
    error::Error,
    problem_details::ProblemDetails,
    quote_answer::QuoteAnswer,
    recording::{self, Pen},
    service::Service,
    trace::Trace,
    wire::{self, Evaluation, Options, order::Asked},
};
use crate::{
    audit::record::{Event, Failure, Outcome},
    decision::{Decision, Refusal},
    engine::{
        Answer, Moment,
        quote::{Decided, NoQuote, Quote},
    },
    facts::store::Revision,
    pricing::order::{Mistake, Rejected},
    request::{Circumstances, Invalid, Request},
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
    pen: Pen,
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
        let (dress, now) = (active.dress(&moment), now());
        let recorder = active.recorder.clone();
        Self {
            pen: Pen::new(recorder, &dress, Some(moment.revision()), &caller, &trace, now),
            dress,
            circumstances: Circumstances { now, trust_caller_clock: service.trust_caller_clock },
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
        let request = wire::request(evaluation).inspect_err(|wrong| self.note_invalid(wrong, None))?;
        let answer = self.text(&self.decide(request, None)?, self.detail(options.explain))?;
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
        for (place, item) in items.into_iter().enumerate() {
            if answers.last() == Some(&b'}') {
                answers.push(b',');
            }
            let (decision, answer) = self.item((place, item), defaults, detail)?;
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
        let Asked { order, explain } = wire::order::order(body, self.circumstances.now).inspect_err(|wrong| {
            self.note_no_quote(recording::rejected(wrong));
        })?;
        let started = Instant::now();
        let quote = self.moment.quote(&order, &self.circumstances);
        let quote = quote.inspect_err(|reason| self.note_no_quote(recording::no_quote(reason))).map_err(no_quote)?;
        self.note_quote(&quote, &order.currency, started.elapsed());
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

    /// What was priced; not that it was, where it is too late to tell.
    fn note_quote(&self, quote: &Quote, currency: &str, took: Duration) {
        self.pen.note(took, || {
            let question = quote.decision.as_ref().map(|decided| Box::new(decided.request.clone()));
            if self.is_late() {
                return Event::Quote {
                    question,
                    outcome: Some(Outcome::Failed { error: recording::late() }),
                    priced: None,
                };
            }
            Event::Quote {
                question,
                outcome: quote
                    .decision
                    .as_ref()
                    .map(|decided| recording::decided(&decided.answer.decision, &self.moment.bundle)),
                priced: quote.price.as_ref().map(|price| recording::priced(price, currency)),
            }
        });
    }

    fn note_no_quote(&self, error: Failure) {
        self.pen.note(Duration::ZERO, || Event::Quote {
            question: None,
            outcome: Some(Outcome::Failed { error }),
            priced: None,
        });
    }

    /// An item that cannot be asked is denied and says why; it does not fail the batch.
    fn item(
        &self,
        (place, item): (usize, Value),
        defaults: &Evaluation,
        detail: Detail,
    ) -> Result<(bool, Bytes), Error> {
        let place = u32::try_from(place).ok();
        let request = wire::item(item, defaults).and_then(wire::request);
        let request = request.inspect_err(|wrong| self.note_invalid(wrong, place)).map_err(Refusal::from);
        let told = |answer: Answer| (answer.decision.allowed(), self.text(&answer, detail));
        match request.and_then(|request| self.decide(request, place).map(told)) {
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

    fn decide(&self, request: Request, item: Option<u32>) -> Result<Answer<'_>, Refusal> {
        let started = Instant::now();
        let decided = self.moment.decide(&request, &self.circumstances);
        let took = started.elapsed();
        // On what was answered in the past nobody acts: it is recorded, and not counted among the decisions.
        if let (Ok(answer), None) = (&decided, &self.past) {
            self.service.meters.decision(&self.dress.meters, &request.action, answer.decision.code, took);
            self.report(&request, &answer.decision);
        }
        self.note_decision(request, item, took, &decided);
        decided
    }

    /// What was decided; not that it was, where it is too late to tell.
    fn note_decision(
        &self,
        request: Request,
        item: Option<u32>,
        took: Duration,
        decided: &Result<Answer<'_>, Refusal>,
    ) {
        self.pen.note(took, || {
            let (asked, outcome) = match decided {
                Ok(_) if self.is_late() => (true, Outcome::Failed { error: recording::late() }),
                Ok(answer) => (true, recording::decided(&answer.decision, &self.moment.bundle)),
                Err(refusal) => {
                    let asked = matches!(refusal, Refusal::Unavailable(_));
                    (asked, Outcome::Failed { error: recording::refused(refusal) })
                }
            };
            Event::Decision { question: asked.then(|| Box::new(request)), item, outcome }
        });
    }

    /// Questions that cannot be read.
    fn note_invalid(&self, wrong: &Invalid, item: Option<u32>) {
        self.pen.note(Duration::ZERO, || Event::Decision {
            question: None,
            item,
            outcome: Outcome::Failed { error: recording::invalid(wrong) },
        });
    }

    fn is_late(&self) -> bool {
        self.begun.elapsed() >= self.service.settings.deadline()
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
        if self.is_late() {
            tracing::warn!(
                deadline.ms = self.service.settings.deadline_ms,
                request.id = self.trace.request_id(),
                "a request passed its deadline"
            );
            return Err(Error::unavailable(format!("the answer took longer than {} ms", deadline.as_millis())));
        }
        Ok(())
    }

    /// The response, as soon as all that it tells is recorded; else an error.
    pub async fn settle<E: IntoResponse + From<Error>>(&self, outcome: Result<Bytes, E>) -> Response {
        let until = self.begun + self.service.settings.deadline();
        match self.pen.settled(until.into()).await {
            Ok(()) => self.respond(outcome),
            Err(error) => self.respond(Err::<Bytes, E>(error.into())),
        }
    }

    /// The response, with the bundle and the revision it was made from.
    fn respond(&self, outcome: Result<Bytes, impl IntoResponse>) -> Response {
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
            let invalid = invalid.without_strange_names();
            let field = match invalid.field.strip_prefix("principal") {
                Some(rest) => format!("actor{rest}"),
                None => invalid.field,
            };
            Rejected::new(Mistake::Form, field, invalid.reason).into()
        }
        NoQuote::Unavailable(unavailable) => Error::from(unavailable).into(),
    }
}

/// The time that a request is about.
#[expect(clippy::disallowed_methods, reason = "the edge: the one place of the service that reads the clock")]
pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
