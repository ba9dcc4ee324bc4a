//! What an author of tariffs sees of each mistake: once, where it stands, with a code, and with a help.
//!
//! `tests/golden/tariff-problems.txt` shows every one; after a wanted change it is rewritten with
//! `MANDAT_GOLDEN=write cargo test --test it golden`.

mod book;
mod hostile;
pub(crate) mod mistakes;
mod mutations;

pub(crate) use self::mutations::mutated;

use std::{collections::BTreeSet, fmt::Write as _};

use mandat::{
    pricing::tariff::Tariff,
    problem::{Problems, Source},
};

use self::mistakes::Mistake;
use crate::support::{assert_golden, programme_dir};

/// The right tariff: a print shop's.
pub(crate) const PRINT: &str = include_str!("loader/print.toml");

const FILE: &str = "tariffs/print.v2.toml";

/// The tariff, and its warnings; or what keeps it from loading.
pub(crate) fn load(text: &str) -> Result<(Tariff, Problems), Problems> {
    let mut warnings = Problems::default();
    let tariff = Tariff::parse(&Source::new(FILE, text), &mut warnings)?;
    Ok((tariff, warnings))
}

/// What is told of a mistake: what keeps the tariff from loading, or a warning beside one that loads.
fn told(mistake: &Mistake) -> Problems {
    let read = load(&mistake.text());
    assert_eq!(read.is_ok(), mistake.code.starts_with('W'), "{}: whether the tariff loads", mistake.name);
    read.map_or_else(|problems| problems, |(_, warnings)| warnings)
}

#[test]
fn without_a_mistake_the_tariff_loads() {
    let (tariff, warnings) = load(PRINT).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(warnings.is_empty(), "{warnings}");
    assert_eq!((tariff.products.len(), tariff.tiers.len(), tariff.benefits.rows().len()), (3, 2, 9));
}

#[test]
fn every_mistake_is_told_once_where_it_stands() {
    for mistake in mistakes::all() {
        let problems = told(mistake);
        let found: Vec<_> = problems
            .iter()
            .map(|problem| {
                let at = problem.location().map(|at| format!("{}:{}", at.line, at.column)).unwrap_or_default();
                (problem.code_text(), at, problem.underlined())
            })
            .collect();
        let expected = (Some(mistake.code), mistake.at.to_owned(), Some(mistake.under));
        assert_eq!(found, [expected], "{}:\n{problems}", mistake.name);
    }
}

#[test]
fn every_mistake_comes_with_a_help() {
    for problem in mistakes::all().flat_map(told) {
        let message = problem.message();
        assert!(!message.is_empty() && !message.ends_with('.') && !message.contains('\n'), "{message}");
        assert!(problem.help_text().is_some_and(|help| !help.is_empty()), "{message}");
    }
}

#[test]
fn every_code_of_the_loader_is_shown() {
    let dir = programme_dir().join("src/pricing");
    let mut files = vec![dir.join("benefit.rs")];
    for sub in ["tariff", "toml_form"] {
        files.extend(std::fs::read_dir(dir.join(sub)).unwrap().map(|file| file.unwrap().path()));
    }
    let mut codes = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        codes.extend(text.split('"').filter(|text| is_code(text)).map(str::to_owned));
    }
    assert!(codes.len() > 40, "{codes:?}");
    let shown: BTreeSet<String> = mistakes::all()
        .map(|mistake| mistake.code)
        .chain(book::CODES.iter().copied())
        .chain(["E057"])
        .map(str::to_owned)
        .collect();
    assert_eq!(codes.difference(&shown).collect::<Vec<_>>(), ["E065"], "codes that no mistake shows");
    assert_eq!(shown.difference(&codes).count(), 0, "codes that the loader does not have");
}

fn is_code(text: &str) -> bool {
    text.len() == 4 && text.starts_with(['E', 'W']) && text[1..].bytes().all(|digit| digit.is_ascii_digit())
}

/// The messages that the format's design promises, on this tariff.
#[test]
fn the_promised_messages_are_told_word_by_word() {
    for (name, promised) in [
        (
            "a discount above the largest",
            "25:32: E030: partner_discount 0.40 of family \"cards\" exceeds partner_rate_max 0.35 set at line 19:20; lower it, or raise the maximum",
        ),
        ("a rate in percent", "25:32: E021: partner_discount 20 is above 1; rates are fractions, did you mean 0.20?"),
        (
            "a price with too many decimals",
            "30:68: E011: CHF list price of \"business-card\" 12.3999999999999999 has 16 decimals; at most 2 allowed here",
        ),
        ("a family that is nearly right", "30:28: E033: unknown family \"card\"; did you mean \"cards\"?"),
        (
            "bands that start at 5",
            "40:12: E041: tier \"run\" has a gap: 1 to 4 items match no band; start the first band at 1",
        ),
        (
            "bands that start at 2",
            "40:12: E041: tier \"run\" has a gap: 1 item matches no band; start the first band at 1",
        ),
        (
            "two bands that start alike",
            "42:12: E042: tier \"run\" overlaps: this band starts at 10, the band on line 41 already starts at 10; give it another start, or take one of the two out",
        ),
        (
            "a row that is missing",
            "53:3: E061: benefit table has a gap: no row for access=limited payment=- by=client|renewal payer=client managed=no|new; write a row for it; \"refused\" if the programme does not speak of it",
        ),
        (
            "two rows that match alike",
            "56:3: E062: benefit L2 overlaps L1 (line 55): both match access=limited payment=- by=client|renewal payer=client managed=no; narrow one of them, or take it out",
        ),
        (
            "a product without a source",
            "32:1: E070: product \"date-stamp\" has no source; name one of [source] or use \"sample\"",
        ),
        (
            "a total that falls",
            "41:3: W044: tier \"run\": 30 items cost less than 29 (x22.5 against x26.1 of the unit price); intended for mode = \"volume\"? then say falls = \"intended\"",
        ),
    ] {
        let mistake = mistakes::all().find(|mistake| mistake.name == name).unwrap();
        assert_eq!(told(mistake).to_string(), format!("{FILE}:{promised}"), "{name}");
    }
}

#[test]
fn all_mistakes_are_found_in_one_run() {
    let text = PRINT
        .replace("Europe/Zurich", "Europe/Zurch")
        .replace("payable_increment = 0.01", "payable_increment = 0.001")
        .replace("at = \"step\"", "at = \"steps\"")
        .replace("partner_discount = 0.20", "partner_discount = 0.36")
        .replace("tier = \"wall\"", "tier = \"walls\"")
        .replace("\"P1Y\"", "\"yearly\"")
        .replace("CHF = 24.00", "CHF = 31.00")
        .replace("{ from = 1,  rate", "{ from = 3,  rate")
        .replace("[\"no\", \"new\"]", "\"no\"")
        .replace("reading = [", "readings = [")
        .replace("benefits.L1", "benefits.L11");
    let problems = load(&text).unwrap_err();
    let codes: Vec<_> = problems.iter().map(|problem| problem.code_text().unwrap()).collect();
    assert_eq!(
        codes,
        ["E008", "E011", "E005", "E030", "E034", "E032", "E018", "E041", "E061", "E002", "E080"],
        "{problems}"
    );
}

#[test]
fn more_rows_than_cases_are_one_mistake() {
    let row = "{ id = \"X\", access = \"none\", payment = \"-\", by = \"*\", payer = \"*\", managed = \"*\", outcome = \"none\", source = \"sample\" },\n";
    let text = PRINT.replace("rows = [\n", &format!("rows = [\n{}", row.repeat(300)));
    let problems = load(&text).unwrap_err();
    let told = "tariffs/print.v2.toml:143:1: E065: benefit table has 309 rows for 90 cases; use lists and \"*\", so that every case is matched by exactly one row";
    assert_eq!(problems.to_string(), told);
}

/// A name is escaped before it reaches a terminal, and shortened before it fills one.
#[test]
fn messages_stay_one_readable_line() {
    for (name, shown) in
        [("\\u001b[2Jcards", "\\u{1b}[2Jcards"), ("\\u202ecards", "\\u{202e}cards"), ("a\\nb", "a\\u{a}b")]
    {
        let problems = load(&PRINT.replace("family = \"cards\"", &format!("family = \"{name}\""))).unwrap_err();
        let message = problems.iter().next().unwrap().message().to_owned();
        assert_eq!(message, format!("unknown family \"{shown}\""));
    }
    let problems =
        load(&PRINT.replace("family = \"cards\"", &format!("family = \"{}\"", "c".repeat(10_000)))).unwrap_err();
    let message = problems.iter().next().unwrap().message().to_owned();
    assert!(message.chars().count() < 400 && message.contains('…'), "{message}");
}

const GOLDEN: &str = "tests/golden/tariff-problems.txt";

#[test]
fn the_golden_problems_of_tariffs_are_as_reviewed() {
    let mut now =
        String::from("What an author of tariffs is told of each mistake; tests/it/pricing/loader.rs writes it.\n");
    for mistake in mistakes::all() {
        writeln!(now, "\n== {}\n{}", mistake.name, told(mistake)).unwrap();
    }
    for (name, problems) in book::told() {
        writeln!(now, "\n== {name}\n{problems}").unwrap();
    }
    assert_golden(GOLDEN, &now);
}
