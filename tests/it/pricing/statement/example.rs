//! The documents' example from the command line to the files, and how the command ends.

use serde_json::Value;

use super::office::{again, code, fields, mandat, mandat_with_input, orders, read, row};

const MONTH: [&str; 4] = ["--month", "2026-10", "--out", "out"];

fn arguments<'a>(orders: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[orders], &MONTH[..], more].concat()
}

#[test]
fn thirty_five_hostings_credit_138_88_francs_and_80_50_euros() {
    let euros = row(&[("order_id", "o-2"), ("currency", "EUR"), ("placed_by", "partner"), ("kind", "")]);
    let orders = orders(&[row(&[]), euros]);
    let (output, dir) = mandat(&[("orders.csv", &orders)], &arguments("orders.csv", &[]));
    assert_eq!(code(&output), 0, "{output:?}");
    let postings = fields(&read(&dir, "out/postings.csv"));
    let amounts = |row: &[String]| row[1..10].join(" ");
    assert_eq!(amounts(&postings[1]), "order alpenhost o-1 1 2026-10 CHF 138.88 347.20 208.32");
    assert_eq!(amounts(&postings[2]), "order alpenhost o-2 1 2026-10 EUR 80.50 201.25 120.75");
    assert_eq!(
        read(&dir, "out/totals.csv"),
        "partner,currency,lines,list,charged,cashback\n\
         alpenhost,CHF,1,347.20,347.20,138.88\n\
         alpenhost,EUR,1,201.25,201.25,80.50\n"
    );
    assert_eq!(read(&dir, "out/refused.csv"), "row,order_id,line_id,code,message\n");
    let summary = String::from_utf8(output.stdout).unwrap();
    assert_eq!(summary, "2 rows, 2 priced, 0 left out; credited 138.88 CHF, 80.50 EUR\n");
}

#[test]
fn a_posting_names_the_tariff_by_the_hash_of_its_file() {
    let (_, dir) = mandat(&[("orders.csv", &orders(&[row(&[])]))], &arguments("orders.csv", &[]));
    let tariff = std::fs::read(crate::support::programme_dir().join("tariffs/partner.v1.toml")).unwrap();
    let hash = <sha2::Sha256 as sha2::Digest>::digest(&tariff);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(fields(&read(&dir, "out/postings.csv"))[1][10..], ["partner", "1", &hash, "", "35", ""]);
}

#[test]
fn bad_data_is_1_and_the_rest_goes_on() {
    let orders = orders(&[row(&[("quantity", "many")]), row(&[])]);
    let (output, dir) = mandat(&[("orders.csv", &orders)], &arguments("orders.csv", &["--json"]));
    assert_eq!(code(&output), 1);
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["rows"], &summary["priced"], &summary["refused"]), (&2.into(), &1.into(), &1.into()));
    assert_eq!(summary["credited"]["CHF"], "138.88");
    assert_eq!(
        read(&dir, "out/refused.csv"),
        "row,order_id,line_id,code,message\n\
         2,o-1,1,bad_quantity,quantity `many` is no whole number from 1 to 1000000\n"
    );
}

#[test]
fn what_is_rightly_left_out_is_0() {
    let others = [("ordered_at", "2026-11-05T12:00:00Z"), ("order_id", "o-2")];
    let refused = [("payer", "partner"), ("order_id", "o-3")];
    let orders = orders(&[row(&[]), row(&others), row(&refused), row(&[])]);
    let (output, dir) = mandat(&[("orders.csv", &orders)], &arguments("orders.csv", &[]));
    assert_eq!(code(&output), 0, "{output:?}");
    let codes: Vec<String> =
        fields(&read(&dir, "out/refused.csv")).into_iter().skip(1).map(|row| row[3].clone()).collect();
    assert_eq!(codes, ["outside_month", "refused", "repeated"]);
}

#[test]
fn standard_input_is_read_and_leaves_nothing_behind() {
    let (output, dir) = mandat_with_input(&[], &arguments("-", &[]), &orders(&[row(&[("tier_count", "")])]));
    assert_eq!(code(&output), 0, "{output:?}");
    let mut names: Vec<_> =
        std::fs::read_dir(dir.path().join("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["postings.csv", "refused.csv", "totals.csv"]);
    assert!(read(&dir, "out/postings.csv").contains(",138.88,"));
}

#[test]
fn what_cannot_be_a_statement_is_3_and_writes_nothing() {
    let good = orders(&[row(&[])]);
    let header = |from: &str, to: &str| good.replacen(from, to, 1);
    for (orders, more, expected) in [
        (good.clone(), &["--month", "2026-13"][..], "`2026-13` is no month"),
        (good.clone(), &["--month", "2024-01"], "no tariff is in force in 2024-01; there are prices from 2025-12-12"),
        (good.clone(), &["--prior", "orders.csv"], "--reversals"),
        (good.clone(), &["--reversals", "orders.csv"], "--prior"),
        (good.clone(), &["--threads", "0"], "--threads"),
        (String::new(), &[], "no header"),
        (header("quantity", "quantty"), &[], "unknown column `quantty`; did you mean `quantity`?"),
        (header("quantity", "quantty"), &[], "the column `quantity` is missing"),
        (header("kind", "client"), &[], "the column `client` stands twice"),
    ] {
        let month = if more.contains(&"--month") { &[][..] } else { &["--month", "2026-10"] };
        let (output, dir) =
            mandat(&[("orders.csv", &orders)], &[&["orders.csv", "--out", "out"], month, more].concat());
        let told = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ").replace('\n', " ");
        assert_eq!(code(&output), 3, "{told}");
        assert!(told.contains(expected), "{expected}: {told}");
        let left = std::fs::read_dir(dir.path().join("out")).map_or(0, Iterator::count);
        assert_eq!(left, 0, "{expected}");
    }
    assert_eq!(code(&mandat(&[], &arguments("nowhere.csv", &[])).0), 3);
}

#[test]
fn a_second_statement_takes_the_place_of_the_first() {
    let (first, dir) = mandat(&[("orders.csv", &orders(&[row(&[])]))], &arguments("orders.csv", &[]));
    let before = read(&dir, "out/postings.csv");
    let second = again(&dir, &arguments("orders.csv", &["--threads", "2"]), "");
    assert_eq!((code(&first), code(&second)), (0, 0));
    assert_eq!(before, read(&dir, "out/postings.csv"));
}
