//! Search: who may, what may be acted on, which actions; exactly what a decision about each would allow.
//!
//! [`crate::decision::search`] finds candidates in the order of the facts; here each of them is asked about as any
//! question is, until a page is full. A page ends early where its budget is used up: the next one goes on at the
//! position behind the last candidate that was decided, on the same state of the facts. So no page is cut off by a
//! search that finds little among much, and pages never overlap or skip.

pub mod token;

use super::Moment;
use crate::{
    bundle::shape::Action,
    decision::{
        Refusal,
        search::{Side, candidates},
    },
    facts::store::{Placed, Position},
    request::{Circumstances, Invalid, Party, Request},
};

/// Candidates that are loaded at once: a page's worth first, then more where few are allowed.
const FIRST_CHUNK: (usize, usize) = (16, 128);
const LARGEST_CHUNK: usize = 512;

/// Candidates behind a full page that are decided to tell whether there is a next one.
const LOOK_AHEAD: usize = 64;

/// Which part of what a search finds.
pub struct Page<'p> {
    /// Behind which position it begins; 0 for the first page.
    pub after: Position,
    /// Most results.
    pub limit: usize,
    /// Whether the search may go on; a page that may not ends early. Asked before each decision but the first.
    pub may_go_on: &'p mut dyn FnMut() -> bool,
}

/// A page of results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// The results, in a stable order.
    pub results: Vec<T>,
    /// Behind which position the next page begins; none at the end.
    pub next: Option<Position>,
}

impl<T> Found<T> {
    fn nothing() -> Self {
        Self { results: Vec::new(), next: None }
    }
}

/// What an action search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actions {
    /// The allowed ones by name.
    pub allowed: Found<String>,
    /// Those that could not be asked about, since their context is another than the one given.
    pub unasked: Vec<String>,
}

impl Moment {
    /// The parties of a side with whom the request is allowed; of that side only the type is looked at.
    ///
    /// # Errors
    /// The request cannot be asked, or the facts cannot be read.
    pub fn search(
        &self,
        side: Side,
        request: &Request,
        circumstances: &Circumstances,
        mut page: Page,
    ) -> Result<Found<Party>, Refusal> {
        let mut found = Found::nothing();
        let candidates = candidates(&self.bundle, &*self.snapshot, request, side, circumstances, page.after)?;
        let Some(mut candidates) = candidates else { return Ok(found) };
        let mut asked = request.clone();
        let (mut decided, mut spare) = (0, LOOK_AHEAD);
        let mut chunk = page.limit.saturating_add(1).clamp(FIRST_CHUNK.0, FIRST_CHUNK.1);
        loop {
            let placed = candidates.next(chunk)?;
            if placed.is_empty() {
                return Ok(found);
            }
            self.warm(&placed)?;
            for candidate in placed {
                let full = found.results.len() >= page.limit;
                if (full && spare == 0) || (decided > 0 && !(page.may_go_on)()) {
                    found.next = Some(page.after);
                    return Ok(found);
                }
                let party = Party::new(candidate.uid.type_name().to_string(), candidate.uid.id().unescaped());
                *side.sought(&mut asked) = party;
                if self.decide(&asked, circumstances)?.decision.allowed() {
                    if full {
                        found.next = Some(page.after);
                        return Ok(found);
                    }
                    found.results.push(side.sought(&mut asked).clone());
                }
                page.after = candidate.position;
                decided += 1;
                spare -= usize::from(full);
            }
            chunk = (2 * chunk).min(LARGEST_CHUNK);
        }
    }

    fn warm(&self, placed: &[Placed]) -> Result<(), Refusal> {
        let roots: Vec<_> = placed.iter().map(|placed| placed.uid.clone()).collect();
        Ok(self.snapshot.warm(&roots, self.bundle.settings.policies.level)?)
    }

    /// The actions that are allowed with the request's parties and context; its own action is not looked at.
    ///
    /// # Errors
    /// The parties cannot be asked about, or the facts cannot be read.
    pub fn search_actions(
        &self,
        request: &Request,
        circumstances: &Circumstances,
        page: Page,
    ) -> Result<Actions, Refusal> {
        let mut found = Actions { allowed: Found::nothing(), unasked: Vec::new() };
        let mut asked = request.clone();
        for (position, name) in (1..).zip(self.actions(request)).skip_while(|(position, _)| *position <= page.after) {
            if position - 1 > page.after && !(page.may_go_on)() {
                found.allowed.next = Some(position - 1);
                return Ok(found);
            }
            asked.action.clone_from(name);
            match self.decide(&asked, circumstances) {
                Ok(answer) if !answer.decision.allowed() => {}
                Ok(_) if found.allowed.results.len() >= page.limit => {
                    found.allowed.next = Some(position - 1);
                    return Ok(found);
                }
                Ok(_) => found.allowed.results.push(name.clone()),
                Err(Refusal::Invalid(invalid)) if is_of_action(&invalid) => found.unasked.push(name.clone()),
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(found)
    }

    /// The actions that go with the request's types, by name.
    fn actions(&self, request: &Request) -> Vec<&String> {
        let shapes = &self.bundle.shapes;
        let types = &shapes.entity_types;
        let (Some(principal), Some(resource)) =
            (types.get(&request.principal.entity_type), types.get(&request.resource.entity_type))
        else {
            return Vec::new();
        };
        let fits =
            |action: &Action| action.principals.contains(&principal.name) && action.resources.contains(&resource.name);
        let mut names: Vec<&String> =
            shapes.actions.iter().filter(|(_, action)| fits(action)).map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }
}

/// Whether a request cannot be asked for what one action wants of it, which another may not want.
pub fn is_of_action(invalid: &Invalid) -> bool {
    ["context", "action"]
        .iter()
        .any(|part| invalid.field.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}
