//! How and when amounts are rounded, on cases that can be worked out on paper; and what is too much.

use mandat::{
    pricing::{compiled::Compiled, receipt::Line, tariff::Tariff},
    problem::{Problems, Source},
};
use rust_decimal::Decimal;

use super::{PARTNER_PAYS, amount, compiled_price, decimal_price, in_both_forms};

const SMALL: &str = r#"schema = "tariff/1"
id = "small"
version = 1
effective_from = 2026-01-01
timezone = "Europe/Zurich"
price_date = "period_start"
[source]
sample = { kind = "sample" }
[currency]
CHF = { scale = 2, payable_increment = 0.01, source = "sample" }
[pricing]
prices = "net_of_vat"
steps = ["list", "partner_discount", "quantity_tier"]
partner_rate_max = 1.00
rounding = { mode = "half_up", at = "step", unit = "line", source = "sample" }
cashback = { reference = "list", account = "prepaid", refund = "pro_rata_of_credited", source = "sample" }
source = "sample"
[family]
goods = { partner_discount = 0.50, tier = "scale", source = "sample" }
[product]
thing = { family = "goods", period = "P1M", list = { CHF = 0.01 }, source = "sample" }
[tier.scale]
mode = "graduated"
count = { items = "ordered", of = ["goods"], per = "order" }
source = "sample"
bands = [
  { from = 1, rate = 0.00, source = "sample" },
]
[benefits]
rows = [
  { id = "A", access = ["none", "own", "limited"], payment = "-", by = "*", payer = "*", managed = "*", outcome = "none", source = "sample" },
  { id = "B", access = "full", payment = "client", by = "*", payer = "*", managed = "*", outcome = "cashback", source = "sample" },
  { id = "C", access = "full", payment = "partner", by = "*", payer = "*", managed = "*", outcome = "discount", source = "sample" },
]
"#;

/// The small tariff with changes, each of which has to find its place.
fn small(changes: &[(&str, &str)]) -> Result<Tariff, Problems> {
    let text = changes.iter().fold(SMALL.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    Tariff::parse(&Source::new("tariffs/small.toml", text), &mut Problems::default())
}

fn things(quantity: u32) -> Line<'static> {
    Line { product: "thing", currency: "CHF", quantity, tier_count: Some(quantity), case: PARTNER_PAYS }
}

/// What so many things cost a partner.
fn cost(quantity: u32, changes: &[(&str, &str)]) -> Decimal {
    let tariff = small(changes).unwrap_or_else(|problems| panic!("{problems}"));
    in_both_forms(&tariff, &things(quantity)).unwrap().1.unwrap().charged
}

const HALF_EVEN: (&str, &str) = ("half_up", "half_even");
const DOWN: (&str, &str) = ("half_up", "down");
const AT_END: (&str, &str) = (r#"at = "step""#, r#"at = "end""#);
const FIVE: (&str, &str) = ("payable_increment = 0.01", "payable_increment = 0.05");
const TIER_FIRST: (&str, &str) = (r#""partner_discount", "quantity_tier"]"#, r#""quantity_tier", "partner_discount"]"#);
const HALF_AGAIN: (&str, &str) = ("rate = 0.00", "rate = 0.50");

#[test]
fn the_middle_goes_where_the_mode_says() {
    for (quantity, half_up, half_even, down) in [
        (1, "0.01", "0.00", "0.00"), // 0.005
        (2, "0.01", "0.01", "0.01"), // 0.010
        (3, "0.02", "0.02", "0.01"), // 0.015
        (5, "0.03", "0.02", "0.02"), // 0.025
    ] {
        for point in [&[][..], &[AT_END][..]] {
            let with = |mode: &[(&'static str, &'static str)]| cost(quantity, &[mode, point].concat());
            assert_eq!(with(&[]), amount(half_up), "{quantity}");
            assert_eq!(with(&[HALF_EVEN]), amount(half_even), "{quantity}");
            assert_eq!(with(&[DOWN]), amount(down), "{quantity}");
        }
    }
}

/// A hundred-thousandth off the middle is not the middle.
#[test]
fn beside_the_middle_all_but_down_take_the_nearer() {
    let rate = |rate: &'static str| ("partner_discount = 0.50", rate);
    for (discount, nearer, down) in
        [("partner_discount = 0.500001", "0.00", "0.00"), ("partner_discount = 0.499999", "0.01", "0.00")]
    {
        assert_eq!(cost(1, &[rate(discount)]), amount(nearer));
        assert_eq!(cost(1, &[rate(discount), HALF_EVEN]), amount(nearer));
        assert_eq!(cost(1, &[rate(discount), DOWN]), amount(down));
    }
}

#[test]
fn each_step_is_rounded_or_only_the_last() {
    // 0.01: 0.005 → 0.01, 0.005 → 0.01; at the end 0.0025 → 0.00.
    assert_eq!(cost(1, &[HALF_AGAIN]), amount("0.01"));
    assert_eq!(cost(1, &[HALF_AGAIN, AT_END]), amount("0.00"));
    // 0.07 with 20 % and 25 %: 0.056 → 0.06, 0.045 → 0.05; the other way round 0.0525 → 0.05, 0.04.
    let rates = [("partner_discount = 0.50", "partner_discount = 0.20"), ("rate = 0.00", "rate = 0.25")];
    let with = |more: &[(&'static str, &'static str)]| cost(7, &[&rates[..], more].concat());
    assert_eq!(with(&[]), amount("0.05"));
    assert_eq!(with(&[TIER_FIRST]), amount("0.04"));
    assert_eq!(with(&[AT_END]), amount("0.04"));
    assert_eq!(with(&[TIER_FIRST, AT_END]), amount("0.04"));
}

#[test]
fn the_result_is_a_multiple_of_what_can_be_paid() {
    let price = |price: &'static str| ("CHF = 0.01 }", price);
    for (list, half_up, half_even, down) in [
        ("CHF = 0.05 }", "0.05", "0.00", "0.00"), // 0.025: by steps 0.03, 0.02, 0.02
        ("CHF = 0.15 }", "0.10", "0.10", "0.05"), // 0.075: by steps 0.08, 0.08, 0.07
        ("CHF = 0.25 }", "0.15", "0.10", "0.10"), // 0.125: by steps 0.13, 0.12, 0.12
        ("CHF = 1.05 }", "0.55", "0.50", "0.50"), // 0.525: by steps 0.53, 0.52, 0.52
        ("CHF = 1.10 }", "0.55", "0.55", "0.55"),
    ] {
        for point in [&[][..], &[AT_END][..]] {
            let with = |mode: &[(&'static str, &'static str)]| cost(1, &[mode, point, &[FIVE, price(list)]].concat());
            assert_eq!(with(&[]), amount(half_up), "{list}");
            assert_eq!(with(&[HALF_EVEN]), amount(half_even), "{list}");
            assert_eq!(with(&[DOWN]), amount(down), "{list}");
        }
    }
    // 0.0499 is nearer to nothing than to ten; 0.05, to which it would be rounded first, is not.
    let ten = ("payable_increment = 0.01", "payable_increment = 0.10");
    let nearly_half = ("partner_discount = 0.50", "partner_discount = 0.501");
    assert_eq!(cost(1, &[ten, AT_END, nearly_half, price("CHF = 0.10 }")]), amount("0.00"));
    assert_eq!(cost(1, &[ten, nearly_half, price("CHF = 0.10 }")]), amount("0.10"));
    let unpayable = small(&[FIVE, price("CHF = 0.07 }")]).unwrap_err();
    assert_eq!(unpayable.iter().next().unwrap().code_text(), Some("E014"));
}

#[test]
fn an_own_price_for_partners_counts_to_the_cent() {
    let own = ("CHF = 0.01 }", "CHF = 0.07 }, preferential = { CHF = 0.03 }");
    for more in [&[][..], &[AT_END][..], &[TIER_FIRST][..]] {
        assert_eq!(cost(333, &[&[own][..], more].concat()), amount("9.99"));
    }
    // A tier on top: 9.99 × 0.50 = 4.995. The tier first: 23.31 × 0.50 = 11.655 → 11.66, × 3/7 = 4.997 → 5.00.
    assert_eq!(cost(333, &[own, HALF_AGAIN]), amount("5.00"));
    assert_eq!(cost(333, &[own, HALF_AGAIN, DOWN]), amount("4.99"));
    assert_eq!(cost(333, &[own, HALF_AGAIN, TIER_FIRST, AT_END, HALF_EVEN]), amount("5.00"));
}

#[test]
fn what_is_free_is_free_for_partners_too() {
    let free = ("CHF = 0.01 }", "CHF = 0.00 }, preferential = { CHF = 0.00 }");
    for more in [&[][..], &[AT_END][..]] {
        assert_eq!(cost(1_000_000, &[&[free][..], more].concat()), Decimal::ZERO);
    }
}

/// 6 digits of a price, 6 of a quantity and 6 and 12 of rates are more than a decimal holds.
const LONG: &[(&str, &str)] = &[
    AT_END,
    ("CHF = 0.01 }", "CHF = 9999.99 }"),
    ("partner_discount = 0.50", "partner_discount = 0.123457"),
    (
        r#"{ from = 1, rate = 0.00, source = "sample" },"#,
        r#"{ from = 1, rate = 0.000001, source = "sample" },
  { from = 333334, rate = 0.111113, source = "sample" },
  { from = 777778, rate = 0.654321, source = "sample" },"#,
    ),
];

#[test]
fn the_longest_products_are_exact() {
    // 9999.99 × 0.876543 × (333333 × 0.999999 + 444444 × 0.888887 + 222200 × 0.345679) = 7057943774.94958…
    assert_eq!(cost(999_977, LONG), amount("7057943774.95"));
    assert_eq!(cost(999_977, &[LONG, &[DOWN]].concat()), amount("7057943774.94"));
}

#[test]
fn too_large_amounts_are_refused_in_both_forms() {
    let dear = small(&[("CHF = 0.01 }", "CHF = 1000000.00 }")]).unwrap();
    assert_eq!(in_both_forms(&dear, &things(10_000)).unwrap().1.unwrap().list, amount("10000000000.00"));
    for quantity in [10_001, 1_000_000] {
        assert_eq!(in_both_forms(&dear, &things(quantity)), Err("too large"));
    }
    let too_dear = small(&[("CHF = 0.01 }", "CHF = 1000000.01 }")]).unwrap_err();
    assert_eq!(too_dear.iter().next().unwrap().code_text(), Some("E012"));
}

#[test]
fn bad_lines_have_the_same_error_in_both_forms() {
    let tariff = small(&[]).unwrap();
    let compiled = Compiled::of(&tariff);
    let bad_case = mandat::pricing::benefit::Case { payment: None, ..PARTNER_PAYS };
    for (line, error) in [
        (Line { product: "thingy", ..things(1) }, "product"),
        (Line { currency: "EUR", ..things(1) }, "currency"),
        (things(0), "quantity"),
        (things(1_000_001), "quantity"),
        (Line { tier_count: Some(1_000_001), ..things(1) }, "quantity"),
        (Line { tier_count: Some(1), ..things(2) }, "count too small"),
        (Line { tier_count: None, ..things(2) }, "count missing"),
        (Line { case: bad_case, ..things(1) }, "case"),
    ] {
        assert_eq!(decimal_price(&tariff, &line).map(|_| ()), Err(error));
        assert_eq!(compiled_price(&compiled, &line).map(|_| ()), Err(error));
    }
    in_both_forms(&tariff, &things(1_000_000)).unwrap();
}
