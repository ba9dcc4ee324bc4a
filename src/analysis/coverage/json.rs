//! Coverage for programs.

use serde_json::{Value, json};

use super::{
    report::{Gap, Report},
    sums::{Ratio, Sums},
    tally::Seen,
};
use crate::bundle::Policy;

/// The whole report.
pub fn report(report: &Report) -> Value {
    let files: Vec<Value> = report.files().iter().map(|(file, sums)| with_file(sums_json(sums), file)).collect();
    let policies: Vec<Value> =
        report.policies().map(|(place, policy, seen)| policy_json(report, place, policy, seen)).collect();
    let gaps: Vec<Value> = report.gaps().iter().map(gap_json).collect();
    json!({ "total": sums_json(&report.total()), "files": files, "policies": policies, "gaps": gaps })
}

fn with_file(mut sums: Value, file: &str) -> Value {
    sums["file"] = json!(file);
    sums
}

fn sums_json(sums: &Sums) -> Value {
    let ratio = |ratio: Ratio| json!({ "covered": ratio.seen, "total": ratio.all });
    json!({
        "policies": ratio(sums.policies), "true": ratio(sums.truths), "false": ratio(sums.falsehoods),
        "erring": sums.erring, "unreachable": sums.unreachable,
    })
}

fn policy_json(report: &Report, place: usize, policy: &Policy, seen: &Seen) -> Value {
    let clauses = seen.condition.clauses.iter().zip(&seen.clauses).enumerate().map(|(number, (clause, count))| {
        let unreachable: Vec<bool> =
            [true, false].into_iter().filter(|value| report.is_unreachable(place, number, *value)).collect();
        json!({
            "text": clause.text, "line": clause.at.line, "column": clause.at.column,
            "true": count.truths, "false": count.falsehoods, "error": count.errors, "unreachable": unreachable,
        })
    });
    json!({
        "id": &*policy.id, "effect": policy.effect_name(), "file": &*policy.at.file, "line": policy.at.line,
        "asked": seen.asked, "applied": seen.applied, "errors": seen.errors, "determined": seen.determined,
        "clauses": clauses.collect::<Vec<_>>(),
    })
}

fn gap_json(gap: &Gap) -> Value {
    json!({
        "policy": &*gap.policy.id, "file": &*gap.at.file, "line": gap.at.line, "column": gap.at.column,
        "clause": gap.side.map(|(clause, _)| &*clause.text), "side": gap.side.map(|(_, value)| value),
        "message": gap.to_string(),
    })
}
