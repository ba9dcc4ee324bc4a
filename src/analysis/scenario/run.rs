//! Asking the cases: each from its facts, with its changes, at its time.
//!
//! Facts without changes are built once and shared. A difference between what was expected and what
//! came is told with the explanation, since that is what the author needs next.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Case, Expected};
use crate::{
    bundle::Bundle,
    decision::{
        self, Decision,
        question::{Asked, Question},
    },
    explanation::{self, Explanation},
    facts::{Facts, Slice, Snapshot, document::Document, memory},
    request::Circumstances,
};

/// Runs cases against one bundle.
pub struct Runner<'b> {
    bundle: &'b Bundle,
    facts_dir: PathBuf,
    documents: HashMap<Arc<str>, Document>,
    built: HashMap<Arc<str>, Arc<dyn Snapshot>>,
}

/// The question as Cedar was asked it, and the facts it was decided on.
pub type Evidence = (Box<Question>, Slice);

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
    /// A runner whose facts files lie in `facts_dir`.
    pub fn new(bundle: &'b Bundle, facts_dir: &Path) -> Self {
        Self { bundle, facts_dir: facts_dir.to_owned(), documents: HashMap::new(), built: HashMap::new() }
    }

    /// Asks one case.
    ///
    /// # Errors
    /// The case cannot be asked: its facts, its changes or its question are wrong.
    pub fn run(&mut self, case: &Case) -> Result<Outcome<'b>, String> {
        let snapshot = self.snapshot(case)?;
        let circumstances = Circumstances { now: case.now, trust_caller_clock: true };
        let asked =
            Question::ask(self.bundle, &*snapshot, &case.request, &circumstances).map_err(|error| error.to_string())?;
        let (decision, evidence) = self.answer(asked, &*snapshot)?;
        let seen = evidence.as_ref().map(|(question, slice)| (&question.request, &*slice.entities));
        let explanation = explanation::explain(self.bundle, &decision, seen);
        let differences = differences(&case.expected, &decision, &explanation);
        Ok(Outcome { decision, explanation, evidence, differences })
    }

    fn answer(&self, asked: Asked, snapshot: &dyn Snapshot) -> Result<(Decision, Option<Evidence>), String> {
        let Asked::Question(mut question) = asked else { return Ok((Decision::not_applicable(), None)) };
        let supplied = std::mem::take(&mut question.supplied);
        let level = self.bundle.settings.policies.level;
        let slice = snapshot.slice(&question.roots, supplied, level).map_err(|error| error.to_string())?;
        let decision = decision::decide(self.bundle, &question.request, &slice.entities);
        Ok((decision, Some((question, slice))))
    }

    fn snapshot(&mut self, case: &Case) -> Result<Arc<dyn Snapshot>, String> {
        if let Some(built) = self.built.get(&case.facts).filter(|_| case.changes.is_empty()) {
            return Ok(built.clone());
        }
        let mut document = self.document(&case.facts)?.clone();
        for change in &case.changes {
            document.apply(change).map_err(|reason| format!("a change cannot be made: {reason}"))?;
        }
        let facts =
            memory::MemoryFacts::build(&document, &self.bundle.schema).map_err(|problems| problems.to_string())?;
        let snapshot = facts.snapshot().map_err(|error| error.to_string())?;
        if case.changes.is_empty() {
            self.built.insert(case.facts.clone(), snapshot.clone());
        }
        Ok(snapshot)
    }

    fn document(&mut self, name: &Arc<str>) -> Result<&Document, String> {
        if !self.documents.contains_key(name) {
            let source = memory::read_source(&self.facts_dir.join(&**name)).map_err(|problems| problems.to_string())?;
            let document = Document::parse(source).map_err(|problems| problems.to_string())?;
            self.documents.insert(name.clone(), document);
        }
        self.documents.get(name).ok_or_else(|| format!("there are no facts `{name}`"))
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
