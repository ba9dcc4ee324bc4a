//! The decisions as data: a row for each count.

use super::{Tally, ranked};

const HEADS: [&str; 8] = ["about", "name", "code", "policies", "rules", "allowed", "denied", "errors or times"];

/// All rows.
pub(super) fn of(tally: &Tally) -> Vec<Vec<String>> {
    let mut rows = vec![HEADS.map(str::to_owned).to_vec()];
    let mut add = |cells: [&str; 5], counts: [Option<usize>; 3]| {
        let counts = counts.map(|count| count.map_or_else(String::new, |count| count.to_string()));
        rows.push(cells.map(str::to_owned).into_iter().chain(counts).collect());
    };
    for (kind, count) in &tally.kinds {
        add(["records", kind, "", "", ""], [None, None, Some(*count)]);
    }
    for (action, answers) in &tally.actions {
        let counts = [Some(answers.allowed), Some(answers.denied), Some(answers.errors)];
        add(["action", action, "", "", ""], counts);
    }
    for (denial, count) in ranked(&tally.denials) {
        let cells = ["denied", &denial.action, &denial.code, &denial.policies, &denial.rules];
        add(cells, [None, Some(count), None]);
    }
    for ((action, status, message), count) in ranked(&tally.errors) {
        add(["error", &format!("{action}: {message}"), &status, "", ""], [None, None, Some(count)]);
    }
    for (policy, count) in ranked(&tally.faults) {
        add(["policy failed", &policy, "", &policy, ""], [None, None, Some(count)]);
    }
    for (rule, (allowed, denied)) in &tally.rules {
        add(["rule", rule, "", "", rule], [Some(*allowed), Some(*denied), None]);
    }
    for (caller, (allowed, denied)) in &tally.callers {
        add(["caller", caller, "", "", ""], [Some(*allowed), Some(*denied), None]);
    }
    for (miss, count) in tally.near_misses.iter().flat_map(|near| ranked(&near.misses)) {
        let name = format!("{}: {}", miss.action, miss.clauses);
        add(["near miss", &name, "", &miss.policy, ""], [None, Some(count), None]);
    }
    if let Some(near) = &tally.near_misses {
        add(["asked again", "allowed now", "", "", ""], [None, Some(near.allowed_now), None]);
        add(["asked again", "no permit fits", "", "", ""], [None, Some(near.none_near), None]);
        for (what, count) in &near.left_out {
            add(["left out", what, "", "", ""], [None, Some(*count), None]);
        }
        for (reason, count) in &near.unasked {
            add(["cannot be asked", reason, "", "", ""], [None, Some(*count), None]);
        }
        if tally.beyond > 0 {
            add(["left out", "too many different ones", "", "", ""], [None, Some(tally.beyond), None]);
        }
    }
    for (reason, count) in &tally.unreadable {
        add(["unreadable", reason, "", "", ""], [None, None, Some(*count)]);
    }
    rows
}
