//! Coverage as a document that is kept beside the policies: sums, and what is proved unreachable.
//!
//! Counts are left out, so that a scenario that covers nothing new changes nothing here.

use super::{report::Report, sums::Sums};

/// The document, in Markdown.
pub fn markdown(report: &Report) -> String {
    let mut text = String::from(
        "# What the scenarios cover\n\n\
         Written by `just coverage`; a test holds it against the policies and scenarios. A *clause* is a part of a \
         condition\nthat is evaluated on its own; it counts as true or false where a scenario really evaluated it so. \
         Sides that are proved\nunreachable are not counted; they are listed below.\n\n\
         | File | Policies that decided | Clauses true | Clauses false |\n|---|--:|--:|--:|\n",
    );
    for (file, sums) in report.files() {
        text.push_str(&row(&format!("`{file}`"), &sums));
    }
    text.push_str(&row("**in all**", &report.total()));
    text.push_str(&gaps(report));
    text.push_str(&proved(report));
    text
}

fn row(name: &str, sums: &Sums) -> String {
    format!("| {name} | {} | {} | {} |\n", sums.policies, sums.truths, sums.falsehoods)
}

fn gaps(report: &Report) -> String {
    let gaps = report.gaps();
    if gaps.is_empty() {
        return "\nThere is no gap: every policy decided, and every clause came out both ways or is proved not to.\n"
            .to_owned();
    }
    let list: String = gaps.iter().map(|gap| format!("- {gap}\n")).collect();
    format!("\n## Gaps\n\n{list}")
}

fn proved(report: &Report) -> String {
    let mut list = String::new();
    for (policy, clause, value, proof) in report.proved() {
        list.push_str(&format!(
            "- {}: `{}` of `{}` is never {value} {proof}\n",
            policy.source.name, clause.text, policy.id
        ));
    }
    if list.is_empty() { String::new() } else { format!("\n## Proved unreachable\n\n{list}") }
}
