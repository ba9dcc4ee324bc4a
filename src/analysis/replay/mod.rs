//! Replay: recorded questions, decided again by another bundle.
//!
//! Bob has changed a policy. Before it comes into force his reviewer wants to know what it would have done to the
//! decisions of the last month, which nobody made up. [`replay`]
//! 1. takes the log piece by piece ([`source`], [`kept`]), on as many threads as there are, and reads of each record the question,
//!    the time, the revision of the facts and what was answered ([`record`]);
//! 2. turns pseudonyms back where it can, and leaves out what was masked and might matter ([`unmask`]): that is counted,
//!    never guessed;
//! 3. decides each question at its time, on the facts as they were or as they are now ([`ground`]);
//! 4. counts what comes out otherwise, by action and by policy, and keeps the first cases of each kind with their
//!    explanation ([`tally`]).
//!
//! [`text`] and [`json`] tell it; [`gate`] lets a build fail on it. Memory does not grow with the log.

pub mod gate;
pub mod ground;
pub mod json;
pub mod kept;
pub mod record;
pub mod source;
pub mod tally;
pub mod text;
pub mod unmask;
mod worker;

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

pub use self::{
    ground::Ground,
    source::{Files, Recorded},
    tally::{Change, Tally},
    unmask::Identify,
};
use self::{source::Origin, worker::Worker};
use crate::{bundle::Bundle, problem::Problem};

/// Stack of a thread that decides: conditions nest.
const STACK: usize = 16 << 20;

/// What is replayed, and how.
pub struct Wish<'w> {
    /// The bundle that decides.
    pub bundle: &'w Bundle,
    /// The facts it decides on.
    pub ground: Ground,
    /// How many cases of each kind of change are kept.
    pub samples: usize,
    /// How many threads decide.
    pub threads: usize,
    /// Turns pseudonyms back.
    pub identify: &'w Identify<'w>,
}

/// The log, from which threads take pieces in turns.
struct Log<'l> {
    source: &'l mut dyn Recorded,
    /// How many pieces were taken.
    taken: usize,
}

/// Decides every record of a log again.
///
/// # Errors
/// A line that is no record, a log or facts that cannot be read: then nothing is told.
pub fn replay<'w>(source: &mut dyn Recorded, wish: &'w Wish<'w>) -> Result<Tally<'w>, Problem> {
    let (log, stop) = (Mutex::new(Log { source, taken: 0 }), AtomicBool::new(false));
    let head = wish.ground.head()?;
    let tallies = thread::scope(|scope| {
        let work = || {
            let tally = work(&log, &stop, Worker::new(wish, head));
            stop.fetch_or(tally.is_err(), Ordering::Relaxed);
            tally
        };
        let begin = |_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let begun = (0..wish.threads.max(1)).map(begin).collect::<Result<Vec<_>, _>>();
        let begun = begun.map_err(|error| Problem::new(format!("no thread can be begun: {error}")))?;
        let ended = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err(Problem::new("a thread of the replay failed")))
        };
        begun.into_iter().map(ended).collect::<Result<Vec<Tally>, Problem>>()
    })?;
    Ok(tallies.into_iter().fold(Tally::default(), |all, one| all.and(one, wish.samples)))
}

fn work<'w>(log: &Mutex<Log>, stop: &AtomicBool, mut worker: Worker<'w>) -> Result<Tally<'w>, Problem> {
    let mut piece = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let Some((number, origin)) = take(log, &mut piece)? else { break };
        worker.piece(number, &origin, &piece)?;
    }
    Ok(worker.tally)
}

fn take(log: &Mutex<Log>, piece: &mut Vec<u8>) -> Result<Option<(usize, Origin)>, Problem> {
    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
    log.taken += 1;
    Ok(log.source.next(piece)?.map(|origin| (log.taken, origin)))
}
