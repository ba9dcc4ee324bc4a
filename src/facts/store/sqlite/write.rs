//! The statements that write.
//!
//! A version is closed where its successor opens, and only links that really changed are touched: a client
//! with a thousand products gets one more at the cost of one. References that lead nowhere are known
//! without a search: a target that had no version is remembered until somebody puts it.

use std::collections::{HashMap, HashSet};

use cedar_policy::EntityUid;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{Lent, beside, bundles, failed, read, rows, signed};
use crate::facts::{
    Unavailable,
    store::{
        Activation, Commit, Dangling, Placed, Position, Remembered, Revision, Stored, Writing,
        record::{Link, Record, uid},
        token::Token,
    },
};

/// Most names that are remembered with their keys.
const KNOWN: usize = 100_000;

/// The one writer of a file.
pub(super) struct SqliteWriting {
    lent: Lent,
    base: Revision,
    revision: Option<Revision>,
    /// Keys of names, and whether the entity exists.
    known: HashMap<EntityUid, (i64, bool)>,
    attributes: HashMap<(String, String), i64>,
    schemas: HashMap<String, i64>,
    /// What was referred to and did not exist then.
    missing: HashSet<i64>,
}

impl SqliteWriting {
    pub(super) fn begin(lent: Lent) -> Result<Self, Unavailable> {
        let connection = lent.get()?;
        let begin = || {
            connection.execute_batch("begin immediate")?;
            read::head(connection)
        };
        let base = begin().map_err(|error: rusqlite::Error| failed(&error))?;
        Ok(Self {
            lent,
            base,
            revision: None,
            known: HashMap::new(),
            attributes: HashMap::new(),
            schemas: HashMap::new(),
            missing: HashSet::new(),
        })
    }

    pub(super) fn touch_tokens(self, uses: &[(String, Timestamp)]) -> Result<(), Unavailable> {
        beside::touch_tokens(self.lent.get()?, uses).map_err(|error| failed(&error))?;
        Box::new(self).commit()
    }

    fn current(&self) -> Result<Revision, Unavailable> {
        self.revision.ok_or_else(|| Unavailable("no revision is open to write to".to_owned()))
    }

    /// The newest state: the base with what is written so far.
    fn now(&self) -> Revision {
        self.revision.unwrap_or(self.base)
    }

    /// The key of a name, made where there is none, and whether the entity exists.
    fn key(&mut self, uid: &EntityUid) -> rusqlite::Result<(i64, bool)> {
        if let Some(known) = self.known.get(uid) {
            return Ok(*known);
        }
        let now = self.now();
        let connection = connection(&self.lent)?;
        let found = match read::key(connection, uid)? {
            Some(key) => (key, read::version(connection, key, now)?.is_some()),
            None => {
                let mut statement = connection.prepare_cached("insert into uids (type, id) values (?, ?)")?;
                (statement.insert(params![uid.type_name().to_string(), uid.id().unescaped()])?, false)
            }
        };
        self.note(uid, found);
        Ok(found)
    }

    fn note(&mut self, uid: &EntityUid, found: (i64, bool)) {
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(uid.clone(), found);
    }

    fn attribute(&mut self, kind: &str, path: &str) -> rusqlite::Result<i64> {
        let name = (kind.to_owned(), path.to_owned());
        if let Some(key) = self.attributes.get(&name) {
            return Ok(*key);
        }
        let connection = connection(&self.lent)?;
        let key = match read::attribute(connection, kind, path)? {
            Some(key) => key,
            None => {
                connection.prepare_cached("insert into attributes (type, path) values (?, ?)")?.insert([kind, path])?
            }
        };
        self.attributes.insert(name, key);
        Ok(key)
    }

    fn schema(&mut self, digest: &str) -> rusqlite::Result<i64> {
        if let Some(key) = self.schemas.get(digest) {
            return Ok(*key);
        }
        let connection = connection(&self.lent)?;
        connection.prepare_cached("insert or ignore into schemas (digest) values (?)")?.execute([digest])?;
        let key = connection
            .prepare_cached("select key from schemas where digest = ?")?
            .query_row([digest], |row| row.get(0))?;
        self.schemas.insert(digest.to_owned(), key);
        Ok(key)
    }

    fn put_one(&mut self, record: &Record, schema: i64, revision: Revision) -> rusqlite::Result<()> {
        let (key, exists) = self.key(&record.uid)?;
        let mut old = HashSet::new();
        if exists {
            self.close_version(key, revision)?;
            old = self.links(key)?;
        }
        let connection = connection(&self.lent)?;
        connection
            .prepare_cached("insert into versions (uid, since, schema, text) values (?, ?, ?, ?)")?
            .execute(params![key, signed(revision), schema, record.text])?;
        self.log(key, revision)?;
        self.note(&record.uid, (key, true));
        self.missing.remove(&key);
        let kind = record.uid.type_name().to_string();
        for link in &record.links {
            let new = self.resolve(&kind, link)?;
            if !old.remove(&new) {
                self.open_link(key, new, revision)?;
            }
        }
        old.into_iter().try_for_each(|gone| self.close_link(key, gone, revision))
    }

    /// Attribute and target of a link.
    fn resolve(&mut self, kind: &str, link: &Link) -> rusqlite::Result<(i64, i64)> {
        let attribute = self.attribute(kind, &link.path)?;
        let (target, exists) = self.key(&link.to)?;
        if !exists {
            self.missing.insert(target);
        }
        Ok((attribute, target))
    }

    fn delete_one(&mut self, uid: &EntityUid, revision: Revision) -> rusqlite::Result<()> {
        let (key, true) = self.key(uid)? else { return Ok(()) };
        self.close_version(key, revision)?;
        for link in self.links(key)? {
            self.close_link(key, link, revision)?;
        }
        self.log(key, revision)?;
        self.note(uid, (key, false));
        self.missing.insert(key);
        Ok(())
    }

    /// Ends the version that is in force; one that began with this very revision never was.
    fn close_version(&self, key: i64, revision: Revision) -> rusqlite::Result<()> {
        let connection = connection(&self.lent)?;
        let at = params![key, signed(revision)];
        connection.prepare_cached("delete from versions where uid = ? and since = ?")?.execute(at)?;
        connection
            .prepare_cached("update versions set until = ?2 where uid = ?1 and until is null")?
            .execute(at)
            .map(|_| ())
    }

    /// Links in force, as attributes and targets.
    fn links(&self, source: i64) -> rusqlite::Result<HashSet<(i64, i64)>> {
        connection(&self.lent)?
            .prepare_cached("select attribute, target from links where source = ? and until is null")?
            .query_map([source], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    fn open_link(&self, source: i64, (attribute, target): (i64, i64), revision: Revision) -> rusqlite::Result<()> {
        connection(&self.lent)?
            .prepare_cached("insert into links (source, attribute, target, since) values (?, ?, ?, ?)")?
            .execute(params![source, attribute, target, signed(revision)])
            .map(|_| ())
    }

    fn close_link(&self, source: i64, (attribute, target): (i64, i64), revision: Revision) -> rusqlite::Result<()> {
        let connection = connection(&self.lent)?;
        let at = params![source, attribute, target, signed(revision)];
        let begun_now = connection
            .prepare_cached("delete from links where source = ? and attribute = ? and target = ? and since = ?")?
            .execute(at)?;
        if begun_now == 0 {
            connection
                .prepare_cached(
                    "update links set until = ?4 where source = ?1 and attribute = ?2 and target = ?3 and until is null",
                )?
                .execute(at)?;
        }
        Ok(())
    }

    fn log(&self, key: i64, revision: Revision) -> rusqlite::Result<()> {
        connection(&self.lent)?
            .prepare_cached("insert or ignore into changes (revision, uid) values (?, ?)")?
            .execute(params![signed(revision), key])
            .map(|_| ())
    }

    fn dangling_to(&self, target: i64, limit: usize, found: &mut Vec<Dangling>) -> Result<(), Unavailable> {
        let connection = self.lent.get()?;
        let ask = || {
            if read::version(connection, target, self.now())?.is_some() {
                return Ok(Vec::new());
            }
            connection
                .prepare_cached(
                    "select source.type, source.id, attributes.path, target.type, target.id
                     from links join attributes on attributes.key = links.attribute
                     join uids source on source.key = links.source join uids target on target.key = links.target
                     where links.target = ? and links.until is null limit ?",
                )?
                .query_map(params![target, rows(limit)], |row| {
                    Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
                })?
                .collect::<rusqlite::Result<Vec<[String; 5]>>>()
        };
        for [from_type, from_id, path, to_type, to_id] in ask().map_err(|error: rusqlite::Error| failed(&error))? {
            found.push(Dangling { from: uid(&from_type, &from_id)?, path, to: uid(&to_type, &to_id)? });
        }
        Ok(())
    }
}

fn connection(lent: &Lent) -> rusqlite::Result<&Connection> {
    lent.connection.as_ref().ok_or(rusqlite::Error::InvalidQuery)
}

impl Writing for SqliteWriting {
    fn base(&self) -> Revision {
        self.base
    }

    fn revise(&mut self, commit: &Commit) -> Result<Revision, Unavailable> {
        let revision = self.now() + 1;
        let write = || {
            connection(&self.lent)?
                .prepare_cached("insert into revisions (revision, at, who, why) values (?, ?, ?, ?)")?
                .execute(params![signed(revision), commit.at.as_millisecond(), commit.who, commit.why])
        };
        write().map_err(|error: rusqlite::Error| failed(&error))?;
        self.revision = Some(revision);
        Ok(revision)
    }

    fn put(&mut self, records: &[Record], schema: &str) -> Result<(), Unavailable> {
        let revision = self.current()?;
        let schema = self.schema(schema).map_err(|error| failed(&error))?;
        records
            .iter()
            .try_for_each(|record| self.put_one(record, schema, revision))
            .map_err(|error: rusqlite::Error| failed(&error))
    }

    fn delete(&mut self, uids: &[EntityUid]) -> Result<(), Unavailable> {
        let revision = self.current()?;
        uids.iter().try_for_each(|uid| self.delete_one(uid, revision)).map_err(|error| failed(&error))
    }

    fn read(&mut self, uids: &[EntityUid]) -> Result<Vec<Stored>, Unavailable> {
        let texts = |connection: &Connection| {
            let mut found = Vec::with_capacity(uids.len());
            for uid in uids {
                let Some(key) = read::key(connection, uid)? else { continue };
                let version = read::version(connection, key, self.now())?;
                found.extend(version.map(|(since, text)| (uid, since, text)));
            }
            Ok(found)
        };
        read::parse(texts(self.lent.get()?).map_err(|error: rusqlite::Error| failed(&error))?)
    }

    fn written(&mut self, after: Position, limit: usize) -> Result<Vec<Placed>, Unavailable> {
        let ask = |connection: &Connection| {
            connection
                .prepare_cached(
                    "select key, type, id from changes join uids on uids.key = changes.uid
                     where revision = ? and uid > ? order by uid limit ?",
                )?
                .query_map(params![signed(self.now()), signed(after), rows(limit)], read::place)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        if self.revision.is_none() {
            return Ok(Vec::new());
        }
        read::placed(ask(self.lent.get()?).map_err(|error| failed(&error))?)
    }

    fn referrers(&mut self, to: &[EntityUid], limit: usize) -> Result<Vec<EntityUid>, Unavailable> {
        let ask = |connection: &Connection| {
            let mut found = Vec::new();
            for uid in to {
                let Some(target) = read::key(connection, uid)? else { continue };
                let mut statement = connection.prepare_cached(
                    "select distinct key, type, id from links join uids on uids.key = links.source
                     where target = ? and until is null order by key limit ?",
                )?;
                for row in statement.query_map(params![target, rows(limit)], read::place)? {
                    found.push(row?);
                }
            }
            Ok(read::merged(found, limit))
        };
        let places = read::placed(ask(self.lent.get()?).map_err(|error: rusqlite::Error| failed(&error))?)?;
        Ok(places.into_iter().map(|placed| placed.uid).collect())
    }

    fn dangling(&mut self, limit: usize) -> Result<Vec<Dangling>, Unavailable> {
        let mut missing: Vec<i64> = self.missing.iter().copied().collect();
        missing.sort_unstable();
        let mut found = Vec::new();
        for target in missing {
            if found.len() >= limit {
                break;
            }
            self.dangling_to(target, limit - found.len(), &mut found)?;
        }
        Ok(found)
    }

    fn remembered(&mut self, caller: &str, key: &str) -> Result<Option<Remembered>, Unavailable> {
        read::remembered(self.lent.get()?, caller, key).map_err(|error| failed(&error))
    }

    fn remember(&mut self, caller: &str, key: &str, answer: &Remembered) -> Result<(), Unavailable> {
        beside::remember(self.lent.get()?, caller, key, answer).map_err(|error| failed(&error))
    }

    fn keep_bundle(&mut self, digest: &str, files: &str) -> Result<(), Unavailable> {
        bundles::keep(self.lent.get()?, digest, files).map_err(|error| failed(&error))
    }

    fn activate(&mut self, activation: &Activation) -> Result<(), Unavailable> {
        bundles::activate(self.lent.get()?, activation).map_err(|error| failed(&error))
    }

    fn keep_token(&mut self, token: &Token) -> Result<(), Unavailable> {
        beside::keep_token(self.lent.get()?, token).map_err(|error| failed(&error))
    }

    fn commit(self: Box<Self>) -> Result<(), Unavailable> {
        self.lent.get()?.execute_batch("commit").map_err(|error| failed(&error))
    }
}
