//! At the thresholds and beside them, baskets that count together, and the day on which prices change.

use jiff::Timestamp;
use mandat::{
    pricing::{
        order::{Line as OrderLine, Order, Terms},
        quote,
        receipt::Line,
        tariff::{Book, Tariff},
        words::{Access, Kind, Managed, PlacedBy, Side},
    },
    problem::{Problems, Source},
};
use rust_decimal::Decimal;

use super::{PARTNER_PAYS, amount, book, in_both_forms, version};
use crate::support::programme_dir;

/// Version, product, quantity, count; list price and preferential price in CHF, worked out by hand.
#[rustfmt::skip]
const THRESHOLDS: &[(u32, &str, u32, u32, &str, &str)] = &[
    // Volume: the band of the count for the whole line. 34 hostings cost more than 35.
    (1, "web-hosting",  34,  34,  "337.28", "269.82"),
    (1, "web-hosting",  35,  35,  "347.20", "208.32"),
    (1, "web-hosting",  36,  36,  "357.12", "214.28"),
    (2, "web-hosting",  9,   9,   "89.28",  "71.42"),
    (2, "web-hosting",  10,  10,  "99.20",  "71.42"),
    (2, "web-hosting",  11,  11,  "109.12", "78.57"),
    (2, "web-hosting",  29,  29,  "287.68", "207.13"),
    (2, "web-hosting",  30,  30,  "297.60", "178.56"),
    (2, "web-hosting",  31,  31,  "307.52", "184.52"),
    // The count, not the quantity, finds the band.
    (1, "web-hosting",  1,   34,  "9.92",   "7.94"),
    (1, "web-hosting",  1,   35,  "9.92",   "5.96"),
    (1, "mail-hosting", 1,   35,  "3.20",   "1.92"),
    // All servers of the partner count, those that run too.
    (1, "server-small", 1,   4,   "29.00",  "25.52"),
    (1, "server-small", 1,   5,   "29.00",  "24.24"),
    (1, "server-small", 1,   6,   "29.00",  "24.24"),
    (1, "server-small", 1,   24,  "29.00",  "24.24"),
    (1, "server-small", 1,   25,  "29.00",  "23.48"),
    (1, "server-small", 1,   26,  "29.00",  "23.48"),
    // Graduated: each item has the rate of its own place.
    (1, "storage-1tb",  10,  10,  "69.00",   "58.65"),
    (1, "storage-1tb",  11,  11,  "75.90",   "64.23"),
    (1, "storage-1tb",  12,  12,  "82.80",   "69.79"),
    (1, "storage-1tb",  50,  50,  "345.00",  "281.52"),
    (1, "storage-1tb",  51,  51,  "351.90",  "286.80"),
    (1, "storage-1tb",  52,  52,  "358.80",  "292.08"),
    (1, "storage-1tb",  200, 200, "1380.00", "1073.30"),
    (1, "storage-1tb",  201, 201, "1386.90", "1078.28"),
    (1, "storage-1tb",  202, 202, "1393.80", "1083.27"),
    (2, "storage-1tb",  500, 500, "3450.00", "2417.76"),
    (2, "storage-1tb",  501, 501, "3456.90", "2422.18"),
    (2, "storage-1tb",  502, 502, "3463.80", "2426.59"),
    // Places 45 to 54: six at 5 %, four at 10 %.
    (1, "storage-1tb",  10,  54,  "69.00",   "54.54"),
    // A partner's own price instead of the family's rate, and one without it.
    (1, "domain-ch",    3,   3,   "34.50",   "26.70"),
    (1, "domain-swiss", 1,   1,   "99.00",   "89.10"),
    // As many as there can be.
    (1, "web-hosting",  1_000_000, 1_000_000, "9920000.00",   "5952000.00"),
    (1, "server-large", 1_000_000, 1_000_000, "119000000.00", "96342400.00"),
    (1, "storage-1tb",  1_000_000, 1_000_000, "6900000.00",   "4985326.25"),
];

#[test]
fn prices_at_and_beside_every_threshold() {
    for (number, product, quantity, count, list, preferential) in THRESHOLDS {
        let tier_count = Some(*count);
        let line = Line { product, currency: "CHF", quantity: *quantity, tier_count, case: PARTNER_PAYS };
        let amounts = in_both_forms(version(*number), &line).unwrap().1.unwrap();
        let case = format!("v{number}: {quantity} {product} of {count}");
        assert_eq!((amounts.list, amounts.charged), (amount(list), amount(preferential)), "{case}");
    }
}

/// Where the bands of a tier start, but the first.
fn starts(tariff: &Tariff, tier: &str) -> Vec<u32> {
    tariff.tiers[tier].bands.iter().skip(1).map(|band| band.from).collect()
}

/// The control of the table: it has the item before, at and after the start of every band of every version.
#[test]
fn no_threshold_is_left_out() {
    for tariff in book().versions() {
        for tier in tariff.tiers.values() {
            for start in starts(tariff, &tier.id) {
                for count in [start - 1, start, start + 1] {
                    // A threshold that version 2 took over is shown with version 1.
                    let shown = |number: u32| number == tariff.version || starts(version(1), &tier.id).contains(&start);
                    let told = THRESHOLDS.iter().any(|(number, product, _, counted, ..)| {
                        let named = tariff.products[*product].family.tier.as_ref();
                        shown(*number) && *counted == count && named == Some(&tier.id)
                    });
                    assert!(told, "v{} {} at {count}", tariff.version, tier.id);
                }
            }
        }
    }
}

fn basket(lines: &[(&str, u32)]) -> (Order, Terms) {
    let line = |(number, (product, quantity)): (usize, &(&str, u32))| OrderLine {
        id: number.to_string(),
        product: (*product).to_owned(),
        quantity: *quantity,
        tier_count: None,
        existing: None,
        managed: None,
        kind: Kind::Order,
    };
    let order = Order {
        at: "2026-10-01T12:00:00Z".parse().unwrap(),
        currency: "CHF".to_owned(),
        actor: None,
        client: None,
        partner: None,
        placed_by: PlacedBy::Partner,
        payer: "partner".to_owned(),
        agreement: None,
        stated: None,
        lines: lines.iter().enumerate().map(line).collect(),
    };
    let terms = Terms {
        access: Access::Full,
        payment: Some(Side::Partner),
        client: None,
        partner: None,
        payer: Side::Partner,
        country: None,
        vat_number: None,
        managed: vec![Managed::New; lines.len()],
    };
    (order, terms)
}

/// What each line of a basket is charged, and their sum.
fn charged(lines: &[(&str, u32)]) -> (Vec<Decimal>, Decimal) {
    let (order, terms) = basket(lines);
    let receipts = quote::price(version(1), &order, &terms).unwrap();
    let charged = receipts.iter().map(|receipt| receipt.amounts.unwrap().charged).collect();
    (charged, quote::totals(&receipts).charged)
}

#[test]
fn web_and_mail_hostings_of_an_order_count_together() {
    let expected = |texts: &[&str], sum| (texts.iter().map(|text| amount(text)).collect::<Vec<_>>(), amount(sum));
    let basket: &[_] = &[("web-hosting", 20), ("mail-hosting", 15), ("storage-1tb", 11)];
    assert_eq!(charged(basket), expected(&["119.04", "28.80", "64.23"], "212.07"));
    assert_eq!(charged(&[("web-hosting", 20), ("mail-hosting", 14)]), expected(&["158.72", "35.84"], "194.56"));
    assert_eq!(charged(&[("web-hosting", 34), ("storage-1tb", 1)]), expected(&["269.82", "5.87"], "275.69"));
    // The control: each for itself reaches no band.
    assert_eq!(charged(&[("web-hosting", 20)]).0, [amount("158.72")]);
    assert_eq!(charged(&[("mail-hosting", 15)]).0, [amount("38.40")]);
}

#[test]
fn what_only_the_caller_can_count_is_asked_for() {
    let (order, terms) = basket(&[("web-hosting", 1), ("server-small", 2)]);
    let rejected = quote::price(version(1), &order, &terms).unwrap_err();
    assert_eq!(rejected.field, "lines[1].tier_count");
    let (mut order, terms) = basket(&[("web-hosting", 1), ("server-small", 2)]);
    order.lines[1].tier_count = Some(5);
    assert_eq!(quote::price(version(1), &order, &terms).unwrap()[1].amounts.unwrap().charged, amount("48.49"));
}

fn in_force(book: &Book, at: &str) -> Option<u32> {
    book.at(at.parse::<Timestamp>().unwrap()).map(|tariff| tariff.version)
}

#[test]
fn the_new_year_in_zurich_brings_the_next_version() {
    let mail = |at: &str| {
        let tariff = book().at(at.parse().unwrap()).unwrap();
        let line =
            Line { product: "mail-hosting", currency: "CHF", quantity: 1, tier_count: Some(1), case: PARTNER_PAYS };
        (tariff.version, in_both_forms(tariff, &line).unwrap().1.unwrap().list)
    };
    assert_eq!(mail("2026-12-31T22:59:59.999999999Z"), (1, amount("3.20")));
    assert_eq!(mail("2026-12-31T23:00:00Z"), (2, amount("3.40")));
    assert_eq!(mail("2026-12-31T23:59:59.999999999+01:00"), (1, amount("3.20")));
    assert_eq!(mail("2027-01-01T00:00:00+01:00"), (2, amount("3.40")));
    assert_eq!(in_force(book(), "2025-12-11T22:59:59Z"), None);
    assert_eq!(in_force(book(), "2025-12-11T23:00:00Z"), Some(1));
}

/// Two versions of the programme's tariff, one of which is in force on a single day.
fn book_of_a_day(day: &str, next: &str) -> Book {
    let text = std::fs::read_to_string(programme_dir().join("tariffs/partner.v1.toml")).unwrap();
    let dated = |version: u32, from: &str, until: Option<&str>| {
        let lines = text.lines().filter_map(|line| match line.split_whitespace().next() {
            Some("version") => Some(format!("version = {version}")),
            Some("effective_from") => Some(format!("effective_from = {from}")),
            Some("effective_until") => until.map(|until| format!("effective_until = {until}")),
            _ => Some(line.to_owned()),
        });
        Source::new(format!("v{version}.toml"), lines.collect::<Vec<_>>().join("\n"))
    };
    let (first, second) = (dated(1, day, Some(next)), dated(2, next, None));
    Book::read(&[&first, &second], &mut Problems::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn a_day_of_23_hours_and_one_of_25_begin_and_end_at_zurichs_midnight() {
    let spring = book_of_a_day("2026-03-29", "2026-03-30");
    let autumn = book_of_a_day("2026-10-25", "2026-10-26");
    for (book, at, expected) in [
        (&spring, "2026-03-28T22:59:59Z", None),
        (&spring, "2026-03-28T23:00:00Z", Some(1)),
        (&spring, "2026-03-29T21:59:59Z", Some(1)),
        (&spring, "2026-03-29T22:00:00Z", Some(2)),
        (&autumn, "2026-10-24T21:59:59Z", None),
        (&autumn, "2026-10-24T22:00:00Z", Some(1)),
        (&autumn, "2026-10-25T22:59:59Z", Some(1)),
        (&autumn, "2026-10-25T23:00:00Z", Some(2)),
    ] {
        assert_eq!(in_force(book, at), expected, "{at}");
    }
}
