//! Money that goes back: in parts, at the rates of then, never more than was credited.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::office::{again, code, fields, mandat, orders, read, row};
use crate::worlds::TempDir;

/// What a reversal run wrote.
struct Reversed {
    code: i32,
    /// Reversal postings, field by field.
    postings: Vec<Vec<String>>,
    /// Row, code and message of what was refused.
    refused: Vec<[String; 3]>,
    totals: String,
}

/// A credit of 13.89 for seven items: 69.44 at 20 % off is 55.55.
const SEVEN: [(&str, &str); 2] = [("quantity", "7"), ("tier_count", "7")];

/// The statement of October with one credit, and its id.
fn credited(changes: &[(&str, &str)]) -> (TempDir, String) {
    let (output, dir) =
        mandat(&[("orders.csv", &orders(&[row(changes)]))], &["orders.csv", "--month", "2026-10", "--out", "october"]);
    assert_eq!(code(&output), 0, "{output:?}");
    let id = fields(&read(&dir, "october/postings.csv"))[1][0].clone();
    (dir, id)
}

/// Reversals of November with October's postings, and those of other files, before them.
fn reversed(dir: &TempDir, reversals: &str, prior: &[&str]) -> Reversed {
    dir.write("none.csv", &orders(&[]));
    dir.write("reversals.csv", reversals);
    let arguments = ["none.csv", "--month", "2026-11", "--out", "november", "--reversals", "reversals.csv", "--prior"];
    let output = again(dir, &[&arguments[..], &["october/postings.csv"], prior].concat(), "");
    assert!(code(&output) < 2, "{output:?}");
    let refused = fields(&read(dir, "november/refused.csv"));
    Reversed {
        code: code(&output),
        postings: fields(&read(dir, "november/postings.csv")).split_off(1),
        refused: refused.into_iter().skip(1).map(|row| [0, 3, 4].map(|column: usize| row[column].clone())).collect(),
        totals: read(dir, "november/totals.csv"),
    }
}

fn rows(header: &str, rows: &[String]) -> String {
    rows.iter().fold(format!("{header}\n"), |text, row| text + row + "\n")
}

#[test]
fn the_last_of_seven_parts_takes_what_rounding_left() {
    let (dir, id) = credited(&SEVEN);
    let parts: Vec<String> = (1..=7).map(|day| format!("{id},2026-11-0{day}T10:00:00Z,1")).collect();
    let reversed = reversed(&dir, &rows("posting_id,reversed_at,quantity", &parts), &[]);
    assert_eq!(reversed.code, 0);
    let amounts: Vec<&str> = reversed.postings.iter().map(|row| &*row[7]).collect();
    assert_eq!(amounts, ["-1.98", "-1.98", "-1.98", "-1.98", "-1.98", "-1.98", "-2.01"]);
    for posting in &reversed.postings {
        let cents = |column: usize| posting[column].replace('.', "").parse::<i64>().unwrap();
        assert_eq!(cents(8) - cents(9), cents(7), "list less preferential is the amount");
        assert_eq!((&*posting[1], &*posting[13], &*posting[14], &*posting[15]), ("reversal", &*id, "1", ""));
    }
    assert_eq!(reversed.totals.lines().nth(1), Some("alpenhost,CHF,0,-69.44,-69.44,-13.89"));
}

#[test]
fn a_reversal_has_an_id_of_its_own() {
    let (dir, id) = credited(&[]);
    let reversed = reversed(&dir, &format!("reversed_at,share,posting_id\n2026-11-30T23:30:00+01:00,0.5,{id}\n"), &[]);
    let digest = Sha256::digest(format!("o-1\x1f1\x1f2026-11-30T23:30:00+01:00\x1freversal\x1f{id}"));
    let expected = digest.iter().take(16).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    let october = &fields(&read(&dir, "october/postings.csv"))[1];
    let frozen: Vec<&str> = october[10..13].iter().map(String::as_str).collect();
    let posting: Vec<&str> = reversed.postings[0].iter().map(String::as_str).collect();
    let start = [&*expected, "reversal", "alpenhost", "o-1", "1", "2026-11", "CHF", "-69.44", "-173.60", "-104.16"];
    assert_eq!(posting, [&start[..], &frozen, &[&id, "", "0.5"]].concat());
}

#[test]
fn an_order_and_its_renewal_are_given_back_at_the_same_moment() {
    let lines = orders(&[row(&SEVEN), row(&[&SEVEN[..], &[("kind", "renewal")]].concat())]);
    let (_, dir) = mandat(&[("orders.csv", &lines)], &["orders.csv", "--month", "2026-10", "--out", "october"]);
    let credits = fields(&read(&dir, "october/postings.csv")).split_off(1);
    let parts: Vec<String> = credits.iter().map(|credit| format!("{},2026-11-02,1", credit[0])).collect();
    let reversed = reversed(&dir, &rows("posting_id,reversed_at,quantity", &parts), &[]);
    assert_eq!((reversed.code, reversed.postings.len()), (0, 2), "{:?}", reversed.refused);
    assert_ne!(reversed.postings[0][0], reversed.postings[1][0]);
}

#[test]
fn earlier_reversals_count_and_the_same_one_counts_once() {
    let (dir, id) = credited(&SEVEN);
    let header = "posting_id,reversed_at,quantity,share";
    let first = reversed(&dir, &rows(header, &[format!("{id},2026-11-02,3,"), format!("{id},2026-11-03,,0.25")]), &[]);
    assert_eq!(first.postings.iter().map(|row| &*row[7]).collect::<Vec<_>>(), ["-5.95", "-3.47"]);
    std::fs::rename(dir.path().join("november"), dir.path().join("before")).unwrap();
    let more = [
        format!("{id},2026-11-02,3,"),
        format!("{id},2026-11-03,1,"),
        format!("{id},2026-11-04,3,"),
        format!("{id},2026-11-05,2,"),
        format!("{id},2026-11-05,2,"),
        format!("{id},2026-11-05,1,"),
        format!("{id},2026-11-06,,0.035714"),
        format!("{id},2026-11-07,,0.000001"),
    ];
    // Seven parts: three and a quarter are gone, two more leave 1/28.
    let second = reversed(&dir, &rows(header, &more), &["before/postings.csv"]);
    assert_eq!(second.code, 1);
    assert_eq!(second.postings.iter().map(|row| &*row[7]).collect::<Vec<_>>(), ["-3.97", "-0.50"]);
    let codes: Vec<[&str; 2]> = second.refused.iter().map(|[row, code, _]| [&**row, &**code]).collect();
    let expected = [["2", "repeated"], ["3", "conflict"], ["4", "beyond_credit"], ["6", "repeated"], ["7", "conflict"]];
    assert_eq!(codes[..5], expected);
    // 0.035714 is less than 1/28 by less than a millionth: nothing is left of the money, but a little of the share.
    assert_eq!(codes.len(), 6, "{codes:?}");
    assert!(second.refused[4][2].contains("row 7 has another amount or credit than row 5"), "{:?}", second.refused[4]);
    assert!(second.refused[1][2].contains("a prior posting"), "{:?}", second.refused[1]);
}

#[test]
fn what_cannot_be_reversed_is_told_with_its_file_and_line() {
    let (dir, id) = credited(&SEVEN);
    let first = reversed(&dir, &format!("posting_id,reversed_at,quantity\n{id},2026-11-02,1\n"), &[]);
    let reversal = first.postings[0][0].clone();
    std::fs::rename(dir.path().join("november"), dir.path().join("before")).unwrap();
    let unknown = "0".repeat(32);
    for (row, code, words) in [
        (format!("{unknown},2026-11-02,1,"), "unknown_posting", "no prior posting"),
        (format!("{reversal},2026-11-03,1,"), "not_a_credit", "is a reversal"),
        (format!("{id},2026-11-03,7,"), "beyond_credit", "11.91 of 13.89 CHF"),
        (format!("{id},2026-11-03,,1"), "beyond_credit", "11.91 of 13.89 CHF"),
        (format!("{id},2026-12-03,1,"), "outside_month", "not in 2026-11"),
        (format!("{id},2026-10-31T22:59:59Z,1,"), "outside_month", "not in 2026-11"),
        (format!("{id},yesterday,1,"), "bad_time", "`yesterday`"),
        (format!("{id},2026-11-03,0,"), "bad_quantity", "`0`"),
        (format!("{id},2026-11-03,,0"), "bad_share", "`0`"),
        (format!("{id},2026-11-03,,1.000001"), "bad_share", "above 0 and up to 1"),
        (format!("{id},2026-11-03,,0.1234567"), "bad_share", "6 decimals"),
        (format!("{id},2026-11-03,1,0.5"), "bad_share", "both"),
        (format!("{id},2026-11-03,,"), "missing_field", "quantity and share"),
        (format!("{id},,1,"), "missing_field", "reversed_at"),
        (format!("{id},2026-11-03,1"), "wrong_fields", "3 fields"),
    ] {
        let text = format!("posting_id,reversed_at,quantity,share\n{row}\n");
        let reversed = reversed(&dir, &text, &["before/postings.csv"]);
        assert_eq!(reversed.code, i32::from(code != "outside_month"), "{row}");
        let [found_row, found, message] = &reversed.refused[0];
        assert_eq!((&**found_row, &**found), ("2", code), "{row}: {message}");
        assert!(message.starts_with("reversals.csv: ") && message.contains(words), "{message}");
        assert!(reversed.postings.is_empty());
    }
}

#[test]
fn files_that_hold_no_reversals_or_no_postings_are_3() {
    let (dir, id) = credited(&[]);
    let good = format!("posting_id,reversed_at,share\n{id},2026-11-02,1\n");
    let postings = read(&dir, "october/postings.csv");
    for (reversals, prior, expected) in [
        (good.replace("share", "part"), postings.clone(), "unknown column `part`"),
        (good.replace("reversed_at", "share"), postings.clone(), "`share` stands twice"),
        (good.replace(",share", ""), postings.clone(), "`quantity` or `share` is missing"),
        (good.clone(), postings.replace("quantity", "items"), "`quantity` missing"),
        (good.clone(), postings.replace("138.88", "138,88"), "line 2"),
        (good.clone(), postings.replace("138.88", "lots"), "`lots` is no amount"),
        (good.clone(), postings.replace("138.88", "138.8"), "line 2: `138.8` has 1 digits behind the point, CHF has 2"),
        (good.clone(), postings.replace("138.88,347.20", "138,347"), "line 2: `138` has 0 digits"),
        (good.clone(), postings.replace("347.20", "347.2"), "line 2: `347.2` has 1 digits"),
        (good.clone(), postings.replace("CHF", "GBP"), "line 2: the tariff has no currency `GBP`; expected one of"),
        (good.clone(), format!("{postings}{}", postings.lines().nth(1).unwrap().replace("138.88", "1.00")), "twice"),
    ] {
        dir.write("none.csv", &orders(&[]));
        dir.write("reversals.csv", &reversals);
        dir.write("prior.csv", &prior);
        let arguments =
            ["none.csv", "--month", "2026-11", "--out", "x", "--reversals", "reversals.csv", "--prior", "prior.csv"];
        let output = again(&dir, &arguments, "");
        let told = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        assert_eq!(code(&output), 3, "{told}");
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

#[test]
fn earlier_reversals_that_were_altered_are_3() {
    let (dir, id) = credited(&SEVEN);
    let reversals = format!("posting_id,reversed_at,quantity\n{id},2026-11-02,1\n");
    let first = reversed(&dir, &reversals, &[]);
    assert_eq!(first.code, 0);
    let before = read(&dir, "november/postings.csv");
    for (from, to, expected) in [
        ("-1.98,-9.92", "-20.00,-9.92", "with it 20.00 of 13.89 are reversed"),
        ("-1.98,-9.92", "-1.98,-99.20", "list 99.20 of 69.44"),
        ("-1.98,-9.92", "-1.9,-9.92", "`-1.9` has 1 digits behind the point"),
        (",CHF,", ",EUR,", "the reversal is in EUR of `alpenhost`, its credit in CHF of `alpenhost`"),
        ("alpenhost", "talhost", "the reversal is in CHF of `talhost`, its credit in CHF of `alpenhost`"),
        (",1,\n", ",8,\n", "more than all of the 7 items"),
    ] {
        let altered = before.replacen(from, to, 1);
        assert_ne!(altered, before);
        dir.write("before.csv", &altered);
        let arguments = ["none.csv", "--month", "2026-11", "--out", "x", "--reversals", "reversals.csv", "--prior"];
        let output = again(&dir, &[&arguments[..], &["october/postings.csv", "before.csv"]].concat(), "");
        let told = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        assert_eq!(code(&output), 3, "{told}");
        assert!(told.contains(expected) && told.contains("`before.csv`, line 2"), "{expected}: {told}");
    }
}

#[test]
fn a_part_never_has_a_preferential_price_above_zero() {
    // 0.02 of 0.03 for six items: a sixth of each is 0.00 and 0.01, five sixths 0.02 and 0.03.
    let (dir, id) = credited(&[("quantity", "6"), ("tier_count", "6")]);
    let october = &fields(&read(&dir, "october/postings.csv"))[1];
    for (amount, list) in [("0.02", "0.03"), ("0.03", "0.03"), ("0.05", "0.07"), ("0.02", "0.07")] {
        let changed = read(&dir, "october/postings.csv")
            .replace(&format!("{},{},{}", october[7], october[8], october[9]), &format!("{amount},{list},0.00"));
        dir.write("small.csv", &changed);
        for parts in [[1, 1, 1, 1, 1, 1], [3, 1, 1, 1, 0, 0], [2, 1, 2, 1, 0, 0], [1, 3, 2, 0, 0, 0]] {
            let parts = parts.iter().enumerate().filter(|(_, part)| **part > 0);
            let parts: Vec<String> = parts.map(|(day, part)| format!("{id},2026-11-0{},{part}", day + 1)).collect();
            dir.write("none.csv", &orders(&[]));
            dir.write("reversals.csv", &rows("posting_id,reversed_at,quantity", &parts));
            let arguments = ["none.csv", "--month", "2026-11", "--out", "x", "--reversals", "reversals.csv", "--prior"];
            assert_eq!(code(&again(&dir, &[&arguments[..], &["small.csv"]].concat(), "")), 0);
            let cents = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
            let postings = fields(&read(&dir, "x/postings.csv")).split_off(1);
            assert_eq!(postings.iter().map(|row| cents(&row[8])).sum::<i64>(), -cents(list));
            assert_eq!(postings.iter().map(|row| cents(&row[7])).sum::<i64>(), -cents(amount));
            for row in postings {
                assert!([7, 8, 9].iter().all(|column| cents(&row[*column]) <= 0), "{amount} of {list}: {row:?}");
            }
        }
    }
}

#[test]
fn rates_are_those_of_the_credit_whatever_the_tariff_says_now() {
    let (dir, id) = credited(&SEVEN);
    dir.write("none.csv", &orders(&[]));
    dir.write("reversals.csv", &format!("posting_id,reversed_at,share\n{id},2027-02-01,1\n"));
    let arguments = [
        "none.csv",
        "--month",
        "2027-02",
        "--out",
        "x",
        "--reversals",
        "reversals.csv",
        "--prior",
        "october/postings.csv",
    ];
    assert_eq!(code(&again(&dir, &arguments, "")), 0);
    let (credit, reversal) =
        (&fields(&read(&dir, "october/postings.csv"))[1], &fields(&read(&dir, "x/postings.csv"))[1]);
    assert_eq!((&*reversal[7], &*reversal[5]), ("-13.89", "2027-02"));
    assert_eq!(reversal[10..13], credit[10..13], "version 2 is in force, version 1 was credited by");
}

#[test]
fn reversals_stand_after_the_credits_of_the_month() {
    let (dir, id) = credited(&SEVEN);
    dir.write("orders.csv", &orders(&[row(&[("order_id", "o-2"), ("ordered_at", "2026-11-02")])]));
    dir.write("reversals.csv", &format!("posting_id,reversed_at,share\n{id},2026-11-02,1\n"));
    let arguments = [
        "orders.csv",
        "--month",
        "2026-11",
        "--out",
        "x",
        "--reversals",
        "reversals.csv",
        "--prior",
        "october/postings.csv",
    ];
    let output = again(&dir, &arguments, "");
    let events: Vec<String> =
        fields(&read(&dir, "x/postings.csv")).into_iter().skip(1).map(|row| row[1].clone()).collect();
    assert_eq!(events, ["order", "reversal"]);
    assert_eq!(read(&dir, "x/totals.csv").lines().nth(1), Some("alpenhost,CHF,1,277.76,277.76,124.99"));
    assert!(String::from_utf8_lossy(&output.stdout).contains("credited 124.99 CHF\n1 reversals"), "{output:?}");
}
