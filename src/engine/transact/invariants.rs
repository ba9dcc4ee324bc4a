//! Which invariants a change would break.

use std::collections::HashSet;

use cedar_policy::{Entity, EntityUid};
use jiff::Timestamp;

use crate::{
    decision::{self, invariant::Kept, question::Question},
    engine::{Answer, Moment},
    facts::{Snapshot, Unavailable, draft::Finished, overlay::Overlay, store::Walk},
};

/// Most broken invariants that are told at once.
const TOLD: usize = 10;

/// Entities of a walk that are looked at together.
const CHUNK: usize = 1_000;

/// An entity that would not keep its invariants, with the decision that says so.
pub struct Broken<'m> {
    /// The entity.
    pub uid: EntityUid,
    /// The denial.
    pub answer: Answer<'m>,
}

impl Moment {
    /// The invariants that would be broken: asked about every entity that changed and every one whose policies
    /// look through a changed one.
    pub(super) fn broken_by(&self, finished: &Finished, now: Timestamp) -> Result<Vec<Broken<'_>>, Unavailable> {
        let after = finished.over(&*self.snapshot, &self.bundle.actions);
        let mut broken = Vec::new();
        for put in &finished.put {
            broken.extend(self.breaks(&after, &put.record.uid, put.before.as_ref(), now)?);
        }
        let mut asked: HashSet<EntityUid> = finished.put.iter().map(|put| put.record.uid.clone()).collect();
        asked.extend(finished.deleted.iter().cloned());
        let changed: Vec<EntityUid> = asked.iter().cloned().collect();
        for watched in self.bundle.keepers.watched() {
            let walk = Walk::Referring { entity_type: &watched.entity_type, path: &watched.path, to: &changed };
            let mut position = 0;
            loop {
                let page = self.snapshot.walk(walk, position, CHUNK)?;
                let Some(last) = page.last() else { break };
                position = last.position;
                for placed in page {
                    if broken.len() >= TOLD {
                        return Ok(broken);
                    }
                    if asked.insert(placed.uid.clone()) {
                        let unchanged = self.snapshot.get(&placed.uid)?;
                        broken.extend(self.breaks(&after, &placed.uid, unchanged.as_ref(), now)?);
                    }
                }
            }
        }
        Ok(broken)
    }

    /// The denial of an entity's invariants; nothing where it keeps them or has none.
    fn breaks(
        &self,
        after: &Overlay,
        uid: &EntityUid,
        before: Option<&Entity>,
        now: Timestamp,
    ) -> Result<Option<Broken<'_>>, Unavailable> {
        let Some(keeper) = self.bundle.keepers.get(uid.type_name()) else { return Ok(None) };
        let kept = Kept { uid, before, imported: false, now };
        let question = Question::invariant(&self.bundle, keeper, &kept)
            .map_err(|invalid| Unavailable(format!("the invariants of `{uid}` cannot be asked for: {invalid}")))?;
        let slice = after.slice(&question.roots, Vec::new(), self.bundle.settings.policies.level)?;
        let decision = decision::decide(&self.bundle, &question.request, &slice.entities);
        if decision.allowed() {
            return Ok(None);
        }
        let revision = self.revision();
        let evidence = Some((Box::new(question), slice));
        Ok(Some(Broken { uid: uid.clone(), answer: Answer { decision, bundle: &self.bundle, revision, evidence } }))
    }
}
