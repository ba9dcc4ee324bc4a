//! By what records are found, without an index that every commit would have to grow.
//!
//! An index over subjects takes each new record to another page, and at some thousand records a second the disk writes
//! little else. Instead, when a span is full, the subjects and the resources in it are summed up in two sorted lists, four
//! bytes each. Whoever looks for a subject asks the lists of all spans, the newest first, and reads only the spans that have
//! it; the span that still grows is read in any case.

use std::{cmp::Reverse, collections::BTreeSet};

use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use super::{key, signed};
use crate::audit::ledger::{About, Sealed};

/// Sums up a span that is full.
pub(super) fn sum_up(transaction: &Transaction, writer: u32, span: &Sealed) -> rusqlite::Result<()> {
    let (mut subjects, mut resources) = (BTreeSet::new(), BTreeSet::new());
    let mut statement =
        transaction.prepare_cached("select subject, resource from records where key between ? and ?")?;
    let mut rows = statement.query(params![key(writer, span.first), key(writer, span.last)])?;
    while let Some(row) = rows.next()? {
        subjects.extend(row.get::<_, Option<i64>>(0)?.map(short));
        resources.extend(row.get::<_, Option<i64>>(1)?.map(short));
    }
    let list = |terms: BTreeSet<[u8; 4]>| terms.into_iter().collect::<Vec<_>>().concat();
    transaction
        .prepare_cached("insert into terms (writer, first, last, subjects, resources) values (?, ?, ?, ?, ?)")?
        .execute(params![writer, signed(span.first), signed(span.last), list(subjects), list(resources)])?;
    Ok(())
}

/// The upper half tells entities of a span apart.
fn short(term: i64) -> [u8; 4] {
    let [a, b, c, d, ..] = term.to_be_bytes();
    [a, b, c, d]
}

/// Whether a sorted list has a term.
fn has(list: &[u8], term: i64) -> bool {
    list.as_chunks().0.binary_search(&short(term)).is_ok()
}

/// Records about something, newest first, of all chains.
pub(super) struct Backwards<'c> {
    chains: Vec<Walk<'c>>,
}

/// A chain's records about something, span by span from its end.
struct Walk<'c> {
    connection: &'c Connection,
    column: &'static str,
    terms: [i64; 2],
    before: Uuid,
    /// Spans that are not read yet, the newest last.
    spans: Vec<(i64, i64)>,
    /// What was found in the span that is told, and in the one before it: names are made a moment before their records
    /// have a place, so that those around a border may lie the other way round. The newest last.
    found: [Vec<(Uuid, String)>; 2],
}

impl<'c> Backwards<'c> {
    /// Those about a subject or a resource that are older than the named one.
    pub(super) fn new(connection: &'c Connection, about: About, before: Uuid) -> rusqlite::Result<Option<Self>> {
        let (column, list, terms) = match about {
            About::Anything => return Ok(None),
            About::Subject(terms) => ("subject", "subjects", terms),
            About::Resource(terms) => ("resource", "resources", terms),
        };
        let mut writers = connection.prepare("select distinct writer from checkpoints order by writer")?;
        let writers = writers.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<u32>>>()?;
        let mut chains = Vec::new();
        for writer in writers {
            let spans = spans(connection, writer, list, terms)?;
            chains.push(Walk { connection, column, terms, before, spans, found: Default::default() });
        }
        Ok(Some(Self { chains }))
    }

    /// The next one.
    pub(super) fn next(&mut self) -> rusqlite::Result<Option<String>> {
        for chain in &mut self.chains {
            chain.fill()?;
        }
        let newest =
            self.chains.iter_mut().filter_map(Walk::newest).max_by_key(|found| found.last().map(|(id, _)| *id));
        Ok(newest.and_then(Vec::pop).map(|(_, line)| line))
    }
}

/// The spans of a chain that may have one of the terms, and what stands behind the last full one.
fn spans(connection: &Connection, writer: u32, list: &str, terms: [i64; 2]) -> rusqlite::Result<Vec<(i64, i64)>> {
    let statement = format!("select first, last, {list} from terms where writer = ? order by first");
    let mut statement = connection.prepare_cached(&statement)?;
    let mut rows = statement.query([writer])?;
    let (mut spans, mut end) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let (first, last): (u64, u64) = (row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(1)?.unsigned_abs());
        let list = row.get_ref(2)?.as_blob()?;
        if terms.iter().any(|term| has(list, *term)) {
            spans.push((key(writer, first), key(writer, last)));
        }
        end = last;
    }
    spans.push((key(writer, end + 1), key(writer, u64::MAX)));
    Ok(spans)
}

impl Walk<'_> {
    /// Reads spans until two have something, or there are no more.
    fn fill(&mut self) -> rusqlite::Result<()> {
        if self.found[0].is_empty() {
            self.found.swap(0, 1);
        }
        for place in 0..2 {
            while self.found[place].is_empty()
                && let Some(span) = self.spans.pop()
            {
                self.found[place] = self.read(span)?;
            }
        }
        Ok(())
    }

    fn read(&self, (from, through): (i64, i64)) -> rusqlite::Result<Vec<(Uuid, String)>> {
        let column = self.column;
        let statement = format!("select id, line from records where key between ? and ? and {column} in (?, ?)");
        let mut statement = self.connection.prepare_cached(&statement)?;
        let row = |row: &rusqlite::Row| Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?));
        let rows = statement.query_map(params![from, through, self.terms[0], self.terms[1]], row)?;
        let mut found: Vec<(Uuid, String)> = rows.collect::<rusqlite::Result<_>>()?;
        found.retain(|(id, _)| *id < self.before);
        found.sort_unstable_by_key(|(id, _)| *id);
        Ok(found)
    }

    /// Where its newest record is.
    fn newest(&mut self) -> Option<&mut Vec<(Uuid, String)>> {
        let newest = self.found.iter_mut().min_by_key(|found| Reverse(found.last().map(|(id, _)| *id)));
        newest.filter(|found| !found.is_empty())
    }
}
