//! Coverage in the form of lcov's tracefiles, which editors and review tools show.
//!
//! A policy is a function (`FN`, `FNDA`: how many decisions it determined), a clause is a branch point with two branches
//! (`BRDA`: block = the clause's number in its file, branch 0 = true, 1 = false). A side that is proved unreachable is no
//! branch. Lines are those where a policy or a clause starts (`DA`: how often its scope fitted, or how often one of its
//! clauses was looked at). Paths are relative to the bundle's directory.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{report::Report, tally::Seen};
use crate::bundle::Policy;

/// The tracefile.
pub fn tracefile(report: &Report) -> String {
    let mut text = String::new();
    let policies: Vec<_> = report.policies().collect();
    for file in policies.chunk_by(|(_, left, _), (_, right, _)| left.source.name == right.source.name) {
        record(report, file, &mut text);
    }
    text
}

fn record(report: &Report, policies: &[(usize, &Policy, &Seen)], text: &mut String) {
    let Some((_, first, _)) = policies.first() else { return };
    let mut lines = vec!["TN:".to_owned(), format!("SF:{}", first.source.name)];
    lines.extend(policies.iter().map(|(_, policy, _)| format!("FN:{},{}", policy.at.line, policy.id)));
    lines.extend(policies.iter().map(|(_, policy, seen)| format!("FNDA:{},{}", seen.determined, policy.id)));
    let determined = policies.iter().filter(|(_, _, seen)| seen.determined > 0).count();
    lines.extend([format!("FNF:{}", policies.len()), format!("FNH:{determined}")]);
    let branches = branches(report, policies);
    lines.extend(branches.iter().map(|(branch, taken)| format!("BRDA:{branch},{taken}")));
    let taken = branches.iter().filter(|(_, taken)| taken != "-" && taken != "0").count();
    lines.extend([format!("BRF:{}", branches.len()), format!("BRH:{taken}")]);
    let hits = hits(policies);
    lines.extend(hits.iter().map(|(line, hits)| format!("DA:{line},{hits}")));
    lines.extend([
        format!("LF:{}", hits.len()),
        format!("LH:{}", hits.values().filter(|hits| **hits > 0).count()),
        "end_of_record".to_owned(),
    ]);
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    }
}

/// `line,block,branch` and how often it was taken; `-` where the clause was never looked at.
fn branches(report: &Report, policies: &[(usize, &Policy, &Seen)]) -> Vec<(String, String)> {
    let mut branches = Vec::new();
    let mut block = 0;
    for (place, _, seen) in policies {
        for (number, (clause, count)) in seen.condition.clauses.iter().zip(&seen.clauses).enumerate() {
            for (branch, value) in [true, false].into_iter().enumerate() {
                if !report.is_unreachable(*place, number, value) {
                    let taken = if count.total() == 0 { "-".to_owned() } else { count.of(value).to_string() };
                    branches.push((format!("{},{block},{branch}", clause.at.line), taken));
                }
            }
            block += 1;
        }
    }
    branches
}

/// How often each line was looked at: the most of what starts on it.
fn hits(policies: &[(usize, &Policy, &Seen)]) -> BTreeMap<usize, u64> {
    let mut hits = BTreeMap::new();
    for (_, policy, seen) in policies {
        let clauses =
            seen.condition.clauses.iter().zip(&seen.clauses).map(|(clause, count)| (clause.at.line, count.total()));
        for (line, count) in clauses.chain([(policy.at.line, seen.asked)]) {
            let most = hits.entry(line).or_insert(0);
            *most = count.max(*most);
        }
    }
    hits
}
