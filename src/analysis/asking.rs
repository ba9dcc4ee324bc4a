//! Many questions to one bundle, each on sample facts that stand as the question says.
//!
//! Scenarios, the access matrix and the difference between two bundles all ask so: a facts file, changes to it, a
//! time, a request. The questions take the way of any request: checked against the schema, decided on the facts by
//! the policies that the index finds. Facts that were built are kept for the questions that follow.

use std::{collections::HashMap, sync::Arc};

use crate::{
    bundle::{Bundle, tree::Tree},
    decision::{
        self, Decision, Refusal,
        question::{Asked, Question},
    },
    facts::{Facts as _, Slice, Snapshot, changes::Change, document::Document, limits, memory::MemoryFacts},
    problem::Source,
    request::{Circumstances, Request},
};

/// Where facts files lie, relative to the bundle.
const FACTS: &str = "tests/facts";

/// Most states of the facts that are kept: most questions share theirs with their neighbours.
const MAX_KEPT: usize = 128;

/// A question with how things stand.
#[derive(Debug, Clone)]
pub struct Query {
    /// The facts file, relative to `tests/facts/`.
    pub facts: Arc<str>,
    /// Changes to these facts, in order.
    pub changes: Vec<Change>,
    /// The time asked about.
    pub now: jiff::Timestamp,
    /// The question.
    pub request: Request,
}

/// The question as Cedar was asked it, and the facts it was decided on.
pub type Evidence = (Box<Question>, Slice);

/// The answer to a query.
#[derive(Debug)]
pub struct Reply {
    /// Allow or Deny.
    pub decision: Decision,
    /// The question and its facts; absent where it could not be asked of any policy.
    pub evidence: Option<Evidence>,
}

/// Asks a bundle on one state of the facts, at a time.
///
/// # Errors
/// The question cannot be asked. An unknown name must not look like a denial.
pub fn answer(bundle: &Bundle, facts: &dyn Snapshot, request: &Request, now: jiff::Timestamp) -> Result<Reply, String> {
    try_answer(bundle, facts, request, now).map_err(|refusal| refusal.to_string())
}

/// The same, for whoever must tell a question that cannot be asked from facts that cannot be read.
///
/// # Errors
/// Either.
pub fn try_answer(
    bundle: &Bundle,
    facts: &dyn Snapshot,
    request: &Request,
    now: jiff::Timestamp,
) -> Result<Reply, Refusal> {
    let circumstances = Circumstances { now, trust_caller_clock: true };
    let asked = Question::ask(bundle, facts, request, &circumstances)?;
    let Asked::Question(mut question) = asked else {
        return Ok(Reply { decision: Decision::not_applicable(), evidence: None });
    };
    let supplied = std::mem::take(&mut question.supplied);
    let level = bundle.settings.policies.level;
    let slice = facts.slice(&question.roots, supplied, level)?;
    let decision = decision::decide(bundle, &question.request, &slice.entities);
    Ok(Reply { decision, evidence: Some((question, slice)) })
}

/// Asks one bundle on the facts files of a tree.
pub struct Asker<'a> {
    bundle: &'a Bundle,
    tree: Box<dyn Tree + 'a>,
    documents: HashMap<Arc<str>, Document>,
    built: HashMap<String, Arc<dyn Snapshot>>,
}

impl<'a> Asker<'a> {
    /// An asker whose facts files lie in `tests/facts/` of a tree.
    pub fn new(bundle: &'a Bundle, tree: impl Tree + 'a) -> Self {
        Self { bundle, tree: Box::new(tree), documents: HashMap::new(), built: HashMap::new() }
    }

    /// Asks.
    ///
    /// # Errors
    /// It cannot be asked: its facts, its changes or its question are wrong. An unknown name must not look like a
    /// denial.
    pub fn ask(&mut self, query: &Query) -> Result<Reply, String> {
        let facts = self.facts(&query.facts, &query.changes)?;
        answer(self.bundle, &*facts, &query.request, query.now)
    }

    fn facts(&mut self, name: &Arc<str>, changes: &[Change]) -> Result<Arc<dyn Snapshot>, String> {
        let key = format!("{name} {changes:?}");
        if let Some(built) = self.built.get(&key) {
            return Ok(built.clone());
        }
        let mut document = self.document(name)?.clone();
        for change in changes {
            document.apply(change).map_err(|reason| format!("the change {change:?} cannot be made: {reason}"))?;
        }
        let facts = MemoryFacts::build(&document, &self.bundle.schema).map_err(|problems| problems.to_string())?;
        let snapshot = facts.snapshot().map_err(|error| error.to_string())?;
        if self.built.len() >= MAX_KEPT {
            self.built.clear();
        }
        self.built.insert(key, snapshot.clone());
        Ok(snapshot)
    }

    fn document(&mut self, name: &Arc<str>) -> Result<&Document, String> {
        if !self.documents.contains_key(name) {
            let path = format!("{FACTS}/{name}");
            let read = self.tree.read(&path, limits::MAX_FILE).map_err(|reason| format!("`{path}`: {reason}"))?;
            let text = read.ok_or_else(|| format!("there are no facts `{path}`"))?;
            let document = Document::parse(Source::new(path, text)).map_err(|problems| problems.to_string())?;
            self.documents.insert(name.clone(), document);
        }
        self.documents.get(name).ok_or_else(|| format!("there are no facts `{name}`"))
    }
}
