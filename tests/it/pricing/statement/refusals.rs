//! Every reason why a row has no price, with its line in the file; the rows around it have theirs.

use super::office::{orders, row, settled};

/// A changed row is refused with that code and words; the same row unchanged has a price.
#[track_caller]
fn refused(changes: &[(&str, &str)], code: &str, words: &str) {
    let written = settled(orders(&[row(&[("order_id", "o-0")]), row(changes), row(&[("order_id", "o-9")])]).as_bytes());
    assert_eq!(written.codes(), [(3, code.to_owned())], "{changes:?}: {}", written.refused);
    assert!(written.message(3).contains(words), "{words}: {}", written.message(3));
    assert_eq!(written.outcomes.priced, 2);
    let bad = !["outside_month", "refused"].contains(&code);
    assert_eq!((written.outcomes.bad, written.outcomes.left_out), (u64::from(bad), u64::from(!bad)), "{code}");
}

#[test]
fn fields_that_must_not_be_empty() {
    for name in ["order_id", "line_id", "client", "partner", "ordered_at"] {
        refused(&[(name, "")], "missing_field", name);
    }
    let none = [("partner", ""), ("access", "none"), ("payment_mode", "")];
    assert_eq!(settled(orders(&[row(&none)]).as_bytes()).outcomes.priced, 1, "without access there is no partner");
}

#[test]
fn words_that_nobody_knows() {
    for name in ["access", "payment_mode", "placed_by", "managed", "kind"] {
        refused(&[(name, "sometimes")], "unknown_word", &format!("{name} `sometimes` is not one of"));
    }
    refused(&[("managed", "")], "unknown_word", "managed");
    refused(&[("product", "web-hostng")], "unknown_product", "did you mean `web-hosting`?");
    refused(&[("currency", "GBP")], "unknown_currency", "`web-hosting` has no price in `GBP`");
}

#[test]
fn numbers_that_are_none() {
    for quantity in ["", "0", "-1", "+1", "1.0", " 1", "1000001", "0000000001", "99999999999999999999"] {
        refused(&[("quantity", quantity), ("tier_count", "")], "bad_quantity", "from 1 to 1000000");
    }
    for count in ["0", "34", "1000001", "x"] {
        refused(&[("tier_count", count)], "bad_tier_count", &format!("`{count}`"));
    }
    refused(&[("product", "server-small"), ("tier_count", "")], "tier_count_missing", "only the caller knows");
}

#[test]
fn moments_that_are_none_or_elsewhere() {
    refused(&[("ordered_at", "2026-10-32T00:00:00Z")], "bad_time", "no such date");
    refused(&[("ordered_at", "2026-09-30T12:00:00Z")], "outside_month", "not in 2026-10");
    // A row of another month is that month's business, whatever else is wrong with it.
    refused(&[("ordered_at", "2026-09-30T12:00:00Z"), ("quantity", "x")], "outside_month", "not in 2026-10");
}

#[test]
fn a_month_in_which_the_tariff_begins_has_days_without_one() {
    let rows = [row(&[("ordered_at", "2025-12-11T22:59:59Z")]), row(&[("ordered_at", "2025-12-11T23:00:00Z")])];
    let written =
        super::office::settled_by(&super::office::programme(), "2025-12", orders(&rows).as_bytes(), 1, 1 << 20);
    assert_eq!(written.codes(), [(2, "no_tariff".to_owned())]);
    assert_eq!(written.outcomes.priced, 1);
}

#[test]
fn terms_that_do_not_go_together() {
    refused(&[("payment_mode", "-")], "bad_case", "with full access it is client or partner");
    refused(&[("access", "limited")], "bad_case", "only full access has one");
    refused(&[("payer", "butcher")], "bad_payer", "neither the row's client nor its partner");
    refused(&[("payer", "")], "bad_payer", "empty");
    refused(&[("payer", "alpenhost")], "refused", "(benefit F2, CON-27)");
    assert_eq!(settled(orders(&[row(&[("payer", "bakery")])]).as_bytes()).outcomes.priced, 1, "the client by its id");
}

#[test]
fn rows_that_are_none() {
    refused(&[("kind", "order,more")], "wrong_fields", "16 fields; the header has 15");
    let short = settled(orders(&[row(&[]), "short,row".to_owned()]).as_bytes());
    assert_eq!(
        (short.codes(), short.message(3)),
        (vec![(3, "wrong_fields".to_owned())], "2 fields; the header has 15".to_owned())
    );
    refused(&[("client", &"x".repeat(70_000))], "too_long", "longer than 65536 bytes");
    let mut bytes = orders(&[row(&[("client", "b?ckerei"), ("payer", "client")]), row(&[])]).into_bytes();
    let place = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[place] = 0xe4;
    assert_eq!(settled(&bytes).codes(), [(2, "bad_encoding".to_owned())]);
}

#[test]
fn ids_have_no_control_characters() {
    for name in ["order_id", "line_id"] {
        for id in ["a\x1fb", "\x1f", "a\0", "\x7fa", "\"a\nb\"", "a\tb"] {
            refused(&[(name, id)], "bad_encoding", &format!("{name} `"));
        }
    }
    // With the separator in them these would be one line: the same text is hashed.
    let rows = [row(&[("order_id", "a\x1fb"), ("line_id", "c")]), row(&[("order_id", "a"), ("line_id", "b\x1fc")])];
    let written = settled(orders(&rows).as_bytes());
    assert_eq!(written.codes(), [(2, "bad_encoding".to_owned()), (3, "bad_encoding".to_owned())]);
    assert_eq!(settled(orders(&[row(&[("order_id", "Aufträge 2026/10 №1")])]).as_bytes()).outcomes.priced, 1);
}

#[test]
fn a_quote_that_is_never_closed_costs_one_line() {
    let rows = [row(&[("order_id", "o-0")]), row(&[("client", "\"bakery")]), row(&[("order_id", "o-9")])];
    let written = settled(orders(&rows).as_bytes());
    assert_eq!(written.codes(), [(3, "unclosed_quote".to_owned())]);
    assert_eq!(written.outcomes.priced, 2);
}

#[test]
fn a_value_is_shown_shortened_and_on_one_line() {
    let long = format!("\"{}\nb{}\"", "a".repeat(60), "c".repeat(100));
    let message = settled(orders(&[row(&[("product", &long)])]).as_bytes()).message(2);
    assert_eq!(message, format!("the tariff has no product `{} b{}…`", "a".repeat(60), "c".repeat(18)));
}
