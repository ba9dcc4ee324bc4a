//! The gate before every route: who is not let in is answered before a byte of the body is read.
//!
//! It stands on the router's own routes and asks the router which one matched, so that no spelling of a path leads
//! to a handler past it. The body of a refused request is read and thrown away after the answer has gone out, within
//! limits: a client that is still sending would otherwise never see why.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    Caller, Peer,
    access::{Access, Operation},
    refusal::{Reason, Refusal},
    secret::Presented,
};
use crate::http::{body, error::Error, inquiry::now, problem_details::ProblemDetails, router::Route, service::Service};

/// Lets a request through to its handler, with its [`Caller`], or answers it.
pub async fn gate(State(service): State<Arc<Service>>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or(Route::Other, |path| Route::of(path.as_str()));
    let admitted = match route.access() {
        Access::Open => return next.run(request).await,
        Access::NeedsFromAfar(_) if is_from_here(&request) => return next.run(request).await,
        Access::Needs(operations) | Access::NeedsFromAfar(operations) => admit(&service, operations, &request),
        Access::Closed => Err(Turned::Away(Refusal::closed())),
    };
    match admitted {
        Ok((caller, admitted)) => {
            request.extensions_mut().insert(caller);
            request.extensions_mut().insert(admitted);
            next.run(request).await
        }
        Err(Turned::Away(refusal)) => {
            report(&service, route, &refusal);
            body::let_run_out(request, &service.settings);
            refusal.respond(route)
        }
        Err(Turned::Back(error)) if route.has_problems() => ProblemDetails::from(error).into_response(),
        Err(Turned::Back(error)) => error.into_response(),
    }
}

/// Why a request goes no further.
enum Turned {
    /// Its caller is not served.
    Away(Refusal),
    /// Nobody is, at the moment.
    Back(Error),
}

/// What a caller was let in for, the first operation of its route that it may do.
#[derive(Debug, Clone, Copy)]
pub struct Admitted(Option<Operation>);

impl Admitted {
    /// Of a request that has passed the gate.
    pub fn of(request: &Request) -> Self {
        request.extensions().get::<Self>().copied().unwrap_or(Self(None))
    }
}

/// The answer for a caller that may not do what a body wants of its route; none for one that may.
pub fn turn_away(
    service: &Service,
    (caller, admitted): (&Caller, Admitted),
    operation: Operation,
    route: Route,
) -> Option<Response> {
    if admitted.0 == Some(operation) {
        return None;
    }
    let active = match service.active() {
        Ok(active) => active,
        Err(error) => return Some(error.into_response()),
    };
    let refusal = caller.admit(&[operation], &active.bundle(), now()).err()?;
    report(service, route, &refusal);
    Some(refusal.respond(route))
}

fn admit(service: &Service, operations: &[Operation], request: &Request) -> Result<(Caller, Admitted), Turned> {
    let active = service.active().map_err(Turned::Back)?;
    let now = now();
    let caller = active.callers.identify(&presented(request.headers()), is_from_here(request), now);
    let caller = caller.map_err(Turned::Away)?;
    let admitted = caller.admit(operations, &active.bundle(), now).map_err(Turned::Away)?;
    Ok((caller, Admitted(admitted)))
}

/// What a request shows of its caller.
pub enum Shown {
    /// Nothing.
    Nothing,
    /// Something that is no token of ours.
    Something,
    /// A token, good or not.
    Token(Presented),
}

fn presented(headers: &HeaderMap) -> Shown {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return if headers.contains_key(header::AUTHORIZATION) { Shown::Something } else { Shown::Nothing };
    };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
    });
    token.and_then(Presented::parse).map_or(Shown::Something, Shown::Token)
}

/// Whether the caller is a program on this machine, as far as can be told: a proxy that says for whom it asks is not.
fn is_from_here(request: &Request) -> bool {
    let loopback = request.extensions().get::<Peer>().is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    loopback && !["forwarded", "x-forwarded-for"].iter().any(|name| request.headers().contains_key(*name))
}

fn report(service: &Service, route: Route, refusal: &Refusal) {
    service.meters.refused(refusal.reason);
    tracing::info!(
        refused.reason = refusal.reason.name(),
        refused.token = refusal.token,
        http.route = route.path(),
        "a caller is not served"
    );
    if refusal.reason == Reason::Undeclared {
        tracing::warn!(http.route = route.path(), "the bundle does not say who may ask for this");
    }
}
