//! AuthZEN's evaluation routes.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};

use super::{
    answer::DecisionAnswer,
    body,
    callers::{
        Caller,
        access::Operation,
        gate::{self, Admitted},
    },
    error::{Error, Message},
    inquiry::Inquiry,
    router::Route,
    service::Service,
    trace::Trace,
    wire::{self, Evaluation, Evaluations, Options},
};

/// The answers of a batch, in the order of its items.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the answer that `Inquiry::batch` writes item by item")]
pub struct EvaluationsAnswer {
    evaluations: Vec<DecisionAnswer>,
}

/// Who wants an answer of now must be one that asks, who wants an earlier one must be one that reads decisions.
fn turn_away(service: &Service, caller: (&Caller, Admitted), options: Options, route: Route) -> Option<Response> {
    let operation = if options.as_of.is_some() { Operation::ReadDecisions } else { Operation::Evaluate };
    gate::turn_away(service, caller, operation, route)
}

/// May the subject do the action to the resource?
///
/// A denial is an answer: status 200 with `"decision": false`. `"options": {"explain": true}` asks for the
/// explanation; obligations and advice are always told. `"options": {"as_of": "2026-10-01T12:00:00Z"}` asks what would
/// have been answered then, of callers that may read decisions; the answer says so in `context.historical`.
#[utoipa::path(
    post, path = "/access/v1/evaluation", tag = "AuthZEN", request_body = Evaluation,
    params(
        ("X-Request-ID" = Option<String>, Header, description = "Comes back with the answer"),
        ("traceparent" = Option<String>, Header, description = "Comes back with the answer")
    ),
    responses(
        (status = 200, description = "The decision", body = DecisionAnswer, headers(
            ("X-Mandat-Bundle" = String, description = "Digest of the bundle that decided"),
            ("X-Mandat-Revision" = u64, description = "Revision of the facts it was decided on"),
            ("X-Mandat-As-Of" = String, description = "The earlier time that was asked about, if one was"),
            ("X-Request-ID" = String, description = "As it came")
        )),
        (status = 400, description = "The request cannot be asked; names the field", body = Message),
        (status = 401, description = "No token, or one that is not good", body = Message),
        (status = 403, description = "The roles of the token do not permit this", body = Message),
        (status = 408, description = "The body came too slowly", body = Message),
        (status = 413, description = "The body is too large", body = Message),
        (status = 415, description = "The body is encoded; only plain JSON is taken", body = Message),
        (status = 500, description = "A failure of the service", body = Message),
        (status = 503, description = "No bundle is active, the facts cannot be read, or the deadline passed", body = Message)
    )
)]
pub async fn evaluation(
    State(service): State<Arc<Service>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Error> {
    let active = service.active()?;
    let (trace, admitted) = (Trace::of(request.headers()), Admitted::of(&request));
    let body = body::read(request, &service.settings).await?;
    let mut evaluation = wire::evaluation(body)?;
    let options = wire::options(evaluation.options.take())?;
    if let Some(refused) = turn_away(&service, (&caller, admitted), options, Route::Evaluation) {
        return Ok(refused);
    }
    let inquiry = Inquiry::wanted(&service, active, caller, trace, options).await?;
    Ok(inquiry.settle(inquiry.single(evaluation, options)).await)
}

/// Several evaluations at once, answered from one bundle and one revision of the facts.
///
/// What stands at the top is the default of each item. Without items it is a single evaluation. An item
/// that cannot be asked is denied and says why in `context.error`.
#[utoipa::path(
    post, path = "/access/v1/evaluations", tag = "AuthZEN", request_body = Evaluations,
    params(
        ("X-Request-ID" = Option<String>, Header, description = "Comes back with the answer"),
        ("traceparent" = Option<String>, Header, description = "Comes back with the answer")
    ),
    responses(
        (status = 200, description = "The decisions", body = EvaluationsAnswer, headers(
            ("X-Mandat-Bundle" = String, description = "Digest of the bundle that decided"),
            ("X-Mandat-Revision" = u64, description = "Revision of the facts it was decided on"),
            ("X-Mandat-As-Of" = String, description = "The earlier time that was asked about, if one was"),
            ("X-Request-ID" = String, description = "As it came")
        )),
        (status = 400, description = "The batch cannot be asked, or has too many items", body = Message),
        (status = 401, description = "No token, or one that is not good", body = Message),
        (status = 403, description = "The roles of the token do not permit this", body = Message),
        (status = 408, description = "The body came too slowly", body = Message),
        (status = 413, description = "The body is too large", body = Message),
        (status = 415, description = "The body is encoded; only plain JSON is taken", body = Message),
        (status = 500, description = "A failure of the service", body = Message),
        (status = 503, description = "No bundle is active, the facts cannot be read, or the deadline passed", body = Message)
    )
)]
pub async fn evaluations(
    State(service): State<Arc<Service>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Error> {
    let active = service.active()?;
    let (trace, admitted) = (Trace::of(request.headers()), Admitted::of(&request));
    let body = body::read(request, &service.settings).await?;
    let Evaluations { mut defaults, evaluations } = wire::evaluations(body)?;
    let options = wire::options(defaults.options.take())?;
    if let Some(refused) = turn_away(&service, (&caller, admitted), options, Route::Evaluations) {
        return Ok(refused);
    }
    let inquiry = Inquiry::wanted(&service, active, caller, trace, options).await?;
    let items = match evaluations {
        Some(items) if !items.is_empty() => items,
        _ => return Ok(inquiry.settle(inquiry.single(defaults, options)).await),
    };
    let limit = service.settings.batch_limit;
    if items.len() > limit {
        return Err(Error::bad_request(format!("evaluations: {} items, more than {limit}", items.len())));
    }
    let outcome = inquiry.batch(items, &defaults, options).await;
    Ok(inquiry.settle(outcome).await)
}
