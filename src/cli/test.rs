//! `mandat test [DIR]`: do the policies do what the scenarios say and the tariffs what the price cases say, and what do
//! the scenarios cover?

mod covered;

use std::path::Path;

use serde_json::{Value, json};

use super::{BundleDir, Exit, output};
use crate::{
    analysis::{
        coverage::tally::Tally,
        prices::{self, answer::differences},
        scenario::{Case, read_all, run::Outcome, run::Runner},
    },
    bundle::Bundle,
    problem::{Location, Problems},
};

/// Arguments of `mandat test`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
    /// Only scenarios and price cases whose name or rules contain this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    coverage: covered::Wishes,
}

/// Runs every scenario and prints those that fail, with their explanation.
pub fn run(arguments: &Arguments) -> Exit {
    let dir = arguments.dir.path();
    let (bundle, mut cases, mut prices) = match prepare(&dir) {
        Ok(prepared) => prepared,
        Err(problems) => {
            output::problems(&problems, arguments.json);
            return Exit::Invalid;
        }
    };
    if let Some(only) = &arguments.only {
        let wanted = |name: &str, rules: &[String]| name.contains(only) || rules.iter().any(|rule| rule.contains(only));
        cases.retain(|case| wanted(&case.name, &case.rules));
        prices.retain(|case| wanted(&case.name, &case.rules));
    }
    let mut tally = arguments.coverage.wanted().then(|| Tally::new(&bundle));
    let mut failures = ask(&bundle, &dir, &cases, tally.as_mut());
    failures.extend(prices.iter().filter_map(|case| mispriced(&bundle, case)));
    let total = cases.len() + prices.len();
    let passed = failures.is_empty() && total > 0;
    let covered = match tally.map(|tally| arguments.coverage.conclude(&dir, &bundle, &tally)).transpose() {
        Ok(covered) => covered,
        Err(problem) => {
            output::problems(&problem.into(), arguments.json);
            return Exit::Invalid;
        }
    };
    report(&failures, total, covered.as_ref(), arguments.json);
    if passed && covered.is_none_or(|covered| covered.enough) { Exit::Success } else { Exit::Failure }
}

/// Asks every case; keeps those that failed, and what they cover where that is asked for.
fn ask<'c>(bundle: &Bundle, dir: &Path, cases: &'c [Case], mut tally: Option<&mut Tally>) -> Vec<Failure<'c>> {
    let mut runner = Runner::new(bundle, dir);
    let mut failures = Vec::new();
    for case in cases {
        let answer = runner.run(case);
        if let (Some(tally), Ok(outcome)) = (&mut tally, &answer) {
            tally.add(bundle, outcome);
        }
        failures.extend(failure(case, answer));
    }
    failures
}

/// A case that did not come out as expected, or could not be asked.
struct Failure<'c> {
    name: &'c str,
    at: &'c Location,
    rules: &'c [String],
    differences: Vec<String>,
    explanation: String,
}

fn prepare(dir: &Path) -> Result<(Bundle, Vec<Case>, Vec<prices::Case>), Problems> {
    let bundle = Bundle::load(dir)?;
    let cases = read_all(&dir.join("tests/scenarios"))?;
    let prices = prices::read_all(&dir.join("tests/prices"))?;
    Ok((bundle, cases, prices))
}

fn failure<'c>(case: &'c Case, answer: Result<Outcome, String>) -> Option<Failure<'c>> {
    match answer {
        Ok(Outcome { differences, .. }) if differences.is_empty() => None,
        Ok(outcome) => {
            let explanation = output::explanation_text(&outcome.explanation);
            Some(Failure::of(case, outcome.differences, explanation))
        }
        Err(reason) => Some(Failure::of(case, vec![reason], String::new())),
    }
}

/// A price case that did not come out as expected.
fn mispriced<'c>(bundle: &Bundle, case: &'c prices::Case) -> Option<Failure<'c>> {
    let differences = differences(&bundle.tariffs, case);
    let explanation = String::new();
    let (name, at, rules) = (&case.name, &case.at, &case.rules);
    (!differences.is_empty()).then_some(Failure { name, at, rules, differences, explanation })
}

fn report(failures: &[Failure], total: usize, covered: Option<&covered::Covered>, as_json: bool) {
    let passed = total - failures.len();
    if as_json {
        let list: Vec<Value> = failures.iter().map(Failure::json).collect();
        let mut answer = json!({ "passed": passed, "failed": failures.len(), "failures": list });
        if let Some(covered) = covered {
            answer["coverage"] = covered.json.clone();
        }
        println!("{answer}");
        return;
    }
    for failure in failures {
        println!("{}", failure.text());
    }
    if let Some(covered) = covered {
        println!("{}", covered.text);
    }
    if total == 0 {
        println!("no scenario and no price case was run");
    }
    println!("{passed} passed, {} failed", failures.len());
}

impl<'c> Failure<'c> {
    fn of(case: &'c Case, differences: Vec<String>, explanation: String) -> Self {
        Self { name: &case.name, at: &case.at, rules: &case.rules, differences, explanation }
    }

    fn text(&self) -> String {
        let rules = self.rules.join(", ");
        let mut text = format!("FAILED {} ({}) [{rules}]\n  {}\n", self.name, self.at, self.differences.join("\n  "));
        for line in self.explanation.lines() {
            text.push_str(&format!("  | {line}\n"));
        }
        text
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name, "file": &*self.at.file, "line": self.at.line, "rules": self.rules,
            "differences": self.differences, "explanation": self.explanation,
        })
    }
}
