//! Sums of what was seen, of a file or of all.

use std::{fmt, ops::AddAssign};

/// Of how many there are (`all`), how many were seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ratio {
    /// Those seen.
    pub seen: usize,
    /// Those that can be seen.
    pub all: usize,
}

/// The sums of a file, or of all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sums {
    /// Policies that determined a decision.
    pub policies: Ratio,
    /// Clauses that held, of those that are not proved never to.
    pub truths: Ratio,
    /// Clauses that did not hold, of those that are not proved always to.
    pub falsehoods: Ratio,
    /// Clauses that could not be evaluated at least once.
    pub erring: usize,
    /// Sides proved unreachable.
    pub unreachable: usize,
}

impl Ratio {
    /// One that was seen or not.
    pub fn of(seen: bool) -> Self {
        Self { seen: usize::from(seen), all: 1 }
    }
}

impl AddAssign for Ratio {
    fn add_assign(&mut self, more: Self) {
        self.seen += more.seen;
        self.all += more.all;
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, more: Self) {
        self.policies += more.policies;
        self.truths += more.truths;
        self.falsehoods += more.falsehoods;
        self.erring += more.erring;
        self.unreachable += more.unreachable;
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.seen, self.all))
    }
}
