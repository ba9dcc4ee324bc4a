//! What goes into one commit: records that waited, and what the log has to say of itself.

use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::tip::Tip;
use crate::audit::{
    Failed,
    ledger::{Entry, about},
    record::{Event, Record},
    recorder::{Job, Queue},
};

/// What goes into one commit.
pub(super) struct Batch {
    pub(super) jobs: Vec<Job>,
    pub(super) lost: u64,
    pub(super) note: Option<Record>,
    /// Says that lines were set aside.
    pub(super) unsigned: Option<Record>,
    pub(super) attempted: bool,
}

impl Batch {
    pub(super) fn of(jobs: Vec<Job>, lost: u64, at: Timestamp) -> Self {
        let told = (lost > 0).then(|| note(Event::Lost { count: lost, reason: "queue" }, at));
        Self { jobs, lost, note: told, unsigned: None, attempted: false }
    }

    pub(super) fn note(event: Event, at: Timestamp) -> Self {
        Self { jobs: Vec::new(), lost: 0, note: Some(note(event, at)), unsigned: None, attempted: false }
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.note.iter().chain(self.jobs.iter().map(|job| &job.record)).chain(&self.unsigned)
    }

    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.records().map(|record| record.at).max()
    }

    /// How many records are lost with it, where nobody waits for them.
    pub(super) fn lost_now(&self, queue: &Queue) -> u64 {
        let unheard = self.jobs.iter().filter(|job| job.done.is_none()).count() as u64;
        queue.counts.lost.fetch_add(unheard, Ordering::Relaxed);
        self.lost + unheard
    }

    pub(super) fn entries(&self, writer: u32, tip: &mut Tip) -> Result<Vec<Entry>, Failed> {
        let entry = |record: &Record| {
            let text = serde_json::to_vec(record).map_err(|error| Failed(format!("a record: {error}")))?;
            let place = tip.next(writer);
            let line = place.line(&text);
            tip.push(&line);
            let line = String::from_utf8(line).map_err(|_| Failed("a record is no text".to_owned()))?;
            let (subject, resource) = sides(record);
            Ok(Entry { sequence: place.sequence, id: record.id, subject, resource, line })
        };
        self.records().map(entry).collect()
    }
}

/// By what a record is found.
fn sides(record: &Record) -> (Option<i64>, Option<i64>) {
    let question = match &record.event {
        Event::Decision { question, .. } | Event::Search { question, .. } | Event::Quote { question, .. } => {
            question.as_deref()
        }
        Event::Transaction { evaluations, .. } => evaluations.first().map(|evaluation| &*evaluation.question),
        _ => None,
    };
    let found_by = |entity_type: &str, id: &str| (!id.is_empty()).then(|| about(entity_type, id));
    question.map_or((None, None), |question| {
        let side = |party: &crate::request::Party| found_by(&party.entity_type, &party.id);
        (side(&question.principal), side(&question.resource))
    })
}

/// A record of the log about itself.
pub(super) fn note(event: Event, at: Timestamp) -> Record {
    let id = uuid::Builder::from_unix_timestamp_millis(u64::try_from(at.as_millisecond()).unwrap_or(0), &random())
        .into_uuid();
    Record::of_log(id, at, event)
}

/// Where the system has no random bits left, names of notes may be equal, and the commit is refused.
fn random() -> [u8; 10] {
    let mut bits = [0; 10];
    let _ = getrandom::fill(&mut bits);
    bits
}
