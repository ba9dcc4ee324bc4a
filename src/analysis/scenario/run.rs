//! Asking the cases: each from its facts, with its changes, at its time.
//!
//! They are asked as all questions to sample facts are ([`crate::analysis::asking`]). A difference between what was
//! expected and what came is told with the explanation, since that is what the author needs next.

use std::path::Path;

use super::{Case, Expected};
use crate::{
    analysis::asking::{Asker, Evidence, Query, Reply},
    bundle::{Bundle, tree::Directory},
    decision::Decision,
    explanation::{self, Explanation},
};

/// Runs cases against one bundle.
pub struct Runner<'b> {
    bundle: &'b Bundle,
    asker: Asker<'b>,
}

/// What a case came to.
pub struct Outcome<'b> {
    /// The decision.
    pub decision: Decision,
    /// Why.
    pub explanation: Explanation<'b>,
    /// The question and its facts; absent where it could not be asked of any policy.
    pub evidence: Option<Evidence>,
    /// Where it differs from what was expected; empty if it does not.
    pub differences: Vec<String>,
}

impl<'b> Runner<'b> {
    /// A runner whose facts files lie in the directory's `tests/facts/`.
    pub fn new(bundle: &'b Bundle, dir: &Path) -> Self {
        Self { bundle, asker: Asker::new(bundle, Directory::new(dir)) }
    }

    /// Asks one case.
    ///
    /// # Errors
    /// The case cannot be asked: its facts, its changes or its question are wrong.
    pub fn run(&mut self, case: &Case) -> Result<Outcome<'b>, String> {
        let Reply { decision, evidence } = self.asker.ask(&Query::from(case))?;
        let seen = evidence.as_ref().map(|(question, slice)| (&question.request, &*slice.entities));
        let explanation = explanation::explain(self.bundle, &decision, seen);
        let differences = differences(&case.expected, &decision, &explanation);
        Ok(Outcome { decision, explanation, evidence, differences })
    }
}

impl From<&Case> for Query {
    fn from(case: &Case) -> Self {
        Self { facts: case.facts.clone(), changes: case.changes.clone(), now: case.now, request: case.request.clone() }
    }
}

fn differences(expected: &Expected, decision: &Decision, explanation: &Explanation) -> Vec<String> {
    let mut differences = Vec::new();
    let word = |allowed| if allowed { "allow" } else { "deny" };
    if expected.allowed != decision.allowed() {
        differences.push(format!("expected {}, got {}", word(expected.allowed), word(decision.allowed())));
    }
    if let Some(code) = expected.code.as_deref().filter(|code| *code != decision.code.name()) {
        differences.push(format!("expected the code `{code}`, got `{}`", decision.code.name()));
    }
    let nearest = explanation.near_misses.first();
    let missing: Vec<String> = nearest
        .map(|nearest| nearest.missing.iter().map(|missing| missing.clause.clone()).collect())
        .unwrap_or_default();
    let lists = [
        (
            "the determining policies",
            &expected.determining,
            decision.determining.iter().map(ToString::to_string).collect(),
        ),
        ("the obligations", &expected.obligations, decision.obligations.iter().map(ToString::to_string).collect()),
        ("the advice", &expected.advice, decision.advice.iter().map(ToString::to_string).collect()),
        ("the failing clauses", &expected.missing, missing),
    ];
    for (what, expected, mut found) in lists {
        let Some(mut expected) = expected.clone() else { continue };
        expected.sort();
        found.sort();
        if expected != found {
            differences.push(format!("expected {what} {expected:?}, got {found:?}"));
        }
    }
    differences
}
