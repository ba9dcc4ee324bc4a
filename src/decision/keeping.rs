//! Which invariants a change of the facts would break.

use std::collections::HashSet;

use cedar_policy::{Entity, EntityUid};
use jiff::Timestamp;

use super::{Decision, decide, invariant::Kept, question::Question};
use crate::{
    bundle::Bundle,
    facts::{
        Slice, Snapshot, Unavailable,
        draft::Finished,
        import::Invariants,
        overlay::Overlay,
        store::{Record, Walk},
        trail::Trail,
    },
};

/// Most broken invariants that are told at once.
const TOLD: usize = 10;

/// Entities of a walk that are looked at together.
const CHUNK: usize = 1_000;

/// An entity that would not keep its invariants, with the denial that says so.
pub struct Broken {
    /// Its type.
    pub entity_type: String,
    /// Its id.
    pub id: String,
    /// The denial.
    pub decision: Decision,
    /// What was asked.
    pub question: Box<Question>,
    /// What it was decided on.
    pub slice: Slice,
}

/// A change on its way: the state before, and what would be stored.
#[derive(Clone, Copy)]
pub struct Step<'s> {
    /// The bundle whose invariants count.
    pub bundle: &'s Bundle,
    /// The state before.
    pub before: &'s dyn Snapshot,
    /// What would be different.
    pub finished: &'s Finished,
    /// The time of the change.
    pub now: Timestamp,
}

impl Step<'_> {
    /// The invariants that would be broken: asked about every entity that changed and every one whose policies look
    /// through a changed one.
    ///
    /// # Errors
    /// The facts cannot be read, or an invariant cannot be asked for.
    pub fn broken(&self) -> Result<Vec<Broken>, Unavailable> {
        let after = self.finished.over(self.before, &self.bundle.actions);
        let mut broken = Vec::new();
        for put in &self.finished.put {
            broken.extend(self.breaks(&after, &put.record.uid, put.before.as_ref())?);
        }
        let mut asked: HashSet<EntityUid> = self.finished.put.iter().map(|put| put.record.uid.clone()).collect();
        asked.extend(self.finished.deleted.iter().cloned());
        let changed: Vec<EntityUid> = asked.iter().cloned().collect();
        for trail in self.bundle.keepers.watched() {
            let to = trail.back(self.before, &changed)?;
            let walk = Walk::Referring { entity_type: &trail.first.entity_type, path: &trail.first.path, to: &to };
            self.walk(walk, &after, &mut asked, &mut broken)?;
        }
        Ok(broken)
    }

    /// Asks about every entity of a walk that has not been asked about.
    fn walk(
        &self,
        walk: Walk,
        after: &Overlay,
        asked: &mut HashSet<EntityUid>,
        broken: &mut Vec<Broken>,
    ) -> Result<(), Unavailable> {
        let mut position = 0;
        while broken.len() < TOLD {
            let page = self.before.walk(walk, position, CHUNK)?;
            let Some(last) = page.last() else { break };
            position = last.position;
            let fresh: Vec<EntityUid> =
                page.into_iter().map(|placed| placed.uid).filter(|uid| asked.insert(uid.clone())).collect();
            for uid in fresh {
                let unchanged = self.before.get(&uid)?;
                broken.extend(self.breaks(after, &uid, unchanged.as_ref())?);
            }
        }
        Ok(())
    }

    /// The denial of an entity's invariants; nothing where it keeps them or has none.
    fn breaks(
        &self,
        after: &dyn Snapshot,
        uid: &EntityUid,
        before: Option<&Entity>,
    ) -> Result<Option<Broken>, Unavailable> {
        breaks(self.bundle, after, &Kept { uid, before, imported: false, now: self.now })
    }
}

/// The denial of an entity's invariants in a state; nothing where it keeps them or has none.
///
/// # Errors
/// The facts cannot be read, or the invariant cannot be asked for.
pub fn breaks(bundle: &Bundle, after: &dyn Snapshot, kept: &Kept) -> Result<Option<Broken>, Unavailable> {
    let uid = kept.uid;
    let Some(keeper) = bundle.keepers.get(uid.type_name()) else { return Ok(None) };
    let question = Question::invariant(bundle, keeper, kept)
        .map_err(|invalid| Unavailable(format!("the invariants of `{uid}` cannot be asked for: {invalid}")))?;
    let slice = after.slice(&question.roots, Vec::new(), bundle.settings.policies.level)?;
    let decision = decide(bundle, &question.request, &slice.entities);
    if decision.allowed() {
        return Ok(None);
    }
    Ok(Some(Broken {
        entity_type: uid.type_name().to_string(),
        id: uid.id().unescaped().to_owned(),
        decision,
        question: Box::new(question),
        slice,
    }))
}

/// A bundle's invariants, for facts that are taken over from elsewhere.
#[derive(Clone, Copy)]
pub struct OfImports<'b> {
    /// The bundle.
    pub bundle: &'b Bundle,
    /// The time of the import.
    pub now: Timestamp,
}

impl Invariants for OfImports<'_> {
    fn stands_alone(&self, record: &Record) -> bool {
        let Some(keeper) = self.bundle.keepers.get(record.uid.type_name()) else { return true };
        !record.links.iter().any(|link| keeper.looks_through(&link.path))
    }

    fn broken(
        &self,
        after: &dyn Snapshot,
        uid: &EntityUid,
        before: Option<&Entity>,
    ) -> Result<Option<String>, Unavailable> {
        let broken = breaks(self.bundle, after, &Kept { uid, before, imported: true, now: self.now })?;
        let told = |broken: Broken| {
            let policies = broken.decision.determining.iter().filter_map(|id| self.bundle.policy(id));
            let told: Vec<String> =
                policies.map(|policy| format!("{} ({})", policy.title, policy.at.short())).collect();
            format!("{uid} would break: {}", told.join("; "))
        };
        Ok(broken.map(told))
    }

    fn watched(&self) -> &[Trail] {
        self.bundle.keepers.watched()
    }
}
