//! Amounts fit together: steps to the preferential price, charge and cashback to it, lines to their sum.

use mandat::pricing::{
    quote,
    receipt::{Amounts, Receipt},
    tariff::Tariff,
    words::{Operation, Outcome, RoundingMode, RoundingPoint, TierMode},
};
use proptest::{prop_assert, prop_assert_eq, test_runner::TestCaseError};
use rust_decimal::Decimal;

use super::{CASES, Ordered, Seen, as_they_are, of_receipts};
use crate::properties::tape;

/// 1. Charged less cashback is the preferential price, and there is one advantage or the other, never both.
fn discount_or_cashback(receipt: &Receipt) -> Result<(), TestCaseError> {
    let Some(Amounts { list, preferential, charged, cashback }) = receipt.amounts else { return Ok(()) };
    if matches!(receipt.outcome, Outcome::Discount | Outcome::Cashback) {
        prop_assert_eq!(charged - cashback, preferential);
    }
    prop_assert!(charged == list || cashback.is_zero(), "{:?}", receipt.amounts);
    match receipt.outcome {
        Outcome::Discount => prop_assert!(charged == preferential && cashback.is_zero()),
        Outcome::Cashback => prop_assert!(charged == list && !cashback.is_sign_negative()),
        _ => {}
    }
    Ok(())
}

/// 2. The steps add up from the list price to the preferential price, which lies between nothing and the list.
fn steps_add_up(receipt: &Receipt) -> Result<(), TestCaseError> {
    let Some(Amounts { list, preferential, .. }) = receipt.amounts else { return Ok(()) };
    let after_list: Decimal = receipt.steps.iter().skip(1).map(|step| step.amount).sum();
    prop_assert_eq!(receipt.steps[0].amount, list);
    prop_assert_eq!(list + after_list, preferential, "{:?}", receipt.steps);
    prop_assert!(Decimal::ZERO <= preferential && preferential <= list, "{:?}", receipt.amounts);
    let mut running = Decimal::ZERO;
    for step in &receipt.steps {
        running += step.amount;
        prop_assert_eq!(running, step.running, "{:?}", receipt.steps);
    }
    Ok(())
}

/// 3. What is refused has no amounts, and without an advantage the list price is charged.
fn refused_and_none(receipt: &Receipt) -> Result<(), TestCaseError> {
    prop_assert_eq!(receipt.outcome == Outcome::Refused, receipt.amounts.is_none());
    prop_assert_eq!(receipt.refusal().is_some(), receipt.amounts.is_none());
    if let (Outcome::None, Some(amounts)) = (receipt.outcome, receipt.amounts) {
        let Amounts { list, preferential, charged, cashback } = amounts;
        prop_assert!(charged == list && preferential == list && cashback.is_zero(), "{:?}", amounts);
    }
    prop_assert!(receipt.outcome != Outcome::Refused || receipt.steps.is_empty());
    Ok(())
}

#[test]
fn amounts_fit_together() {
    let seen = Seen::default();
    tape::holds(
        CASES,
        of_receipts(as_they_are, |_, _, receipt| {
            seen.note(receipt.outcome.word());
            discount_or_cashback(receipt)?;
            steps_add_up(receipt)?;
            refused_and_none(receipt)
        }),
    );
    seen.expect(&[("discount", 150), ("cashback", 150), ("none", 60), ("refused", 60)]);
}

fn cent(receipt: &Receipt) -> Decimal {
    Decimal::new(1, receipt.scale)
}

/// The controls: receipts with one mistake each.
#[test]
fn amounts_that_do_not_fit_are_noticed() {
    let both = |receipt: &mut Receipt| {
        if let (Outcome::Cashback, Some(amounts)) = (receipt.outcome, &mut receipt.amounts) {
            amounts.charged = amounts.preferential;
        }
    };
    tape::fails(CASES, of_receipts(both, |_, _, receipt| discount_or_cashback(receipt)));
    let lost = |receipt: &mut Receipt| receipt.steps.truncate(2);
    tape::fails(CASES, of_receipts(lost, |_, _, receipt| steps_add_up(receipt)));
    let above = |receipt: &mut Receipt| {
        let cent = cent(receipt);
        if let (Some(amounts), [_, .., last]) = (&mut receipt.amounts, &mut receipt.steps[..]) {
            let more = amounts.list + cent - amounts.preferential;
            (amounts.preferential, last.amount) = (amounts.preferential + more, last.amount + more);
            last.running += more;
        }
    };
    let failure = tape::fails(CASES, of_receipts(above, |_, _, receipt| steps_add_up(receipt)));
    assert!(failure.contains("Amounts"), "the steps add up, only the sum is too large: {failure}");
    let charged = |receipt: &mut Receipt| {
        let cent = cent(receipt);
        receipt.amounts.iter_mut().for_each(|amounts| amounts.charged += cent);
    };
    tape::fails(CASES, of_receipts(charged, |_, _, receipt| refused_and_none(receipt)));
    let priced = |receipt: &mut Receipt| {
        let nothing = Amounts {
            list: Decimal::ZERO,
            preferential: Decimal::ZERO,
            charged: Decimal::ZERO,
            cashback: Decimal::ZERO,
        };
        receipt.amounts.get_or_insert(nothing);
    };
    tape::fails(CASES, of_receipts(priced, |_, _, receipt| refused_and_none(receipt)));
}

/// What a line costs a partner before anything is rounded, in smallest units, as a fraction.
pub(super) fn exact(tariff: &Tariff, line: &Ordered) -> (i128, i128) {
    let product = &tariff.products[&*line.product];
    let price = product.prices[&*line.currency];
    let scale = tariff.currencies[&*line.currency].scale;
    let (list, quantity) = (whole(price.list, scale), i128::from(line.quantity));
    let (mut numerator, mut denominator) = (list * quantity, 1);
    for operation in &tariff.pricing.steps {
        let (times, over) = match operation {
            Operation::List => (1, 1),
            Operation::PartnerDiscount => match (price.preferential, product.family.partner_discount) {
                (Some(_), _) if list == 0 => (1, 1),
                (Some(own), _) => (whole(own, scale), list),
                (None, Some(rate)) => (1_000_000 - whole(rate, 6), 1_000_000),
                (None, None) => (1, 1),
            },
            Operation::QuantityTier => kept(tariff, line),
        };
        (numerator, denominator) = (numerator * times, denominator * over);
    }
    (numerator, denominator)
}

/// An amount times a power of ten, which must be whole.
fn whole(amount: Decimal, digits: u32) -> i128 {
    let product = amount * Decimal::from(10_u64.pow(digits));
    assert!(product.is_integer(), "{amount}");
    product.trunc().to_string().parse().unwrap()
}

/// What the scale leaves of a price. For graduated scales by what each band's start changes, from its first item
/// to the last: another way than the one under test.
fn kept(tariff: &Tariff, line: &Ordered) -> (i128, i128) {
    let Some(tier) = tariff.products[&*line.product].family.tier.as_ref().map(|tier| &tariff.tiers[tier]) else {
        return (1, 1);
    };
    let (count, quantity) = (i128::from(line.tier_count.unwrap()), i128::from(line.quantity));
    let upto = |places: i128| -> i128 {
        let mut before = 1_000_000;
        let changes = tier.bands.iter().map(|band| {
            let keep = 1_000_000 - whole(band.rate, 6);
            let change = (keep - before) * (places - i128::from(band.from) + 1).max(0);
            before = keep;
            change
        });
        places * 1_000_000 + changes.sum::<i128>()
    };
    match tier.mode {
        TierMode::Volume => {
            let band = tier.bands.iter().rfind(|band| i128::from(band.from) <= count).unwrap();
            (1_000_000 - whole(band.rate, 6), 1_000_000)
        }
        TierMode::Graduated => (upto(count) - upto(count - quantity), quantity * 1_000_000),
    }
}

/// How far from the exact value a line may be, in half smallest units: one for each rounding, two where it only
/// rounds down; what can be paid last.
pub(super) fn leeway(tariff: &Tariff, line: &Ordered, point: RoundingPoint) -> i128 {
    let half = if tariff.pricing.rounding.mode == RoundingMode::Down { 2 } else { 1 };
    let currency = &tariff.currencies[&*line.currency];
    let increment = whole(currency.payable_increment, currency.scale);
    let steps = if point == RoundingPoint::Step { i128::try_from(tariff.pricing.steps.len()).unwrap() - 1 } else { 0 };
    let payable = if increment > 1 || point == RoundingPoint::End { increment } else { 0 };
    half * (steps + payable)
}

/// 6. A line is as near to its exact value as its roundings allow.
fn near_the_exact_value(tariff: &Tariff, line: &Ordered, receipt: &Receipt) -> Result<(), TestCaseError> {
    let (Outcome::Discount | Outcome::Cashback, Some(amounts)) = (receipt.outcome, receipt.amounts) else {
        return Ok(());
    };
    let (numerator, denominator) = exact(tariff, line);
    let off = whole(amounts.preferential, receipt.scale) * denominator - numerator;
    let leeway = leeway(tariff, line, tariff.pricing.rounding.point);
    prop_assert!(2 * off.abs() <= leeway * denominator, "{off}/{denominator} {line:?} {:?}", receipt.amounts);
    if tariff.pricing.rounding.mode == RoundingMode::Down {
        prop_assert!(off <= 0, "{off}/{denominator} above {line:?}");
    }
    Ok(())
}

#[test]
fn a_line_is_as_near_to_its_exact_value_as_rounding_allows() {
    let seen = Seen::default();
    tape::holds(
        CASES,
        of_receipts(as_they_are, |tariff, line, receipt| {
            seen.note(if receipt.steps.iter().any(|step| step.amount.is_zero()) { "idle" } else { "working" });
            near_the_exact_value(tariff, line, receipt)
        }),
    );
    seen.expect(&[("working", 300)]);
}

/// The control: rounding each item instead of the line.
#[test]
fn rounding_the_single_item_is_noticed() {
    let failure = tape::fails(CASES, |tape| {
        super::of_lines(|tariff, line, _| {
            let item = Ordered { quantity: 1, ..line.clone() };
            let Ok(one) = super::decimal_price(tariff, &item.line()) else { return Ok(()) };
            let mut receipt = one.clone();
            if let Some(amounts) = &mut receipt.amounts {
                amounts.preferential *= Decimal::from(line.quantity);
            }
            near_the_exact_value(tariff, line, &receipt)
        })(tape)
    });
    assert!(failure.contains("Ordered"), "{failure}");
}

#[test]
fn the_lines_add_up_to_the_totals() {
    tape::holds(CASES, |mut tape| {
        let tariff = super::random::parse(&super::random::tariff(&mut tape));
        let lines: Vec<Ordered> = (0..super::LINES).map(|_| super::random::line(&mut tape, &tariff)).collect();
        let receipts: Vec<Receipt> =
            lines.iter().filter_map(|line| super::decimal_price(&tariff, &line.line()).ok()).collect();
        let sum = |part: fn(&Amounts) -> Decimal| receipts.iter().filter_map(|r| r.amounts).map(|a| part(&a)).sum();
        let totals = quote::totals(&receipts);
        let sums: [Decimal; 3] = [sum(|a| a.list), sum(|a| a.charged), sum(|a| a.cashback)];
        prop_assert_eq!([totals.list, totals.charged, totals.cashback], sums);
        // The control: one line less is another sum, unless it costs nothing.
        if let [rest @ .., last] = &receipts[..] {
            let free = last.amounts.is_none_or(|amounts| amounts.list.is_zero());
            prop_assert_eq!(quote::totals(rest).list == totals.list, free);
        }
        Ok(())
    });
}
