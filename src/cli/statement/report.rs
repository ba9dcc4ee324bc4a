//! How a statement ended, in a few lines.

use std::path::Path;

use serde_json::json;

use crate::pricing::statement::{ledger::Outcomes, totals::Totals};

/// The summary for people, or for programs.
pub(super) fn text(
    outcomes: &Outcomes,
    totals: &Totals,
    to_review: Option<usize>,
    dir: &Path,
    as_json: bool,
) -> String {
    let Outcomes { rows, priced, bad, left_out, reversed } = outcomes;
    let credited = totals.credited();
    if as_json {
        let answer = json!({
            "rows": rows, "priced": priced, "reversed": reversed, "refused": bad, "left_out": left_out,
            "credited": credited, "to_review": to_review, "out": dir.display().to_string(),
        });
        return answer.to_string();
    }
    let credited: Vec<String> = credited.iter().map(|(currency, amount)| format!("{amount} {currency}")).collect();
    let credited = if credited.is_empty() { "nothing".to_owned() } else { credited.join(", ") };
    let mut lines = vec![format!("{rows} rows, {priced} priced, {left_out} left out; credited {credited}")];
    if *reversed > 0 {
        lines.push(format!("{reversed} reversals"));
    }
    if *bad > 0 {
        lines.push(format!("{bad} refused for bad data, see {}", dir.join("refused.csv").display()));
    }
    if let Some(partners) = to_review.filter(|partners| *partners > 0) {
        lines.push(format!("{partners} below the yearly minimum, see {}", dir.join("review.csv").display()));
    }
    lines.join("\n")
}
