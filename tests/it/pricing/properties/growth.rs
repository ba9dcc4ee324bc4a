//! More items never cost less, but where a volume scale says so.
//!
//! There is one more exception, small and bounded. Where every step is rounded, the partner discount of one item
//! more can round down while the one before rounded up; if that item costs less than the roundings, the total
//! falls by a cent. So totals are sure not to fall where the exact price of the item is at least one smallest
//! unit for each rounded step, and always where only the end is rounded.

use std::cell::Cell;

use mandat::pricing::benefit::Case;
use mandat::pricing::{
    tariff::Tariff,
    words::{Outcome, RoundingPoint, TierMode},
};
use proptest::{prop_assert, test_runner::TestCaseError};
use rust_decimal::Decimal;

use super::{CASES, LINES, Ordered, amounts::exact, decimal_price, random};
use crate::properties::tape::{self, Tape};

/// A case with an advantage, if the tariff has one.
fn advantage(tariff: &Tariff) -> Option<Case> {
    let pays = |outcome| matches!(outcome, Outcome::Discount | Outcome::Cashback);
    Case::all().find(|case| tariff.benefits.row(*case).is_some_and(|row| pays(row.outcome)))
}

/// What a line costs a partner; nothing where that is too much.
fn cost(tariff: &Tariff, line: &Ordered) -> Option<Decimal> {
    Some(decimal_price(tariff, &line.line()).ok()?.amounts?.preferential)
}

/// The exact value of a line in millionths of the smallest unit, less what is left of one.
fn millionths(tariff: &Tariff, line: &Ordered) -> i128 {
    let (numerator, denominator) = exact(tariff, line);
    numerator / denominator * 1_000_000 + numerator % denominator * 1_000_000 / denominator
}

/// Whether every step is rounded and the last item costs less than that can take away, though not less than nothing.
fn within_rounding(tariff: &Tariff, fewer: &Ordered, more: &Ordered) -> bool {
    let steps = i128::try_from(tariff.pricing.steps.len()).unwrap() - 1;
    let difference = millionths(tariff, more) - millionths(tariff, fewer);
    tariff.pricing.rounding.point == RoundingPoint::Step && (-1..=steps * 1_000_000).contains(&difference)
}

/// A line, and the same with one item more; the count grows with it.
fn pair(tape: &mut Tape, tariff: &Tariff, case: Case) -> Option<(Ordered, Ordered)> {
    let fewer = Ordered { case, ..random::line(tape, tariff) };
    let count = fewer.tier_count? + 1;
    let more = Ordered { quantity: fewer.quantity + 1, tier_count: Some(count), ..fewer.clone() };
    (count <= 1_000_000).then_some((fewer, more))
}

/// What a run came across: totals that fell, and pairs of a scale that must not fall.
#[derive(Debug, Default)]
struct Grown {
    fallen: Cell<usize>,
    held: Cell<usize>,
}

/// What is told of each pair: whether the total may fall there.
type MayFall = fn(&Tariff, &Ordered, &Ordered) -> bool;

/// 4. Totals do not fall, but where they may.
fn grows(mode: TierMode, may_fall: MayFall, seen: &Grown) -> impl Fn(Tape) -> Result<(), TestCaseError> {
    move |mut tape| {
        let tariff = random::parse(&random::tariff(&mut tape));
        let Some(case) = advantage(&tariff) else { return Ok(()) };
        (0..LINES).try_for_each(|_| {
            let Some((fewer, more)) = pair(&mut tape, &tariff, case) else { return Ok(()) };
            let tier = tariff.products[&*more.product].family.tier.as_ref().map(|tier| &tariff.tiers[tier]);
            if tier.is_some_and(|tier| tier.mode != mode) {
                return Ok(());
            }
            let (Some(before), Some(after)) = (cost(&tariff, &fewer), cost(&tariff, &more)) else { return Ok(()) };
            let may_fall = may_fall(&tariff, &fewer, &more);
            seen.fallen.set(seen.fallen.get() + usize::from(after < before));
            seen.held.set(seen.held.get() + usize::from(tier.is_some() && !may_fall));
            prop_assert!(after >= before || may_fall, "{before} to {after} at {more:?}");
            Ok(())
        })
    }
}

/// Whether the scale of a line's product says that totals fall at its count.
fn named(tariff: &Tariff, line: &Ordered) -> bool {
    let tier = tariff.products[&*line.product].family.tier.as_ref().map(|tier| &tariff.tiers[tier]);
    tier.is_some_and(|tier| tier.falls().contains(&line.tier_count.unwrap()))
}

#[test]
fn graduated_totals_never_fall() {
    let seen = Grown::default();
    tape::holds(2 * CASES, grows(TierMode::Graduated, within_rounding, &seen));
    assert!(seen.held.get() > 400, "{} pairs must not fall", seen.held.get());
}

#[test]
fn volume_totals_fall_only_where_the_scale_says_so() {
    let seen = Grown::default();
    let may_fall: MayFall = |tariff, fewer, more| named(tariff, more) || within_rounding(tariff, fewer, more);
    tape::holds(2 * CASES, grows(TierMode::Volume, may_fall, &seen));
    assert!(seen.held.get() > 400 && seen.fallen.get() > 10, "{seen:?}");
}

/// The control of both: a scale that falls, unannounced.
#[test]
fn a_total_that_falls_unannounced_is_noticed() {
    tape::fails(CASES, grows(TierMode::Volume, within_rounding, &Grown::default()));
}

/// The exception in the smallest: CHF 0.02 less 25.5 % an item, and all but the first free. Two items are 0.0298,
/// rounded 0.03, half of it 0.015, rounded 0.02; three are 0.0447, rounded 0.04, a third of it 0.01.
#[test]
fn an_item_that_costs_less_than_a_cent_can_take_one_away() {
    let changes = [
        ("red = { ", "red = { partner_discount = 0.255, "),
        (
            r#"red-a = { family = "red", period = "P1M", list = { CHF = 0.01"#,
            r#"red-a = { family = "red", period = "P1M", list = { CHF = 0.02"#,
        ),
        ("[tier.shared]\nmode = \"volume\"", "[tier.shared]\nmode = \"graduated\""),
        ("bands = [\n", "bands = [\n  { from = 1, rate = 0, source = \"sample\" },\n"),
        ("  { from = 1, rate = 0.000000,", "  { from = 2, rate = 1,"),
    ];
    let simplest = random::tariff(&mut Tape::of(Vec::new()));
    let text = changes.iter().fold(simplest, |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let case = advantage(&random::parse(&text)).unwrap();
    let costs = |text: &str| -> Vec<String> {
        let tariff = random::parse(text);
        let line = |quantity| Ordered {
            product: "red-a".to_owned(),
            currency: "CHF".to_owned(),
            quantity,
            tier_count: Some(quantity),
            case,
        };
        (1..5).map(|quantity| cost(&tariff, &line(quantity)).unwrap().to_string()).collect()
    };
    assert_eq!(costs(&text), ["0.01", "0.02", "0.01", "0.02"]);
    assert_eq!(costs(&text.replace("at = \"step\"", "at = \"end\"")), ["0.01"; 4]);
}
