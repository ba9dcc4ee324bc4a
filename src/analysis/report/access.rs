//! The access report: who can do what on one entity and on what belongs to it, why, and since which facts.
//!
//! Carla asks who can act on the bakery. The engine searches, for every action that fits, everybody who may do it; each
//! answer has its determining policies with their rules, and the facts that those policies looked at. Where a store
//! keeps the facts, each fact has the revision that wrote it: a right is *not older* than the newest of them. That says
//! since when the right is certain to stand on the same facts, not when it was first granted; and it is told under the
//! policies of today.

mod page;
mod rows;

use std::collections::BTreeSet;

use super::{Occasion, Report, picture::graph::Graph};
use crate::request::Party;

/// All that the report says.
#[derive(Debug)]
pub struct Access {
    /// The entity.
    pub on: Party,
    /// Itself first, then what belongs to it.
    pub resources: Vec<Resource>,
    /// Who is bound to it, where the bundle's settings say through what.
    pub bound: Option<Graph>,
    /// What was said in the context of every question, as JSON.
    pub context: String,
    /// Whether facts have a history.
    pub has_history: bool,
    /// What was left out, and why.
    pub left_out: Vec<String>,
}

/// Something that can be acted on.
#[derive(Debug)]
pub struct Resource {
    /// What it is.
    pub party: Party,
    /// How it belongs to the entity; empty for the entity itself.
    pub by: String,
    /// Actions that somebody may do.
    pub actions: Vec<Action>,
    /// Actions that nobody may do.
    pub nobody: Vec<String>,
    /// Actions that could not be asked about, and why.
    pub unasked: Vec<(String, String)>,
}

/// An action with everybody who may do it.
#[derive(Debug)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// They.
    pub holders: Vec<Holder>,
}

/// Somebody who may.
#[derive(Debug)]
pub struct Holder {
    /// Who.
    pub principal: Party,
    /// The determining policies.
    pub because: Vec<Because>,
    /// What the caller must do.
    pub obligations: Vec<String>,
    /// The facts that these looked at.
    pub rests_on: Vec<Fact>,
}

/// A determining policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// Its id.
    pub policy: String,
    /// What it says.
    pub title: String,
    /// The rules it encodes.
    pub rules: Vec<String>,
    /// Where it stands.
    pub at: String,
}

/// A fact that an answer rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its entity.
    pub party: Party,
    /// What wrote the version that is in force; none where there is no history.
    pub since: Option<Since>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Since {
    /// Its number.
    pub revision: u64,
    /// When, in UTC.
    pub at: String,
    /// Who wrote it.
    pub who: String,
}

impl Holder {
    /// The newest of what it rests on.
    pub fn since(&self) -> Option<&Since> {
        self.rests_on.iter().filter_map(|fact| fact.since.as_ref()).max()
    }
}

impl Access {
    /// Everybody who may do something, by type and id.
    pub(super) fn principals<'a>(resources: impl IntoIterator<Item = &'a Resource>) -> Vec<&'a Party> {
        let mut seen = BTreeSet::new();
        let mut principals: Vec<&Party> = resources
            .into_iter()
            .flat_map(|resource| &resource.actions)
            .flat_map(|action| &action.holders)
            .map(|holder| &holder.principal)
            .filter(|party| seen.insert((&party.entity_type, &party.id)))
            .collect();
        principals.sort_by_key(|party| (&party.entity_type, &party.id));
        principals
    }

    /// As a report.
    pub fn report(&self, occasion: &Occasion) -> Report {
        Report { page: page::of(self, occasion), rows: rows::of(self), findings: 0 }
    }
}
