//! The decision table of prices, discounts and cashback, row by row, on 35 hostings in CHF.
//!
//! The rows are those that the programme's documents lead to, numbered as there; `*` stands for what a row calls
//! any, all or an input. The tariff's own rows are more: they say something about each of the 90 cases.

use std::collections::BTreeSet;

use mandat::{
    pricing::{
        benefit::{CASES, Case},
        receipt::Line,
        tariff::Tariff,
        words::{Access, Managed, Outcome, PlacedBy, Side},
    },
    problem::{Problems, Source},
};

use super::arithmetic::{amount, book, in_both_forms, version};
use crate::support::programme_dir;

/// Number; access, payment mode, placed by, method charged, product managed; price, cashback.
#[rustfmt::skip]
const TABLE: &[[&str; 8]] = &[
    ["1",  "none",    "-",       "client",  "client",  "*",   "list",         "no"],
    ["2",  "limited", "-",       "client",  "client",  "yes", "list",         "yes"],
    ["3",  "limited", "-",       "client",  "client",  "no",  "list",         "no"],
    ["4",  "limited", "-",       "client",  "client",  "new", "list",         "no"],
    ["5",  "limited", "-",       "partner", "*",       "*",   "deny",         "-"],
    ["6",  "full",    "client",  "client",  "client",  "*",   "list",         "yes"],
    ["7",  "full",    "client",  "partner", "client",  "*",   "list",         "yes"],
    ["8",  "full",    "client",  "partner", "partner", "*",   "deny",         "-"],
    ["9",  "full",    "partner", "client",  "*",       "*",   "list",         "yes"],
    ["10", "full",    "partner", "partner", "partner", "*",   "preferential", "no"],
    ["11", "full",    "partner", "partner", "client",  "*",   "deny",         "-"],
    ["12", "full",    "client",  "renewal", "client",  "*",   "list",         "yes"],
    ["13", "full",    "partner", "renewal", "partner", "*",   "preferential", "no"],
    ["14", "limited", "-",       "renewal", "client",  "yes", "list",         "yes"],
    ["14", "limited", "-",       "renewal", "client",  "no",  "list",         "no"],
    ["15", "own",     "-",       "partner", "partner", "*",   "list",         "no"],
];

/// The cases that a row speaks of.
fn cases(row: &[&'static str; 8]) -> Vec<Case> {
    let [_, access, payment, by, payer, managed, ..] = *row;
    let fits = |written: &str, word: &str| written == "*" || written == word;
    Case::all()
        .filter(|case| {
            fits(access, case.access.word())
                && fits(payment, case.payment.map_or("-", Side::word))
                && fits(by, case.by.word())
                && fits(payer, case.payer.word())
                && fits(managed, case.managed.word())
        })
        .collect()
}

/// The outcome, what is charged and what is credited for 35 hostings.
fn expected(row: &[&str; 8]) -> (Outcome, Option<(&'static str, &'static str)>) {
    match (row[6], row[7]) {
        ("list", "no") => (Outcome::None, Some(("347.20", "0.00"))),
        ("list", "yes") => (Outcome::Cashback, Some(("347.20", "138.88"))),
        ("preferential", "no") => (Outcome::Discount, Some(("208.32", "0.00"))),
        ("deny", "-") => (Outcome::Refused, None),
        other => panic!("{other:?}"),
    }
}

/// Where a tariff does something else than the table says.
fn deviations(tariff: &Tariff) -> Vec<String> {
    let cases = TABLE.iter().flat_map(|row| cases(row).into_iter().map(move |case| (row, case)));
    cases
        .filter_map(|(row, case)| {
            let line = Line { product: "web-hosting", currency: "CHF", quantity: 35, tier_count: Some(35), case };
            let (outcome, amounts) = in_both_forms(tariff, &line).unwrap();
            let found = (outcome, amounts.map(|amounts| (amounts.charged, amounts.cashback)));
            let (outcome, amounts) = expected(row);
            let expected = (outcome, amounts.map(|(charged, cashback)| (amount(charged), amount(cashback))));
            (found != expected).then(|| format!("row {}: {case:?} is {found:?}, not {expected:?}", row[0]))
        })
        .collect()
}

#[test]
fn every_row_of_the_table_comes_out_as_it_says() {
    for tariff in book().versions() {
        assert_eq!(deviations(tariff), Vec::<String>::new(), "v{}", tariff.version);
    }
}

#[test]
fn the_table_has_fifteen_rows_and_none_speaks_of_anothers_case() {
    let numbers: BTreeSet<u32> = TABLE.iter().map(|row| row[0].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=15).collect());
    let all: Vec<Case> = TABLE.iter().flat_map(cases).collect();
    let distinct: BTreeSet<usize> = all.iter().map(|case| case.number().unwrap()).collect();
    assert!(TABLE.iter().all(|row| !cases(row).is_empty()));
    assert_eq!(all.len(), distinct.len());
    let variants = |word: &str, words: usize| if word == "*" { words } else { 1 };
    let each = TABLE.iter().map(|row| variants(row[4], Side::ALL.len()) * variants(row[5], Managed::ALL.len()));
    assert_eq!(all.len(), each.sum::<usize>(), "each variant of any, all and input is tried");
}

#[test]
fn each_of_the_90_cases_has_one_row() {
    assert_eq!(Case::all().count(), 90);
    assert_eq!(CASES, 90);
    for tariff in book().versions() {
        let mut used = BTreeSet::new();
        for (number, case) in Case::all().enumerate() {
            assert_eq!(case.number(), Some(number));
            used.insert(tariff.benefits.row(case).unwrap().id.to_string());
        }
        assert_eq!(used.len(), tariff.benefits.rows().len(), "no row is left over");
    }
    let odd = [(Access::Full, None), (Access::None, Some(Side::Client)), (Access::Limited, Some(Side::Partner))];
    for (access, payment) in odd {
        let case = Case { access, payment, by: PlacedBy::Client, payer: Side::Client, managed: Managed::Yes };
        assert!(version(1).benefits.row(case).is_none(), "{case:?} is no case");
    }
}

#[test]
fn what_is_refused_says_why_and_on_what_ground() {
    for tariff in book().versions() {
        let refused: Vec<_> = tariff.benefits.rows().iter().filter(|row| row.outcome == Outcome::Refused).collect();
        assert!(refused.len() > 3);
        for row in refused {
            assert!(row.reason.is_some(), "{} has no reason", row.id);
            assert!(!row.readings.is_empty() || !row.basis.rules.is_empty(), "{} names no ground", row.id);
        }
    }
}

fn text() -> String {
    std::fs::read_to_string(programme_dir().join("tariffs/partner.v1.toml")).unwrap()
}

fn parse(text: &str) -> Result<Tariff, Problems> {
    Tariff::parse(&Source::new("tariffs/partner.v1.toml", text), &mut Problems::default())
}

/// The lines of the benefit rows, with their ids.
fn rows(text: &str) -> Vec<(&str, &str)> {
    let row = |line: &'_ str| line.trim_start().starts_with("{ id = \"");
    text.lines().filter(|line| row(line)).map(|line| (line, line.split('"').nth(1).unwrap())).collect()
}

fn codes(problems: &Problems) -> BTreeSet<&'static str> {
    problems.iter().filter_map(mandat::problem::Problem::code_text).collect()
}

#[test]
fn without_a_row_or_with_one_twice_the_tariff_does_not_load() {
    let text = text();
    let rows = rows(&text);
    assert_eq!(rows.len(), version(1).benefits.rows().len());
    parse(&text).unwrap();
    for (line, id) in rows {
        let dropped = parse(&text.replace(line, "")).unwrap_err();
        assert!(codes(&dropped).contains("E061"), "without {id}: {dropped}");
        let doubled = parse(&text.replace(line, &format!("{line}\n{line}"))).unwrap_err();
        assert!(codes(&doubled).contains("E064"), "{id} twice: {doubled}");
        let other = line.replace(&format!("id = \"{id}\""), "id = \"X\"");
        let overlapping = parse(&text.replace(line, &format!("{line}\n{other}"))).unwrap_err();
        assert_eq!(codes(&overlapping), BTreeSet::from(["E062"]), "{id} under another name: {overlapping}");
    }
}

/// The control of the table: another outcome of any row that it speaks of is noticed.
#[test]
fn another_outcome_of_a_row_is_noticed() {
    let text = text();
    let spoken: BTreeSet<String> =
        TABLE.iter().flat_map(cases).map(|case| version(1).benefits.row(case).unwrap().id.to_string()).collect();
    assert!(spoken.len() > 12, "{spoken:?}");
    for (line, id) in rows(&text) {
        let outcome = version(1).benefits.rows().iter().find(|row| *row.id == *id).unwrap().outcome;
        for other in Outcome::ALL.iter().filter(|other| **other != outcome) {
            let (from, to) = (format!("\"{}\"", outcome.word()), format!("\"{}\"", other.word()));
            let at = line.find("outcome = ").unwrap();
            let changed = format!("{}{}", &line[..at], line[at..].replacen(&from, &to, 1));
            let Ok(tariff) = parse(&text.replace(line, &changed)) else { panic!("{id} as {}", other.word()) };
            assert_eq!(!deviations(&tariff).is_empty(), spoken.contains(id), "{id} as {}", other.word());
        }
    }
}
