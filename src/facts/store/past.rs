//! A store's history as it is told: commits, versions and ends, answers, what answered, tokens.

use std::collections::HashSet;

use cedar_policy::EntityUid;
use jiff::Timestamp;

use super::{Commit, Remembered, Revision, token::Token};
use crate::facts::Unavailable;

/// That a bundle came into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// When, by the clock of whoever put it into force; kept to the millisecond.
    pub at: Timestamp,
    /// The bundle's digest.
    pub bundle: String,
}

/// A line of a store's history, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// A commit; the versions and ends that follow belong to it.
    Commit {
        /// Its number.
        revision: Revision,
        /// Who and why.
        commit: Commit,
    },
    /// A version came about.
    Put {
        /// The entity.
        uid: EntityUid,
        /// Its text, see [`record`].
        text: String,
        /// Digest of the schema it was checked against.
        schema: String,
    },
    /// An entity was deleted.
    Deleted {
        /// The entity.
        uid: EntityUid,
    },
    /// An answer was given under a key; comes after all commits.
    Remembered {
        /// The calling service.
        caller: String,
        /// Its key.
        key: String,
        /// The answer.
        answer: Remembered,
    },
    /// A bundle that was in force; comes before its first activation, after all answers.
    Bundle {
        /// Its digest.
        digest: String,
        /// Its files, as they were given to [`Store::keep_bundle`].
        files: String,
    },
    /// A bundle came into force, in the order in which they did.
    Activation(Activation),
    /// A token; comes last.
    Token(Token),
}

/// What listens to a history.
type Listener<'l> = dyn FnMut(Past) -> Result<(), Unavailable> + 'l;

/// Tells activations, each bundle before its first.
pub(super) fn with_bundles(
    activations: Vec<Activation>,
    files: &dyn Fn(&str) -> Result<Option<String>, Unavailable>,
    listener: &mut Listener,
) -> Result<(), Unavailable> {
    let mut told = HashSet::new();
    for activation in activations {
        let digest = &activation.bundle;
        if told.insert(digest.clone()) {
            let files = files(digest)?.ok_or_else(|| Unavailable(format!("the bundle {digest} is not kept")))?;
            listener(Past::Bundle { digest: digest.clone(), files })?;
        }
        listener(Past::Activation(activation))?;
    }
    Ok(())
}
