//! What the book is put together from: every scenario and price case asked, every property looked up.

use std::path::Path;

use super::Test;
use crate::{
    analysis::{
        prices::{self, answer, basis},
        proofs::{self, property},
        prover::{Lock, Prover, Verdict},
        scenario::{self, run::Runner},
    },
    bundle::Bundle,
    problem::{Location, Problems},
};

/// All of it.
#[derive(Debug)]
pub struct Gathered {
    /// Scenarios.
    pub scenarios: Vec<Tested>,
    /// Price cases.
    pub prices: Vec<Tested>,
    /// Properties.
    pub proofs: Vec<Proof>,
}

/// A scenario or price case that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: Location,
    /// The rules, denials and readings that it names.
    pub rules: Vec<String>,
    /// What determined its answer, as the register calls it: `policy:<id>`, `tariff:<id>/<entry>`, `tax:<entry>`.
    pub determining: Vec<String>,
    /// What came.
    pub answer: String,
    /// Whether it came out as it says it must.
    pub passed: bool,
}

impl Tested {
    /// As the book tells it.
    pub(super) fn test(&self) -> Test {
        Test {
            name: self.name.clone(),
            at: self.at.short(),
            answer: self.answer.clone(),
            because: String::new(),
            passed: self.passed,
        }
    }
}

/// A property with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Its id.
    pub id: String,
    /// One sentence.
    pub title: String,
    /// The rules it stands for.
    pub rules: Vec<String>,
    /// What is claimed.
    pub claim: String,
    /// Where it stands.
    pub at: String,
    /// In how many environments it is proved, and of how many it speaks.
    pub proved: (usize, usize),
    /// Whether it was refuted in one.
    pub refuted: bool,
}

impl Proof {
    /// What is known of it, in words.
    pub fn state(&self) -> String {
        let (proved, of) = self.proved;
        match (self.refuted, proved == of) {
            (true, _) => "does not hold".to_owned(),
            (false, true) if of == 1 => "proved for its environment".to_owned(),
            (false, true) => format!("proved for all {of} environments"),
            (false, false) => format!("proved for {proved} of {of} environments, the rest is not settled"),
        }
    }

    /// Whether it is proved everywhere.
    pub fn holds(&self) -> bool {
        !self.refuted && self.proved.0 == self.proved.1
    }
}

/// Asks all scenarios and price cases of a bundle's directory, and looks all properties up in `policies/proofs.lock`.
/// A solver is not asked: what the lock does not know is told as not settled.
///
/// # Errors
/// A file that cannot be read.
pub fn gather(bundle: &Bundle, dir: &Path) -> Result<Gathered, Problems> {
    let scenarios = dir.join("tests/scenarios");
    let cases = if scenarios.is_dir() { scenario::read_all(&scenarios)? } else { Vec::new() };
    let mut runner = Runner::new(bundle, dir);
    let scenarios = cases.iter().map(|case| asked(&mut runner, case)).collect();
    let prices = prices::read_all(&dir.join("tests/prices"))?.iter().map(|case| priced(bundle, case)).collect();
    Ok(Gathered { scenarios, prices, proofs: proved(bundle, dir)? })
}

fn asked(runner: &mut Runner, case: &scenario::Case) -> Tested {
    let (answer, determining, passed) = match runner.run(case) {
        Ok(outcome) => (
            if outcome.decision.allowed() { "allow" } else { "deny" }.to_owned(),
            outcome.decision.determining.iter().map(|id| format!("policy:{id}")).collect(),
            outcome.differences.is_empty(),
        ),
        Err(reason) => (format!("cannot be asked: {reason}"), Vec::new(), false),
    };
    Tested { name: case.name.clone(), at: case.at.clone(), rules: case.rules.clone(), determining, answer, passed }
}

fn priced(bundle: &Bundle, case: &prices::Case) -> Tested {
    Tested {
        name: case.name.clone(),
        at: case.at.clone(),
        rules: case.rules.clone(),
        determining: basis::of(&bundle.tariffs, &case.asked).into_iter().collect(),
        answer: match case.asked {
            prices::Asked::Order(_) => "price",
            prices::Asked::Tax { .. } => "tax",
            prices::Asked::Volume { .. } => "volume",
        }
        .to_owned(),
        passed: answer::differences(&bundle.tariffs, case).is_empty(),
    }
}

fn proved(bundle: &Bundle, dir: &Path) -> Result<Vec<Proof>, Problems> {
    let (properties, source) = property::unchecked(dir)?;
    let Some(source) = source else { return Ok(Vec::new()) };
    let prover = Prover::new(None, &Lock::read(dir)?);
    let outcomes = proofs::prove(bundle, dir, &properties, &source, &prover)?;
    let proof = |property: &proofs::Property| {
        let own = || outcomes.iter().filter(|outcome| outcome.property.id == property.id);
        Proof {
            id: property.id.clone(),
            title: property.title.clone(),
            rules: property.rules.clone(),
            claim: property.kind.words().split_whitespace().collect::<Vec<_>>().join(" "),
            at: source.location(property.span.0).short(),
            proved: (own().filter(|outcome| outcome.verdict == Verdict::Holds).count(), own().count()),
            refuted: own().any(|outcome| outcome.verdict == Verdict::Fails),
        }
    };
    Ok(properties.iter().map(proof).collect())
}
