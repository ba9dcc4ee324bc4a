//! An order is its lines: priced together or apart, in any order, and tomorrow again, they cost the same.

use std::cell::Cell;

use mandat::pricing::{
    benefit::Case,
    order::{Line as OrderLine, Order, Terms},
    quote,
    receipt::{self, Line, Receipt},
    tariff::Tariff,
    words::Kind,
};
use proptest::{prop_assert_eq, test_runner::TestCaseError};

use super::{CASES, random};
use crate::{
    pricing::arithmetic,
    properties::tape::{self, Tape},
};

/// A random order of a few lines without counts of their own, but where only the caller can count.
fn order(tape: &mut Tape, tariff: &Tariff) -> (Order, Terms) {
    let case = random::case(tape, tariff);
    let lines: Vec<OrderLine> = (0..2 + tape.below(5))
        .map(|number| {
            let products: Vec<_> = tariff.products.values().collect();
            let product = tape.pick(&products);
            let quantity = u32::try_from(1 + tape.below(60)).unwrap();
            OrderLine {
                id: number.to_string(),
                product: product.id.to_string(),
                quantity,
                tier_count: (product.family.tier.as_deref() == Some("running")).then_some(quantity + 7),
                existing: None,
                managed: None,
                kind: Kind::Order,
            }
        })
        .collect();
    let terms = Terms {
        access: case.access,
        payment: case.payment,
        client: None,
        partner: None,
        payer: case.payer,
        country: None,
        vat_number: None,
        managed: vec![case.managed; lines.len()],
    };
    let order = Order {
        at: "2026-10-01T12:00:00Z".parse().unwrap(),
        currency: "CHF".to_owned(),
        actor: None,
        client: None,
        partner: None,
        placed_by: case.by,
        payer: case.payer.word().to_owned(),
        agreement: None,
        stated: None,
        lines,
    };
    (order, terms)
}

/// All that receipts say, as text.
fn texts(receipts: &[Receipt]) -> Vec<String> {
    receipts.iter().map(arithmetic::receipt_text).collect()
}

/// The items that count together on an order: those of the first two families, by the names of their products.
fn counted_together(order: &Order) -> u32 {
    let shared = |line: &&OrderLine| line.product.starts_with("red") || line.product.starts_with("blue");
    order.lines.iter().filter(shared).map(|line| line.quantity).sum()
}

/// 5. The lines of an order, each for itself with that count, cost the same.
fn apart(tape: Tape, count: fn(&Order, &OrderLine) -> u32) -> Result<(), TestCaseError> {
    let mut tape = tape;
    let tariff = random::parse(&random::tariff(&mut tape));
    for _ in 0..8 {
        let (order, terms) = order(&mut tape, &tariff);
        let together = quote::price(&tariff, &order, &terms).unwrap();
        let case = Case {
            access: terms.access,
            payment: terms.payment,
            by: order.placed_by,
            payer: terms.payer,
            managed: terms.managed[0],
        };
        let single = |line: &OrderLine| {
            let tier_count = line.tier_count.or_else(|| Some(count(&order, line)).filter(|count| *count > 0));
            let line = Line { product: &line.product, currency: "CHF", quantity: line.quantity, tier_count, case };
            receipt::price(&tariff, &line).unwrap()
        };
        let apart: Vec<Receipt> = order.lines.iter().map(single).collect();
        prop_assert_eq!(texts(&together), texts(&apart));
    }
    Ok(())
}

#[test]
fn a_mixed_order_costs_what_its_lines_cost_apart() {
    let count =
        |order: &Order, line: &OrderLine| if line.product.starts_with("grey") { 0 } else { counted_together(order) };
    tape::holds(CASES, |tape| apart(tape, count));
}

/// The control: each line counted for itself.
#[test]
fn counting_each_line_for_itself_is_noticed() {
    tape::fails(CASES, |tape| apart(tape, |_, line| line.quantity));
}

/// 5. The order in which lines stand changes nothing, with the same receipt for each line.
fn permuted(mut tape: Tape, back: impl Fn(&mut Vec<String>)) -> Result<(), TestCaseError> {
    let tariff = random::parse(&random::tariff(&mut tape));
    for _ in 0..8 {
        let (mut order, terms) = order(&mut tape, &tariff);
        let receipts = quote::price(&tariff, &order, &terms).unwrap();
        order.lines.reverse();
        let turned = tape.below(order.lines.len());
        order.lines.rotate_left(turned);
        let again = quote::price(&tariff, &order, &terms).unwrap();
        let mut found = texts(&again);
        found.rotate_right(turned);
        back(&mut found);
        prop_assert_eq!(texts(&receipts), found);
        prop_assert_eq!(quote::totals(&receipts), quote::totals(&again));
    }
    Ok(())
}

#[test]
fn the_order_of_lines_changes_nothing() {
    tape::holds(CASES, |tape| permuted(tape, |found| found.reverse()));
}

/// The control: receipts that stay where they were, under the wrong lines.
#[test]
fn receipts_under_the_wrong_line_are_noticed() {
    tape::fails(CASES, |tape| permuted(tape, |_| {}));
}

/// 9. The same text and the same line give the same bytes; other bytes of the text have another hash.
#[test]
fn the_same_input_gives_the_same_bytes() {
    let priced = Cell::new(0);
    tape::holds(CASES, |mut tape| {
        let text = random::tariff(&mut tape);
        let (first, second) = (random::parse(&text), random::parse(&text));
        let changed = random::parse(&format!("{text}# a remark\n"));
        prop_assert_eq!(&first.sha256, &second.sha256);
        prop_assert_eq!(first.sha256 == changed.sha256, false);
        for _ in 0..super::LINES {
            let line = random::any_line(&mut tape, &first);
            let bytes = |tariff: &Tariff| {
                let receipt = receipt::price(tariff, &line.line());
                receipt
                    .map(|receipt| format!("{receipt:?}{}", arithmetic::receipt_text(&receipt)))
                    .map_err(|e| e.to_string())
            };
            priced.set(priced.get() + usize::from(bytes(&first).is_ok()));
            prop_assert_eq!(bytes(&first), bytes(&first));
            prop_assert_eq!(bytes(&first), bytes(&second));
        }
        Ok(())
    });
    assert!(priced.get() > 100);
}

/// The control: a moved line of the file or another rate shows in the bytes.
#[test]
fn another_tariff_gives_other_bytes() {
    tape::fails(CASES, |mut tape| {
        let text = random::tariff(&mut tape);
        let (first, moved) = (random::parse(&text), random::parse(&format!("\n{text}")));
        let line = random::line(&mut tape, &first);
        let bytes = |tariff: &Tariff| receipt::price(tariff, &line.line()).map(|receipt| format!("{receipt:?}"));
        prop_assert_eq!(bytes(&first), bytes(&moved));
        Ok(())
    });
}
