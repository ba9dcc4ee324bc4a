//! How versions and links are written: a thousand records with a handful of statements.
//!
//! A version is closed where its successor opens, and only links that really changed are touched: a client
//! with a thousand products gets one more at the cost of one. References that lead nowhere are known without
//! a search: a target that had no version is remembered until somebody puts it.

use std::collections::{HashMap, HashSet};

use cedar_policy::EntityUid;
use tokio_postgres::Error;

use super::{
    links::{Edge, relink},
    read::{names, rows, signed},
};
use crate::{
    database::server::Connection,
    facts::store::{Revision, record::Record},
};

/// Most names that are remembered with their keys.
const KNOWN: usize = 500_000;

/// What a writer has learned of the keys of names.
#[derive(Default)]
pub(super) struct Writer {
    /// Keys of names, and whether the entity exists.
    known: HashMap<EntityUid, (i64, bool)>,
    attributes: HashMap<(String, String), i64>,
    schemas: HashMap<String, i64>,
    /// What was referred to, or deleted, and does not exist.
    pub(super) missing: HashSet<i64>,
}

impl Writer {
    /// Writes versions of entities that are named once each.
    pub(super) async fn put(
        &mut self,
        connection: &Connection,
        records: &[&Record],
        schema: &str,
        revision: Revision,
    ) -> Result<(), Error> {
        let named = records.iter().flat_map(|record| record.links.iter().map(|link| &link.to).chain([&record.uid]));
        self.learn(connection, named).await?;
        let schema = self.schema(connection, schema).await?;
        let keys: Vec<i64> = records.iter().map(|record| self.key(&record.uid)).collect();
        let existing: Vec<i64> = records.iter().filter(|r| self.exists(&r.uid)).map(|r| self.key(&r.uid)).collect();
        close_versions(connection, &existing, revision).await?;
        let texts: Vec<&str> = records.iter().map(|record| record.text.as_str()).collect();
        let open = "insert into versions (uid, since, schema, text)
            select uid, $3, $4, text from unnest($1::bigint[], $2::text[]) as new (uid, text)";
        rows(connection, open, &[&keys, &texts, &signed(revision), &schema]).await?;
        log(connection, &keys, revision).await?;
        for record in records {
            self.note(&record.uid, true);
        }
        let wanted = self.edges(connection, records).await?;
        relink(connection, &existing, wanted, revision).await
    }

    /// Deletes entities; ones that do not exist are passed over.
    pub(super) async fn delete(
        &mut self,
        connection: &Connection,
        uids: &[EntityUid],
        revision: Revision,
    ) -> Result<(), Error> {
        self.learn(connection, uids).await?;
        let doomed: Vec<&EntityUid> = uids.iter().filter(|uid| self.exists(uid)).collect();
        let keys: Vec<i64> = doomed.iter().map(|uid| self.key(uid)).collect();
        close_versions(connection, &keys, revision).await?;
        log(connection, &keys, revision).await?;
        for uid in doomed {
            self.note(uid, false);
        }
        relink(connection, &keys, HashSet::new(), revision).await
    }

    fn key(&self, uid: &EntityUid) -> i64 {
        self.known.get(uid).map_or(0, |(key, _)| *key)
    }

    fn exists(&self, uid: &EntityUid) -> bool {
        self.known.get(uid).is_some_and(|(_, exists)| *exists)
    }

    fn note(&mut self, uid: &EntityUid, exists: bool) {
        let key = self.key(uid);
        self.known.insert(uid.clone(), (key, exists));
        if exists {
            self.missing.remove(&key);
        } else {
            self.missing.insert(key);
        }
    }

    /// Finds out, or makes, the keys of names.
    async fn learn<'u>(
        &mut self,
        connection: &Connection,
        uids: impl IntoIterator<Item = &'u EntityUid>,
    ) -> Result<(), Error> {
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        let mut seen = HashSet::new();
        let new = uids.into_iter().filter(|uid| !self.known.contains_key(uid) && seen.insert(*uid));
        let new: Vec<&EntityUid> = new.collect();
        let (types, ids) = names(new.iter().copied());
        let long: Vec<Option<&str>> =
            new.iter().zip(&ids).map(|(uid, indexed)| Some(uid.id().unescaped()).filter(|id| id != indexed)).collect();
        let make = "insert into uids (type, id, long)
            select type, id, long from unnest($1::text[], $2::text[], $3::text[]) with ordinality as new (type, id, long, n)
            where not exists (select 1 from uids u where u.type = new.type and u.id = new.id) order by n";
        rows(connection, make, &[&types, &ids, &long]).await?;
        let find = "select u.key, exists (select 1 from versions v where v.uid = u.key and v.until is null)
            from unnest($1::text[], $2::text[]) with ordinality as new (type, id, n)
            join uids u on u.type = new.type and u.id = new.id order by n";
        for (uid, row) in new.iter().zip(rows(connection, find, &[&types, &ids]).await?) {
            self.known.insert((*uid).clone(), (row.try_get(0)?, row.try_get(1)?));
        }
        Ok(())
    }

    async fn schema(&mut self, connection: &Connection, digest: &str) -> Result<i64, Error> {
        if let Some(key) = self.schemas.get(digest) {
            return Ok(*key);
        }
        let make = "insert into schemas (digest) values ($1) on conflict do nothing";
        rows(connection, make, &[&digest]).await?;
        let find = connection.prepare_cached("select key from schemas where digest = $1").await?;
        let key = connection.query_one(&find, &[&digest]).await?.try_get(0)?;
        self.schemas.insert(digest.to_owned(), key);
        Ok(key)
    }

    async fn attribute(&mut self, connection: &Connection, kind: &str, path: &str) -> Result<i64, Error> {
        let name = (kind.to_owned(), path.to_owned());
        if let Some(key) = self.attributes.get(&name) {
            return Ok(*key);
        }
        let make = "insert into attributes (type, path) values ($1, $2) on conflict do nothing";
        rows(connection, make, &[&kind, &path]).await?;
        let find = connection.prepare_cached("select key from attributes where type = $1 and path = $2").await?;
        let key = connection.query_one(&find, &[&kind, &path]).await?.try_get(0)?;
        self.attributes.insert(name, key);
        Ok(key)
    }

    /// The links that records have, by their keys.
    async fn edges(&mut self, connection: &Connection, records: &[&Record]) -> Result<HashSet<Edge>, Error> {
        let mut edges = HashSet::new();
        for record in records {
            let (source, kind) = (self.key(&record.uid), record.uid.type_name().to_string());
            for link in &record.links {
                let attribute = self.attribute(connection, &kind, &link.path).await?;
                let target = self.key(&link.to);
                if !self.exists(&link.to) {
                    self.missing.insert(target);
                }
                edges.insert((source, attribute, target));
            }
        }
        Ok(edges)
    }
}

/// Ends the versions in force; one that began with this very revision never was.
async fn close_versions(connection: &Connection, keys: &[i64], revision: Revision) -> Result<(), Error> {
    if keys.is_empty() {
        return Ok(());
    }
    let undo = "delete from versions where uid = any($1) and since = $2";
    rows(connection, undo, &[&keys, &signed(revision)]).await?;
    let close = "update versions set until = $2 where uid = any($1) and until is null";
    rows(connection, close, &[&keys, &signed(revision)]).await.map(|_| ())
}

async fn log(connection: &Connection, keys: &[i64], revision: Revision) -> Result<(), Error> {
    let log = "insert into changes (revision, uid) select $2, uid from unnest($1::bigint[]) as new (uid)
        on conflict do nothing";
    rows(connection, log, &[&keys, &signed(revision)]).await.map(|_| ())
}
