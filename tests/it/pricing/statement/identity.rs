//! The same line has the same id; the same line twice counts once; nothing depends on threads, blocks or order.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::office::{orders, programme, row, settled, settled_by};

fn id(parts: [&str; 4]) -> String {
    let digest = Sha256::digest(parts.join("\x1f").as_bytes());
    digest.iter().take(16).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn an_id_is_the_hash_of_order_line_period_and_event() {
    let long = "order-".repeat(12);
    for order_id in ["o-1", "ümläute", &long] {
        for (kind, event) in [("", "order"), ("order", "order"), ("renewal", "renewal")] {
            let written =
                settled(orders(&[row(&[("order_id", order_id), ("line_id", "7"), ("kind", kind)])]).as_bytes());
            assert_eq!(written.postings()[0][0], id([order_id, "7", "2026-10", event]));
            assert_eq!(written.postings()[0][1], event);
        }
    }
}

#[test]
fn lengths_around_a_block_of_the_hash_make_no_difference() {
    for length in 30..80 {
        let order_id = "x".repeat(length);
        let written = settled(orders(&[row(&[("order_id", &order_id)])]).as_bytes());
        assert_eq!(written.postings()[0][0], id([&order_id, "1", "2026-10", "order"]), "{length}");
    }
}

#[test]
fn the_same_line_twice_counts_once() {
    let alone = settled(orders(&[row(&[]), row(&[("line_id", "2")])]).as_bytes());
    let twice = settled(orders(&[row(&[]), row(&[("line_id", "2")]), row(&[]), row(&[])]).as_bytes());
    assert_eq!((&twice.postings, &twice.totals), (&alone.postings, &alone.totals));
    assert_eq!(twice.codes(), [(4, "repeated".to_owned()), (5, "repeated".to_owned())]);
    assert_eq!(twice.message(5), "row 5 is row 2 once more; it counts once");
    assert_eq!((twice.outcomes.priced, twice.outcomes.bad, twice.outcomes.left_out), (2, 0, 2));
}

#[test]
fn the_same_line_with_other_amounts_is_a_conflict_that_names_both_rows() {
    let discount = [("payment_mode", "partner"), ("placed_by", "partner"), ("payer", "partner")];
    for other in [("quantity", "34"), ("product", "mail-hosting"), ("currency", "EUR"), ("partner", "talhost")] {
        // Also where no posting is written: a discount, paid by the partner.
        for base in [&[][..], &discount] {
            let written = settled(orders(&[row(base), row(&[base, &[other]].concat())]).as_bytes());
            assert_eq!(written.codes(), [(3, "conflict".to_owned())], "{other:?}");
            let message = written.message(3);
            assert!(message.contains("row 3 has") && message.contains("row 2 for"), "{message}");
            assert_eq!((written.outcomes.priced, written.outcomes.bad), (1, 1));
            let alone = settled(orders(&[row(base)]).as_bytes());
            assert_eq!((written.totals, written.postings), (alone.totals, alone.postings));
        }
    }
}

#[test]
fn another_count_with_the_same_amounts_is_the_same_line() {
    let written = settled(orders(&[row(&[]), row(&[("tier_count", "36")])]).as_bytes());
    assert_eq!(written.codes(), [(3, "repeated".to_owned())]);
}

#[test]
fn a_renewal_of_the_same_line_is_another_line() {
    let written = settled(orders(&[row(&[]), row(&[("kind", "renewal")])]).as_bytes());
    assert_eq!((written.outcomes.priced, written.postings().len()), (2, 2));
}

/// Lines of all sorts: priced, refused, bad, repeated, in conflict, with quotes and both line ends.
fn mixture() -> Vec<String> {
    (0..700)
        .map(|number| {
            let (order, partner) = (format!("o-{}", number % 640), format!("\"partner, \"\"{}\"\"\"", number % 11));
            let line = (number % 640 % 3).to_string();
            let mut changes = vec![("order_id", &*order), ("line_id", &*line)];
            changes.extend(match number % 10 {
                0 => vec![("quantity", "x")],
                1 | 2 => vec![("partner", &*partner)],
                3 => vec![("currency", "EUR"), ("tier_count", "")],
                4 => vec![("ordered_at", "2026-12-01T00:00:00Z")],
                5 => vec![("client", "\"two\r\nlines\""), ("tier_count", "50")],
                6 => vec![("payer", "partner")],
                7 => vec![("product", "domain-ch"), ("quantity", "2"), ("tier_count", "2")],
                8 => vec![("access", "none"), ("payment_mode", "-"), ("partner", "")],
                _ if number > 680 => vec![("quantity", "36"), ("tier_count", "36")],
                _ => vec![],
            });
            row(&changes) + if number % 4 == 0 { "\r" } else { "" } + if number % 50 == 0 { "\n" } else { "" }
        })
        .collect()
}

#[test]
fn threads_and_blocks_change_no_byte() {
    let (book, orders) = (programme(), orders(&mixture()));
    let alone = settled_by(&book, "2026-10", orders.as_bytes(), 1, 1 << 20);
    let codes = alone.codes();
    for code in ["bad_quantity", "outside_month", "refused", "repeated", "conflict"] {
        assert!(codes.iter().any(|(_, found)| found == code), "the mixture has {code}");
    }
    assert!(alone.outcomes.priced > 300, "{:?}", alone.outcomes);
    for threads in [1, 2, 7] {
        for block in [1, 100, 1000, 20_000] {
            assert!(settled_by(&book, "2026-10", orders.as_bytes(), threads, block) == alone, "{threads} {block}");
        }
    }
}

#[test]
fn a_row_number_is_the_line_on_which_the_record_starts() {
    let rows = [row(&[("client", "\"a\n\nb\"")]), String::new(), row(&[("quantity", "x")]), row(&[("line_id", "")])];
    for end in ["\n", "\r\n"] {
        let text = orders(&rows).replace('\n', end);
        assert_eq!(settled(text.as_bytes()).codes(), [(6, "bad_quantity".to_owned()), (7, "missing_field".to_owned())]);
    }
}

#[test]
fn the_order_of_rows_and_columns_does_not_matter() {
    // Without conflicts: which of two rows is right depends on their order.
    let rows: Vec<String> = (0..300)
        .map(|number| {
            let (order, quantity) = (format!("o-{}", number % 250), (1 + number % 250 % 60).to_string());
            let partner = format!("p-{}", number % 5);
            row(&[("order_id", &order), ("quantity", &quantity), ("tier_count", ""), ("partner", &partner)])
        })
        .collect();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let first = settled(orders(&rows).as_bytes());
    assert_eq!(first.outcomes.left_out, 50);
    let shuffled: Vec<String> = (0..rows.len()).map(|place| rows[place * 7 % rows.len()].clone()).collect();
    let backwards: Vec<String> = rows.iter().rev().cloned().collect();
    for rows in [shuffled, backwards] {
        let other = settled(orders(&rows).as_bytes());
        assert_eq!((&other.totals, other.outcomes), (&first.totals, first.outcomes));
        assert_eq!(sorted(&other.postings), sorted(&first.postings));
    }
    let turned = |line: &str| line.split(',').rev().collect::<Vec<_>>().join(",") + "\n";
    let other = settled(orders(&rows).lines().map(turned).collect::<String>().as_bytes());
    assert_eq!((other.postings, other.totals), (first.postings, first.totals));
}
