//! The one writer of a chain, on the session that holds it.

use std::{sync::Arc, time::Duration};

use deadpool_postgres::Object;
use tokio_postgres::Error;

use super::{number, signed};
use crate::{
    audit::{
        Failed,
        ledger::{Chain, Entry, Sealed},
    },
    database::server::{Connection, Fault, Server, within},
};

/// Before the writer's number in the name of its advisory lock.
const LOCK: i32 = 0x6d61_6e64;

/// Longest time for a commit; longer than the session itself allows, so that PostgreSQL says why.
const COMMIT: Duration = Duration::from_secs(10);

/// Longest time to drop what was kept long enough.
const DROP: Duration = Duration::from_secs(600);

/// All lines and the checkpoint over them: one statement, one round trip, one commit.
const APPEND: &str = "
    with added as (
        insert into audit_records (writer, sequence, id, subject, resource, line)
        select $1::integer, sequence, id::uuid, subject, resource, line
        from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[])
            as lines (sequence, id, subject, resource, line)
    )
    insert into audit_checkpoints (writer, first, last, text) values ($1, $7, $8, $9)
    on conflict (writer, first) do update set last = excluded.last, text = excluded.text";

/// A chain that was taken.
pub(super) struct PostgresChain {
    server: Arc<Server>,
    writer: u32,
    /// Holds the lock; none once anything failed on it.
    session: Option<Connection>,
}

impl PostgresChain {
    /// Takes the first chain that nobody writes.
    pub(super) fn take(server: &Arc<Server>) -> Result<Self, Failed> {
        let taken = server.wait(async {
            // A session from the pool may have been lost long ago; that is found here, and another one taken.
            match first_free(server).await {
                Err(Fault::Lost(_)) => {
                    server.forget_idle();
                    first_free(server).await
                }
                taken => taken,
            }
        });
        let (session, writer) = taken.map_err(|fault| server.failed(fault))?;
        Ok(Self { server: server.clone(), writer, session: Some(session) })
    }

    fn write(
        &mut self,
        limit: Duration,
        write: impl AsyncFnOnce(&Connection) -> Result<(), Error>,
    ) -> Result<(), Failed> {
        let Some(session) = self.session.take() else {
            return Err(Failed(format!("the session on which chain {} was held is lost", self.writer)));
        };
        let written = self.server.wait(within(limit, write(&session)));
        match &written {
            // The lock was the session's: without it somebody else may write the chain by now.
            Err(Fault::Lost(_) | Fault::Silent(_)) => {}
            _ => self.session = Some(session),
        }
        written.map_err(|fault| self.server.failed(fault).into())
    }
}

/// A session of its own that holds the lock of a chain, and the chain's number.
async fn first_free(server: &Server) -> Result<(Connection, u32), Fault> {
    let session = Object::take(server.connection().await?);
    let mut writer = 1;
    let take = async {
        let lock = session.prepare_cached("select pg_try_advisory_lock($1, $2)").await?;
        while !session.query_one(&lock, &[&LOCK, &number(writer)]).await?.try_get::<_, bool>(0)? {
            writer += 1;
        }
        Ok(())
    };
    within(COMMIT, take).await?;
    Ok((session, writer))
}

impl Chain for PostgresChain {
    fn writer(&self) -> u32 {
        self.writer
    }

    fn append(&mut self, entries: &[Entry], checkpoint: &Sealed) -> Result<(), Failed> {
        let writer = number(self.writer);
        let sequences: Vec<i64> = entries.iter().map(|entry| signed(entry.sequence)).collect();
        let ids: Vec<String> = entries.iter().map(|entry| entry.id.to_string()).collect();
        let subjects: Vec<Option<i64>> = entries.iter().map(|entry| entry.subject).collect();
        let resources: Vec<Option<i64>> = entries.iter().map(|entry| entry.resource).collect();
        let lines: Vec<&str> = entries.iter().map(|entry| &*entry.line).collect();
        let Sealed { first, last, text } = checkpoint;
        self.write(COMMIT, async |session| {
            let append = session.prepare_cached(APPEND).await?;
            let span: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&signed(*first), &signed(*last), text];
            let [first, last, text] = span;
            session
                .execute(&append, &[&writer, &sequences, &ids, &subjects, &resources, &lines, first, last, text])
                .await
                .map(|_| ())
        })
    }

    fn drop_through(&mut self, writer: u32, through: u64) -> Result<(), Failed> {
        let (writer, through) = (number(writer), signed(through));
        // Numbers only: there is nothing in it to quote.
        let drop = format!(
            "set statement_timeout = {};
             begin;
             insert into audit_dropped values ({writer}, {through})
                 on conflict (writer) do update set through = excluded.through;
             delete from audit_records where writer = {writer} and sequence <= {through};
             commit;
             set statement_timeout = {}",
            DROP.as_millis(),
            COMMIT.as_millis(),
        );
        let dropped = self.write(DROP, async |session| session.batch_execute(&drop).await);
        if dropped.is_err() {
            // What was begun is taken back with the session, and so is the lock.
            self.session = None;
        }
        dropped
    }
}

impl Drop for PostgresChain {
    /// Gives the chain back at once; a session that is closed gives it back a little later.
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            let release = session.batch_execute("select pg_advisory_unlock_all()");
            let _ = self.server.wait(within(Duration::from_secs(1), release));
        }
    }
}
