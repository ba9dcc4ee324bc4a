//! The way to PostgreSQL: a pool of connections, and the runtime they live on.
//!
//! Calls block, whoever makes them: a command, or a handler on a runtime of its own. So the
//! connections have a small runtime here, and a call parks its thread until the answer is there.
//!
//! Pooled connections are not asked whether they are alive before each use, which would double the time of a
//! read. One that turns out to be broken while reading is forgotten, together with all idle ones, and the
//! question asked once more on a new one. Nothing that writes is ever asked twice.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use deadpool_postgres::{
    ClientWrapper, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime as PoolRuntime, Timeouts,
};
use tokio::{
    runtime::{Builder, Handle, Runtime, RuntimeFlavor},
    time::timeout,
};
use tokio_postgres::Error;

use super::{Failed, address::Address};

/// A connection, with the statements prepared on it.
pub(crate) type Connection = ClientWrapper;

/// How much is asked of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most connections.
    pub(crate) connections: usize,
    /// Longest wait for an answer.
    pub(crate) answer_within: Duration,
}

/// PostgreSQL, reachable.
pub(crate) struct Server {
    pub(crate) address: Arc<Address>,
    limits: Limits,
    pool: Pool,
    handle: Handle,
    runtime: Option<Runtime>,
}

/// Why there is no answer.
pub(crate) enum Fault {
    /// No connection.
    Unreachable(String),
    /// The connection broke.
    Lost(String),
    /// PostgreSQL refused.
    Refused(Error),
    /// No answer in time.
    Silent(Duration),
}

impl Server {
    pub(crate) fn new(address: Address, limits: Limits) -> Result<Self, Failed> {
        let cannot = |what: &str, error: String| Failed(format!("{what} cannot be started: {error}"));
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| cannot("the runtime of PostgreSQL's connections", error.to_string()))?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(address.config.clone(), address.tls.clone(), recycling);
        let pool = Pool::builder(manager)
            .max_size(limits.connections)
            .runtime(PoolRuntime::Tokio1)
            .timeouts(Timeouts { wait: Some(limits.answer_within), ..Timeouts::default() })
            .build()
            .map_err(|error| cannot("the pool of PostgreSQL's connections", error.to_string()))?;
        let handle = runtime.handle().clone();
        Ok(Self { address: Arc::new(address), limits, pool, handle, runtime: Some(runtime) })
    }

    /// Where tasks of one's own run.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Waits for a future on this thread, on which another runtime may be at work.
    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        let parked = || {
            let _context = self.handle.enter();
            // The other runtime's task has a budget for its own turns; without this, ours would use it up.
            park_until(tokio::task::unconstrained(future))
        };
        match Handle::try_current() {
            Ok(other) if other.runtime_flavor() == RuntimeFlavor::MultiThread => tokio::task::block_in_place(parked),
            _ => parked(),
        }
    }

    /// Asks what changes nothing, and so may be asked again.
    pub(crate) fn ask<T>(&self, ask: impl AsyncFn(&Connection) -> Result<T, Error>) -> Result<T, Failed> {
        let answer = self.wait(async {
            match self.once(&ask).await {
                Err(Fault::Lost(_)) => {
                    self.forget_idle();
                    self.once(&ask).await
                }
                answer => answer,
            }
        });
        answer.map_err(|fault| self.failed(fault))
    }

    /// Asks what must not be done twice.
    pub(crate) fn tell<T>(&self, ask: impl AsyncFn(&Connection) -> Result<T, Error>) -> Result<T, Failed> {
        self.wait(self.once(&ask)).map_err(|fault| self.failed(fault))
    }

    /// Connections that were broken together are not tried one after the other.
    pub(crate) fn forget_idle(&self) {
        self.pool.retain(|_, _| false);
    }

    async fn once<T>(&self, ask: &impl AsyncFn(&Connection) -> Result<T, Error>) -> Result<T, Fault> {
        let connection = self.connection().await?;
        let answer = within(self.limits.answer_within, ask(&connection)).await;
        if matches!(answer, Err(Fault::Lost(_) | Fault::Silent(_))) {
            // Not back into the pool: what was asked may still be under way on it.
            drop(Object::take(connection));
        }
        answer
    }

    pub(crate) async fn connection(&self) -> Result<Object, Fault> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => Fault::Unreachable(told(&error)),
            PoolError::Timeout(_) => Fault::Silent(self.limits.answer_within),
            other => Fault::Unreachable(other.to_string()),
        })
    }

    pub(crate) fn failed(&self, fault: Fault) -> Failed {
        let name = &self.address.name;
        Failed(match fault {
            Fault::Unreachable(reason) => format!("{name} cannot be reached: {reason}"),
            Fault::Lost(reason) => format!("the connection to {name} was lost: {reason}"),
            Fault::Refused(error) => format!("{name} refused: {}", told(&error)),
            Fault::Silent(waited) => format!("{name} did not answer within {} s", waited.as_secs()),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // To wait for its threads is forbidden where another runtime is at work.
            runtime.shutdown_background();
        }
    }
}

/// Gives PostgreSQL a little longer than its own `statement_timeout`, which says more.
pub(crate) async fn within<T>(limit: Duration, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
    match timeout(limit + Duration::from_secs(1), asked).await {
        Ok(answer) => {
            answer.map_err(|error| if lost(&error) { Fault::Lost(told(&error)) } else { Fault::Refused(error) })
        }
        Err(_) => Err(Fault::Silent(limit)),
    }
}

/// Whether the connection is of no use any more: closed, or PostgreSQL is shutting down.
fn lost(error: &Error) -> bool {
    match error.code() {
        Some(state) => state.code().starts_with("57P") || state.code().starts_with("08"),
        None => {
            error.is_closed() || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
        }
    }
}

/// What went wrong, without details: those may quote rows.
pub(crate) fn told(error: &Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn park_until<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Parked(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
