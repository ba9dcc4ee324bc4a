//! The book as data: a row for each thing that a rule is traced to, and one for each finding.

use super::{Book, Entry};

const HEADS: [&str; 12] = [
    "rule",
    "kind",
    "statement",
    "document",
    "date",
    "heading",
    "also in",
    "relation",
    "name",
    "says",
    "place",
    "state",
];

/// All rows.
pub(super) fn of(book: &Book) -> Vec<Vec<String>> {
    let mut rows = vec![HEADS.map(str::to_owned).to_vec()];
    for rule in &book.rules {
        rows.extend(traces(rule).into_iter().map(|trace| head(rule).into_iter().chain(trace).collect()));
    }
    for policy in book.policies.iter().filter(|policy| policy.rules.is_empty()) {
        let trace = ["policy without rule", &policy.name, &policy.says, &policy.at, "justified or a finding"];
        rows.push(vec![String::new(); 7].into_iter().chain(trace.map(str::to_owned)).collect());
    }
    for finding in &book.findings {
        let trace = ["finding", &finding.name, &finding.says, &finding.at, finding.sort];
        rows.push(vec![String::new(); 7].into_iter().chain(trace.map(str::to_owned)).collect());
    }
    rows
}

fn head(rule: &Entry) -> Vec<String> {
    let [document, date, heading] = rule.source.clone();
    let also_in = rule.also_in.join(", ");
    vec![rule.id.clone(), rule.kind.to_owned(), rule.statement.clone(), document, date, heading, also_in]
}

/// Relation, name, what is said, place, state.
fn traces(rule: &Entry) -> Vec<[String; 5]> {
    let row = |cells: [&str; 5]| cells.map(str::to_owned);
    let mut traces = Vec::new();
    for encoder in &rule.encoded {
        traces.push(row(["encoded by", &encoder.registered(), &encoder.says, &encoder.at, ""]));
    }
    for (relation, tests) in [("tested by", &rule.scenarios), ("priced by", &rule.prices)] {
        for test in tests {
            let state = format!("{}, {}", test.answer, if test.passed { "as expected" } else { "NOT as expected" });
            traces.push(row([relation, &test.name, &test.because, &test.at, &state]));
        }
    }
    for proof in &rule.proofs {
        traces.push(row(["proved by", &proof.id, &proof.title, &proof.at, &proof.state()]));
    }
    traces.extend(rule.readings.iter().map(|reading| row(["stands on the reading", reading, "", "", ""])));
    traces.extend(rule.questions.iter().map(|question| row(["open question", "", question, "", "open"])));
    traces.extend(rule.unencoded.iter().map(|reason| row(["encodes nothing", "", reason, "", "justified"])));
    if traces.is_empty() {
        traces.push(row(["encodes nothing", "", "it decides nothing", "", "informational"]));
    }
    traces
}
