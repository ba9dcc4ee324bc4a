//! `mandat test [DIR]`: do the policies do what the scenarios say, and what do the scenarios cover?

mod covered;

use std::path::Path;

use serde_json::{Value, json};

use super::{BundleDir, Exit, output};
use crate::{
    analysis::{
        coverage::tally::Tally,
        scenario::{Case, read_all, run::Outcome, run::Runner},
    },
    bundle::Bundle,
    problem::Problems,
};

/// Arguments of `mandat test`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
    /// Only scenarios whose name or rules contain this text.
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
    let (bundle, mut cases) = match prepare(&dir) {
        Ok(prepared) => prepared,
        Err(problems) => {
            output::problems(&problems, arguments.json);
            return Exit::Invalid;
        }
    };
    if let Some(only) = &arguments.only {
        cases.retain(|case| case.name.contains(only) || case.rules.iter().any(|rule| rule.contains(only)));
    }
    let mut tally = arguments.coverage.wanted().then(|| Tally::new(&bundle));
    let failures = ask(&bundle, &dir, &cases, tally.as_mut());
    let passed = failures.is_empty() && !cases.is_empty();
    let covered = match tally.map(|tally| arguments.coverage.conclude(&dir, &bundle, &tally)).transpose() {
        Ok(covered) => covered,
        Err(problem) => {
            output::problems(&problem.into(), arguments.json);
            return Exit::Invalid;
        }
    };
    report(&failures, cases.len(), covered.as_ref(), arguments.json);
    if passed && covered.is_none_or(|covered| covered.enough) { Exit::Success } else { Exit::Failure }
}

/// Asks every case; keeps those that failed, and what they cover where that is asked for.
fn ask<'c>(bundle: &Bundle, dir: &Path, cases: &'c [Case], mut tally: Option<&mut Tally>) -> Vec<Failure<'c>> {
    let mut runner = Runner::new(bundle, &dir.join("tests/facts"));
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
    case: &'c Case,
    differences: Vec<String>,
    explanation: String,
}

fn prepare(dir: &Path) -> Result<(Bundle, Vec<Case>), Problems> {
    let bundle = Bundle::load(dir)?;
    let cases = read_all(&dir.join("tests/scenarios"))?;
    Ok((bundle, cases))
}

fn failure<'c>(case: &'c Case, answer: Result<Outcome, String>) -> Option<Failure<'c>> {
    match answer {
        Ok(Outcome { differences, .. }) if differences.is_empty() => None,
        Ok(outcome) => Some(Failure {
            case,
            differences: outcome.differences,
            explanation: output::explanation_text(&outcome.explanation),
        }),
        Err(reason) => Some(Failure { case, differences: vec![reason], explanation: String::new() }),
    }
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
        println!("no scenario was run");
    }
    println!("{passed} passed, {} failed", failures.len());
}

impl Failure<'_> {
    fn text(&self) -> String {
        let rules = self.case.rules.join(", ");
        let mut text =
            format!("FAILED {} ({}) [{rules}]\n  {}\n", self.case.name, self.case.at, self.differences.join("\n  "));
        for line in self.explanation.lines() {
            text.push_str(&format!("  | {line}\n"));
        }
        text
    }

    fn json(&self) -> Value {
        json!({
            "name": self.case.name, "file": &*self.case.at.file, "line": self.case.at.line, "rules": self.case.rules,
            "differences": self.differences, "explanation": self.explanation,
        })
    }
}
