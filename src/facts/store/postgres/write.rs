//! The one writer: what is written, and what is read with it, in the one transaction of a [`Session`].

use std::{collections::HashMap, sync::Arc, time::Duration};

use cedar_policy::EntityUid;
use tokio::sync::Semaphore;

use super::{answers, bundles, put::Writer, read, session::Session, walk};
use crate::{
    database::server::Server,
    facts::{
        Unavailable,
        store::{
            Activation, Commit, Dangling, Placed, Position, Remembered, Revision, Stored, Writing,
            record::{Record, uid},
            token::Token,
        },
    },
};

/// Records written with one statement.
const CHUNK: usize = 1_000;

/// The one writer of a database.
pub(super) struct PostgresWriting {
    session: Session,
    base: Revision,
    revision: Option<Revision>,
    writer: Writer,
}

impl PostgresWriting {
    pub(super) fn begin(server: &Arc<Server>, gate: &Arc<Semaphore>, patience: Duration) -> Result<Self, Unavailable> {
        let (session, base) = Session::begin(server, gate, patience)?;
        Ok(Self { session, base, revision: None, writer: Writer::default() })
    }

    fn current(&self) -> Result<Revision, Unavailable> {
        self.revision.ok_or_else(|| Unavailable("no revision is open to write to".to_owned()))
    }

    /// The newest state: the base with what is written so far.
    fn now(&self) -> Revision {
        self.revision.unwrap_or(self.base)
    }
}

impl Writing for PostgresWriting {
    fn base(&self) -> Revision {
        self.base
    }

    fn revise(&mut self, commit: &Commit) -> Result<Revision, Unavailable> {
        let revision = self.now() + 1;
        let open = "insert into revisions (revision, at, who, why) values ($1, $2, $3, $4)";
        self.session.run(async |connection| {
            let at = commit.at.as_millisecond();
            read::rows(connection, open, &[&read::signed(revision), &at, &commit.who, &commit.why]).await
        })?;
        self.revision = Some(revision);
        Ok(revision)
    }

    fn put(&mut self, records: &[Record], schema: &str) -> Result<(), Unavailable> {
        let revision = self.current()?;
        for chunk in records.chunks(CHUNK) {
            let records = once_each(chunk)?;
            let writer = &mut self.writer;
            self.session.run(async |connection| writer.put(connection, &records, schema, revision).await)?;
        }
        Ok(())
    }

    fn delete(&mut self, uids: &[EntityUid]) -> Result<(), Unavailable> {
        let revision = self.current()?;
        for chunk in uids.chunks(CHUNK) {
            let storable: Vec<EntityUid> =
                chunk.iter().filter(|uid| read::indexed(uid.id().unescaped()).is_some()).cloned().collect();
            let writer = &mut self.writer;
            self.session.run(async |connection| writer.delete(connection, &storable, revision).await)?;
        }
        Ok(())
    }

    fn read(&mut self, uids: &[EntityUid]) -> Result<Vec<Stored>, Unavailable> {
        let now = self.now();
        read::stored(self.session.run(async |connection| read::texts(connection, uids, now).await)?)
    }

    fn written(&mut self, after: Position, limit: usize) -> Result<Vec<Placed>, Unavailable> {
        let Some(revision) = self.revision else { return Ok(Vec::new()) };
        read::placed(self.session.run(async |connection| read::written(connection, revision, after, limit).await)?)
    }

    fn referrers(&mut self, to: &[EntityUid], limit: usize) -> Result<Vec<EntityUid>, Unavailable> {
        let places = self.session.run(async |connection| walk::referrers(connection, to, limit).await)?;
        read::uids(places.into_iter().map(|(_, name)| name).collect())
    }

    fn dangling(&mut self, limit: usize) -> Result<Vec<Dangling>, Unavailable> {
        let mut missing: Vec<i64> = self.writer.missing.iter().copied().collect();
        missing.sort_unstable();
        let mut found = Vec::new();
        for targets in missing.chunks(CHUNK) {
            let left = limit.saturating_sub(found.len());
            let rows = self.session.run(async |connection| read::dangling(connection, targets, left).await)?;
            for (from, path, to) in rows {
                found.push(Dangling { from: uid(&from.0, &from.1)?, path, to: uid(&to.0, &to.1)? });
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    fn remembered(&mut self, caller: &str, key: &str) -> Result<Option<Remembered>, Unavailable> {
        self.session.run(async |connection| answers::remembered(connection, caller, key).await)
    }

    fn remember(&mut self, caller: &str, key: &str, answer: &Remembered) -> Result<(), Unavailable> {
        self.session.run(async |connection| answers::remember(connection, caller, key, answer).await)
    }

    fn keep_bundle(&mut self, digest: &str, files: &str) -> Result<(), Unavailable> {
        self.session.run(async |connection| bundles::keep(connection, digest, files).await)
    }

    fn activate(&mut self, activation: &Activation) -> Result<(), Unavailable> {
        self.session.run(async |connection| bundles::activate(connection, activation).await)
    }

    fn keep_token(&mut self, token: &Token) -> Result<(), Unavailable> {
        self.session.run(async |connection| answers::keep_token(connection, token).await)
    }

    fn commit(self: Box<Self>) -> Result<(), Unavailable> {
        self.session.commit(self.revision)
    }
}

/// Of an entity that is named twice, the last record counts.
fn once_each(records: &[Record]) -> Result<Vec<&Record>, Unavailable> {
    let mut last: HashMap<&EntityUid, usize> = HashMap::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        last.insert(&record.uid, index);
        for uid in record.links.iter().map(|link| &link.to).chain([&record.uid]) {
            if read::indexed(uid.id().unescaped()).is_none() {
                return Err(Unavailable(format!("`{uid}` has a character that no id may have")));
            }
        }
    }
    Ok(records
        .iter()
        .enumerate()
        .filter(|(index, record)| last[&record.uid] == *index)
        .map(|(_, record)| record)
        .collect())
}
