//! `mandat test [DIR]`: do the policies do what the scenarios say?

use std::path::Path;

use serde_json::{Value, json};

use super::{BundleDir, Exit, output};
use crate::{
    analysis::scenario::{Case, read_all, run::Outcome, run::Runner},
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
    let mut runner = Runner::new(&bundle, &dir.join("tests/facts"));
    let failures: Vec<Failure> = cases.iter().filter_map(|case| failure(&mut runner, case)).collect();
    report(&failures, cases.len(), arguments.json);
    if failures.is_empty() && !cases.is_empty() { Exit::Success } else { Exit::Failure }
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

fn failure<'c>(runner: &mut Runner, case: &'c Case) -> Option<Failure<'c>> {
    match runner.run(case) {
        Ok(Outcome { differences, .. }) if differences.is_empty() => None,
        Ok(outcome) => Some(Failure {
            case,
            differences: outcome.differences,
            explanation: output::explanation_text(&outcome.explanation),
        }),
        Err(reason) => Some(Failure { case, differences: vec![reason], explanation: String::new() }),
    }
}

fn report(failures: &[Failure], total: usize, as_json: bool) {
    let passed = total - failures.len();
    if as_json {
        let list: Vec<Value> = failures.iter().map(Failure::json).collect();
        println!("{}", json!({ "passed": passed, "failed": failures.len(), "failures": list }));
        return;
    }
    for failure in failures {
        println!("{}", failure.text());
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
