//! Work spread over all cores, its results in the order of what was to be done.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Stack of a worker: Cedar's parser and validator recurse into nested expressions.
const STACK: usize = 64 << 20;

/// Does `work` for every item; each worker begins with what `start` makes, and calls `each` after every item.
pub(super) fn spread<I: Sync, S, R: Send>(
    items: &[I],
    each: &(dyn Fn() + Sync),
    start: impl Fn() -> S + Sync,
    work: impl Fn(&S, &I) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let run = || {
        let own = start();
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(number) else { return done };
            done.push((number, work(&own, item)));
            each();
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let mut done = std::thread::scope(|scope| {
        let spawn = |_| std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).ok();
        let spawned: Vec<_> = (0..workers).filter_map(spawn).collect();
        if spawned.is_empty() {
            return run();
        }
        let joined = spawned.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.flat_map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
