//! Proofs: what holds of policies for every request and all facts that the schema permits, not for examples only.
//!
//! Ada asks whether anybody but a legal representative can ever add a client. For each [`Environment`] (principal
//! type, action, resource type) the policies become terms of logic, and what she asks becomes a [`Claim`]: *these
//! policies allow nothing that those would not*. Then
//! 1. the claim's negation is written in SMT-LIB ([`query`]); what it says is the same, byte for byte, on each machine;
//! 2. the [`Prover`] looks whether it knows this very question: asked before, or in `policies/proofs.lock` ([`lock`]);
//! 3. if not it asks the solver ([`solver`]). "There is no such request" is the proof ([`Verdict::Holds`]); a request
//!    with its facts is the counterexample ([`Prover::counterexample`]).
//!
//! Without a solver what is not known stays [`Verdict::Unsettled`]: never a proof.
//!
//! ```no_run
//! # use mandat::{analysis::prover::{Claim, Prover, Verdict, environment}, bundle::Bundle};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = std::path::Path::new(".");
//! # let bundle = Bundle::load(dir)?;
//! let prover = Prover::open(dir)?;
//! for environment in environment::all(&bundle) {
//!     let whole = environment.set(environment.policies.iter().map(|policy| &policy.cedar))?;
//!     let claim = Claim::AlwaysDenies(whole);
//!     if prover.verdict(&claim.query()?) == Verdict::Holds {
//!         println!("{}: nothing is ever allowed", environment.name);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

pub mod environment;
pub mod lock;
pub mod parallel;
pub mod query;
pub mod solver;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Mutex, PoisonError},
};

pub use cedar_policy_symcc::CompiledPolicySet;
use cedar_policy_symcc::{CedarSymCompiler, Env};

pub use self::{
    environment::Environment,
    lock::Lock,
    query::{Claim, Query},
};
use self::{
    query::{Digest, finish},
    solver::{Found, Process, Session},
};
use crate::problem::Problem;

/// What is known of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Proved: there is no request and there are no facts against it.
    Holds,
    /// Refuted: there is a counterexample.
    Fails,
    /// Neither; why.
    Unsettled(String),
}

/// How many claims were settled in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// By the solver, in this run.
    pub solved: usize,
    /// By an earlier verdict on the very same question.
    pub known: usize,
    /// Not at all.
    pub unsettled: usize,
}

/// A policy or a claim that cannot be put into terms of logic.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Untranslatable(pub String);

impl From<cedar_policy_symcc::err::Error> for Untranslatable {
    fn from(error: cedar_policy_symcc::err::Error) -> Self {
        let mut text = crate::problem::describe(&error);
        if let cedar_policy_symcc::err::Error::PolicyNotWellTyped { errs } = &error {
            errs.iter().for_each(|inner| text = format!("{text}: {inner}"));
        }
        Self(text)
    }
}

/// A request and facts against a claim.
pub type Counterexample = Env;

/// Settles claims; shared by threads.
#[derive(Debug)]
pub struct Prover {
    solver: Option<Found>,
    idle: Mutex<Vec<Process>>,
    known: Mutex<HashMap<Digest, bool>>,
    tally: Mutex<Tally>,
}

impl Prover {
    /// A prover for the bundle in a directory: with the solver of this machine, if it has one, and with the verdicts
    /// of `policies/proofs.lock`.
    ///
    /// # Errors
    /// `$CVC5` names no program; the lock file is there and cannot be read.
    pub fn open(dir: &Path) -> Result<Self, Problem> {
        Ok(Self::new(solver::find()?, &Lock::read(dir)?))
    }

    /// A prover that takes no earlier verdict on trust.
    ///
    /// # Errors
    /// `$CVC5` names no program.
    pub fn afresh() -> Result<Self, Problem> {
        Ok(Self::new(solver::find()?, &Lock::default()))
    }

    /// A prover with that solver, or none, and those verdicts.
    pub fn new(solver: Option<Found>, lock: &Lock) -> Self {
        Self { solver, idle: Mutex::default(), known: Mutex::new(lock.verdicts().collect()), tally: Mutex::default() }
    }

    /// The solver that is asked, where there is one.
    pub fn solver(&self) -> Option<&Found> {
        self.solver.as_ref()
    }

    /// What was settled in which way so far.
    pub fn tally(&self) -> Tally {
        *self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Settles a query.
    pub fn verdict(&self, query: &Query) -> Verdict {
        let (digest, text) = match query {
            Query::Plain(holds) => return of(*holds),
            Query::Asked { digest, text } => (digest, text),
        };
        if let Some(holds) = self.recall(digest) {
            self.count(|tally| tally.known += 1);
            return of(holds);
        }
        match self.solve(text) {
            Ok(holds) => {
                self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.clone(), holds);
                self.count(|tally| tally.solved += 1);
                of(holds)
            }
            Err(reason) => {
                self.count(|tally| tally.unsettled += 1);
                Verdict::Unsettled(reason)
            }
        }
    }

    /// A concrete request with facts against the claim; none where it holds.
    ///
    /// # Errors
    /// There is no solver, it gave up, or what it found cannot be turned into a request.
    pub fn counterexample(&self, claim: &Claim) -> Result<Option<Counterexample>, Untranslatable> {
        let session = Session::new(self.process().map_err(Untranslatable)?);
        let mut compiler = CedarSymCompiler::new(session)?;
        let found = finish(compiler.check_sat(&claim.asserts()))??;
        // Only a process that has answered is used again.
        if let Some(process) = compiler.solver_mut().release() {
            self.put_back(process);
        }
        Ok(found)
    }

    fn solve(&self, text: &str) -> Result<bool, String> {
        let mut process = self.process()?;
        let unsatisfiable = process.settle(text)?;
        self.put_back(process);
        Ok(unsatisfiable)
    }

    fn process(&self) -> Result<Process, String> {
        if let Some(process) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(process);
        }
        let solver = self.solver.as_ref().ok_or_else(|| solver::NONE.to_owned())?;
        Process::start(solver)
    }

    fn put_back(&self, process: Process) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(process);
    }

    fn recall(&self, digest: &Digest) -> Option<bool> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(digest).copied()
    }

    fn count(&self, add: impl FnOnce(&mut Tally)) {
        add(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn of(holds: bool) -> Verdict {
    if holds { Verdict::Holds } else { Verdict::Fails }
}
