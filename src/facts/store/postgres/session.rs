//! The transaction of the one writer, which holds PostgreSQL's advisory lock for as long as it is open.
//!
//! The lock is PostgreSQL's own, so it is gone with the connection of whoever held it, and it is released only
//! after the commit can be seen: the next writer's base is this one's revision. Once anything failed, nothing
//! more is written and nothing committed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use deadpool_postgres::Object;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_postgres::{Error, error::SqlState};

use super::{
    news::CHANNEL,
    read::{head, rows},
};
use crate::{
    database::server::{Connection, Fault, Server, within},
    facts::{Unavailable, store::Revision},
};

/// Held while somebody writes.
const WRITER: i64 = 0x6d61_6e64_6174_0002;

/// Longest time for a statement of a writer, which may be one of thousands of records.
const STATEMENT: Duration = Duration::from_secs(60);

/// An open transaction.
pub(super) struct Session {
    server: Arc<Server>,
    connection: Option<Object>,
    permit: Option<OwnedSemaphorePermit>,
    broken: bool,
}

fn too_long(patience: Duration) -> Unavailable {
    Unavailable(format!("another writer took longer than {} s", patience.as_secs_f32()))
}

/// Becomes the writer. A commit must not be acknowledged before it is on the disk, whatever the database's default.
fn begin(patience: Duration) -> String {
    format!(
        "begin isolation level read committed;
         set local lock_timeout = {};
         set local statement_timeout = {};
         select pg_advisory_xact_lock({WRITER});
         set local lock_timeout = 0;
         set local idle_in_transaction_session_timeout = '5min';
         select set_config('synchronous_commit', 'on', true)
         where current_setting('synchronous_commit') in ('off', 'local')",
        patience.as_millis().max(1),
        STATEMENT.as_millis(),
    )
}

impl Session {
    /// Waits for the other writers of this process, then for those of others; and reads the head.
    pub(super) fn begin(
        server: &Arc<Server>,
        gate: &Arc<Semaphore>,
        patience: Duration,
    ) -> Result<(Self, Revision), Unavailable> {
        let deadline = Instant::now() + patience;
        let permit = server.wait(async { timeout(patience, gate.clone().acquire_owned()).await });
        let Ok(Ok(permit)) = permit else { return Err(too_long(patience)) };
        let mut session = Self { server: server.clone(), connection: None, permit: Some(permit), broken: false };
        let begin = begin(deadline.saturating_duration_since(Instant::now()));
        // Nothing is written yet, so what fails on a connection that was broken may be tried on a new one.
        let base = match session.open(&begin) {
            Err(Fault::Lost(_)) => {
                server.forget_idle();
                session.open(&begin)
            }
            base => base,
        };
        let base = base.map_err(|fault| match &fault {
            Fault::Refused(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => too_long(patience),
            _ => server.failed(fault).into(),
        })?;
        Ok((session, base))
    }

    /// Opens the transaction and reads the head.
    fn open(&mut self, begin: &str) -> Result<Revision, Fault> {
        let server = self.server.clone();
        server.wait(async {
            let connection = self.connection.insert(server.connection().await?);
            let open = async {
                connection.batch_execute(begin).await?;
                head(connection).await
            };
            let base = within(STATEMENT, open).await;
            if base.is_err() {
                self.connection.take().map(Object::take);
            }
            base
        })
    }

    /// Does something in the transaction; once it fails, nothing is done any more.
    pub(super) fn run<T>(&mut self, ask: impl AsyncFnOnce(&Connection) -> Result<T, Error>) -> Result<T, Unavailable> {
        let Some(connection) = self.connection.as_ref().filter(|_| !self.broken) else {
            return Err(Unavailable("an earlier statement failed, so nothing more is written".to_owned()));
        };
        let done = self.server.wait(within(STATEMENT, ask(connection)));
        self.broken |= done.is_err();
        done.map_err(|fault| self.server.failed(fault).into())
    }

    /// Makes it last, and announces the revision, if one was opened.
    pub(super) fn commit(mut self, revision: Option<Revision>) -> Result<(), Unavailable> {
        self.run(async |connection| {
            if let Some(revision) = revision {
                // Heard by those who listen when the commit can be seen, and not at all if it fails.
                rows(connection, "select pg_notify($1, $2)", &[&CHANNEL, &revision.to_string()]).await?;
            }
            connection.batch_execute("commit").await
        })?;
        // There is nothing to take back: the connection goes to whoever needs one next.
        self.connection = None;
        Ok(())
    }
}

impl Drop for Session {
    /// Takes back what was not committed. Nobody waits for it; the next writer does, at the lock.
    fn drop(&mut self) {
        let (Some(connection), permit) = (self.connection.take(), self.permit.take()) else { return };
        self.server.handle().spawn(async move {
            let taken_back = within(Duration::from_secs(5), connection.batch_execute("rollback")).await;
            if taken_back.is_err() {
                // PostgreSQL takes it back when the connection is closed.
                drop(Object::take(connection));
            }
            drop(permit);
        });
    }
}
