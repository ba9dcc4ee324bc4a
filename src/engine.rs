//! The spine: a request goes in, an explained decision comes out.
//!
//! Ada's panel asks whether Ada may add a client. [`Engine::moment`] takes one bundle and one state of
//! the facts, and everything asked of that [`Moment`] is answered from these two, a whole batch too:
//! 1. the request is checked against the schema ([`crate::decision::question`]);
//! 2. the facts that its policies can reach are sliced out ([`crate::facts`]);
//! 3. the policies decide ([`crate::decision`]);
//! 4. where asked for, the decision is explained ([`crate::explanation`]).
//!
//! Facts change in transactions that decisions guard ([`transact`]). What an order costs is asked of the same moment ([`quote`]), so that a price and the decision that allows
//! it come from one bundle and one state of the facts. So is who may and what may be acted on ([`search`]); a search's
//! later pages are answered on the state that it began on ([`Engine::moment_at`]). What would have been answered at an
//! earlier time is asked of the bundle and the facts of then ([`past`]).
//!
//! A reload ([`reload`]) swaps the bundle, and how facts are read under its schema, behind one atomic pointer: it never
//! makes a decision wait, and a moment that was taken before keeps what it has.

mod misfit;
pub mod past;
pub mod quote;
pub mod reload;
pub mod search;
pub mod transact;

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use crate::{
    bundle::Bundle,
    decision::{
        self, Decision, Refusal,
        question::{Asked, Question},
    },
    explanation::{self, Explanation, grounds::grounds},
    facts::{
        Facts, Slice, Snapshot, Unavailable,
        store::{Revision, Walk, record},
    },
    request::{Circumstances, Party, Request},
};

/// Answers questions from a bundle and facts.
pub struct Engine {
    in_force: ArcSwap<InForce>,
    /// One reload at a time.
    reloading: Mutex<()>,
    /// Held while a bundle comes into force for which writers have made room; they come in afterwards.
    entering: Mutex<()>,
    /// Bundles of the past.
    ready: past::Ready,
}

/// A bundle, and the facts as they are read under its schema: they come into force together.
struct InForce {
    bundle: Arc<Bundle>,
    facts: Arc<dyn Facts>,
}

/// One bundle and one state of the facts.
pub struct Moment {
    /// The bundle that answers.
    pub bundle: Arc<Bundle>,
    snapshot: Arc<dyn Snapshot>,
}

/// A decision with what it was made of.
pub struct Answer<'m> {
    /// Allow or Deny.
    pub decision: Decision,
    /// The bundle it was made from.
    pub bundle: &'m Bundle,
    /// The revision of the facts it was made on.
    pub revision: u64,
    evidence: Option<(Box<Question>, Slice)>,
}

impl Engine {
    /// An engine over a validated bundle and facts that fit its schema.
    pub fn new(bundle: Bundle, facts: impl Facts + 'static) -> Self {
        let in_force = InForce { bundle: Arc::new(bundle), facts: Arc::new(facts) };
        Self {
            in_force: ArcSwap::from_pointee(in_force),
            reloading: Mutex::default(),
            entering: Mutex::default(),
            ready: past::Ready::default(),
        }
    }

    /// The bundle in force.
    pub fn bundle(&self) -> Arc<Bundle> {
        self.in_force.load().bundle.clone()
    }

    /// The facts it answers from.
    pub fn facts(&self) -> Arc<dyn Facts> {
        self.in_force.load().facts.clone()
    }

    /// One bundle and one state of the facts, for all questions that belong together.
    ///
    /// # Errors
    /// The facts cannot be read at the moment.
    pub fn moment(&self) -> Result<Moment, Unavailable> {
        self.take(|facts| facts.snapshot())
    }

    /// The bundle in force and an earlier state of the facts, for whoever goes on with what was begun on it.
    ///
    /// # Errors
    /// The facts cannot be read at the moment, or that state cannot be had any more.
    pub fn moment_at(&self, revision: Revision) -> Result<Moment, Unavailable> {
        self.take(|facts| facts.at(revision))
    }

    fn take(
        &self,
        state: impl Fn(&dyn Facts) -> Result<Arc<dyn Snapshot>, Unavailable>,
    ) -> Result<Moment, Unavailable> {
        loop {
            let in_force = self.in_force.load();
            let snapshot = state(&*in_force.facts)?;
            // Where another bundle came into force meanwhile, facts may have been written that only its schema knows.
            if Arc::ptr_eq(&in_force, &self.in_force.load()) {
                return Ok(Moment { bundle: in_force.bundle.clone(), snapshot });
            }
        }
    }
}

impl Moment {
    /// A moment of facts that no engine keeps.
    pub fn new(bundle: Arc<Bundle>, snapshot: Arc<dyn Snapshot>) -> Self {
        Self { bundle, snapshot }
    }

    /// The revision of the facts.
    pub fn revision(&self) -> u64 {
        self.snapshot.revision()
    }

    /// An entity as it is stored, in Cedar's JSON; none where the facts have none of that name.
    ///
    /// # Errors
    /// The facts cannot be read.
    pub fn fact(&self, entity_type: &str, id: &str) -> Result<Option<serde_json::Value>, Unavailable> {
        let Ok(uid) = record::uid(entity_type, id) else { return Ok(None) };
        self.snapshot.get(&uid)?.map(|entity| record::json(&entity)).transpose()
    }

    /// The first entities of a type that refer to another one by an attribute, `a.b` inside a record; at most `limit`.
    ///
    /// # Errors
    /// The facts cannot be read.
    pub fn referring(
        &self,
        entity_type: &str,
        path: &str,
        to: &Party,
        limit: usize,
    ) -> Result<Vec<Party>, Unavailable> {
        let Some(shape) = self.bundle.shapes.entity_types.get(entity_type) else { return Ok(Vec::new()) };
        let to = [record::uid(&to.entity_type, &to.id)?];
        let walk = Walk::Referring { entity_type: &shape.name, path, to: &to };
        let placed = self.snapshot.walk(walk, 0, limit)?;
        Ok(placed.iter().map(|placed| Party::new(entity_type, placed.uid.id().unescaped())).collect())
    }

    /// May the request's principal do that?
    ///
    /// # Errors
    /// The request cannot be asked, or the facts cannot be read; neither is ever an Allow.
    pub fn decide(&self, request: &Request, circumstances: &Circumstances) -> Result<Answer<'_>, Refusal> {
        let (decision, evidence) = match Question::ask(&self.bundle, &*self.snapshot, request, circumstances)? {
            Asked::NotApplicable => (Decision::not_applicable(), None),
            Asked::Question(mut question) => {
                let supplied = std::mem::take(&mut question.supplied);
                let slice = self.snapshot.slice(&question.roots, supplied, self.bundle.settings.policies.level)?;
                let decision = decision::decide(&self.bundle, &question.request, &slice.entities);
                (decision, Some((question, slice)))
            }
        };
        Ok(Answer { decision, bundle: &self.bundle, revision: self.revision(), evidence })
    }
}

impl Answer<'_> {
    /// Why it was decided so.
    pub fn explain(&self) -> Explanation<'_> {
        let asked = self.evidence.as_ref().map(|(question, slice)| (&question.request, &*slice.entities));
        explanation::explain(self.bundle, &self.decision, asked)
    }

    /// The entities that the determining policies looked at: change one of them and the answer may change.
    pub fn rests_on(&self) -> Vec<Party> {
        let Some((question, slice)) = &self.evidence else { return Vec::new() };
        grounds(&self.reason().policies, &question.request, &slice.entities)
    }

    /// Why it was decided so, without looking for what came close: what may be told to whoever may not see facts.
    pub fn reason(&self) -> Explanation<'_> {
        explanation::explain(self.bundle, &self.decision, None)
    }
}
