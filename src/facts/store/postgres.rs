//! The shared store: PostgreSQL, for several replicas.
//!
//! Any number of processes read and write the same database. Writers queue up at an advisory lock
//! ([`session`]), within one process at a gate before it; readers ask as of a revision and wait for nobody. Every
//! commit is announced ([`news`]), so that replicas look for it at once and not only when they poll.
//!
//! How PostgreSQL is found and trusted, and its connections, are the business of [`crate::database`]; the statements that
//! read stand in [`read`], [`walk`] and [`answers`], those that write in [`put`] and
//! [`links`], the writer's transaction in [`session`], the history in [`history`], what answered in [`bundles`].

mod answers;
mod bundles;
mod history;
mod links;
mod news;
mod put;
mod read;
mod session;
mod walk;
mod write;

use std::{sync::Arc, time::Duration};

use cedar_policy::EntityUid;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use self::{news::News, write::PostgresWriting};
use super::{Activation, Past, Placed, Position, Remembered, Revision, Store, Stored, Walk, Writing, token::Token};
use crate::{
    database::{
        address::Address,
        migrate::{self, Tables},
        server::{Limits, Server},
    },
    facts::Unavailable,
};

/// Advisory locks of ours: this one, and the writer's in [`session`].
const TABLES: Tables = Tables {
    migrations: &[
        include_str!("../../../migrations/postgres/0001_store.sql"),
        include_str!("../../../migrations/postgres/0002_bundles.sql"),
    ],
    version: "schema_version",
    lock: 0x6d61_6e64_6174_0001,
};

/// How PostgreSQL is used.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether to listen for commits of others; without, they are found by asking alone.
    pub notices: bool,
    /// Most connections, besides the one that listens.
    pub connections: usize,
    /// Longest wait for an answer.
    pub answer_within: Duration,
    /// Longest wait for another writer.
    pub begin_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            notices: true,
            connections: 16,
            answer_within: Duration::from_secs(10),
            begin_within: Duration::from_secs(10),
        }
    }
}

/// Facts in PostgreSQL.
pub struct PostgresStore {
    server: Arc<Server>,
    begin_within: Duration,
    news: Arc<News>,
    /// One writer of a process at a time goes to PostgreSQL; the others wait without a connection.
    gate: Arc<Semaphore>,
}

impl PostgresStore {
    /// Connects by a URL, `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=require&sslrootcert=FILE`, and
    /// brings the tables up to date.
    ///
    /// # Errors
    /// PostgreSQL cannot be reached, or its tables were written by a newer version of mandat.
    pub fn open(url: &str) -> Result<Self, Unavailable> {
        Self::open_with(url, Options::default())
    }

    /// The same, used in another way.
    ///
    /// # Errors
    /// As for [`PostgresStore::open`].
    pub fn open_with(url: &str, options: Options) -> Result<Self, Unavailable> {
        let Options { notices, connections, answer_within, begin_within } = options;
        let address = Address::parse(url, answer_within)?;
        let server = Arc::new(Server::new(address, Limits { connections, answer_within })?);
        migrate::run(&server, &TABLES)?;
        let news = Arc::<News>::default();
        if notices {
            server.handle().spawn(news::listen(server.address.clone(), news.clone()));
        }
        Ok(Self { server, begin_within, news, gate: Arc::new(Semaphore::new(1)) })
    }
}

impl Store for PostgresStore {
    fn name(&self) -> String {
        self.server.address.name.clone()
    }

    fn head(&self) -> Result<Revision, Unavailable> {
        Ok(self.server.ask(async |connection| read::head(connection).await)?)
    }

    fn mark(&self, revision: Revision) -> Result<Option<String>, Unavailable> {
        Ok(self.server.ask(async |connection| read::mark(connection, revision).await)?)
    }

    fn read(&self, uids: &[EntityUid], at: Revision) -> Result<Vec<Stored>, Unavailable> {
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        read::stored(self.server.ask(async |connection| read::texts(connection, uids, at).await)?)
    }

    fn changed(&self, after: Revision, through: Revision, limit: usize) -> Result<Option<Vec<EntityUid>>, Unavailable> {
        let found = self.server.ask(async |connection| read::changed(connection, after, through, limit).await)?;
        found.map(read::uids).transpose()
    }

    fn walk(&self, walk: Walk, after: Position, limit: usize, at: Revision) -> Result<Vec<Placed>, Unavailable> {
        read::placed(self.server.ask(async |connection| match walk {
            Walk::All(entity_type) => walk::all(connection, entity_type, after, limit, at).await,
            Walk::Referring { entity_type, path, to } => {
                walk::referring(connection, (entity_type, path), to, after, limit, at).await
            }
        })?)
    }

    fn places(&self, uids: &[EntityUid], at: Revision) -> Result<Vec<Placed>, Unavailable> {
        read::placed(self.server.ask(async |connection| walk::places(connection, uids, at).await)?)
    }

    fn count(&self, at: Revision) -> Result<u64, Unavailable> {
        Ok(self.server.ask(async |connection| read::count(connection, at).await)?)
    }

    fn await_news(&self, at_most: Duration) {
        self.news.wait(at_most);
    }

    fn begin(&self) -> Result<Box<dyn Writing>, Unavailable> {
        Ok(Box::new(PostgresWriting::begin(&self.server, &self.gate, self.begin_within)?))
    }

    fn remembered(&self, caller: &str, key: &str) -> Result<Option<Remembered>, Unavailable> {
        Ok(self.server.ask(async |connection| answers::remembered(connection, caller, key).await)?)
    }

    fn tokens(&self) -> Result<Vec<Token>, Unavailable> {
        Ok(self.server.ask(async |connection| answers::tokens(connection).await)?)
    }

    fn touch_tokens(&self, uses: &[(String, Timestamp)]) -> Result<(), Unavailable> {
        Ok(self.server.tell(async |connection| answers::touch_tokens(connection, uses).await)?)
    }

    fn keep_bundle(&self, activation: &Activation, files: &str) -> Result<(), Unavailable> {
        Ok(self.server.tell(async |connection| bundles::keep_in_force(connection, activation, files).await)?)
    }

    fn bundle(&self, digest: &str) -> Result<Option<String>, Unavailable> {
        Ok(self.server.ask(async |connection| bundles::files(connection, digest).await)?)
    }

    fn bundle_at(&self, at: Timestamp) -> Result<Option<String>, Unavailable> {
        Ok(self.server.ask(async |connection| bundles::at(connection, at).await)?)
    }

    fn revision_at(&self, at: Timestamp) -> Result<Revision, Unavailable> {
        Ok(self.server.ask(async |connection| bundles::revision_at(connection, at).await)?)
    }

    fn history(
        &self,
        through: Revision,
        tell: &mut dyn FnMut(Past) -> Result<(), Unavailable>,
    ) -> Result<(), Unavailable> {
        history::tell(&self.server, through, tell)
    }
}
