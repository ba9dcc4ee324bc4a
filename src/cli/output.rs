//! What verbs print: problems with their source underlined, explanations for people, JSON for programs.

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde_json::{Value, json};

use super::Exit;
use crate::{
    explanation::{Explanation, near_miss::NearMiss},
    problem::{Problem, Problems},
    request::Party,
};

/// Prints every problem: to standard error for people, as a JSON list to standard output for programs.
pub fn problems(problems: &Problems, as_json: bool) {
    if as_json {
        println!("{}", json!({ "problems": problems_json(problems) }));
        return;
    }
    for problem in problems.iter() {
        eprintln!("{}", problem_text(problem));
    }
}

/// Prints a text as it is, and tells how that went: whoever closes standard output early does not want to know, a full
/// disk is a failure.
pub fn text(text: &str) -> Exit {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            problems(&Problem::new(format!("cannot write to standard output: {error}")).into(), false);
            Exit::Failure
        }
        _ => Exit::Success,
    }
}

/// Prints JSON for people.
///
/// # Errors
/// It cannot be written.
pub fn json(value: &Value) -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{value:#}")
}

/// One problem with its source underlined.
pub fn problem_text(problem: &Problem) -> String {
    let theme = GraphicalTheme::unicode_nocolor();
    let mut text = String::new();
    match GraphicalReportHandler::new_themed(theme).with_width(120).render_report(&mut text, problem) {
        Ok(()) => text,
        Err(_) => problem.to_string(),
    }
}

/// Problems as programs read them.
pub fn problems_json(problems: &Problems) -> Vec<Value> {
    problems.iter().map(problem_json).collect()
}

fn problem_json(problem: &Problem) -> Value {
    let at = problem.location();
    json!({
        "code": problem.code_text(),
        "message": problem.message(),
        "file": at.map(|at| &*at.file),
        "line": at.map(|at| at.line),
        "column": at.map(|at| at.column),
        "text": problem.underlined(),
        "help": problem.help_text(),
    })
}

/// An explanation as indented text.
pub fn explanation_text(explanation: &Explanation) -> String {
    let mut lines = vec![explanation.reason_admin.clone()];
    for policy in &explanation.policies {
        lines.push(format!(
            "  {} {} at {}: {}{}",
            policy.effect_name(),
            policy.id,
            policy.at.short(),
            policy.title,
            rules_text(&policy.rules)
        ));
    }
    for near_miss in &explanation.near_misses {
        lines.push(near_miss_text(near_miss));
    }
    lines.join("\n")
}

/// An entity as policies name it.
pub fn party(party: &Party) -> String {
    party.to_string()
}

fn near_miss_text(near_miss: &NearMiss) -> String {
    let policy = near_miss.policy;
    let mut lines = vec![format!(
        "  would be permitted by {} at {}: {}{}",
        policy.id,
        policy.at.short(),
        policy.title,
        rules_text(&policy.rules)
    )];
    for missing in &near_miss.missing {
        lines.push(format!("    if not for `{}` at {}", missing.clause, missing.at.short()));
        lines.push(format!("      found  {}", missing.finding.found));
        lines.push(format!("      change {}", missing.finding.change));
    }
    lines.join("\n")
}

fn rules_text(rules: &[std::sync::Arc<str>]) -> String {
    if rules.is_empty() { String::new() } else { format!(" [{}]", rules.join(", ")) }
}
