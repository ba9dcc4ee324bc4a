//! The tariffs as data: a row for each figure of each version, and one for each tax rate.

use super::{Figure, Told};

const HEADS: [&str; 11] =
    ["tariff", "from", "until", "part", "name", "says", "strength", "source", "rules", "place", "open questions"];

/// All rows.
pub(super) fn of(told: &Told) -> Vec<Vec<String>> {
    let mut rows = vec![HEADS.map(str::to_owned).to_vec()];
    for version in &told.versions {
        let (from, until) = &version.period;
        let head = [version.name.clone(), from.clone(), until.clone().unwrap_or_default()];
        rows.extend(version.figures.iter().map(|figure| row(&head, figure)));
        rows.extend(version.questions.iter().map(|(entry, question)| {
            let tail = ["open question", entry, "", "", "", "", "", question].map(str::to_owned);
            head.iter().cloned().chain(tail).collect()
        }));
    }
    let none = [String::new(), String::new(), String::new()];
    rows.extend(told.taxes.iter().map(|figure| row(&none, figure)));
    rows
}

fn row(head: &[String; 3], figure: &Figure) -> Vec<String> {
    let columns = super::PARTS.iter().find(|(part, _)| *part == figure.part).map_or(&[][..], |(_, columns)| columns);
    let says: Vec<String> = columns
        .iter()
        .zip(&figure.says)
        .filter(|(_, said)| !said.is_empty())
        .map(|(column, said)| format!("{column}: {said}"))
        .collect();
    let rests = &figure.rests;
    let tail = [
        figure.part.to_owned(),
        figure.name.clone(),
        says.join("; "),
        rests.strength.word().to_owned(),
        rests.source.clone(),
        rests.rules.join(", "),
        rests.at.clone(),
        String::new(),
    ];
    head.iter().cloned().chain(tail).collect()
}
