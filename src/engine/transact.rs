//! Changes to facts, guarded by decisions: all or nothing.
//!
//! The clinic accepts alpenhost's request. Its panel sends the questions that must be allowed (may Clara accept
//! it?) and the changes that follow (the partnership is active, the clinic names it). [`Engine::transact`]
//! 1. becomes the one writer: nobody else commits until it is done, so what it reads stays true;
//! 2. asks the questions of the state before; one denial, and nothing changes;
//! 3. works the changes out ([`crate::facts::draft`]) and writes them, uncommitted;
//! 4. refuses what would refer to nothing, and asks the `keep…` policies about every entity that changed and
//!    every one whose invariants look through it ([`crate::decision::keeping`]);
//! 5. commits the changes and the answer under the caller's key together. Whoever asks again with that key gets
//!    the same answer, and nothing happens twice; a refusal is kept like a success.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;

use super::{Answer, Engine, Moment, misfit};
use crate::{
    bundle::Bundle,
    decision::{Refusal, keeping::Step},
    facts::{
        Unavailable,
        changes::Change,
        draft::{Draft, Finished, Unmakeable},
        store::{Commit, Dangling, Remembered, Revision, Store, Writing},
    },
    request::{Circumstances, Invalid, Request},
};

/// Most references that lead nowhere which an answer lists.
const DANGLING_SHOWN: usize = 10;

/// What somebody wants changed.
#[derive(Debug)]
pub struct Transaction {
    /// What must be allowed, each with its place on the wire for messages.
    pub evaluations: Vec<Request>,
    /// What is changed then.
    pub changes: Vec<Change>,
    /// The revision that the caller has seen; a newer one refuses the transaction.
    pub if_revision: Option<Revision>,
}

/// A transaction as it was sent.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The calling service.
    pub caller: &'a str,
    /// The caller's key: the same attempt has the same key.
    pub key: &'a str,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// What is wanted.
    pub transaction: &'a Transaction,
    /// What the change log says of the reason, as JSON.
    pub why: String,
    /// The time of it.
    pub circumstances: Circumstances,
}

/// An entity that would not keep its invariants.
pub struct Broken<'m> {
    /// Its type.
    pub entity_type: String,
    /// Its id.
    pub id: String,
    /// The denial.
    pub answer: Answer<'m>,
}

/// How a transaction came out.
pub enum Outcome<'m> {
    /// Everything was allowed and is kept.
    Committed {
        /// The revision it made.
        revision: Revision,
        /// The decisions.
        answers: Vec<Answer<'m>>,
    },
    /// Something was denied.
    Denied {
        /// The decisions, the denied ones among them.
        answers: Vec<Answer<'m>>,
    },
    /// The state after would break an invariant.
    Broken(Vec<Broken<'m>>),
    /// The state after would refer to what does not exist.
    Dangling(Vec<Dangling>),
    /// A change that cannot be made on this state.
    Unmakeable {
        /// Its place in the list.
        change: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The facts have changed since the caller looked.
    Passed {
        /// The newest revision.
        revision: Revision,
    },
}

impl Outcome<'_> {
    /// Its name in records.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Committed { .. } => "committed",
            Self::Denied { .. } => "denied",
            Self::Broken(_) => "broken",
            Self::Dangling(_) => "dangling",
            Self::Unmakeable { .. } => "unmakeable",
            Self::Passed { .. } => "passed",
        }
    }
}

/// Why there is no outcome.
#[derive(Debug)]
pub enum NoOutcome {
    /// A question that cannot be asked; its place in the list.
    Invalid(usize, Invalid),
    /// The key was used for something else.
    KeyReused,
    /// Facts come from a file and cannot be changed.
    ReadOnly,
    /// The facts cannot be read or written. What was sent may have been committed nevertheless: whoever sends it
    /// again under the same key finds out.
    Unavailable(Unavailable),
}

impl From<Unavailable> for NoOutcome {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// Puts an outcome into words, by the bundle that it was settled with: HTTP's status and the body that is sent now and
/// whenever it is asked for again.
pub type Wording<'w> = dyn Fn(&Outcome, Revision, &Arc<Bundle>) -> Result<(u16, String), Unavailable> + 'w;

/// A transaction with its answer.
pub struct Settled {
    /// The answer, as it is remembered.
    pub answer: Remembered,
    /// How it came out: `committed`, `denied`, `broken`, `dangling`, `unmakeable` or `passed`; of a repeated answer
    /// `repeated`.
    pub outcome: &'static str,
    /// Whether it was given before.
    pub repeated: bool,
    /// The bundle that it was settled with; of a repeated answer the one that is in force.
    pub bundle: Arc<Bundle>,
}

impl Engine {
    /// Settles a transaction. Waits for the database, and for other writers.
    ///
    /// # Errors
    /// A question cannot be asked, the key was used for something else, or facts cannot be read or written.
    pub fn transact(&self, attempt: &Attempt, wording: &Wording) -> Result<Settled, NoOutcome> {
        let store = self.facts().store().ok_or(NoOutcome::ReadOnly)?;
        let repeated = |answer| Settled { answer, outcome: "repeated", repeated: true, bundle: self.bundle() };
        if let Some(answer) = attempt.earlier(store.remembered(attempt.caller, attempt.key)?)? {
            return Ok(repeated(answer));
        }
        let mut writing = store.begin()?;
        if let Some(answer) = attempt.earlier(writing.remembered(attempt.caller, attempt.key)?)? {
            return Ok(repeated(answer));
        }
        // Nobody commits meanwhile, so the newest state is the one that is written on; and no bundle with another
        // schema of entities comes into force, since that waits for its turn to write. One that has had its turn, and
        // is just coming into force, is waited for.
        drop(self.entering.lock().unwrap_or_else(PoisonError::into_inner));
        let facts = self.facts();
        facts.refresh()?;
        let moment = self.moment_at(writing.base())?;
        let outcome = moment.settle(attempt, &mut *writing)?;
        let revision = match outcome {
            Outcome::Committed { revision, .. } => revision,
            _ => moment.revision(),
        };
        let (status, text) = wording(&outcome, revision, &moment.bundle)?;
        let answer = Remembered { digest: attempt.digest, status, answer: text, revision };
        let committed = matches!(outcome, Outcome::Committed { .. });
        let writing = if committed { writing } else { begin_anew(writing, &*store)? };
        attempt.conclude(writing, &answer)?;
        if committed {
            facts.refresh()?;
        }
        Ok(Settled { answer, outcome: outcome.name(), repeated: false, bundle: moment.bundle.clone() })
    }
}

/// Takes back what was written, to keep the answer alone.
fn begin_anew(writing: Box<dyn Writing>, store: &dyn Store) -> Result<Box<dyn Writing>, Unavailable> {
    drop(writing);
    store.begin()
}

impl Attempt<'_> {
    /// The answer that was given under this key, if it was given to the same body.
    fn earlier(&self, remembered: Option<Remembered>) -> Result<Option<Remembered>, NoOutcome> {
        match remembered {
            Some(answer) if answer.digest != self.digest => Err(NoOutcome::KeyReused),
            other => Ok(other),
        }
    }

    fn conclude(&self, mut writing: Box<dyn Writing>, answer: &Remembered) -> Result<(), Unavailable> {
        writing.remember(self.caller, self.key, answer)?;
        writing.commit()
    }

    fn commit(&self) -> Commit {
        Commit { at: self.circumstances.now, who: self.caller.to_owned(), why: self.why.clone() }
    }
}

impl Moment {
    fn settle(&self, attempt: &Attempt, writing: &mut dyn Writing) -> Result<Outcome<'_>, NoOutcome> {
        let transaction = attempt.transaction;
        if transaction.if_revision.is_some_and(|seen| seen != self.revision()) {
            return Ok(Outcome::Passed { revision: self.revision() });
        }
        let mut answers = Vec::with_capacity(transaction.evaluations.len());
        for (place, request) in transaction.evaluations.iter().enumerate() {
            answers.push(self.decide(request, &attempt.circumstances).map_err(|refusal| no_outcome(place, refusal))?);
        }
        if !answers.iter().all(|answer| answer.decision.allowed()) {
            return Ok(Outcome::Denied { answers });
        }
        let finished = match self.work_out(&transaction.changes) {
            Ok(finished) => finished,
            Err(Unmakeable::Mistake { change, reason }) => return Ok(Outcome::Unmakeable { change, reason }),
            Err(Unmakeable::Misfit { change, entity }) => {
                return Ok(Outcome::Unmakeable { change, reason: misfit::reason(&self.bundle, &entity) });
            }
            Err(Unmakeable::Unavailable(unavailable)) => return Err(unavailable.into()),
        };
        let revision = self.write(&finished, attempt, writing)?;
        let dangling = writing.dangling(DANGLING_SHOWN)?;
        if !dangling.is_empty() {
            return Ok(Outcome::Dangling(dangling));
        }
        let broken = self.broken_by(&finished, attempt.circumstances.now)?;
        if !broken.is_empty() {
            return Ok(Outcome::Broken(broken));
        }
        Ok(Outcome::Committed { revision, answers })
    }

    fn work_out(&self, changes: &[Change]) -> Result<Finished, Unmakeable> {
        let draft = Draft::of(&*self.snapshot, changes)?;
        draft.finish(&*self.snapshot, &self.bundle.schema, &self.bundle.actions)
    }

    fn broken_by(&self, finished: &Finished, now: Timestamp) -> Result<Vec<Broken<'_>>, Unavailable> {
        let step = Step { bundle: &self.bundle, before: &*self.snapshot, finished, now };
        let broken = step.broken()?.into_iter().map(|broken| Broken {
            entity_type: broken.entity_type,
            id: broken.id,
            answer: Answer {
                decision: broken.decision,
                bundle: &self.bundle,
                revision: self.revision(),
                evidence: Some((broken.question, broken.slice)),
            },
        });
        Ok(broken.collect())
    }

    fn write(
        &self,
        finished: &Finished,
        attempt: &Attempt,
        writing: &mut dyn Writing,
    ) -> Result<Revision, Unavailable> {
        let records: Vec<_> = finished.put.iter().map(|put| put.record.clone()).collect();
        let revision = writing.revise(&attempt.commit())?;
        writing.put(&records, &self.bundle.digest)?;
        writing.delete(&finished.deleted)?;
        Ok(revision)
    }
}

fn no_outcome(place: usize, refusal: Refusal) -> NoOutcome {
    match refusal {
        Refusal::Invalid(invalid) => NoOutcome::Invalid(place, invalid),
        Refusal::Unavailable(unavailable) => NoOutcome::Unavailable(unavailable),
    }
}
