//! What is recorded of an answer, in the words of the decision log.
//!
//! An answer that must not leave before its record is on the disk holds a ticket for it ([`Pen::settled`]); where the record
//! cannot be had in time, the answer is an error, and nothing was decided for the caller.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::{
    active::{Active, Dress},
    callers::Caller,
    error::Error,
    trace::Trace,
};
use crate::{
    audit::{
        mask::Masks,
        record::{Change, Evaluation, Event, Failure, Named, Outcome, Priced, Record, Verdict},
        recorder::{Recorder, Ticket},
    },
    bundle::Bundle,
    decision::{Decision, Refusal},
    engine::{
        Answer,
        quote::{self, NoQuote},
        transact::{NoOutcome, Outcome as Settlement, Settled},
    },
    facts,
    pricing::order::Rejected,
    request::{Invalid, Party, Request},
};

/// Writes down what one request is answered.
pub struct Pen {
    recorder: Option<Arc<Recorder>>,
    masks: Arc<Masks>,
    bundle: Arc<str>,
    revision: Option<u64>,
    caller: Arc<str>,
    request: Option<String>,
    at: Timestamp,
    /// The earlier time that is asked about.
    as_of: Option<Timestamp>,
    tickets: Mutex<Vec<Ticket>>,
}

impl Pen {
    /// For a request of a caller, answered under a bundle and on a revision.
    pub fn new(
        recorder: Option<Arc<Recorder>>,
        dress: &Dress,
        revision: Option<u64>,
        caller: &Caller,
        trace: &Trace,
        at: Timestamp,
    ) -> Self {
        Self {
            recorder,
            masks: dress.masks.clone(),
            bundle: dress.name.clone(),
            revision,
            caller: caller.name().into(),
            request: trace.request_id().map(str::to_owned),
            at: micros(at),
            as_of: None,
            tickets: Mutex::default(),
        }
    }

    /// For a transaction: under the bundle and on the revision that it was settled with.
    pub fn of_transaction(
        active: &Active,
        settled: &Result<Settled, NoOutcome>,
        caller: &Caller,
        trace: &Trace,
        at: Timestamp,
    ) -> Self {
        let (bundle, revision) = match settled {
            Ok(settled) => (settled.bundle.clone(), Some(settled.answer.revision)),
            Err(_) => (active.bundle(), None),
        };
        Self::new(active.recorder.clone(), &active.dress_of(bundle), revision, caller, trace, at)
    }

    /// For a request that asks about an earlier time.
    pub fn is_of(&mut self, at: Timestamp) {
        self.as_of = Some(micros(at));
    }

    /// Whether anything is recorded.
    pub fn writes(&self) -> bool {
        self.recorder.is_some()
    }

    /// Writes down an event that took so long.
    pub fn note(&self, latency: Duration, event: impl FnOnce() -> Event) {
        let Some(recorder) = &self.recorder else { return };
        let record = Record {
            id: recorder.id(self.at),
            at: self.at,
            as_of: self.as_of,
            caller: Some(self.caller.clone()),
            request: self.request.clone(),
            event: event(),
            masked: Vec::new(),
            dropped: Vec::new(),
            bundle: Some(self.bundle.clone()),
            revision: self.revision,
            latency,
        };
        let ticket = recorder.submit(record, self.masks.clone());
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner).push(ticket);
    }

    /// Waits until all of it may be told.
    ///
    /// # Errors
    /// It could not be recorded, or not in time.
    pub async fn settled(&self, until: Instant) -> Result<(), Error> {
        let tickets = std::mem::take(&mut *self.tickets.lock().unwrap_or_else(PoisonError::into_inner));
        for ticket in tickets {
            if !matches!(timeout_at(until, ticket.good()).await, Ok(Ok(()))) {
                tracing::warn!("an answer could not be recorded in time; it is 503");
                return Err(Error::unavailable("the answer could not be recorded, so that none is given; ask again"));
            }
        }
        Ok(())
    }
}

/// Finer than microseconds tells nothing.
fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// A decision as it is recorded.
pub fn verdict(decision: &Decision, bundle: &Bundle) -> Verdict {
    let mut rules: Vec<String> = Vec::new();
    for policy in decision.determining.iter().filter_map(|id| bundle.policy(id)) {
        for rule in &policy.rules {
            if !rules.iter().any(|known| **known == **rule) {
                rules.push(rule.to_string());
            }
        }
    }
    Verdict {
        decision: decision.allowed(),
        code: decision.code.name(),
        policies: decision.determining.iter().map(ToString::to_string).collect(),
        rules,
        obligations: decision.obligations.clone(),
        advice: decision.advice.clone(),
        faults: decision.faults.iter().map(|fault| fault.policy.to_string()).collect(),
    }
}

/// The same as the outcome of a question.
pub fn decided(decision: &Decision, bundle: &Bundle) -> Outcome {
    Outcome::Decided(verdict(decision, bundle))
}

/// The decisions that a transaction came to.
pub fn evaluations(outcome: &Settlement, asked: &[Request], bundle: &Bundle) -> Vec<Evaluation> {
    let (Settlement::Committed { answers, .. } | Settlement::Denied { answers }) = outcome else { return Vec::new() };
    let evaluation = |(question, answer): (&Request, &Answer)| Evaluation {
        question: Box::new(question.clone()),
        verdict: verdict(&answer.decision, bundle),
    };
    asked.iter().zip(answers).map(evaluation).collect()
}

/// How a transaction came out. Of its changes no values are recorded: the change log of the facts has them.
pub fn transaction(
    settled: &Result<Settled, NoOutcome>,
    evaluations: Vec<Evaluation>,
    changes: &[facts::changes::Change],
) -> Event {
    let outcome = match settled {
        Ok(settled) if settled.repeated => "repeated",
        Ok(settled) => settled.outcome,
        Err(NoOutcome::Invalid(..)) => "invalid",
        Err(NoOutcome::KeyReused) => "key_reused",
        Err(NoOutcome::ReadOnly) => "read_only",
        Err(NoOutcome::Unavailable(_)) => "unavailable",
    };
    let committed =
        settled.as_ref().ok().filter(|settled| settled.outcome == "committed").map(|done| done.answer.revision);
    let change = |change: &facts::changes::Change| {
        let (entity_type, id) = change.entity().ok()?;
        let entity = Named { entity_type: entity_type.to_owned(), id: id.to_owned() };
        Some(Change { change: change.name(), entity, attribute: change.attribute().map(str::to_owned) })
    };
    // What was never understood may be the caller's own words, types and attributes too.
    let understood = matches!(outcome, "committed" | "denied" | "broken" | "dangling" | "passed");
    let changes = if understood { changes.iter().filter_map(change).collect() } else { Vec::new() };
    Event::Transaction { outcome, evaluations, changes, committed, repeated: outcome == "repeated" }
}

/// Why there is no decision.
pub fn refused(refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::Invalid(wrong) => invalid(wrong),
        Refusal::Unavailable(_) => Failure { status: 503, reason: "unavailable", field: None },
    }
}

/// The answer came too late.
pub fn late() -> Failure {
    Failure { status: 503, reason: "late", field: None }
}

/// What cannot be asked. Of the field only where it begins: the rest may be the caller's own words.
pub fn invalid(wrong: &Invalid) -> Failure {
    let part = wrong.field.split(['.', '[']).next().unwrap_or_default();
    Failure { status: 400, reason: "invalid", field: Some(part.to_owned()) }
}

/// What is no order.
pub fn rejected(wrong: &Rejected) -> Failure {
    let part = wrong.field.split(['.', '[']).next().unwrap_or_default();
    Failure { status: 422, reason: "rejected", field: Some(part.to_owned()) }
}

/// Why an order has no price.
pub fn no_quote(reason: &NoQuote) -> Failure {
    match reason {
        NoQuote::Rejected(wrong) => rejected(wrong),
        NoQuote::Invalid(wrong) => invalid(wrong),
        NoQuote::Unavailable(_) => Failure { status: 503, reason: "unavailable", field: None },
    }
}

/// A found entity.
pub fn named(party: &Party) -> Named {
    Named { entity_type: party.entity_type.clone(), id: party.id.clone() }
}

/// What an order came to.
pub fn priced(price: &quote::Priced, currency: &str) -> Priced {
    let totals = &price.totals;
    Priced {
        tariff: format!("{} {}", price.tariff.id, price.tariff.version),
        sha256: price.tariff.sha256.to_string(),
        currency: currency.to_owned(),
        lines: price.receipts.len(),
        list: totals.list.to_string(),
        charged: totals.charged.to_string(),
        cashback: totals.cashback.to_string(),
    }
}

/// What the log counts, in Prometheus' form.
pub fn metrics(recorder: &Recorder) -> String {
    let counts = recorder.counts();
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let waiting = u64::try_from(recorder.waiting()).unwrap_or(u64::MAX);
    let series = [
        ("mandat_audit_records_total", "counter", "Records that are on the disk.", count(&counts.written)),
        ("mandat_audit_lost_total", "counter", "Records that could not be kept.", count(&counts.lost)),
        ("mandat_audit_commits_total", "counter", "Commits of the decision log.", count(&counts.commits)),
        ("mandat_audit_failures_total", "counter", "Commits that failed.", count(&counts.failures)),
        ("mandat_audit_waiting", "gauge", "Records that wait to be written.", waiting),
    ];
    let text = |(name, form, help, value)| format!("# HELP {name} {help}\n# TYPE {name} {form}\n{name} {value}\n\n");
    series.into_iter().map(text).collect()
}
