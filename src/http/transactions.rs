//! Changing facts over HTTP: decisions, changes and invariants in one transaction.

use std::{cell::Cell, sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    answer::Detail,
    body,
    callers::{Caller, access::Operation},
    error::Error,
    inquiry::{self, stamp},
    problem_details::ProblemDetails,
    recording::{self, Pen},
    service::Service,
    trace::Trace,
    transaction_answer,
    wire::{
        self,
        transaction::{Limits, TransactionDocument, transaction},
    },
};
use crate::{
    bundle::Bundle,
    engine::transact::{Attempt, NoOutcome, Outcome, Settled, Transaction},
    request::Circumstances,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Whether an answer was given before, under the same key.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Longest key, in bytes.
const MAX_KEY: usize = 200;

/// A transaction on its way through.
struct Sent {
    caller: Caller,
    trace: Trace,
    key: String,
    digest: [u8; 32],
    transaction: Transaction,
    why: String,
}

/// Change facts, if that is allowed.
///
/// The evaluations are decided on the state before, the invariants of the bundle on the state after; all or nothing.
/// A denial is an answer: status 200 with `"committed": false`. The same `Idempotency-Key` gets the same answer, and
/// nothing is changed twice.
#[utoipa::path(
    post, path = "/v1/transactions", tag = "Facts", request_body = TransactionDocument,
    params(("Idempotency-Key" = String, Header, description = "Names this attempt; a repetition has the same key")),
    responses(
        (status = 200, description = "Committed, or denied", body = transaction_answer::TransactionDocument),
        (status = 400, description = "The transaction cannot be read; names the field", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that is not good", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "The roles of the token do not permit this; without evaluations, and the caller may not write facts", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "The key was used for another body, the facts are newer, or they cannot be changed", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is encoded; only plain JSON is taken", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "A change does not fit the facts, or would break an invariant", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 500, description = "A failure of the service", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "No bundle is active, or the facts cannot be read or written; what was sent may have been committed, and whoever sends it again under the same key finds out", body = ProblemDetails, content_type = "application/problem+json")
    )
)]
pub async fn transactions(
    State(service): State<Arc<Service>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ProblemDetails> {
    service.active()?;
    let (key, trace) = (key(request.headers())?, Trace::of(request.headers()));
    let body = body::read(request, &service.settings).await?;
    let digest = Sha256::digest(body.to_string()).into();
    let limits = Limits { evaluations: service.settings.batch_limit, changes: service.settings.change_limit };
    let why = json!({ "evaluations": body.get("evaluations") }).to_string();
    let transaction = transaction(body, limits).map_err(invalid)?;
    let sent = Sent { caller, trace, key, digest, transaction, why };
    // The database waits for the disk and for other writers; who asks for decisions must not.
    let settling = tokio::task::spawn_blocking(move || settle(&service, &sent));
    settling.await.map_err(|_| Error::new(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be answered"))?
}

fn key(headers: &HeaderMap) -> Result<String, ProblemDetails> {
    let key = headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
    match key {
        Some(key) if !key.trim().is_empty() && key.len() <= MAX_KEY => Ok(key.trim().to_owned()),
        _ => Err(Error::bad_request(format!(
            "idempotency-key: missing, or no plain text of at most {MAX_KEY} bytes; send a new one with each transaction, and \
             the same one with a repetition"
        ))
        .into()),
    }
}

fn settle(service: &Service, sent: &Sent) -> Result<Response, ProblemDetails> {
    let active = service.active()?;
    let circumstances = Circumstances { now: inquiry::now(), trust_caller_clock: service.trust_caller_clock };
    let attempt = Attempt {
        caller: sent.caller.name(),
        key: &sent.key,
        digest: sent.digest,
        transaction: &sent.transaction,
        why: sent.why.clone(),
        circumstances,
    };
    if sent.transaction.evaluations.is_empty() {
        write_unguarded(&sent.caller, &active.bundle(), circumstances.now)?;
    }
    let begun = Instant::now();
    let evaluations = Cell::new(Vec::new());
    let wording = |outcome: &Outcome, revision, bundle: &Arc<Bundle>| {
        evaluations.set(recording::evaluations(outcome, &sent.transaction.evaluations, bundle));
        let sees_facts = sent.caller.sees_facts(bundle, circumstances.now);
        transaction_answer::text(outcome, revision, if sees_facts { Detail::Full } else { Detail::Reason })
    };
    let settled = active.engine().transact(&attempt, &wording);
    let pen = Pen::of_transaction(active, &settled, &sent.caller, &sent.trace, circumstances.now);
    pen.note(begun.elapsed(), || recording::transaction(&settled, evaluations.take(), &sent.transaction.changes));
    let until = begun + service.settings.deadline();
    // This thread may wait. What was committed stays so: whoever sends it again under the same key finds out.
    tokio::runtime::Handle::current().block_on(pen.settled(until.into()))?;
    respond(&settled.map_err(no_outcome)?)
}

/// What no decision guards is changed only by whoever may write facts.
fn write_unguarded(caller: &Caller, bundle: &Arc<Bundle>, now: jiff::Timestamp) -> Result<(), ProblemDetails> {
    if caller.may(Operation::WriteFacts, bundle, now).unwrap_or(false) {
        return Ok(());
    }
    let message = "evaluations: missing; only a caller that may `writeFacts` changes facts that no decision guards";
    Err(Error::new(StatusCode::FORBIDDEN, message).into())
}

fn respond(settled: &Settled) -> Result<Response, ProblemDetails> {
    let answer = &settled.answer;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(answer.answer.clone()));
    *response.status_mut() = status;
    let form = if status == StatusCode::OK { "application/json" } else { "application/problem+json" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(form));
    if settled.repeated {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    let digest = HeaderValue::from_str(&settled.bundle.digest).unwrap_or(HeaderValue::from_static("unknown"));
    stamp(&mut response, digest, answer.revision);
    Ok(response.into_response())
}

fn invalid(invalid: crate::request::Invalid) -> ProblemDetails {
    let detail = invalid.to_string();
    ProblemDetails {
        field: Some(invalid.field),
        ..ProblemDetails::new("invalid-form", StatusCode::BAD_REQUEST, detail)
    }
}

fn no_outcome(reason: NoOutcome) -> ProblemDetails {
    match reason {
        NoOutcome::Invalid(place, wrong) => invalid(wire::transaction::at_evaluation(place, wrong)),
        NoOutcome::KeyReused => ProblemDetails::new(
            "key-reused",
            StatusCode::CONFLICT,
            "the idempotency key was used for another transaction; take a new key for a new one",
        ),
        NoOutcome::ReadOnly => ProblemDetails::new(
            "read-only",
            StatusCode::CONFLICT,
            "the facts come from a file and cannot be changed; serve them from a store",
        ),
        NoOutcome::Unavailable(unavailable) => Error::from(unavailable).into(),
    }
}
