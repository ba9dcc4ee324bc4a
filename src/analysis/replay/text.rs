//! A replay as text for people at a terminal.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::Value;

use super::{
    Wish,
    tally::{Change, Counts, Sample, Tally},
};
use crate::explanation::Explanation;

/// Most policies and actions that are listed.
const LISTED: usize = 40;

/// The whole text; `explained` gives the text of an explanation.
pub fn render(tally: &Tally, wish: &Wish, explained: &dyn Fn(&Explanation) -> String) -> String {
    let mut text = format!(
        "{} recorded decisions were made again under {}, {}\n{}\n",
        tally.all.replayed,
        wish.bundle.digest,
        wish.ground.words(),
        if tally.all.changed() == 0 { "all of them come out the same".to_owned() } else { changes(&tally.all) }
    );
    for (what, numbers) in [("left out", &tally.left_out), ("not replayed", &tally.other_kinds)] {
        if !numbers.is_empty() {
            let _ = writeln!(text, "{what}: {}", listed(numbers));
        }
    }
    if tally.errors > 0 {
        let _ = writeln!(text, "errors in the log, which have no decision: {}", tally.errors);
    }
    let actions = tally.actions().into_iter().filter(|(_, counts)| counts.changed() > 0).collect();
    let policies = tally.policies.iter().map(|(name, counts)| (name.as_str(), *counts)).collect();
    table(&mut text, "by action", actions);
    table(&mut text, "by policy", policies);
    for change in Change::ALL {
        let samples = tally.samples(change);
        if !samples.is_empty() {
            let _ = writeln!(text, "\n{}, {} of {}:", change.words(), samples.len(), tally.all.of(change));
        }
        samples.iter().for_each(|sample| text.push_str(&told(sample, explained)));
    }
    text
}

fn changes(counts: &Counts) -> String {
    let told = |change: &Change| (counts.of(*change) > 0).then(|| format!("{} {}", counts.of(*change), change.words()));
    Change::ALL.iter().filter_map(told).collect::<Vec<_>>().join(", ")
}

fn listed(numbers: &BTreeMap<String, u64>) -> String {
    numbers.iter().map(|(what, number)| format!("{number} {what}")).collect::<Vec<_>>().join(", ")
}

fn table(text: &mut String, title: &str, mut rows: Vec<(&str, Counts)>) {
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.changed()));
    let _ = writeln!(text, "\n{title}");
    let width = rows.iter().take(LISTED).map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, counts) in rows.iter().take(LISTED) {
        let of = if counts.replayed > 0 { format!(" of {}", counts.replayed) } else { String::new() };
        let _ = writeln!(text, "  {name:<width$}  {}{of}", changes(counts));
    }
    if rows.len() > LISTED {
        let _ = writeln!(text, "  and {} more, see `--json`", rows.len() - LISTED);
    }
}

fn told(sample: &Sample, explained: &dyn Fn(&Explanation) -> String) -> String {
    let request = &sample.request;
    let mut text = format!(
        "  {} at {}, revision {}: {} {} {}\n",
        sample.id, sample.at, sample.revision, request.principal, request.action, request.resource
    );
    for (what, entries) in [("context", &request.context), ("properties of the action", &request.action_properties)] {
        if !entries.is_empty() {
            let _ = writeln!(text, "    {what} {}", Value::from(entries.clone()));
        }
    }
    let after = sample.after.as_ref().map_or_else(|reason| format!("cannot be asked: {reason}"), |said| said.words());
    let _ = writeln!(text, "    was {}\n    is  {after}", sample.before.words());
    for line in sample.explanation.as_ref().map(explained).unwrap_or_default().lines() {
        let _ = writeln!(text, "    | {line}");
    }
    text
}
