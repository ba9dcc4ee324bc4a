//! Properties that hold for any facts and any request: random ones, which shrink to the simplest failing one.
//!
//! A case is a world (facts with random changes) that is asked 32 random questions, so 64 cases are 2,048
//! questions. `PROPTEST_CASES` sets how many cases; more find more.

mod channels;
mod claims;
mod failures;
pub(crate) mod ground;
mod index;
mod neighbours;
pub(crate) mod policies;
pub(crate) mod tape;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use mandat::{
    bundle::{
        Bundle,
        files::{self, Files},
    },
    decision::Decision,
    problem::Source,
    request::Request,
};
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use self::{ground::Ground, tape::Tape};
use crate::{support::programme_dir, worlds::World};

/// Worlds of a property unless `PROPTEST_CASES` says otherwise.
pub(crate) const CASES: u32 = 64;
/// Questions to each world.
const QUESTIONS: usize = 32;

/// What tells one decision from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Print {
    code: &'static str,
    determining: Vec<String>,
    obligations: Vec<String>,
    advice: Vec<String>,
    faults: BTreeSet<(String, bool)>,
}

impl Print {
    fn of(decision: &Decision) -> Self {
        let texts = |names: &[Arc<str>]| names.iter().map(ToString::to_string).collect();
        Self {
            code: decision.code.name(),
            determining: decision.determining.iter().map(ToString::to_string).collect(),
            obligations: texts(&decision.obligations),
            advice: texts(&decision.advice),
            faults: decision.faults.iter().map(|fault| (fault.policy.to_string(), fault.forbid)).collect(),
        }
    }
}

/// What a run has come across: a property that never met an Allow has shown nothing.
#[derive(Default)]
struct Seen {
    codes: RefCell<BTreeMap<&'static str, usize>>,
    policies: RefCell<BTreeSet<String>>,
}

impl Seen {
    fn note(&self, print: &Print) {
        *self.codes.borrow_mut().entry(print.code).or_default() += 1;
        self.policies.borrow_mut().extend(print.determining.iter().cloned());
    }

    /// That each of these codes came up so many times in a thousand.
    fn expect(&self, per_thousand: &[(&str, usize)]) {
        let codes = self.codes.borrow();
        let total: usize = codes.values().sum();
        for (code, wanted) in per_thousand {
            let found = codes.get(code).copied().unwrap_or_default();
            assert!(found * 1_000 >= wanted * total, "`{code}` came up too seldom to show anything: {codes:?}");
        }
    }
}

/// The sample facts of the partner programme.
fn programme_facts() -> Vec<Value> {
    let text = std::fs::read_to_string(programme_dir().join("tests/facts/programme.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The partner programme with the sample facts.
pub(crate) fn programme_ground(bundle: &Bundle) -> Ground<'_> {
    Ground { bundle, words, entities: programme_facts() }
}

/// The words of the partner programme's schema, a wrong one after each.
fn words(name: &str) -> &'static [&'static str] {
    match name {
        "access" => &["full", "limited", "none"],
        "paymentMode" => &["client", "partner", "nobody"],
        "status" => &["active", "requested", "invited", "ended", "refused", "withdrawn", "open", "cancelled", "odd"],
        "partnerStatus" => &["active", "ended", "none", "odd"],
        "kind" => &["company", "individual", "odd"],
        "role" => &["collaborator", "administrator", "legalRepresentative", "odd"],
        "family" => &["domain", "web-hosting"],
        "codeKind" => &["authorization", "support", "vip", "odd"],
        "method" => &["kauthCode", "sms", "emergencyCode", "identityReview", "odd"],
        "scope" | "scopes" => &["products", "clients", "billing"],
        "service" | "services" => &["mail", "hosting"],
        "tenderType" | "tenderTypes" => &["website", "hosting", "online-shop"],
        "roles" => &["enforcer", "registrar", "author", "auditor", "odd"],
        _ => &["", "something"],
    }
}

/// The files of the programme's bundle without its register of rules, so that policies can come and go.
fn programme_files() -> Files {
    let mut files = files::read(&programme_dir()).unwrap();
    files.rules = None;
    for source in &mut files.policies {
        let kept: Vec<&str> = source.text.lines().filter(|line| !line.starts_with("@rules(")).collect();
        *source = Source::new(source.name.clone(), kept.join("\n"));
    }
    files
}

/// A property of tapes: that another holds for random questions to a random world of that bundle.
fn of_worlds<'b>(
    bundle: &'b Arc<Bundle>,
    property: impl Fn(&Ground, &World, &Request, &mut Tape) -> Result<(), TestCaseError> + 'b,
) -> impl Fn(Tape) -> Result<(), TestCaseError> + 'b {
    move |mut tape| {
        let mut ground = programme_ground(bundle);
        ground.change(&mut tape);
        let world = World::new(bundle.clone(), &ground.document());
        (0..QUESTIONS).try_for_each(|_| {
            let request = ground.request(&mut tape);
            property(&ground, &world, &request, &mut tape)
        })
    }
}
