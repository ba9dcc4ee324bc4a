//! Random choices that shrink: a list of numbers read one by one.
//!
//! Whatever is made at random asks the tape. Zero is always the simplest choice, and a tape that has run
//! out gives zeros; so when proptest shortens it and lowers its numbers, the case becomes simpler.

use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};

#[derive(Debug, Clone)]
pub struct Tape(std::vec::IntoIter<u32>);

impl Tape {
    /// A tape with these numbers.
    pub fn of(numbers: Vec<u32>) -> Self {
        Self(numbers.into_iter())
    }

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

/// Holds a property against so many tapes, or `PROPTEST_CASES` of them.
pub fn holds(cases: u32, property: impl Fn(Tape) -> Result<(), TestCaseError>) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    if let Err(counterexample) = run(cases, 500, property) {
        panic!("{counterexample}");
    }
}

/// The control of a property: it must fail for one of so many tapes, and is told how.
pub fn fails(cases: u32, property: impl Fn(Tape) -> Result<(), TestCaseError>) -> String {
    run(cases, 0, property).expect_err("the property holds although it must not")
}

fn run(cases: u32, max_shrink_iters: u32, property: impl Fn(Tape) -> Result<(), TestCaseError>) -> Result<(), String> {
    let config = Config { cases, max_shrink_iters, failure_persistence: None, ..Config::default() };
    let tapes = vec(any::<u32>(), 0..2_000).prop_map(Tape::of);
    runner(config).run(&tapes, property).map_err(|error| error.to_string())
}

/// The same tapes at every run, so that a green run stays green; where `PROPTEST_CASES` asks for a long run,
/// new ones each time.
fn runner(config: Config) -> TestRunner {
    if std::env::var("PROPTEST_CASES").is_ok() {
        return TestRunner::new(config);
    }
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}
