//! The decisions as a page: how many of what, denied most, errors, near misses.

use super::{NearMisses, Tally, ranked};
use crate::analysis::report::{
    Occasion, counted, moment,
    page::{Block, Line, Page, Run, Section, Table, Tone, code, plain, tag},
};

/// Most lines of a ranking; the CSV file has all.
const MOST: usize = 50;

/// The whole page.
pub(super) fn of(tally: &Tally, occasion: &Occasion) -> Page {
    let mut made_from = occasion.told();
    made_from.push(("Period".to_owned(), period(tally)));
    made_from.push(("Decided by the bundles".to_owned(), tally.bundles.iter().cloned().collect::<Vec<_>>().join(", ")));
    Page {
        title: "Decision report".to_owned(),
        about: "What was decided in a period: by action, denied most, errors, and what was nearly allowed.".to_owned(),
        made_from,
        sections: vec![
            records(tally),
            actions(tally),
            denials(tally),
            near_misses(tally),
            errors(tally),
            sides("rules", "Rules behind the answers", "Rule", &tally.rules),
            sides("callers", "Callers", "Caller", &tally.callers),
        ],
    }
}

fn period(tally: &Tally) -> String {
    let end = |word: &str, at: Option<jiff::Timestamp>| {
        at.map_or_else(
            || format!("{word} the {} record", if word == "from" { "first" } else { "last" }),
            |at| format!("{word} {}{}", if word == "until" { "before " } else { "" }, moment(at)),
        )
    };
    format!("{} {}, by the time asked about", end("from", tally.period.from), end("until", tally.period.until))
}

fn section(id: &str, title: &str, blocks: Vec<Block>) -> Section {
    Section { id: id.to_owned(), title: title.to_owned(), blocks, parts: Vec::new() }
}

/// A table, or a word that there is nothing to show.
fn or_none(table: Table, none: &str) -> Block {
    if table.rows.is_empty() { Block::Text(plain(none)) } else { Block::Table(table) }
}

fn number(count: usize) -> Line {
    plain(count.to_string())
}

fn records(tally: &Tally) -> Section {
    let mut table = Table::new("Records in the period, by kind", ["Kind", "Records"]);
    table.numbers = vec![1];
    table.rows = tally.kinds.iter().map(|(kind, count)| vec![plain(&**kind), number(*count)]).collect();
    let mut blocks = vec![or_none(table, "There is no record in the period.")];
    if tally.outside > 0 {
        let outside = counted(tally.outside, "record lies", "records lie");
        blocks.push(Block::Text(plain(format!("{outside} outside the period."))));
    }
    let unreadable = tally.unreadable.iter().map(|(reason, count)| {
        let lines = counted(*count, "line", "lines");
        Block::Text(vec![
            Run::Tag(Tone::Bad, "not counted".to_owned()),
            Run::Plain(format!(" {lines} of the log: {reason}")),
        ])
    });
    blocks.extend(unreadable);
    section("records", "Records", blocks)
}

fn actions(tally: &Tally) -> Section {
    let mut table =
        Table::new("Answers by action", ["Action", "Asked", "Allowed", "Denied", "Errors", "Denied of answered"]);
    table.numbers = vec![1, 2, 3, 4, 5];
    table.rows = tally
        .actions
        .iter()
        .map(|(action, answers)| {
            let answered = answers.allowed + answers.denied;
            // In whole hundredths, half up: no float, and enough for a look.
            let share = (200 * answers.denied + answered).checked_div(2 * answered);
            let share = share.map_or_else(|| "–".to_owned(), |share| format!("{share} %"));
            let counts = [answers.all(), answers.allowed, answers.denied, answers.errors].map(number);
            std::iter::once(code(&**action)).chain(counts).chain([plain(share)]).collect()
        })
        .collect();
    section("actions", "By action", vec![or_none(table, "Nothing was asked.")])
}

fn denials(tally: &Tally) -> Section {
    let ranking = ranked(&tally.denials);
    let heads = ["Action", "Times", "Kind of answer", "Determining policies", "Rules"];
    let mut table = Table::new("Denied most, with what denied it", heads);
    table.numbers = vec![1];
    table.rows = ranking
        .iter()
        .take(MOST)
        .map(|(denial, count)| {
            let policies = if denial.policies.is_empty() { plain("none permits it") } else { code(&*denial.policies) };
            vec![code(&*denial.action), number(*count), plain(&*denial.code), policies, plain(&*denial.rules)]
        })
        .collect();
    let mut blocks = vec![or_none(table, "Nothing was denied.")];
    blocks.extend(more(ranking.len()));
    section("denied", "Denied most", blocks)
}

fn more(all: usize) -> Option<Block> {
    let more = all.checked_sub(MOST).filter(|more| *more > 0)?;
    Some(Block::Text(plain(format!("{more} more in the CSV file."))))
}

fn near_misses(tally: &Tally) -> Section {
    let mut blocks = match &tally.near_misses {
        Some(near) => asked_again(near),
        None => vec![Block::Text(plain(
            "Left out: no facts were given. With --facts or --store the denials are asked again, and the clauses that \
             failed are told.",
        ))],
    };
    if tally.beyond > 0 && tally.near_misses.is_some() {
        blocks.push(left_out(tally.beyond, "there are too many different ones"));
    }
    section("near-misses", "Near misses", blocks)
}

fn left_out(count: usize, why: &str) -> Block {
    Block::Text(plain(format!("Left out: {}, since {why}.", counted(count, "denial", "denials"))))
}

fn asked_again(near: &NearMisses) -> Vec<Block> {
    let about = "The denied questions, asked again of this bundle on the facts given: the permit that came closest, and \
                 the clauses that failed. Facts and policies may have changed since.";
    let ranking = ranked(&near.misses);
    let mut table = Table::new(
        "Denials by the permit that came closest",
        ["Action", "Times", "Nearest permit", "Where", "Clauses that failed"],
    );
    table.numbers = vec![1];
    table.rows = ranking
        .iter()
        .take(MOST)
        .map(|(miss, count)| {
            let [action, policy, at, clauses] = [&miss.action, &miss.policy, &miss.at, &miss.clauses].map(code);
            vec![action, number(*count), policy, at, clauses]
        })
        .collect();
    let mut blocks = vec![Block::Text(plain(about)), or_none(table, "No denial came close to a permit.")];
    blocks.extend(more(ranking.len()));
    for (count, what) in [
        (near.allowed_now, "would be allowed now: facts or policies have changed"),
        (near.none_near, "have no permit that fits the request"),
    ] {
        if count > 0 {
            blocks.push(Block::Text(plain(format!("{}: {what}.", counted(count, "denial", "denials")))));
        }
    }
    blocks.extend(near.left_out.iter().map(|(what, count)| left_out(*count, what)));
    blocks.extend(near.unasked.iter().map(|(reason, count)| {
        Block::Text(plain(format!("{} cannot be asked any more: {reason}", counted(*count, "denial", "denials"))))
    }));
    blocks
}

fn errors(tally: &Tally) -> Section {
    let mut table = Table::new("Questions without an answer", ["Action", "Times", "Status", "Message"]);
    table.numbers = vec![1];
    table.rows = ranked(&tally.errors)
        .into_iter()
        .take(MOST)
        .map(|((action, status, message), count)| vec![code(action), number(count), plain(status), plain(message)])
        .collect();
    let mut faults = Table::new("Policies that could not be evaluated", ["Policy", "Times"]);
    faults.numbers = vec![1];
    faults.rows =
        ranked(&tally.faults).into_iter().map(|(policy, count)| vec![tag(Tone::Bad, policy), number(count)]).collect();
    let blocks = vec![or_none(table, "Every question was answered."), or_none(faults, "No policy failed to evaluate.")];
    section("errors", "Errors", blocks)
}

fn sides(id: &str, title: &str, head: &str, counts: &std::collections::BTreeMap<String, (usize, usize)>) -> Section {
    let mut table = Table::new(title, [head, "Allowed", "Denied"]);
    table.numbers = vec![1, 2];
    table.rows =
        counts.iter().map(|(name, (allowed, denied))| vec![code(&**name), number(*allowed), number(*denied)]).collect();
    section(id, title, vec![or_none(table, "None is named.")])
}
