//! AuthZEN's search routes.
//!
//! A search computes longer than a decision and reads more of the facts, so it runs beside the threads that
//! answer single questions (threat T17).

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};

use super::{
    body,
    callers::Caller,
    error::{Error, Message},
    inquiry::Inquiry,
    service::Service,
    trace::Trace,
    wire::{
        self,
        search::{ActionSearch, ActionsAnswer, EntitiesAnswer, ResourceSearch, SubjectSearch, search},
    },
};
use crate::engine::search::token::Sought;

/// Which subjects of a type may do the action to the resource?
///
/// Lists those of the facts that an evaluation allows, in a stable order. Later pages are answered on the revision
/// that the first one was answered on. A page may be short before the end: it ends where `next_token` is empty.
#[utoipa::path(
    post, path = "/access/v1/search/subject", tag = "AuthZEN", request_body = SubjectSearch,
    params(
        ("X-Request-ID" = Option<String>, Header, description = "Comes back with the answer"),
        ("traceparent" = Option<String>, Header, description = "Comes back with the answer")
    ),
    responses(
        (status = 200, description = "A page of subjects", body = EntitiesAnswer, headers(
            ("X-Mandat-Bundle" = String, description = "Digest of the bundle that decided"),
            ("X-Mandat-Revision" = u64, description = "Revision of the facts it was decided on"),
            ("X-Request-ID" = String, description = "As it came")
        )),
        (status = 400, description = "The search cannot be asked, the limit is too high, or the token belongs to another search", body = Message),
        (status = 401, description = "No token, or one that is not good", body = Message),
        (status = 403, description = "The roles of the token do not permit this", body = Message),
        (status = 408, description = "The body came too slowly", body = Message),
        (status = 413, description = "The body is too large", body = Message),
        (status = 415, description = "The body is encoded; only plain JSON is taken", body = Message),
        (status = 500, description = "A failure of the service", body = Message),
        (status = 503, description = "No bundle is active, the facts cannot be read, or the deadline passed", body = Message)
    )
)]
pub async fn subjects(
    State(service): State<Arc<Service>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Error> {
    answer(service, caller, request, Sought::Subject).await
}

/// Which resources of a type may the subject do the action to?
///
/// As the search for subjects.
#[utoipa::path(
    post, path = "/access/v1/search/resource", tag = "AuthZEN", request_body = ResourceSearch,
    params(
        ("X-Request-ID" = Option<String>, Header, description = "Comes back with the answer"),
        ("traceparent" = Option<String>, Header, description = "Comes back with the answer")
    ),
    responses(
        (status = 200, description = "A page of resources", body = EntitiesAnswer, headers(
            ("X-Mandat-Bundle" = String, description = "Digest of the bundle that decided"),
            ("X-Mandat-Revision" = u64, description = "Revision of the facts it was decided on"),
            ("X-Request-ID" = String, description = "As it came")
        )),
        (status = 400, description = "The search cannot be asked, the limit is too high, or the token belongs to another search", body = Message),
        (status = 401, description = "No token, or one that is not good", body = Message),
        (status = 403, description = "The roles of the token do not permit this", body = Message),
        (status = 408, description = "The body came too slowly", body = Message),
        (status = 413, description = "The body is too large", body = Message),
        (status = 415, description = "The body is encoded; only plain JSON is taken", body = Message),
        (status = 500, description = "A failure of the service", body = Message),
        (status = 503, description = "No bundle is active, the facts cannot be read, or the deadline passed", body = Message)
    )
)]
pub async fn resources(
    State(service): State<Arc<Service>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Error> {
    answer(service, caller, request, Sought::Resource).await
}

/// Which actions may the subject do to the resource?
///
/// By name. An action whose context is another than the one given cannot be asked about and is not listed.
#[utoipa::path(
    post, path = "/access/v1/search/action", tag = "AuthZEN", request_body = ActionSearch,
    params(
        ("X-Request-ID" = Option<String>, Header, description = "Comes back with the answer"),
        ("traceparent" = Option<String>, Header, description = "Comes back with the answer")
    ),
    responses(
        (status = 200, description = "A page of actions", body = ActionsAnswer, headers(
            ("X-Mandat-Bundle" = String, description = "Digest of the bundle that decided"),
            ("X-Mandat-Revision" = u64, description = "Revision of the facts it was decided on"),
            ("X-Request-ID" = String, description = "As it came")
        )),
        (status = 400, description = "The search cannot be asked, the limit is too high, or the token belongs to another search", body = Message),
        (status = 401, description = "No token, or one that is not good", body = Message),
        (status = 403, description = "The roles of the token do not permit this", body = Message),
        (status = 408, description = "The body came too slowly", body = Message),
        (status = 413, description = "The body is too large", body = Message),
        (status = 415, description = "The body is encoded; only plain JSON is taken", body = Message),
        (status = 500, description = "A failure of the service", body = Message),
        (status = 503, description = "No bundle is active, the facts cannot be read, or the deadline passed", body = Message)
    )
)]
pub async fn actions(State(service): State<Arc<Service>>, caller: Caller, request: Request) -> Result<Response, Error> {
    answer(service, caller, request, Sought::Action).await
}

async fn answer(service: Arc<Service>, caller: Caller, request: Request, sought: Sought) -> Result<Response, Error> {
    let active = service.active()?;
    let trace = Trace::of(request.headers());
    let body = body::read(request, &service.settings).await?;
    let options = wire::options(body.get("options").cloned())?;
    if options.as_of.is_some() {
        return Err(Error::bad_request("options.as_of: a search is answered on the facts of now; ask evaluations"));
    }
    if let Some(revision) = options.at_least_revision {
        active.await_revision(revision, service.settings.revision_wait()).await?;
    }
    let search = search(body, sought)?;
    let answering = tokio::task::spawn_blocking(move || {
        let active = service.active()?;
        let inquiry = match search.token {
            // Its pages are answered on the state that it began on, and the caller has seen a newer one.
            Some(token) if options.at_least_revision.is_some_and(|seen| seen > token.revision) => {
                return Err(Error::bad_request(format!(
                    "options.at_least_revision: this search began on revision {}; begin it anew, without a token",
                    token.revision
                )));
            }
            Some(token) => Inquiry::resume(&service, active, caller, trace, token.revision)?,
            None => Inquiry::newest(&service, active, caller, trace)?,
        };
        let outcome = inquiry.search(&search);
        // This thread may wait.
        Ok(tokio::runtime::Handle::current().block_on(inquiry.settle(outcome)))
    });
    answering.await.unwrap_or_else(|error| {
        tracing::error!(search.error = %error, "a search broke off");
        Err(Error::new(StatusCode::INTERNAL_SERVER_ERROR, "the search could not be finished"))
    })
}
