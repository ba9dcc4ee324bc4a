//! A dozen receipts as people check them: every step, where it stands and what it rests on.
//!
//! `just golden` writes `tests/golden/receipts.txt` anew; its diff is what a change of a tariff does to prices.

use std::fmt::Write as _;

use mandat::pricing::{
    benefit::Case,
    money,
    receipt::{self, Line, Receipt},
    words::{Access, Managed, Outcome, PlacedBy, Side},
};

use super::{CLIENT_PAYS, PARTNER_PAYS, version};
use crate::support::assert_golden;

const TEXT: &str = "tests/golden/receipts.txt";

const LIMITED: Case =
    Case { access: Access::Limited, payment: None, by: PlacedBy::Client, payer: Side::Client, managed: Managed::Yes };

/// What is asked, and what it shows.
fn asked() -> Vec<(&'static str, u32, Line<'static>)> {
    let line = |product, currency, quantity, tier_count, case| Line { product, currency, quantity, tier_count, case };
    let renewal = Case { by: PlacedBy::Renewal, managed: Managed::Yes, ..PARTNER_PAYS };
    let own = Case { access: Access::Own, payment: None, ..PARTNER_PAYS };
    let nobody = Case { access: Access::None, payment: None, ..CLIENT_PAYS };
    let hostings = |currency, case| line("web-hosting", currency, 35, Some(35), case);
    vec![
        ("the documents' example: the partner pays", 1, hostings("CHF", PARTNER_PAYS)),
        ("the documents' example: the client pays", 1, hostings("CHF", CLIENT_PAYS)),
        ("the documents' example in EUR", 1, hostings("EUR", PARTNER_PAYS)),
        ("one item below the threshold", 1, line("web-hosting", "CHF", 34, Some(34), PARTNER_PAYS)),
        ("a renewal that the partner pays", 1, line("mail-hosting", "EUR", 2, Some(40), renewal)),
        ("limited access, a managed product", 1, line("web-hosting", "CHF", 1, Some(1), LIMITED)),
        (
            "limited access, a new product",
            1,
            line("web-hosting", "CHF", 1, Some(1), Case { managed: Managed::New, ..LIMITED }),
        ),
        (
            "limited access, the partner orders",
            1,
            line("web-hosting", "CHF", 1, Some(1), Case { by: PlacedBy::Partner, ..LIMITED }),
        ),
        (
            "the other side's payment method",
            1,
            line("web-hosting", "CHF", 1, Some(1), Case { payer: Side::Client, ..PARTNER_PAYS }),
        ),
        ("a partner for itself", 1, line("storage-1tb", "CHF", 3, Some(3), own)),
        ("no partnership", 1, line("domain-ch", "CHF", 1, None, nobody)),
        ("a partner's own price", 1, line("domain-ch", "CHF", 3, None, PARTNER_PAYS)),
        ("graduated, over two bands", 1, line("storage-1tb", "CHF", 10, Some(54), PARTNER_PAYS)),
        ("what the partner has already counts", 2, line("server-large", "EUR", 1, Some(25), CLIENT_PAYS)),
        ("the next version", 2, line("mail-hosting", "CHF", 15, Some(30), PARTNER_PAYS)),
    ]
}

fn rendered() -> String {
    let mut text = format!("# Written by `just golden`; see {}.\n", file!());
    for (title, number, line) in asked() {
        let receipt = receipt::price(version(number), &line).unwrap();
        let count = line.tier_count.map_or_else(String::new, |count| format!(" of {count}"));
        writeln!(text, "\n{title}: v{number}, {} {}{count}, {}", line.quantity, line.product, line.currency).unwrap();
        text.push_str(&self::text(&receipt));
    }
    text
}

/// A receipt with everything that it says.
pub(in crate::pricing) fn text(receipt: &Receipt) -> String {
    let mut text = String::new();
    for step in &receipt.steps {
        let rate = step.rate.map_or_else(|| "-".to_owned(), |rate| rate.to_string());
        writeln!(
            text,
            "  {:<18} base {:>10}  rate {:>6}  amount {:>10}  running {:>10}  {} at {} ({})",
            step.op.name(),
            step.base,
            rate,
            step.amount,
            step.running,
            step.basis.path,
            step.basis.at,
            step.basis.strength.word()
        )
        .unwrap();
    }
    let (id, at) = (&receipt.benefit.id, &receipt.benefit.basis.at);
    let outcome = receipt.outcome.word();
    let amount = |amount| money::text(amount, receipt.scale);
    match receipt.amounts {
        Some(amounts) => writeln!(
            text,
            "  {outcome} by {id} at {at}: list {}, preferential {}, charged {}, cashback {}",
            amount(amounts.list),
            amount(amounts.preferential),
            amount(amounts.charged),
            amount(amounts.cashback)
        ),
        None => writeln!(text, "  {outcome} by {id} at {at}: {}", receipt.refusal().unwrap()),
    }
    .unwrap();
    writeln!(text, "  weakest source: {}", receipt.weakest.word()).unwrap();
    receipt.questions.iter().for_each(|question| writeln!(text, "  open: {question}").unwrap());
    text
}

#[test]
fn golden_receipts_are_as_reviewed() {
    assert_golden(TEXT, &rendered());
}

#[test]
fn golden_receipts_show_every_outcome_and_step() {
    let text = rendered();
    let outcomes = Outcome::WORDS.iter().map(|outcome| format!("  {outcome} by "));
    let steps = ["list", "partner_discount", "preferential_price", "quantity_tier"].map(|step| format!("  {step} "));
    for needed in outcomes.chain(steps) {
        assert!(text.contains(&needed), "{needed}");
    }
}
