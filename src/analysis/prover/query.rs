//! Claims and the questions they become.
//!
//! A claim holds when its negation has no solution. Many are settled while they are written: a policy whose scope does
//! not fit is `false` already. The others are text in SMT-LIB, known by its SHA-256.

use std::{fmt, pin::pin, sync::Arc, task};

use cedar_policy_symcc::{
    CedarSymCompiler, CompiledPolicy, CompiledPolicySet, ResetMode, WellFormedAsserts, always_allows_asserts,
    always_denies_asserts, always_matches_asserts, disjoint_asserts, equivalent_asserts, err::Error, implies_asserts,
    matches_disjoint_asserts, matches_equivalent_asserts, matches_implies_asserts, never_errors_asserts,
    never_matches_asserts, solver::WriterSolver,
};
use sha2::{Digest as _, Sha256};

use super::Untranslatable;

/// What may hold of policies in one environment, for every request and all facts.
#[derive(Debug, Clone)]
pub enum Claim {
    /// The policy can always be evaluated.
    NeverErrors(CompiledPolicy),
    /// The policy applies to nothing.
    NeverMatches(CompiledPolicy),
    /// The policy applies to everything.
    AlwaysMatches(CompiledPolicy),
    /// Both policies apply to the same.
    SameMatches(CompiledPolicy, CompiledPolicy),
    /// What the first policy applies to, the second does.
    MatchesImply(CompiledPolicy, CompiledPolicy),
    /// Never do both policies apply.
    NeverBothMatch(CompiledPolicy, CompiledPolicy),
    /// Everything is allowed.
    AlwaysAllows(CompiledPolicySet),
    /// Nothing is allowed.
    AlwaysDenies(CompiledPolicySet),
    /// What the first set allows, the second does.
    Implies(CompiledPolicySet, CompiledPolicySet),
    /// Never do both sets allow.
    NeverBoth(CompiledPolicySet, CompiledPolicySet),
    /// Both sets decide alike.
    SameDecisions(CompiledPolicySet, CompiledPolicySet),
}

/// SHA-256 of a question, as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(Arc<str>);

impl Digest {
    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hexadecimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 64 && hexadecimal).then(|| Self(text.into()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A claim's negation as a question to the solver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// Settled while it was written: whether the claim holds.
    Plain(bool),
    /// A question of its own.
    Asked {
        /// By which it is known.
        digest: Digest,
        /// SMT-LIB, from `(set-logic …)` to `(check-sat)`.
        text: Arc<str>,
    },
}

impl Claim {
    /// The question whose answer "no solution" proves the claim.
    ///
    /// # Errors
    /// It cannot be written in SMT-LIB.
    pub fn query(&self) -> Result<Query, Untranslatable> {
        let recorder = WriterSolver { w: Vec::new() };
        let mut compiler = CedarSymCompiler::new(recorder)?.with_reset_mode(ResetMode::Comment);
        match finish(compiler.check_unsat(&self.asserts()))? {
            Ok(holds) => return Ok(Query::Plain(holds)),
            // What is only written down has no answer.
            Err(Error::SolverUnknown) => {}
            Err(error) => return Err(error.into()),
        }
        let text = std::str::from_utf8(&compiler.solver().w).map_err(|error| Untranslatable(error.to_string()))?;
        let hash = Sha256::digest(text.as_bytes());
        let digest = hash.iter().fold(String::with_capacity(64), |text, byte| format!("{text}{byte:02x}"));
        Ok(Query::Asked { digest: Digest(digest.into()), text: text.into() })
    }

    pub(super) fn asserts(&self) -> WellFormedAsserts<'_> {
        match self {
            Self::NeverErrors(policy) => never_errors_asserts(policy),
            Self::NeverMatches(policy) => never_matches_asserts(policy),
            Self::AlwaysMatches(policy) => always_matches_asserts(policy),
            Self::SameMatches(one, other) => matches_equivalent_asserts(one, other),
            Self::MatchesImply(one, other) => matches_implies_asserts(one, other),
            Self::NeverBothMatch(one, other) => matches_disjoint_asserts(one, other),
            Self::AlwaysAllows(set) => always_allows_asserts(set),
            Self::AlwaysDenies(set) => always_denies_asserts(set),
            Self::Implies(one, other) => implies_asserts(one, other),
            Self::NeverBoth(one, other) => disjoint_asserts(one, other),
            Self::SameDecisions(one, other) => equivalent_asserts(one, other),
        }
    }
}

/// Ends a future that never waits: what it writes to is memory or a pipe that is written to at once.
pub(super) fn finish<T>(future: impl Future<Output = T>) -> Result<T, Untranslatable> {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut task::Context::from_waker(task::Waker::noop())) {
        task::Poll::Ready(value) => Ok(value),
        task::Poll::Pending => Err(Untranslatable("the solver's pipe did not take the question".to_owned())),
    }
}
