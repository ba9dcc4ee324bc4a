//! Connections: how many, how long they may take, and how they end.
//!
//! A client that sends its head a byte a minute, or nothing at all, holds a place that others need
//! (threat T22). So a head has a size and a time, counted from when the connection falls idle, and there
//! are only so many places; who comes later waits to be accepted. When the service is told to stop, it
//! accepts nobody, lets every request that has begun be answered, and closes idle connections at once.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time,
};

use super::{
    callers,
    front::Front,
    reload::keep,
    service::Service,
    tls::{self, Tls},
};
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
        stopping: watch::Sender::new(()),
        front: Arc::new(Front::new(service.clone())),
        tls: service.tls.clone(),
        patience: Duration::from_millis(service.settings.header_timeout_ms),
    };
    let keeping = [
        tokio::spawn(callers::keep(service.clone())),
        tokio::spawn(tls::keep(service.tls.clone())),
        tokio::spawn(keep::keep(service.clone())),
    ];
    let mut shutdown = pin!(shutdown);
    let mut tidying = time::interval(TIDYING);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, peer, place) = accept(&listener, &connections.places) => connections.begin(stream, peer, place),
            _ = tidying.tick() => service.meters.tidy(),
        }
    }
    drop(listener);
    connections.end().await;
    keeping.iter().for_each(tokio::task::JoinHandle::abort);
    let writing = tokio::task::spawn_blocking(move || service.active().map(|active| active.callers.write_uses()));
    let _ = time::timeout(TIDYING, writing).await;
}

struct Connections {
    protocol: http1::Builder,
    places: Arc<Semaphore>,
    open: GracefulShutdown,
    /// Dropped when the service stops: then nobody need finish a handshake.
    stopping: watch::Sender<()>,
    front: Arc<Front>,
    tls: Option<Arc<Tls>>,
    /// How long a handshake may take.
    patience: Duration,
}

impl Connections {
    fn begin(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        let visit =
            Visit { protocol: self.protocol.clone(), front: self.front.clone(), peer, open: self.open.watcher() };
        let Some(tls) = self.tls.clone() else {
            tokio::spawn(visit.attend(stream, place));
            return;
        };
        let (mut stopping, patience) = (self.stopping.subscribe(), self.patience);
        tokio::spawn(async move {
            let shaken = tokio::select! {
                shaken = time::timeout(patience, tls.accept(stream)) => shaken,
                _ = stopping.changed() => return,
            };
            match shaken {
                Ok(Ok(stream)) => visit.attend(stream, place).await,
                Ok(Err(error)) => tracing::debug!(connection.error = %error, "a handshake failed"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
        });
    }

    async fn end(self) {
        let begun = self.open.count();
        drop(self.stopping);
        tracing::info!(connections.open = begun, "mandat stops: no new connections, what has begun is finished");
        if time::timeout(PATIENCE, self.open.shutdown()).await.is_err() {
            tracing::warn!(
                patience.seconds = PATIENCE.as_secs(),
                "some requests did not finish in time and are cut off"
            );
        }
    }
}

/// One connection.
struct Visit {
    protocol: http1::Builder,
    front: Arc<Front>,
    peer: SocketAddr,
    open: Watcher,
}

impl Visit {
    /// Answers what comes over it until it ends; then its place is free.
    async fn attend(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, place: OwnedSemaphorePermit) {
        let Self { protocol, front, peer, open } = self;
        let answer = service_fn(move |request| {
            let front = front.clone();
            async move { Ok::<_, Infallible>(front.answer(request, peer).await) }
        });
        if let Err(error) = open.watch(protocol.serve_connection(TokioIo::new(stream), answer)).await {
            tracing::debug!(connection.error = %error, "a connection broke off");
        }
        drop(place);
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
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        // The semaphore is never closed, so the only way on is with a place.
        let Ok(place) = places.clone().acquire_owned().await else { continue };
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Without it small answers may wait for a timer; where it fails they are only slower.
                let _ = stream.set_nodelay(true);
                return (stream, peer, place);
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
