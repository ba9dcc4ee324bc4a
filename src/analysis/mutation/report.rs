//! A campaign as a page for `docs/`: the score of each file, what changes nothing and why, what survived.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Fate, Mutant, Tried, campaign::Report};

const HEAD: &str = "\
# Mutation

Written by `mandat mutate --write`; `tests/it/mutation` holds it up to date.

The bundle is changed one thing at a time, and the scenarios of `tests/scenarios/` and the price cases of
`tests/prices/` are asked again. A mutant is *killed* when a decision, its determining policies, obligations or advice,
or an amount changes. One that changes nothing at all is *equivalent*: by proof, or by a reason in
`tests/mutants.toml`. What would not load is no mutant. The score is the share of killed among those that are not
equivalent.

";

/// Counts of one file.
#[derive(Default)]
struct Counts {
    killed: usize,
    by_form: usize,
    proved: usize,
    reasoned: usize,
    survived: usize,
}

/// The page.
pub fn markdown(report: &Report) -> String {
    let mut text = HEAD.to_owned();
    text += "| File | Mutants | Killed | Equivalent by proof | by reason | Survived | Score |\n|---|--:|--:|--:|--:|--:|--:|\n";
    let mut files: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    for tried in &report.tried {
        files.entry(&tried.mutant.at.file).or_default().add(&tried.fate);
        all.add(&tried.fate);
    }
    for (file, counts) in &files {
        counts.row(&format!("`{file}`"), &mut text);
    }
    all.row("**all**", &mut text);
    let _ = write!(
        text,
        "\nOf those proved, {} only admit by their scope what they admitted before; the others are listed below.\n",
        all.by_form
    );
    section(&mut text, "Survivors", report, |fate| (*fate == Fate::Survived).then(String::new));
    section(&mut text, "Equivalent by reason", report, |fate| match fate {
        Fate::Reasoned(reason) => Some(reason.clone()),
        _ => None,
    });
    section(&mut text, "Equivalent by proof", report, |fate| match fate {
        Fate::Proved(proof) => Some(proof.clone()),
        _ => None,
    });
    text
}

impl Counts {
    fn add(&mut self, fate: &Fate) {
        match fate {
            Fate::Invalid => {}
            Fate::Killed(_) => self.killed += 1,
            Fate::Survived => self.survived += 1,
            Fate::SameScope => self.by_form += 1,
            Fate::Proved(_) => self.proved += 1,
            Fate::Reasoned(_) => self.reasoned += 1,
        }
    }

    fn row(&self, name: &str, text: &mut String) {
        let equivalent = self.by_form + self.proved;
        let mutants = self.killed + equivalent + self.reasoned + self.survived;
        let _ = writeln!(
            text,
            "| {name} | {mutants} | {} | {equivalent} | {} | {} | {} |",
            self.killed,
            self.reasoned,
            self.survived,
            score(self.killed, self.killed + self.survived)
        );
    }
}

/// A share in per cent, rounded down: 100 % is all.
fn score(part: usize, whole: usize) -> String {
    match (part * 100).checked_div(whole) {
        Some(percent) => format!("{percent} %"),
        None => "–".to_owned(),
    }
}

/// Mutants of one fate, those with the same remark together.
fn section(text: &mut String, title: &str, report: &Report, remark: impl Fn(&Fate) -> Option<String>) {
    let chosen: Vec<(&Tried, String)> =
        report.tried.iter().filter_map(|tried| Some((tried, remark(&tried.fate)?))).collect();
    let _ = write!(text, "\n## {title}\n\n");
    if chosen.is_empty() {
        text.push_str("None.\n");
    }
    let mut last = None;
    for (tried, remark) in &chosen {
        let head = (&tried.mutant.subject, remark);
        if last != Some(head) {
            let colon = if remark.is_empty() { "" } else { ": " };
            let _ = writeln!(text, "- `{}`{colon}{remark}", tried.mutant.subject);
            last = Some(head);
        }
        let _ = writeln!(text, "  - {}", change(&tried.mutant));
    }
}

fn change(mutant: &Mutant) -> String {
    let code = |text: &str| match text.split_whitespace().collect::<Vec<_>>().join(" ") {
        line if line.is_empty() => "nothing".to_owned(),
        line => format!("`` {line} ``"),
    };
    format!("{}: {} → {}", mutant.kind.words(), code(&mutant.before), code(&mutant.after))
}
