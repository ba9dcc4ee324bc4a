//! The summary for people: one line a file, the sums, then what is missing.

use super::{report::Report, sums::Sums};

/// The summary as text.
pub fn summary(report: &Report) -> String {
    let files = report.files();
    let total = report.total();
    let width = files.iter().map(|(file, _)| file.len()).max().unwrap_or(0).max("in all".len());
    let mut lines = vec![format!("{:width$}  policies  clauses true  clauses false", "")];
    lines.extend(files.iter().map(|(file, sums)| line(file, sums, width)));
    lines.push(line("in all", &total, width));
    lines.push(String::new());
    if total.erring > 0 {
        lines.push(format!("{} could not be evaluated at least once", many(total.erring, "clause")));
    }
    if total.unreachable > 0 {
        lines.push(format!("{} proved unreachable", many(total.unreachable, "side")));
    }
    let gaps = report.gaps();
    lines.push(many(gaps.len(), "gap"));
    lines.extend(gaps.iter().map(|gap| format!("  {gap}")));
    lines.join("\n") + "\n"
}

fn line(name: &str, sums: &Sums, width: usize) -> String {
    format!("{name:width$}  {:>8}  {:>12}  {:>13}", sums.policies, sums.truths, sums.falsehoods)
}

fn many(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
