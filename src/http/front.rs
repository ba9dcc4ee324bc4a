//! Around every request, whatever its route: the caller's ids go back, it is counted, and a panic ends
//! in a plain 500 instead of a connection that breaks off.

use std::{
    future::poll_fn,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Instant,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::{Request, StatusCode},
    response::{IntoResponse, Response},
};
use tower::Service as _;

use super::{
    callers::Peer,
    error::Error,
    router::{Route, router},
    service::Service,
    trace::Trace,
};

/// The service as a connection sees it.
pub struct Front {
    router: Router,
    service: Arc<Service>,
}

impl Front {
    /// The front of a service.
    pub fn new(service: Arc<Service>) -> Self {
        Self { router: router(service.clone()), service }
    }

    /// Answers a request that came from there.
    pub async fn answer<B>(&self, mut request: Request<B>, peer: SocketAddr) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let started = Instant::now();
        let route = Route::of(request.uri().path());
        let trace = Trace::of(request.headers());
        request.extensions_mut().insert(Peer(peer));
        let answering = self.router.clone().call(request.map(Body::new));
        let mut response = match unless_panic(async { answering.await.unwrap_or_else(|never| match never {}) }).await {
            Some(response) => response,
            None => Error::new(StatusCode::INTERNAL_SERVER_ERROR, "the request could not be answered").into_response(),
        };
        trace.echo(response.headers_mut());
        self.service.meters.request(route, response.status().as_u16(), started.elapsed());
        response
    }
}

/// What a future resolves to, or nothing if it panicked. Nothing is shared between requests but atomics
/// and what is swapped whole, so a panic leaves nothing half done.
async fn unless_panic<T>(answering: impl Future<Output = T>) -> Option<T> {
    let mut answering = pin!(answering);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(context))) {
        Ok(poll) => poll.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{Router, body::Body, http::Request, routing::get};

    use super::{Front, Service};
    use crate::config::ServerSettings;

    #[tokio::test]
    async fn a_panic_ends_in_a_500_that_says_nothing_and_echoes_the_request_id() {
        async fn broken() -> String {
            panic!("a secret of the engine room")
        }
        let service = Arc::new(Service::new(ServerSettings::default(), "http://127.0.0.1", false).unwrap());
        let front = Front { router: Router::new().route("/readyz", get(broken)), service: service.clone() };
        let request = Request::get("/readyz").header("x-request-id", "r-1").body(Body::empty()).unwrap();
        let response = front.answer(request, ([127, 0, 0, 1], 40_000).into()).await;
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()["x-request-id"], "r-1");
        let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        assert_eq!(&body[..], br#""the request could not be answered""#);
        assert!(service.meters.render().contains(r#"mandat_http_requests_total{route="/readyz",status="500"} 1"#));
    }
}
