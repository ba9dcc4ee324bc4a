//! Small worlds for tests: an office of people, folders and documents whose policies each test brings
//! along, and directories that clean up behind themselves.
//!
//! In the office Ada of the team "legal" (in "hq") leads Bob (in "hq" and "machines"); Cleo is led by
//! somebody whom the facts do not know. Ada owns the open document "lease" in the folder "contracts" in
//! "root", Bob the closed "memo" in "root"; the owner of "orphan" is unknown.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use cedar_policy::{Entities, Request as CedarRequest};
use mandat::{
    bundle::{Bundle, files::Files},
    decision::{
        Decision,
        question::{Asked, Question},
    },
    explanation::{self, Explanation},
    facts::{
        Facts as _, Snapshot,
        document::Document,
        memory::{MemoryFacts, read_source},
    },
    problem::{Problems, Source},
    request::{Circumstances, Party, Request},
};
use serde_json::{Value, json};

use crate::support::programme_dir;

/// The office's schema and any policies.
pub fn office(policies: &str) -> Result<Bundle, Problems> {
    Bundle::from_files(Files {
        policies: vec![Source::new("policies/test.cedar", policies)],
        schemas: vec![Source::new("schemas/office.cedarschema", include_str!("worlds/office.cedarschema"))],
        ..Files::default()
    })
}

/// The office's facts as a document that may still be changed.
pub fn office_facts() -> Document {
    Document::parse(Source::new("office.json", include_str!("worlds/office.json"))).unwrap()
}

/// The sample facts of the partner programme.
pub fn programme_facts() -> Document {
    let path = programme_dir().join("tests/facts/programme.json");
    Document::parse(read_source(&path).unwrap()).unwrap()
}

/// The time at which tests ask: noon on 1 October 2026, UTC.
pub fn noon() -> Circumstances {
    Circumstances { now: "2026-10-01T12:00:00Z".parse().unwrap(), trust_caller_clock: true }
}

/// `Type::"id"` as its two parts.
pub fn party(name: &str) -> Party {
    let (entity_type, id) = name.split_once("::\"").unwrap_or_else(|| panic!("`{name}` is no entity"));
    Party::new(entity_type, id.trim_end_matches('"'))
}

/// A request; `context` is a JSON object.
pub fn asks(principal: &str, action: &str, resource: &str, context: Value) -> Request {
    let Value::Object(context) = context else { panic!("a context is an object") };
    Request {
        principal: party(principal),
        action: action.to_owned(),
        action_properties: mandat::request::Properties::new(),
        resource: party(resource),
        context,
    }
}

/// A bundle with facts, and what it takes to ask Cedar itself the same question.
pub struct World {
    pub bundle: Arc<Bundle>,
    pub snapshot: Arc<dyn Snapshot>,
}

impl World {
    /// The office under these policies; they must be valid.
    pub fn office(policies: &str) -> Self {
        let bundle = office(policies).unwrap_or_else(|problems| panic!("{problems}"));
        Self::new(Arc::new(bundle), &office_facts())
    }

    pub fn new(bundle: Arc<Bundle>, facts: &Document) -> Self {
        let facts = MemoryFacts::build(facts, &bundle.schema).unwrap_or_else(|problems| panic!("{problems}"));
        let snapshot = facts.snapshot().unwrap();
        Self { bundle, snapshot }
    }

    /// The question in Cedar's form, with the facts it is decided on; `None` where the names never go together.
    pub fn question(&self, request: &Request) -> Option<(CedarRequest, Arc<Entities>)> {
        let asked =
            Question::ask(&self.bundle, &*self.snapshot, request, &noon()).unwrap_or_else(|error| panic!("{error}"));
        let Asked::Question(question) = asked else { return None };
        let level = self.bundle.settings.policies.level;
        let slice = self.snapshot.slice(&question.roots, question.supplied.clone(), level).unwrap();
        Some((question.request, slice.entities))
    }

    pub fn decide(&self, request: &Request) -> Decision {
        match self.question(request) {
            Some((question, entities)) => mandat::decision::decide(&self.bundle, &question, &entities),
            None => Decision::not_applicable(),
        }
    }

    pub fn explain(&self, request: &Request) -> Explanation<'_> {
        let question = self.question(request);
        let decision = self.decide(request);
        explanation::explain(
            &self.bundle,
            &decision,
            question.as_ref().map(|(question, entities)| (question, &**entities)),
        )
    }

    /// What Cedar's authorizer says of all policies, without any rule of ours.
    pub fn raw(&self, request: &Request) -> cedar_policy::Response {
        let (question, entities) = self.question(request).unwrap();
        cedar_policy::Authorizer::new().is_authorized(&question, &self.bundle.all, &entities)
    }
}

/// Ada edits the lease.
pub fn ada_edits() -> Request {
    asks("Person::\"ada\"", "edit", "Document::\"lease\"", json!({}))
}

/// A directory of its own, removed at the end of the test.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("mandat-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    /// A directory with these files in it.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let dir = Self::new();
        files.iter().for_each(|(name, text)| dir.write(name, text));
        dir
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
