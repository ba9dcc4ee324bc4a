//! The history, told row by row: a store of any size goes through a backup without being held in memory.

use rusqlite::{Connection, params};

use super::{bundles, failed, read, signed, unsigned};
use crate::facts::{
    Unavailable,
    store::{Commit, Past, Revision, record::uid, with_bundles},
};

type Listener<'l> = dyn FnMut(Past) -> Result<(), Unavailable> + 'l;

pub(super) fn tell(connection: &Connection, through: Revision, listener: &mut Listener) -> Result<(), Unavailable> {
    // One transaction, so that tokens and answers are of the same moment as the commits.
    let _transaction = connection.unchecked_transaction().map_err(|error| failed(&error))?;
    commits(connection, through, listener)?;
    answers(connection, through, listener)?;
    bundles::activations(connection).map_err(|error| failed(&error)).and_then(|all| {
        with_bundles(all, &|digest| bundles::files(connection, digest).map_err(|error| failed(&error)), listener)
    })?;
    for token in read::tokens(connection).map_err(|error| failed(&error))? {
        listener(Past::Token(token))?;
    }
    Ok(())
}

fn commits(connection: &Connection, through: Revision, listener: &mut Listener) -> Result<(), Unavailable> {
    let failed = |error: rusqlite::Error| failed(&error);
    let mut commits = connection
        .prepare("select revision, at, who, why from revisions where revision <= ? order by revision")
        .map_err(failed)?;
    let mut rows = commits.query([signed(through)]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let read = || {
            let commit = Commit { at: read::moment(row.get(1)?), who: row.get(2)?, why: row.get(3)? };
            Ok((unsigned(row.get(0)?), commit))
        };
        let (revision, commit) = read().map_err(failed)?;
        listener(Past::Commit { revision, commit })?;
        changes(connection, revision, listener)?;
    }
    Ok(())
}

fn changes(connection: &Connection, revision: Revision, listener: &mut Listener) -> Result<(), Unavailable> {
    let failed = |error: rusqlite::Error| failed(&error);
    let mut changes = connection
        .prepare_cached(
            "select uids.type, uids.id, versions.text, schemas.digest from changes
             join uids on uids.key = changes.uid
             left join versions on versions.uid = changes.uid and versions.since = changes.revision
             left join schemas on schemas.key = versions.schema
             where changes.revision = ? order by changes.uid",
        )
        .map_err(failed)?;
    let mut rows = changes.query(params![signed(revision)]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let read = || Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let (kind, id, text, schema): (String, String, Option<String>, Option<String>) = read().map_err(failed)?;
        let uid = uid(&kind, &id)?;
        listener(match (text, schema) {
            (Some(text), Some(schema)) => Past::Put { uid, text, schema },
            _ => Past::Deleted { uid },
        })?;
    }
    Ok(())
}

fn answers(connection: &Connection, through: Revision, listener: &mut Listener) -> Result<(), Unavailable> {
    let failed = |error: rusqlite::Error| failed(&error);
    let mut answers = connection
        .prepare(
            "select caller, key, digest, status, answer, revision from answers where revision <= ?
             order by revision, caller, key",
        )
        .map_err(failed)?;
    let mut rows = answers.query([signed(through)]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let read = || Ok(Past::Remembered { caller: row.get(0)?, key: row.get(1)?, answer: read::answer(row, 2)? });
        listener(read().map_err(failed)?)?;
    }
    Ok(())
}
