//! The programme's yearly minimum: a partner below it is to be looked at, and nothing else happens.

use super::office::{code, mandat, orders, read, row};

const HEADER: &str = "partner,currency,lines,list,charged,cashback\n";

/// A year of 35 hostings in October (347.20 CHF) and these totals in the months before; the review.
fn review(months: &[&str], more: &[&str]) -> (i32, String, String) {
    let orders = orders(&[row(&[])]);
    let month = |number: usize| format!("{HEADER}{}", months.get(number).unwrap_or(&""));
    let names: Vec<String> = (0..11).map(|number| format!("{number}.csv")).collect();
    let texts: Vec<String> = (0..11).map(month).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    files.push(("orders.csv", &orders));
    let mut arguments = vec!["orders.csv", "--month", "2026-10", "--out", "out", "--year"];
    arguments.extend(names.iter().map(String::as_str));
    arguments.extend(more);
    let (output, dir) = mandat(&files, &arguments);
    let summary = String::from_utf8(output.stdout.clone()).unwrap();
    (code(&output), if code(&output) == 0 { read(&dir, "out/review.csv") } else { String::new() }, summary)
}

fn reviewed(months: &[&str]) -> Vec<String> {
    let (code, review, _) = review(months, &[]);
    assert_eq!(code, 0);
    let mut lines = review.lines().map(str::to_owned);
    assert_eq!(lines.next().as_deref(), Some("partner,currency,volume,minimum"));
    lines.collect()
}

#[test]
fn exactly_the_minimum_is_enough_and_a_cent_less_is_not() {
    assert_eq!(reviewed(&["alpenhost,CHF,9,1652.80,0.00,0.00\n"]), Vec::<String>::new());
    assert_eq!(reviewed(&["alpenhost,CHF,9,1652.79,0.00,0.00\n"]), ["alpenhost,CHF,1999.99,2000.00"]);
    let two = ["alpenhost,CHF,9,1000.00,0.00,0.00\n", "alpenhost,CHF,9,652.80,0.00,0.00\n"];
    assert_eq!(reviewed(&two), Vec::<String>::new(), "months add up");
}

#[test]
fn currencies_are_not_added_and_one_that_is_reached_is_enough() {
    assert_eq!(
        reviewed(&["alpenhost,EUR,9,1799.99,0.00,0.00\n"]),
        ["alpenhost,CHF,347.20,2000.00", "alpenhost,EUR,1799.99,1800.00"]
    );
    assert_eq!(reviewed(&["alpenhost,EUR,9,1800.00,0.00,0.00\n"]), Vec::<String>::new());
    assert_eq!(
        reviewed(&["alpenhost,CHF,9,5000.00,0.00,0.00\npixelwerk,EUR,1,0.01,0.00,0.00\n,CHF,1,3.00,3.00,0.00\n"]),
        ["pixelwerk,EUR,0.01,1800.00"],
        "each partner by itself, and lines without a partner are nobody's"
    );
}

/// Something small in a currency that has no minimum reaches none.
#[test]
fn a_currency_without_a_minimum_excuses_nobody() {
    assert_eq!(reviewed(&["alpenhost,USD,1,0.01,0.00,0.00\n"]), ["alpenhost,CHF,347.20,2000.00"]);
}

#[test]
fn a_year_has_twelve_months_and_totals_that_can_be_read() {
    for list in ["many", "1_000.00", "+1.00", "1.", ".5", "1e3", "--1", "1.0.0", ""] {
        assert_eq!(review(&[&format!("alpenhost,CHF,9,{list},0.00,0.00\n")], &[]).0, 3, "{list}");
    }
    for list in ["-1.00", "1", "1000.00"] {
        assert_eq!(review(&[&format!("alpenhost,CHF,9,{list},0.00,0.00\n")], &[]).0, 0, "{list}");
    }
    let orders = orders(&[row(&[])]);
    let files = [("orders.csv", orders.as_str()), ("1.csv", HEADER)];
    let arguments = ["orders.csv", "--month", "2026-10", "--out", "out", "--year", "1.csv"];
    assert_eq!(code(&mandat(&files, &arguments).0), 3, "one month is no year");
}

#[test]
fn a_month_counts_once() {
    let orders = orders(&[row(&[])]);
    let names: Vec<String> = (0..11).map(|number| format!("{number}.csv")).collect();
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (&**name, HEADER)).collect();
    files.push(("orders.csv", &orders));
    for last in ["3.csv", "./3.csv", "out/../3.csv"] {
        let mut arguments = vec!["orders.csv", "--month", "2026-10", "--out", ".", "--year"];
        arguments.extend(names[..10].iter().map(String::as_str));
        arguments.push(last);
        let (output, dir) = mandat(&[&files[..], &[("out/keep", "")]].concat(), &arguments);
        let told = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        assert_eq!(code(&output), 3, "{told}");
        assert!(told.contains("--year has the same file twice"), "{told}");
        assert!(!dir.path().join("postings.csv").exists());
    }
}

#[test]
fn the_summary_counts_partners_and_the_exit_code_stays() {
    let (code, _, summary) = review(&["alpenhost,EUR,9,1.00,0.00,0.00\n"], &[]);
    assert_eq!(code, 0, "a review is no fault");
    assert!(summary.ends_with("\n1 below the yearly minimum, see out/review.csv\n"), "{summary}");
}
