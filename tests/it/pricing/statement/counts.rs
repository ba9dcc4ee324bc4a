//! Rows that leave `tier_count` open: the order's items are counted over the whole file.

use super::office::{orders, programme, row, settled, settled_by};

const OPEN: (&str, &str) = ("tier_count", "");

fn amounts(written: &super::office::Written) -> Vec<String> {
    written.postings().into_iter().map(|row| row[7].clone()).collect()
}

#[test]
fn hostings_of_an_order_count_together_wherever_they_stand() {
    let web = row(&[("quantity", "20"), OPEN]);
    let mail = row(&[("line_id", "2"), ("product", "mail-hosting"), ("quantity", "15"), OPEN]);
    let other = row(&[("order_id", "o-2"), ("quantity", "20"), OPEN]);
    let apart = row(&[("line_id", "3"), ("product", "domain-ch"), ("quantity", "500"), OPEN]);
    let written = settled(orders(&[web, other, apart, mail]).as_bytes());
    // 198.40 less 20 % and 25 %; alone less 20 % only; a domain does not count; 48.00 less 20 % and 25 %.
    assert_eq!(amounts(&written), ["79.36", "39.68", "1300.00", "19.20"]);
}

#[test]
fn a_given_count_goes_first_and_others_are_counted_all_the_same() {
    let written = settled(orders(&[row(&[]), row(&[("line_id", "2"), ("quantity", "1"), OPEN])]).as_bytes());
    // The second is one of 36: 9.92, 7.94, 5.955 rounded to 5.96.
    assert_eq!(amounts(&written), ["138.88", "3.96"]);
}

#[test]
fn a_line_that_is_there_twice_is_counted_once() {
    let line = row(&[("quantity", "20"), OPEN]);
    let alone = settled(orders(std::slice::from_ref(&line)).as_bytes());
    let twice = settled(orders(&[line.clone(), line]).as_bytes());
    assert_eq!((&twice.postings, &twice.totals), (&alone.postings, &alone.totals));
    assert_eq!(twice.codes(), [(3, "repeated".to_owned())]);
}

#[test]
fn rows_that_cannot_be_read_count_nothing() {
    let bad = row(&[("line_id", "2"), ("quantity", "20"), ("kind", "?"), OPEN]);
    let written = settled(orders(&[row(&[("quantity", "20"), OPEN]), bad]).as_bytes());
    assert_eq!((amounts(&written), written.codes()), (vec!["39.68".to_owned()], vec![(3, "unknown_word".to_owned())]));
}

#[test]
fn rows_without_a_price_count_nothing() {
    let web = row(&[("quantity", "20"), OPEN]);
    let alone = amounts(&settled(orders(std::slice::from_ref(&web)).as_bytes()));
    for (code, change) in [
        ("outside_month", ("ordered_at", "2026-09-30T12:00:00Z")),
        ("outside_month", ("ordered_at", "2026-11-01")),
        ("unknown_currency", ("currency", "GBP")),
        ("refused", ("payer", "partner")),
        ("unknown_product", ("product", "web-hostng")),
    ] {
        for count in ["", "20"] {
            let other = row(&[("line_id", "2"), ("quantity", "20"), change, ("tier_count", count)]);
            for rows in [[web.clone(), other.clone()], [other, web.clone()]] {
                let written = settled(orders(&rows).as_bytes());
                assert_eq!((amounts(&written), &*written.codes()[0].1), (alone.clone(), code), "{rows:?}");
            }
        }
    }
}

#[test]
fn a_line_in_conflict_counts_by_its_first_row() {
    let web = |changes: &[(&str, &str)]| row(&[&[("quantity", "20"), OPEN], changes].concat());
    let amounts_of = |rows: &[String]| {
        let written = settled(orders(rows).as_bytes());
        (amounts(&written), written.codes().into_iter().map(|(_, code)| code).collect::<Vec<_>>())
    };
    let one = web(&[]);
    let mail = web(&[("line_id", "2"), ("product", "mail-hosting")]);
    let domain = row(&[("line_id", "2"), ("product", "domain-ch"), ("quantity", "20"), ("tier_count", "20")]);
    // The first row of line 2 is a domain, which does not count; that the second is a hosting changes nothing.
    let (expected, none) = amounts_of(&[one.clone(), domain.clone()]);
    assert!(none.is_empty());
    assert_eq!(amounts_of(&[one.clone(), domain.clone(), mail.clone()]), (expected, vec!["conflict".to_owned()]));
    let (expected, _) = amounts_of(&[one.clone(), mail.clone()]);
    assert_eq!(amounts_of(&[one, mail, domain]), (expected, vec!["conflict".to_owned()]));
}

#[test]
fn more_items_than_a_scale_has_places_are_refused() {
    let lines: Vec<String> = ["1", "2"].map(|line| row(&[("line_id", line), ("quantity", "600000"), OPEN])).into();
    let written = settled(orders(&lines).as_bytes());
    assert_eq!(written.codes(), [(2, "bad_tier_count".to_owned()), (3, "bad_tier_count".to_owned())]);
    assert!(written.message(2).contains("1200000 items"), "{}", written.message(2));
}

#[test]
fn counting_is_the_same_with_any_number_of_threads() {
    let lines: Vec<String> = (0..500)
        .map(|number| {
            let (order, line) = (format!("o-{}", number % 37), (number / 37).to_string());
            row(&[("order_id", &order), ("line_id", &line), ("quantity", &(1 + number % 4).to_string()), OPEN])
        })
        .collect();
    let (book, text) = (programme(), orders(&lines));
    let alone = settled(text.as_bytes());
    assert!(amounts(&alone).len() == 500);
    for (threads, block) in [(2, 300), (7, 1000)] {
        assert!(settled_by(&book, "2026-10", text.as_bytes(), threads, block) == alone);
    }
}
