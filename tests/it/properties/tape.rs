//! Random choices that shrink: a list of numbers read one by one.
//!
//! Whatever is made at random asks the tape. Zero is always the simplest choice, and a tape that has run
//! out gives zeros; so when proptest shortens it and lowers its numbers, the case becomes simpler.

use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    test_runner::{Config, TestCaseError, TestRunner},
};

#[derive(Debug, Clone)]
pub struct Tape(std::vec::IntoIter<u32>);

impl Tape {
    fn next(&mut self) -> u32 {
        self.0.next().unwrap_or(0)
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next()).unwrap() % count
    }

    /// Whether something happens that happens so many times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.next() % 100 >= 100 - percent
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Runs a property on so many tapes, or on `PROPTEST_CASES` of them.
///
/// # Errors
/// The simplest tape found that it does not hold for, and why.
pub fn holds(cases: u32, property: impl Fn(Tape) -> Result<(), TestCaseError>) -> Result<(), String> {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 1_000, ..Config::default() };
    let tapes = vec(any::<u32>(), 0..2_000).prop_map(|numbers| Tape(numbers.into_iter()));
    TestRunner::new(config).run(&tapes, property).map_err(|error| error.to_string())
}
