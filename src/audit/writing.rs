//! The one thread that writes: masks what waits, links it behind the last line, signs, commits, and lets answers go.
//!
//! It knows the end of its chain: the last line's hash, and the tree over the span that still grows. A commit that fails
//! leaves that as it was; then the chain is taken anew and read as it stands on the disk, since only the disk knows whether
//! the commit was made.

mod batch;
mod near;
mod tip;

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use ed25519_dalek::SigningKey;
use jiff::{SignedDuration, Timestamp};

use self::{
    batch::{Batch, note},
    near::Near,
    tip::Tip,
};
use super::{
    Failed,
    checkpoint::Checkpoint,
    ledger::{Chain, Ledger},
    people::Person,
    record::Event,
    recorder::Queue,
};
use crate::config::audit::Mode;

/// In the mode `available` records are gathered so long for one commit.
const LINGER: Duration = Duration::from_millis(5);

/// Pause after a commit that failed.
const RECOVERY: Duration = Duration::from_millis(100);

/// The thread's own.
pub(super) struct Writing {
    ledger: Arc<dyn Ledger>,
    key: SigningKey,
    keep: Option<SignedDuration>,
    chain: Option<(Box<dyn Chain>, Tip)>,
    /// Lines that were set aside when the chain was taken, until that is recorded.
    unsigned: u64,
    near: Near,
    /// The time of the newest record.
    latest: Timestamp,
    /// The day on which old lines were last looked for.
    swept: Option<jiff::civil::Date>,
}

impl Writing {
    /// Takes a chain.
    ///
    /// # Errors
    /// It cannot be written, or its end is not what was signed.
    pub(super) fn begin(
        ledger: Arc<dyn Ledger>,
        key: SigningKey,
        keep: Option<SignedDuration>,
    ) -> Result<Self, Failed> {
        let mut writing = Self {
            ledger,
            key,
            keep,
            chain: None,
            unsigned: 0,
            near: Near::default(),
            latest: Timestamp::UNIX_EPOCH,
            swept: None,
        };
        writing.take_chain()?;
        Ok(writing)
    }

    fn take_chain(&mut self) -> Result<(Box<dyn Chain>, Tip), Failed> {
        if let Some(taken) = self.chain.take() {
            return Ok(taken);
        }
        let chain = self.ledger.chain()?;
        let tip = Tip::read(&*self.ledger, chain.writer())?;
        self.unsigned = chain.set_aside();
        self.chain = Some((chain, tip));
        self.take_chain()
    }

    /// Writes until the queue is closed and empty.
    pub(super) fn run(&mut self, queue: &Queue) {
        let linger = if queue.mode == Mode::Available { LINGER } else { Duration::ZERO };
        while let Some((jobs, lost)) = queue.take(linger) {
            self.latest = jobs.iter().map(|job| job.record.at).max().unwrap_or(self.latest);
            let mut batch = Batch::of(jobs, lost, self.latest);
            self.write(&mut batch, queue);
            self.sweep(&batch, queue);
        }
    }

    /// Writes a batch. Where nobody waits for it, a failure is tried again until the service ends. Whether it is
    /// on the disk.
    fn write(&mut self, batch: &mut Batch, queue: &Queue) -> bool {
        for job in &mut batch.jobs {
            job.masks.cut(&mut job.record);
        }
        loop {
            match self.commit(batch) {
                Ok(written) => {
                    queue.counts.written.fetch_add(written, Ordering::Relaxed);
                    queue.counts.commits.fetch_add(1, Ordering::Relaxed);
                    // Whoever has stopped waiting is answered already, with an error.
                    for done in batch.jobs.iter_mut().filter_map(|job| job.done.take()) {
                        let _ = done.send(());
                    }
                    return true;
                }
                Err(Failed(reason)) => {
                    self.chain = None;
                    queue.counts.failures.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(audit.error = reason, "records could not be written to the decision log");
                    if queue.mode == Mode::Strict || queue.is_closing() {
                        queue.still_lost(batch.lost_now(queue));
                        return false;
                    }
                    std::thread::sleep(RECOVERY);
                }
            }
        }
    }

    fn commit(&mut self, batch: &mut Batch) -> Result<u64, Failed> {
        let (mut chain, tip) = self.take_chain()?;
        if batch.attempted && self.is_written(batch)? {
            self.chain = Some((chain, tip));
            return Ok(0);
        }
        batch.attempted = true;
        let Some(at) = batch.latest() else { return Ok(0) };
        let told = Event::Lost { count: self.unsigned, reason: "unsigned" };
        batch.unsigned = (self.unsigned > 0).then(|| note(told, at));
        self.mask(batch, at);
        let mut next = tip;
        let entries = batch.entries(chain.writer(), &mut next)?;
        let sealed = next.seal(chain.writer(), at, &self.key);
        chain.append(&entries, &sealed)?;
        self.chain = Some((chain, next));
        self.unsigned = 0;
        Ok(entries.len() as u64)
    }

    /// Whether a commit that seemed to fail was made nevertheless.
    fn is_written(&self, batch: &Batch) -> Result<bool, Failed> {
        let Some(first) = batch.records().next() else { return Ok(false) };
        Ok(self.ledger.find(first.id)?.is_some())
    }

    fn mask(&mut self, batch: &mut Batch, now: Timestamp) {
        self.near.tidy(now);
        let mut strangers = BTreeSet::new();
        for job in batch.jobs.iter_mut().filter(|job| !job.masked) {
            job.masks.persons(&mut job.record, &mut |entity_type, id| {
                if self.near.get(entity_type, id).is_none() {
                    strangers.insert(Person { entity_type: entity_type.to_owned(), id: id.to_owned() });
                }
            });
        }
        self.meet(strangers.into_iter().collect());
        for job in batch.jobs.iter_mut().filter(|job| !job.masked) {
            job.masked = true;
            job.masks.apply(&mut job.record, &|entity_type, id| self.near.get(entity_type, id));
        }
    }

    /// Gets pseudonyms for persons. Whoever gets none is left out of the records.
    fn meet(&mut self, strangers: Vec<Person>) {
        if strangers.is_empty() {
            return;
        }
        match self.ledger.keys().enroll(&strangers) {
            Ok(enrolled) => {
                strangers.into_iter().zip(enrolled).for_each(|(person, pseudonym)| self.near.keep(person, pseudonym));
            }
            Err(Failed(reason)) => tracing::error!(audit.error = reason, "persons cannot be given pseudonyms"),
        }
    }

    /// Once a day drops the full spans that were kept long enough. What is dropped is recorded first.
    fn sweep(&mut self, batch: &Batch, queue: &Queue) {
        let (Some(keep), Some(at)) = (self.keep, batch.latest()) else { return };
        let today = jiff::tz::TimeZone::UTC.to_datetime(at).date();
        if self.swept == Some(today) {
            return;
        }
        self.swept = Some(today);
        let Ok(kept_from) = at.checked_sub(keep) else { return };
        if let Err(Failed(reason)) = self.drop_before(kept_from, at, queue) {
            tracing::error!(audit.error = reason, "old records could not be dropped");
        }
    }

    fn drop_before(&mut self, kept_from: Timestamp, at: Timestamp, queue: &Queue) -> Result<(), Failed> {
        for writer in self.ledger.writers()? {
            let mut through = None;
            for text in self.ledger.checkpoints(writer)? {
                let checkpoint = Checkpoint::read_as_it_says(&text).map_err(Failed)?;
                if checkpoint.is_closed() && checkpoint.at < kept_from {
                    through = Some(checkpoint.last);
                }
            }
            let Some(through) = through else { continue };
            let Some(through) = self.ledger.droppable(writer, through)? else { continue };
            let event = Event::Retention { of: writer, through, kept_from };
            // What is not recorded as dropped would be missed as removed.
            if !self.write(&mut Batch::note(event, at), queue) {
                return Ok(());
            }
            let (mut chain, tip) = self.take_chain()?;
            chain.drop_through(writer, through)?;
            self.chain = Some((chain, tip));
            tracing::info!(audit.writer = writer, audit.through = through, "old records were dropped");
        }
        Ok(())
    }
}
