//! The policy book: every rule of the business with what encodes, tests, prices and proves it.
//!
//! Carla opens the rule on who adds a client. She reads what it says and in which document, then follows it: the
//! policies that encode it, the scenarios that those policies decided, the property that was proved. Back again she
//! starts from a policy and finds its rules. Whatever leads nowhere is a [`Finding`] at the top of the book.
//!
//! A scenario belongs to a rule that it names, and to the rules of the policies that determined its answer; a price case
//! likewise to those of the tariff's entries that its price rests on. All were asked to know these.

mod findings;
mod gather;
mod page;
mod rights;
mod rows;

use cedar_policy::Effect;

pub use self::gather::{Gathered, Proof, Tested, gather};
use super::{Occasion, Report, counted};
use crate::{
    analysis::matrix::Matrix,
    bundle::{
        Bundle,
        rules::{Encoding, Kind, Rule},
    },
};

/// All that the book says.
#[derive(Debug)]
pub struct Book {
    /// Every rule by id.
    pub rules: Vec<Entry>,
    /// Every policy, by file and place.
    pub policies: Vec<Encoder>,
    /// The documents: short name, what it is, its date or what is known of it.
    pub documents: Vec<[String; 3]>,
    /// What was left out on purpose: its name and the reason.
    pub justified: Vec<(String, String)>,
    /// What is traced nowhere, or does not hold.
    pub findings: Vec<Finding>,
    /// Scenarios and price cases that were asked.
    pub asked: (usize, usize),
    /// Properties.
    pub proofs: usize,
}

/// A rule with all that belongs to it.
#[derive(Debug)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// What it says.
    pub statement: String,
    /// What kind of rule it is.
    pub kind: &'static str,
    /// Where it is stated: document, date, heading.
    pub source: [String; 3],
    /// Other documents that state it.
    pub also_in: Vec<String>,
    /// What encodes it.
    pub encoded: Vec<Encoder>,
    /// Why nothing does, where that is justified.
    pub unencoded: Option<String>,
    /// The scenarios that test it.
    pub scenarios: Vec<Test>,
    /// The price cases that do.
    pub prices: Vec<Test>,
    /// The properties that prove something of it.
    pub proofs: Vec<Proof>,
    /// The readings that what encodes it stands on.
    pub readings: Vec<String>,
    /// The questions that are open about what encodes it.
    pub questions: Vec<String>,
}

/// What encodes a rule, or a policy in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoder {
    /// `policy`, `fact`, `tariff` or `tax`.
    pub kind: String,
    /// Its name in the bundle.
    pub name: String,
    /// What it says of itself; of a policy its effect and title, of an entry how strong its source is.
    pub says: String,
    /// Where it stands, as `file:line`; empty where it has no place of its own.
    pub at: String,
    /// The rules that it names.
    pub rules: Vec<String>,
    /// The readings that it stands on.
    pub readings: Vec<String>,
    /// How many scenarios a policy decided.
    pub decided: usize,
}

/// A case that tests a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// Where it stands, as `file:line`.
    pub at: String,
    /// What came: `allow`, `deny`, or what a price case asks about.
    pub answer: String,
    /// Why it belongs to the rule.
    pub because: String,
    /// Whether it came out as it says it must.
    pub passed: bool,
}

/// What is traced nowhere, or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What sort of finding it is.
    pub sort: &'static str,
    /// What it is about.
    pub name: String,
    /// Where that stands; empty where it has no place.
    pub at: String,
    /// What is wrong, and what to do.
    pub says: String,
}

impl Encoder {
    /// As the register calls it.
    fn registered(&self) -> String {
        format!("{}:{}", self.kind, self.name)
    }
}

impl Book {
    /// Puts the book together from what was asked and proved.
    pub fn of(bundle: &Bundle, gathered: &Gathered) -> Self {
        let register = &bundle.register;
        let policies: Vec<Encoder> = bundle
            .policies
            .iter()
            .map(|policy| {
                let mut encoder = policy_encoder(policy);
                let name = encoder.registered();
                encoder.decided = gathered.scenarios.iter().filter(|case| case.determining.contains(&name)).count();
                encoder
            })
            .collect();
        let rules =
            register.rules.iter().map(|(id, rule)| entry(bundle, &policies, id, rule.get_ref(), gathered)).collect();
        let documents = register.documents.iter().map(|(name, document)| {
            let dated = document.date.clone().or_else(|| document.dated.clone()).unwrap_or_default();
            [name.clone(), document.title.clone(), dated]
        });
        let unencoded = register.unencoded.iter().map(|(id, reason)| (id.clone(), reason.get_ref().clone()));
        let unsourced = register.unsourced.iter().map(|(id, reason)| (id.clone(), reason.clone()));
        let mut book = Self {
            rules,
            policies,
            documents: documents.collect(),
            justified: unencoded.chain(unsourced).collect(),
            findings: Vec::new(),
            asked: (gathered.scenarios.len(), gathered.prices.len()),
            proofs: gathered.proofs.len(),
        };
        book.findings = findings::of(bundle, &book, gathered);
        book
    }

    /// The book as a report; with the access matrix where the bundle has one.
    pub fn report(&self, occasion: &Occasion, matrix: Option<&Matrix>) -> Report {
        Report { page: page::of(self, occasion, matrix), rows: rows::of(self), findings: self.findings.len() }
    }
}

fn policy_encoder(policy: &crate::bundle::Policy) -> Encoder {
    let texts = |texts: &[std::sync::Arc<str>]| texts.iter().map(ToString::to_string).collect();
    Encoder {
        kind: "policy".to_owned(),
        name: policy.id.to_string(),
        says: format!("{}: {}", policy.effect_name(), policy.title),
        at: policy.at.short(),
        rules: texts(&policy.rules),
        readings: texts(&policy.readings),
        decided: 0,
    }
}

fn entry(bundle: &Bundle, policies: &[Encoder], id: &str, rule: &Rule, gathered: &Gathered) -> Entry {
    let (encoded, questions) = encoders(bundle, policies, id, rule);
    let mut readings: Vec<String> = encoded.iter().flat_map(|encoder| encoder.readings.clone()).collect();
    readings.sort();
    readings.dedup();
    Entry {
        id: id.to_owned(),
        statement: rule.statement.clone(),
        kind: kind(rule.kind),
        source: [
            rule.source.document.clone(),
            rule.source.date.clone().unwrap_or_default(),
            rule.source.heading.clone(),
        ],
        also_in: rule.also_in.clone(),
        unencoded: bundle.register.unencoded.get(id).map(|reason| reason.get_ref().clone()),
        scenarios: tests(id, &encoded, &gathered.scenarios),
        prices: tests(id, &encoded, &gathered.prices),
        proofs: gathered.proofs.iter().filter(|proof| proof.rules.iter().any(|named| named == id)).cloned().collect(),
        encoded,
        readings,
        questions,
    }
}

/// What encodes a rule, and the open questions about it.
fn encoders(bundle: &Bundle, policies: &[Encoder], id: &str, rule: &Rule) -> (Vec<Encoder>, Vec<String>) {
    let Encoding::By(list) = &rule.encoded_by else { return (Vec::new(), Vec::new()) };
    let (mut encoders, mut questions) = (Vec::new(), Vec::new());
    for written in list {
        let (kind, name) = written.split_once(':').unwrap_or(("", written));
        if let Some(policy) = policies.iter().find(|policy| kind == "policy" && policy.name == name) {
            encoders.push(policy.clone());
            continue;
        }
        let mut encoder = Encoder {
            kind: kind.to_owned(),
            name: name.to_owned(),
            says: if kind == "fact" { "the shape of the facts".to_owned() } else { String::new() },
            at: String::new(),
            rules: vec![id.to_owned()],
            readings: Vec::new(),
            decided: 0,
        };
        // Every version has the entry; the newest is told, and the questions of all.
        for (_, basis) in bundle.tariffs.entries().filter(|(entry, _)| entry == written) {
            encoder.says = format!("{} ({})", basis.strength.word(), basis.source);
            encoder.at = basis.at.short();
            questions.extend(basis.questions.iter().map(ToString::to_string));
        }
        encoders.push(encoder);
    }
    questions.sort();
    questions.dedup();
    (encoders, questions)
}

/// The cases that name a rule, or that its policies decided.
fn tests(id: &str, encoded: &[Encoder], cases: &[Tested]) -> Vec<Test> {
    let belongs = |case: &Tested| {
        let decider = encoded.iter().find(|encoder| case.determining.contains(&encoder.registered()));
        match (case.rules.iter().any(|rule| rule == id), decider) {
            (true, Some(decider)) => Some(format!("names the rule, decided by {}", decider.name)),
            (true, None) => Some("names the rule".to_owned()),
            (false, Some(decider)) => Some(format!("decided by {}", decider.name)),
            (false, None) => None,
        }
    };
    cases.iter().filter_map(|case| Some(Test { because: belongs(case)?, ..case.test() })).collect()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Permit => "permit",
        Kind::Forbid => "forbid",
        Kind::Invariant => "invariant",
        Kind::Computation => "computation",
        Kind::Notification => "notification",
        Kind::Informational => "informational",
    }
}

/// Whether a policy that names no rule is a gap: a permit's is checked when the bundle is loaded, a forbid's is not.
fn is_unsourced(bundle: &Bundle, policy: &crate::bundle::Policy) -> bool {
    policy.effect == Effect::Forbid && policy.rules.is_empty() && !bundle.register.is_unsourced(&policy.id)
}

/// `12 scenarios, 3 price cases, 1 property`.
fn tests_in_words(entry: &Entry) -> String {
    [
        counted(entry.scenarios.len(), "scenario", "scenarios"),
        counted(entry.prices.len(), "price case", "price cases"),
        counted(entry.proofs.len(), "property", "properties"),
    ]
    .join(", ")
}
