//! Workers that read in turn, work side by side, and hand in in the order in which they read.
//!
//! Each worker takes the next block of the file, works on it while the others work on theirs, and waits until all
//! blocks before its own were handed in. So there is never more in memory than one block a worker, the order is that of
//! the file whatever the number of workers, and nothing is passed from hand to hand.

use std::{
    io::{self, Read},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::input::Blocks;
use crate::pricing::statement::settlement::CountsNeeded;

/// Why the file was not read to its end.
#[derive(Debug)]
pub enum Failure {
    /// The items of orders must be counted first.
    CountsNeeded,
    /// It cannot be read.
    Unreadable(io::Error),
    /// What came of it cannot be written.
    Unwritable(io::Error),
    /// A worker ended without having done its work.
    Broken,
}

impl From<CountsNeeded> for Failure {
    fn from(_: CountsNeeded) -> Self {
        Self::CountsNeeded
    }
}

/// What each worker does with a block.
pub trait Work: Send {
    /// What all hand in to.
    type Desk: Send;

    /// Works on a block of whole records that starts on line `first`.
    ///
    /// # Errors
    /// The work ends, for all.
    fn work(&mut self, block: &[u8], first: u32) -> Result<(), Failure>;

    /// Hands in what came of it; blocks come in the order of the file.
    ///
    /// # Errors
    /// The work ends, for all.
    fn hand_in(&mut self, block: &[u8], desk: &mut Self::Desk) -> Result<(), Failure>;
}

struct Intake<R> {
    blocks: Blocks<R>,
    /// How many blocks were taken.
    taken: u64,
}

struct Counter<'d, D> {
    desk: &'d mut D,
    /// How many blocks were handed in.
    handed_in: u64,
    failure: Option<Failure>,
}

/// Locks, also after another worker's panic: whoever waits must learn of the failure.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Works through a file.
///
/// # Errors
/// The first failure of any worker.
pub fn take_turns<R: Read + Send, W: Work>(
    blocks: Blocks<R>,
    desk: &mut W::Desk,
    workers: &mut [W],
) -> Result<(), Failure> {
    let intake = Mutex::new(Intake { blocks, taken: 0 });
    let counter = Mutex::new(Counter { desk, handed_in: 0, failure: None });
    let turn = Condvar::new();
    thread::scope(|scope| {
        for worker in workers {
            scope.spawn(|| {
                let alarm = Alarm { counter: &counter, turn: &turn };
                let ended = run(worker, &intake, &counter, &turn);
                std::mem::forget(alarm);
                if let Err(failure) = ended {
                    fail(&counter, &turn, failure);
                }
            });
        }
    });
    let failure = counter.into_inner().unwrap_or_else(PoisonError::into_inner).failure;
    failure.map_or(Ok(()), Err)
}

fn run<R: Read, W: Work>(
    worker: &mut W,
    intake: &Mutex<Intake<R>>,
    counter: &Mutex<Counter<W::Desk>>,
    turn: &Condvar,
) -> Result<(), Failure> {
    let mut block = Vec::new();
    loop {
        let (number, first) = {
            let mut intake = lock(intake);
            let Some(first) = intake.blocks.next(&mut block).map_err(Failure::Unreadable)? else { return Ok(()) };
            intake.taken += 1;
            (intake.taken - 1, first)
        };
        worker.work(&block, first)?;
        let waiting = |counter: &mut Counter<_>| counter.handed_in != number && counter.failure.is_none();
        let mut counter = turn.wait_while(lock(counter), waiting).unwrap_or_else(PoisonError::into_inner);
        if counter.failure.is_some() {
            return Ok(());
        }
        worker.hand_in(&block, counter.desk)?;
        counter.handed_in += 1;
        turn.notify_all();
    }
}

fn fail<D>(counter: &Mutex<Counter<D>>, turn: &Condvar, failure: Failure) {
    lock(counter).failure.get_or_insert(failure);
    turn.notify_all();
}

/// Tells the others if a worker panics, so that none waits for its block for ever.
struct Alarm<'a, 'd, D> {
    counter: &'a Mutex<Counter<'d, D>>,
    turn: &'a Condvar,
}

impl<D> Drop for Alarm<'_, '_, D> {
    fn drop(&mut self) {
        fail(self.counter, self.turn, Failure::Broken);
    }
}
