//! The same work on many things, on all cores, in the order of the things.

use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Stack of a worker: translating policies recurses into nested expressions, as loading them does.
const STACK: usize = 256 << 20;

/// Does `work` on every item; results come in the items' order.
///
/// Where a thread cannot be started, or one has failed, its items are done on this one.
pub fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        while let Some((item, result)) = {
            let number = next.fetch_add(1, Ordering::Relaxed);
            items.get(number).zip(results.get(number))
        } {
            let done = work(item);
            *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        }
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
        for _ in 0..cores {
            let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker);
        }
    });
    let taken = results.into_iter().map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner));
    taken.zip(items).map(|(result, item)| result.unwrap_or_else(|| work(item))).collect()
}
