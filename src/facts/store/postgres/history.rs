//! The history, told page by page: a store of any size goes through a backup without being held in memory.
//!
//! What a revision wrote is never changed afterwards, so the pages need no common snapshot to agree.

use std::collections::VecDeque;

use tokio_postgres::{Error, Row};

use super::{
    answers, bundles,
    read::{name, rows, signed, unsigned},
};
use crate::{
    database::server::Server,
    facts::{
        Unavailable,
        store::{Commit, Past, Revision, record::uid, with_bundles},
    },
};

/// Rows asked for at once.
const PAGE: i64 = 1_000;

type Listener<'l> = dyn FnMut(Past) -> Result<(), Unavailable> + 'l;

pub(super) fn tell(server: &Server, through: Revision, listener: &mut Listener) -> Result<(), Unavailable> {
    let mut changes = Changes { server, next: (0, 0), through, page: VecDeque::new() };
    let mut last = 0;
    loop {
        let commits = server.ask(async |connection| {
            let page = "select revision, at, who, why from revisions where revision > $1 and revision <= $2
                order by revision limit $3";
            let rows = rows(connection, page, &[&signed(last), &signed(through), &PAGE]).await?;
            rows.iter().map(commit).collect::<Result<Vec<_>, Error>>()
        })?;
        let Some((newest, _)) = commits.last() else { break };
        last = *newest;
        for (revision, commit) in commits {
            listener(Past::Commit { revision, commit })?;
            while let Some(change) = changes.of(revision)? {
                listener(change.past()?)?;
            }
        }
    }
    tell_answers(server, through, listener)?;
    let activations = server.ask(async |connection| bundles::activations(connection).await)?;
    let files = |digest: &str| Ok(server.ask(async |connection| bundles::files(connection, digest).await)?);
    with_bundles(activations, &files, listener)?;
    let tokens = server.ask(async |connection| answers::tokens(connection).await)?;
    tokens.into_iter().try_for_each(|token| listener(Past::Token(token)))
}

fn commit(row: &Row) -> Result<(Revision, Commit), Error> {
    let at = answers::moment(row.try_get(1)?);
    Ok((unsigned(row.try_get(0)?), Commit { at, who: row.try_get(2)?, why: row.try_get(3)? }))
}

/// The change log, read through once.
struct Changes<'s> {
    server: &'s Server,
    /// The last row that was read: revision and entity.
    next: (i64, i64),
    through: Revision,
    page: VecDeque<Change>,
}

struct Change {
    at: (i64, i64),
    name: (String, String),
    /// Text and schema; none where the entity was deleted.
    version: Option<(String, String)>,
}

impl Changes<'_> {
    /// The next change, if it belongs to a revision.
    fn of(&mut self, revision: Revision) -> Result<Option<Change>, Unavailable> {
        if self.page.is_empty() {
            self.page = self.read()?;
        }
        let found = self.page.pop_front_if(|change| change.at.0 == signed(revision));
        if let Some(change) = &found {
            self.next = change.at;
        }
        Ok(found)
    }

    fn read(&self) -> Result<VecDeque<Change>, Unavailable> {
        Ok(self.server.ask(async |connection| {
            let page = "select c.revision, c.uid, u.type, coalesce(u.long, u.id), v.text, s.digest
                from (
                    select revision, uid from changes where (revision, uid) > ($1, $2) and revision <= $3
                    order by revision, uid limit $4
                ) c
                join uids u on u.key = c.uid
                left join versions v on v.uid = c.uid and v.since = c.revision
                left join schemas s on s.key = v.schema
                order by c.revision, c.uid";
            let after = [self.next.0, self.next.1, signed(self.through)];
            let rows = rows(connection, page, &[&after[0], &after[1], &after[2], &PAGE]).await?;
            rows.iter().map(Change::from_row).collect()
        })?)
    }
}

impl Change {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let version: (Option<String>, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
        Ok(Self { at: (row.try_get(0)?, row.try_get(1)?), name: name(row, 2)?, version: version.0.zip(version.1) })
    }

    fn past(self) -> Result<Past, Unavailable> {
        let uid = uid(&self.name.0, &self.name.1)?;
        Ok(match self.version {
            Some((text, schema)) => Past::Put { uid, text, schema },
            None => Past::Deleted { uid },
        })
    }
}

fn tell_answers(server: &Server, through: Revision, listener: &mut Listener) -> Result<(), Unavailable> {
    let mut last = (-1, String::new(), String::new());
    loop {
        let page = server.ask(async |connection| {
            let page = "select digest, status, answer, revision, caller, key from answers
                where (revision, caller, key) > ($1, $2, $3) and revision <= $5
                order by revision, caller, key limit $4";
            rows(connection, page, &[&last.0, &last.1, &last.2, &PAGE, &signed(through)]).await
        })?;
        for row in &page {
            let read = || Ok((answers::answer(row, 0)?, row.try_get(4)?, row.try_get(5)?));
            let (answer, caller, key): (_, String, String) =
                read().map_err(|error: Error| Unavailable(format!("a remembered answer cannot be read: {error}")))?;
            last = (signed(answer.revision), caller.clone(), key.clone());
            listener(Past::Remembered { caller, key, answer })?;
        }
        if page.is_empty() {
            return Ok(());
        }
    }
}
