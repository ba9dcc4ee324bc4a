//! The log in PostgreSQL, beside the facts of several replicas.
//!
//! Each replica writes a chain of its own, so that none waits for another. A writer holds its chain by an advisory lock of
//! the one session on which it also writes ([`chain`]): where that session is lost, nothing more is written on it, and the
//! chain is free for whoever comes first. Should two ever believe that they hold one chain, the key of its lines refuses the
//! second.
//!
//! A commit is on the disk before it returns, whatever the database is set to.

mod chain;
mod people;

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use tokio_postgres::{Error, Row};
use uuid::Uuid;

use self::chain::PostgresChain;
use super::{About, Chain, Keys, Ledger, Listener};
use crate::{
    audit::Failed,
    database::{
        address::Address,
        migrate::{self, Tables},
        server::{Connection, Limits, Server},
    },
};

const TABLES: Tables = Tables {
    migrations: &[include_str!("../../../migrations/audit/postgres.0001.sql")],
    version: "audit_version",
    lock: 0x6d61_6e64_6174_0003,
};

/// The writer waits at most so long for a commit, whoever reads for a page.
const LIMITS: Limits = Limits { connections: 8, answer_within: Duration::from_secs(10) };

/// Not `remote_write`, not `local`, not `off`.
const DURABLE: &str = "-c synchronous_commit=on";

/// Lines that are read at once.
const PAGE: i64 = 512;

/// Whoever has lines, found by one look at the index each, and whoever has checkpoints.
const WRITERS: &str = "
    with recursive found (writer) as (
        select min(writer) from audit_records
        union all
        select (select min(writer) from audit_records where writer > found.writer)
        from found where found.writer is not null
    )
    select writer from found where writer is not null union select writer from audit_checkpoints order by writer";

/// The log in a database.
pub struct PostgresLedger {
    server: Arc<Server>,
}

impl PostgresLedger {
    /// Connects by a URL, as that of the facts, and brings the tables up to date.
    ///
    /// # Errors
    /// PostgreSQL cannot be reached, or its tables were written by a newer version of mandat.
    pub fn open(url: &str) -> Result<Self, Failed> {
        let address = Address::parse(url, LIMITS.answer_within)?.with_settings(DURABLE);
        let server = Server::new(address, LIMITS)?;
        migrate::run(&server, &TABLES)?;
        Ok(Self { server: Arc::new(server) })
    }
}

impl Ledger for PostgresLedger {
    fn name(&self) -> String {
        self.server.address.name.clone()
    }

    fn chain(&self) -> Result<Box<dyn Chain>, Failed> {
        Ok(Box::new(PostgresChain::take(&self.server)?))
    }

    fn writers(&self) -> Result<Vec<u32>, Failed> {
        let writers = self.server.ask(async |connection| {
            let rows = connection.query(&connection.prepare_cached(WRITERS).await?, &[]).await?;
            rows.iter().map(|row| row.try_get::<_, i32>(0)).collect::<Result<Vec<_>, Error>>()
        })?;
        Ok(writers.into_iter().filter_map(|writer| u32::try_from(writer).ok()).collect())
    }

    fn checkpoints(&self, writer: u32) -> Result<Vec<String>, Failed> {
        let ask = "select text from audit_checkpoints where writer = $1 order by first";
        Ok(self.server.ask(async |connection| {
            let rows = connection.query(&connection.prepare_cached(ask).await?, &[&number(writer)]).await?;
            rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, Error>>()
        })?)
    }

    fn lines(&self, writer: u32, range: RangeInclusive<u64>, tell: &mut Listener) -> Result<(), Failed> {
        let ask = "select sequence, line from audit_records where writer = $1 and sequence between $2 and $3
                   order by sequence limit $4";
        let (mut from, through) = (signed(*range.start()), signed(*range.end()));
        loop {
            let page = self.server.ask(async |connection| {
                let statement = connection.prepare_cached(ask).await?;
                let rows = connection.query(&statement, &[&number(writer), &from, &through, &PAGE]).await?;
                let numbered = |row: &Row| Ok::<(i64, String), Error>((row.try_get(0)?, row.try_get(1)?));
                rows.iter().map(numbered).collect::<Result<Vec<_>, Error>>()
            })?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            from = last + 1;
            let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
            for (_, line) in page {
                if !tell(line.as_bytes())? {
                    return Ok(());
                }
            }
            if !full {
                return Ok(());
            }
        }
    }

    fn find(&self, id: Uuid) -> Result<Option<Vec<u8>>, Failed> {
        let ask = "select line from audit_records where id = $1::text::uuid";
        Ok(self.server.ask(async |connection| {
            let row = connection.query_opt(&connection.prepare_cached(ask).await?, &[&id.to_string()]).await?;
            row.map(|row| row.try_get::<_, String>(0).map(String::into_bytes)).transpose()
        })?)
    }

    fn newest(&self, before: Option<Uuid>, about: About, tell: &mut Listener) -> Result<(), Failed> {
        // Above all names that there can be, where none is named.
        let mut before = before.unwrap_or(Uuid::max()).to_string();
        loop {
            let page = self.server.ask(async |connection| older(connection, &before, about).await)?;
            let full = page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
            for (id, line) in page {
                if !tell(line.as_bytes())? {
                    return Ok(());
                }
                before = id;
            }
            if !full {
                return Ok(());
            }
        }
    }

    fn keys(&self) -> &dyn Keys {
        &*self.server
    }
}

/// The next page of older records, with their names.
async fn older(connection: &Connection, before: &str, about: About) -> Result<Vec<(String, String)>, Error> {
    // Each side by its own look at the index: with both in one condition PostgreSQL would sort all that there is.
    let by = |column: &str| {
        let one = |hint: &str| {
            format!(
                "(select id, line from audit_records where {column} = {hint} and id < $1::text::uuid
                  order by id desc limit $2)"
            )
        };
        format!(
            "select id::text, line from ({} union all {}) found order by id desc limit $2",
            one("$3"),
            one("nullif($4::bigint, $3::bigint)")
        )
    };
    let rows = match about {
        About::Anything => {
            let ask = "select id::text, line from audit_records where id < $1::text::uuid
                       order by audit_records.id desc limit $2";
            connection.query(&connection.prepare_cached(ask).await?, &[&before, &PAGE]).await?
        }
        About::Subject([named, shown]) => {
            let statement = connection.prepare_cached(&by("subject")).await?;
            connection.query(&statement, &[&before, &PAGE, &named, &shown]).await?
        }
        About::Resource([named, shown]) => {
            let statement = connection.prepare_cached(&by("resource")).await?;
            connection.query(&statement, &[&before, &PAGE, &named, &shown]).await?
        }
    };
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

fn number(writer: u32) -> i32 {
    i32::try_from(writer).unwrap_or(i32::MAX)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
