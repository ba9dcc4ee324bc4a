//! Connections: how many, how long they may take, and how they end.
//!
//! A client that sends its head a byte a minute, or nothing at all, holds a place that others need
//! (threat T22). So a head has a size and a time, counted from when the connection falls idle, and there
//! are only so many places; who comes later waits to be accepted. When the service is told to stop, it
//! accepts nobody, lets every request that has begun be answered, and closes idle connections at once.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};

use super::{front::Front, service::Service};
use crate::config::ServerSettings;

/// Largest request head, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// Most bytes that are buffered for one connection.
const MAX_BUFFER: usize = 64 * 1024;
/// Longest wait for requests that have begun when the service stops.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause when the system has no file or memory left for another connection.
const RECOVERY: Duration = Duration::from_millis(100);
/// How often samples are moved into the metrics' buckets.
const TIDYING: Duration = Duration::from_secs(5);

/// Answers on a listener until `shutdown` resolves and what has begun is finished.
pub async fn serve(listener: TcpListener, service: Arc<Service>, shutdown: impl Future<Output = ()>) {
    let connections = Connections {
        protocol: protocol(&service.settings),
        places: Arc::new(Semaphore::new(service.settings.connection_limit.clamp(1, Semaphore::MAX_PERMITS))),
        open: GracefulShutdown::new(),
        front: Arc::new(Front::new(service.clone())),
    };
    let mut shutdown = pin!(shutdown);
    let mut tidying = time::interval(TIDYING);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, place) = accept(&listener, &connections.places) => connections.begin(stream, place),
            _ = tidying.tick() => service.meters.tidy(),
        }
    }
    drop(listener);
    connections.end().await;
}

struct Connections {
    protocol: http1::Builder,
    places: Arc<Semaphore>,
    open: GracefulShutdown,
    front: Arc<Front>,
}

impl Connections {
    fn begin(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        let front = self.front.clone();
        let answer = service_fn(move |request| {
            let front = front.clone();
            async move { Ok::<_, Infallible>(front.answer(request).await) }
        });
        let connection = self.open.watch(self.protocol.serve_connection(TokioIo::new(stream), answer));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(connection.error = %error, "a connection broke off");
            }
            drop(place);
        });
    }

    async fn end(self) {
        let begun = self.open.count();
        tracing::info!(connections.open = begun, "mandat stops: no new connections, what has begun is finished");
        if time::timeout(PATIENCE, self.open.shutdown()).await.is_err() {
            tracing::warn!(
                patience.seconds = PATIENCE.as_secs(),
                "some requests did not finish in time and are cut off"
            );
        }
    }
}

fn protocol(settings: &ServerSettings) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(settings.header_timeout_ms))
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_BUFFER);
    protocol
}

/// The next connection, once there is a place for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        // The semaphore is never closed, so the only way on is with a place.
        let Ok(place) = places.clone().acquire_owned().await else { continue };
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it small answers may wait for a timer; where it fails they are only slower.
                let _ = stream.set_nodelay(true);
                return (stream, place);
            }
            Err(error) if is_gone(&error) => {}
            Err(error) => {
                tracing::warn!(accept.error = %error, "a connection cannot be accepted; trying again shortly");
                time::sleep(RECOVERY).await;
            }
        }
    }
}

/// Whether the client went away before it was accepted.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
