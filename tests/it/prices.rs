//! Price cases: read as they are written, compared to the last digit, part of `mandat test`.

use mandat::{
    analysis::prices::{answer::differences, file::parse, read_all},
    problem::Source,
};

use crate::{
    command_line::{code, mandat},
    reload::edit,
    support::{copy_programme, programme, programme_dir},
    worlds::TempDir,
};

const CASE: &str = "\
at = \"2026-10-01T12:00:00Z\"
currency = \"CHF\"

[[price]]
name = \"hostings\"
access = \"full\"
payment = \"partner\"
by = \"partner\"
payer = \"partner\"
product = \"web-hosting\"
";

/// How what was expected differs from what the programme answers; problems where it cannot be read.
fn expecting(expected: &str) -> Vec<String> {
    match parse(&Source::new("case.toml", format!("{CASE}{expected}"))) {
        Ok(cases) => cases.iter().flat_map(|case| differences(&programme().tariffs, case)).collect(),
        Err(problems) => problems.iter().map(|problem| problem.message().to_owned()).collect(),
    }
}

#[test]
fn amounts_are_compared_to_the_last_digit() {
    assert_eq!(expecting("quantity = 35\nlist = 347.20\ncharged = 208.32\n"), [""; 0]);
    assert_eq!(expecting("quantity = 35\ncharged = 208.320\n"), [""; 0], "more zeros are the same amount");
    assert_eq!(expecting("quantity = 35\ncharged = 208.33\n"), ["expected charged 208.33, got 208.32"]);
}

#[test]
fn what_is_not_there_is_told_with_what_is_there_instead() {
    assert_eq!(
        expecting("quantity = 0\ncharged = 1\n"),
        ["expected charged 1, but there is none: rejected bad-quantity"]
    );
}

#[test]
fn a_case_that_expects_nothing_or_cannot_be_read_is_refused() {
    assert_eq!(expecting(""), ["the case expects nothing; say what it costs, `charged` for example"]);
    assert_eq!(expecting("charged = 2e2\n"), ["`charged` is no plain decimal: 2e2; write it like 208.32"]);
    assert_eq!(
        expecting("outcome = \"gift\"\n"),
        ["`outcome` is \"gift\"; known are none, discount, cashback, refused"]
    );
}

#[test]
fn every_line_under_each_is_an_order_of_its_own_and_under_lines_of_one() {
    let each = "each = [{ quantity = 20, charged = 158.72 }, { quantity = 15, charged = 119.04 }]\n";
    assert_eq!(expecting(each), [""; 0]);
    let lines = "lines = [{ quantity = 20, charged = 119.04 }, { quantity = 15, charged = 89.28 }]\n";
    assert_eq!(expecting(lines), [""; 0], "35 together");
}

#[test]
fn the_case_in_the_manual_is_one() {
    let manual = std::fs::read_to_string(programme_dir().join("docs/tariffs.md")).unwrap();
    let (_, rest) = manual.split_once("```toml\n[[price]]").unwrap();
    let (case, _) = rest.split_once("```").unwrap();
    let cases = parse(&Source::new("docs/tariffs.md", format!("[[price]]{case}"))).unwrap();
    assert_eq!(cases.iter().flat_map(|case| differences(&programme().tariffs, case)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn mandat_test_asks_the_price_cases_too() {
    let count = read_all(&programme_dir().join("tests/prices")).unwrap().len();
    assert!(count > 400, "{count} price cases");
    let dir = TempDir::new();
    copy_programme(dir.path());
    let run = |only: &str| {
        let output = mandat(&["test", dir.path().to_str().unwrap(), "--only", only], "");
        (code(&output), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(run("35 hostings").0, 1, "nothing is called so");
    let (exit, text) = run("the decision table");
    assert_eq!((exit, text.contains(", 0 failed")), (0, true), "{text}");

    edit(&dir, "tariffs/partner.v1.toml", "{ from = 35, rate = 0.25,", "{ from = 35, rate = 0.20,");
    let (exit, text) = run("the decision table");
    assert_eq!(exit, 1);
    assert!(text.contains("FAILED the decision table, version 1, line 18 (tests/prices/benefits.toml:"), "{text}");
    assert!(text.contains("expected charged 208.32, got 222.21"), "{text}");
}
