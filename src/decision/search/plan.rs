//! A plan: how everything that may satisfy a condition is reached from what is known.
//!
//! A conjunction needs only one of its parts, so the parts stand in the order in which they are tried: first what
//! can be decided from what is known alone, then the part that is likely to reach least. Rank guesses that from the
//! form: a value that names the entities itself comes before references backwards, fewer of these before more, and
//! `in`, which takes in whole groups, last.

use std::sync::Arc;

use cedar_policy_core::ast::Expr;

use super::path::Path;

/// How everything that may satisfy a condition is reached.
#[derive(Debug, Clone)]
pub enum Plan {
    /// The condition leads nowhere: all entities of the type.
    All,
    /// Nothing satisfies it.
    Nothing,
    /// Whether all or nothing is known before anything is looked for.
    Given(Arc<Expr>),
    /// What stands in a relation to something known.
    Related(Relation),
    /// What any of them reaches.
    Either(Vec<Plan>),
    /// What the first of them reaches that does not lead nowhere.
    Both(Vec<Plan>),
}

/// How what is looked for must stand to something known.
#[derive(Debug, Clone)]
pub struct Relation {
    /// From what is looked for to what it refers to.
    pub path: Path,
    /// How that must stand to what is known.
    pub link: Link,
    /// An entity or a set of entities, of an expression that is known.
    pub known: Arc<Expr>,
}

/// How two sides of a relation meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// They share an entity: `==`, `contains`, `containsAny`.
    Same,
    /// What is known is in what the path leads to.
    Above,
    /// What the path leads to is in what is known.
    Below,
}

/// More than any relation has.
const LEADS_NOWHERE: usize = usize::MAX;

impl Plan {
    /// A plan for what satisfies any of several conditions.
    pub fn either(plans: Vec<Self>) -> Self {
        let mut parts = Vec::with_capacity(plans.len());
        for plan in plans {
            match plan {
                Self::All => return Self::All,
                Self::Nothing => {}
                Self::Either(inner) => parts.extend(inner),
                other => parts.push(other),
            }
        }
        match parts.len() {
            0 => Self::Nothing,
            1 => parts.remove(0),
            _ => Self::Either(parts),
        }
    }

    /// A plan for what satisfies all of several conditions.
    pub fn both(plans: Vec<Self>) -> Self {
        let mut parts = Vec::with_capacity(plans.len());
        for plan in plans {
            match plan {
                Self::All => {}
                Self::Nothing => return Self::Nothing,
                Self::Both(inner) => parts.extend(inner),
                other => parts.push(other),
            }
        }
        parts.sort_by_key(Self::order);
        match parts.len() {
            0 => Self::All,
            1 => parts.remove(0),
            _ => Self::Both(parts),
        }
    }

    /// Whether nothing has to be looked for to tell what it reaches: all or nothing.
    pub fn is_given(&self) -> bool {
        match self {
            Self::All | Self::Nothing | Self::Given(_) => true,
            Self::Related(_) => false,
            Self::Either(parts) | Self::Both(parts) => parts.iter().all(Self::is_given),
        }
    }

    /// Whether it may come to all entities of the type.
    pub fn may_lead_nowhere(&self) -> bool {
        self.rank() == LEADS_NOWHERE
    }

    /// Its place among the parts of a conjunction.
    fn order(&self) -> usize {
        if self.is_given() { 0 } else { self.rank() }
    }

    fn rank(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::All | Self::Given(_) => LEADS_NOWHERE,
            Self::Related(relation) => relation.rank(),
            Self::Either(parts) => parts.iter().map(Self::rank).max().unwrap_or(0),
            Self::Both(parts) => parts.iter().map(Self::rank).min().unwrap_or(LEADS_NOWHERE),
        }
    }
}

impl Relation {
    fn rank(&self) -> usize {
        let hops = self.path.hops.len();
        match self.link {
            Link::Same => 1 + hops,
            Link::Above if hops == 0 => 1,
            Link::Above | Link::Below => 1_000 + hops,
        }
    }
}
