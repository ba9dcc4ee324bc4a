//! The report as SARIF 2.1.0, the form in which code hosts and editors take what checkers find.
//!
//! Each code is a rule with its long text; each problem is a result at a region. Columns count characters, as
//! everywhere in mandat, and the log says so: SARIF would count UTF-16 units otherwise.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    analysis::{codes, lint::report::Report},
    problem::Problem,
};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of one run.
pub(super) fn log(report: &Report, dir: &Path) -> Value {
    let mut used: Vec<&str> = report.all().filter_map(Problem::code_text).collect();
    used.sort_unstable();
    used.dedup();
    let results: Vec<Value> = report.all().map(|problem| result(problem, &used, dir)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "mandat",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": used.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": report.not_looked_at().map_or_else(Vec::new, |line| {
                    vec![json!({ "level": "note", "message": { "text": line } })]
                }),
            }],
        }],
    })
}

fn rule(code: &str) -> Value {
    let level = if code.starts_with('W') { "warning" } else { "error" };
    let mut rule = json!({ "id": code, "defaultConfiguration": { "level": level } });
    if let Some(meaning) = codes::find(code) {
        rule["shortDescription"] = json!({ "text": meaning.title });
        rule["help"] = json!({ "text": codes::text(meaning), "markdown": meaning.text });
    }
    rule
}

fn result(problem: &Problem, used: &[&str], dir: &Path) -> Value {
    let help = problem.help_text().map_or_else(String::new, |help| format!("; {help}"));
    let mut result = json!({
        "level": if problem.is_warning() { "warning" } else { "error" },
        "message": { "text": format!("{}{help}", problem.message()) },
    });
    if let Some(code) = problem.code_text() {
        result["ruleId"] = json!(code);
        result["ruleIndex"] = json!(used.binary_search(&code).ok());
    }
    if let Some(at) = problem.location() {
        let (end_line, end_column) = end(problem.underlined().unwrap_or_default(), at.line, at.column);
        result["locations"] = json!([{ "physicalLocation": {
            "artifactLocation": { "uri": uri(dir, &at.file) },
            "region": { "startLine": at.line, "startColumn": at.column, "endLine": end_line, "endColumn": end_column },
        } }]);
    }
    result
}

/// Where a text that starts at a place ends; exclusive.
fn end(text: &str, line: usize, column: usize) -> (usize, usize) {
    let lines = text.matches('\n').count();
    let last = text.rsplit('\n').next().unwrap_or_default().chars().count();
    (line + lines, if lines == 0 { column + last } else { last + 1 })
}

/// The file's address, relative to where the check runs if the directory was named so.
fn uri(dir: &Path, file: &str) -> String {
    let path = dir.join(file);
    let path = path.strip_prefix(".").unwrap_or(&path).to_string_lossy().replace('\\', "/");
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
