//! The queue between answers and the log.
//!
//! Whoever answers hands its record in and gets a [`Ticket`]. In the mode `strict` the ticket is good when the record is on
//! the disk, and the answer waits for it; all records that wait are committed together, so that the disk's latency is paid
//! once for many. In the mode `available` nobody waits; what finds no room is counted, and the count is recorded.
//!
//! The queue is bounded in both modes (threat T21): memory is not where a slow disk should be noticed.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Failed, ledger::Ledger, mask::Masks, record::Record, writing::Writing};
use crate::config::audit::Mode;

/// Most records of one commit.
const BATCH: usize = 4_096;

/// Records what is answered.
pub struct Recorder {
    queue: Arc<Queue>,
    ledger: Arc<dyn Ledger>,
    ids: Ids,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What waits to be written.
pub(super) struct Queue {
    /// What is promised.
    pub(super) mode: Mode,
    limit: usize,
    waiting: Mutex<Waiting>,
    news: Condvar,
    /// What was counted.
    pub(super) counts: Counts,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    lost: u64,
    closing: bool,
    idle: bool,
}

/// A record on its way.
pub(super) struct Job {
    pub(super) record: Record,
    pub(super) masks: Arc<Masks>,
    /// Whether it names pseudonyms by now.
    pub(super) masked: bool,
    pub(super) done: Option<oneshot::Sender<()>>,
}

/// What the log counts.
#[derive(Debug, Default)]
pub struct Counts {
    /// Records on the disk.
    pub written: AtomicU64,
    /// Records that could not be kept.
    pub lost: AtomicU64,
    /// Commits.
    pub commits: AtomicU64,
    /// Commits that failed.
    pub failures: AtomicU64,
}

/// A record that was handed in.
#[must_use = "in the mode `strict` an answer may leave only when its record is on the disk"]
pub struct Ticket(State);

enum State {
    Free,
    Waiting(oneshot::Receiver<()>),
    Refused,
}

/// The record is not on the disk: the answer must not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unrecorded;

impl Ticket {
    /// A ticket where nothing is recorded.
    pub fn free() -> Self {
        Self(State::Free)
    }

    /// Waits until the answer may leave.
    ///
    /// # Errors
    /// It may not.
    pub async fn good(self) -> Result<(), Unrecorded> {
        match self.0 {
            State::Free => Ok(()),
            State::Waiting(done) => done.await.map_err(|_| Unrecorded),
            State::Refused => Err(Unrecorded),
        }
    }

    /// The same, for threads that may wait.
    ///
    /// # Errors
    /// It may not.
    pub fn wait(self) -> Result<(), Unrecorded> {
        match self.0 {
            State::Free => Ok(()),
            State::Waiting(done) => done.blocking_recv().map_err(|_| Unrecorded),
            State::Refused => Err(Unrecorded),
        }
    }
}

impl Recorder {
    /// Begins to record in a ledger, behind the end of a chain.
    ///
    /// # Errors
    /// The chain cannot be written, or its end is not what was signed.
    pub fn start(ledger: Arc<dyn Ledger>, settings: Settings) -> Result<Self, Failed> {
        let Settings { mode, limit, key, keep } = settings;
        let queue =
            Arc::new(Queue { mode, limit, waiting: Mutex::default(), news: Condvar::new(), counts: Counts::default() });
        let mut writing = Writing::begin(ledger.clone(), key, keep)?;
        let thread = std::thread::Builder::new().name("decision-log".to_owned()).spawn({
            let queue = queue.clone();
            move || writing.run(&queue)
        });
        let thread = thread.map_err(|error| Failed(format!("its thread cannot be started: {error}")))?;
        Ok(Self { queue, ledger, ids: Ids::new()?, thread: Mutex::new(Some(thread)) })
    }

    /// A name for a record of that time.
    pub fn id(&self, at: jiff::Timestamp) -> Uuid {
        self.ids.next(at)
    }

    /// Where it records.
    pub fn ledger(&self) -> &Arc<dyn Ledger> {
        &self.ledger
    }

    /// What is promised.
    pub fn mode(&self) -> Mode {
        self.queue.mode
    }

    /// What was counted.
    pub fn counts(&self) -> &Counts {
        &self.queue.counts
    }

    /// How many records wait.
    pub fn waiting(&self) -> usize {
        self.queue.lock().jobs.len()
    }

    /// Hands a record in.
    pub fn submit(&self, record: Record, masks: Arc<Masks>) -> Ticket {
        let (done, state) = match self.queue.mode {
            Mode::Strict => {
                let (sender, receiver) = oneshot::channel();
                (Some(sender), State::Waiting(receiver))
            }
            Mode::Available => (None, State::Free),
        };
        let mut waiting = self.queue.lock();
        if waiting.closing || waiting.jobs.len() >= self.queue.limit {
            if done.is_some() {
                return Ticket(State::Refused);
            }
            waiting.lost += 1;
            self.queue.counts.lost.fetch_add(1, Ordering::Relaxed);
            return Ticket(State::Free);
        }
        waiting.jobs.push_back(Job { record, masks, masked: false, done });
        if waiting.idle {
            self.queue.news.notify_one();
        }
        Ticket(state)
    }

    /// Writes what waits and takes nothing more. Blocks.
    pub fn close(&self) {
        self.queue.lock().closing = true;
        self.queue.news.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A panic in there was told by the hook.
        let _ = thread.map(JoinHandle::join);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.close();
    }
}

/// How a log is written.
pub struct Settings {
    /// What is promised.
    pub mode: Mode,
    /// Most records that wait.
    pub limit: usize,
    /// Signs checkpoints.
    pub key: ed25519_dalek::SigningKey,
    /// How long lines are kept; for ever where it says nothing.
    pub keep: Option<jiff::SignedDuration>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for records and takes as many as make one commit, with how many were lost meanwhile; none when all is written
    /// and nothing more comes.
    pub(super) fn take(&self, linger: std::time::Duration) -> Option<(Vec<Job>, u64)> {
        let mut waiting = self.lock();
        while waiting.jobs.is_empty() && waiting.lost == 0 {
            if waiting.closing {
                return None;
            }
            waiting.idle = true;
            waiting = self.news.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.idle = false;
        }
        if !linger.is_zero() && !waiting.closing && waiting.jobs.len() < BATCH {
            let more = |waiting: &mut Waiting| !waiting.closing;
            let lingered = self.news.wait_timeout_while(waiting, linger, more);
            waiting = lingered.unwrap_or_else(PoisonError::into_inner).0;
        }
        let many = waiting.jobs.len().min(BATCH);
        let lost = std::mem::take(&mut waiting.lost);
        Some((waiting.jobs.drain(..many).collect(), lost))
    }

    /// Whether nothing more is taken.
    pub(super) fn is_closing(&self) -> bool {
        self.lock().closing
    }

    /// Puts back what was counted as lost and is not recorded yet.
    pub(super) fn still_lost(&self, lost: u64) {
        self.lock().lost += lost;
    }
}

/// Names of records: the time, a counter, and bits that no other process has.
struct Ids {
    counter: AtomicU64,
    process: [u8; 7],
}

impl Ids {
    fn new() -> Result<Self, Failed> {
        let mut process = [0; 7];
        getrandom::fill(&mut process).map_err(|error| Failed(format!("no random bits: {error}")))?;
        Ok(Self { counter: AtomicU64::new(0), process })
    }

    fn next(&self, at: jiff::Timestamp) -> Uuid {
        let count = self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        // Version and variant take the upper bits of the first and third byte: the counter has the 18 bits around them.
        let [.., high, low] = count;
        let mut bits = [0; 10];
        bits[0] = (count[5] << 2 | high >> 6) & 0x0f;
        bits[1] = high << 2 | low >> 6;
        bits[2] = low & 0x3f;
        bits[3..].copy_from_slice(&self.process);
        uuid::Builder::from_unix_timestamp_millis(millis, &bits).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Ids;

    #[test]
    fn names_of_one_millisecond_are_different_and_in_order() {
        let ids = Ids::new().unwrap();
        let names: Vec<_> = (0..100_000).map(|_| ids.next(jiff::Timestamp::UNIX_EPOCH)).collect();
        assert!(names.is_sorted());
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert!(names.iter().all(|name| name.get_version_num() == 7));
    }
}
