//! A price as people read it: the amounts one below the other, as they come about.

use rust_decimal::Decimal;

use crate::{
    engine::quote::Priced,
    pricing::{
        money,
        order::{Line, Order},
        receipt::{Amounts, Op, Receipt, Step},
        words::Outcome,
    },
};

/// Widths of the columns: what, how, amount, running amount.
const WHAT: usize = 20;
const HOW: usize = 22;
const AMOUNT: usize = 12;

/// All lines of a priced order, their sums and the tax; with `explain` every step.
pub fn price(price: &Priced, order: &Order, explain: bool) -> String {
    let mut lines = Vec::new();
    for (line, receipt) in order.lines.iter().zip(&price.receipts) {
        lines.extend(receipt_lines(line, receipt, order, price, explain));
        lines.push(String::new());
    }
    lines.extend(sums(price, order));
    lines.push(format!("tariff {} v{}, sha256 {}", price.tariff.id, price.tariff.version, price.tariff.sha256));
    let mut questions: Vec<&str> = Vec::new();
    for question in price.receipts.iter().flat_map(|receipt| &receipt.questions) {
        if !questions.contains(&&***question) {
            questions.push(question);
        }
    }
    questions.extend(price.tax.iter().flat_map(|tax| tax.questions.iter().map(|question| &**question)));
    lines.extend(questions.into_iter().map(|question| format!("open question {question}")));
    lines.iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn receipt_lines(line: &Line, receipt: &Receipt, order: &Order, price: &Priced, explain: bool) -> Vec<String> {
    let mut lines = vec![format!("line {}: {} × {}, {}", line.id, line.quantity, line.product, order.currency)];
    let Some(amounts) = &receipt.amounts else {
        lines.push(format!("  refused: {}", receipt.refusal().unwrap_or_default()));
        return lines;
    };
    if explain {
        lines.extend(receipt.steps.iter().map(|step| step_line(step, line, receipt.scale)));
    }
    lines.extend(outcome(amounts, receipt, price));
    lines.push(format!(
        "  {:WHAT$} benefit {} at {}, weakest source: {}",
        "because of",
        receipt.benefit.id,
        receipt.benefit.basis.at,
        receipt.weakest.word()
    ));
    lines
}

fn step_line(step: &Step, line: &Line, scale: u32) -> String {
    let amount = |amount: Decimal| money::text(amount.round_dp(scale.max(6)), scale);
    let how = match (step.op, step.rate) {
        (Op::List, _) => format!("{} × {}", line.quantity, amount(step.base)),
        (Op::PreferentialPrice, _) => format!("at {} each", amount(step.base)),
        (_, Some(rate)) => {
            let percent = (rate * Decimal::ONE_HUNDRED).round_dp(4).normalize();
            format!("-{percent} % of {}", amount(step.base))
        }
        (_, None) => format!("of {}", amount(step.base)),
    };
    let name = step.op.name().replace('_', " ");
    let added = if step.op == Op::List { String::new() } else { amount(step.amount) };
    format!(
        "  {name:WHAT$} {how:HOW$} {added:>AMOUNT$} {running:>AMOUNT$}   {} ({}, {}: {})",
        step.basis.path,
        step.basis.place,
        step.basis.strength.word(),
        step.basis.source,
        running = amount(step.running),
    )
}

fn outcome(amounts: &Amounts, receipt: &Receipt, price: &Priced) -> Vec<String> {
    let row = |what: &str, how: &str, amount: Decimal| {
        format!("  {what:WHAT$} {how:HOW$} {:>AMOUNT$} {:>AMOUNT$}", "", money::text(amount, receipt.scale))
    };
    let payer = format!("to the {}", price.payer.word());
    let charged = match receipt.outcome {
        Outcome::Discount => format!("{payer}, discounted"),
        _ => format!("{payer}, list price"),
    };
    let mut rows = vec![row("charged", &charged, amounts.charged)];
    if receipt.outcome == Outcome::Cashback {
        rows.push(row("cashback", "to the partner", amounts.cashback));
    }
    rows
}

fn sums(price: &Priced, order: &Order) -> Vec<String> {
    let scale = price.receipts.first().map_or(2, |receipt| receipt.scale);
    let totals = &price.totals;
    let mut lines = vec![format!(
        "total {}: list {}, charged {}, cashback {} (net of tax)",
        order.currency,
        money::text(totals.list, scale),
        money::text(totals.charged, scale),
        money::text(totals.cashback, scale)
    )];
    if let Some(tax) = &price.tax {
        let amount = match (tax.rate, tax.amount(totals.charged, scale)) {
            (Some(rate), Some(amount)) => {
                format!("{} % {}", (rate * Decimal::ONE_HUNDRED).normalize(), money::text(amount, scale))
            }
            _ => "rate not known".to_owned(),
        };
        let note = tax.note.as_ref().map_or_else(String::new, |note| format!("; {note}"));
        let basis = tax.rate_basis.or(tax.basis);
        let place = basis.map_or_else(String::new, |basis| format!(" ({}, {})", basis.place, basis.source));
        lines.push(format!("tax {}: {amount}{place}{note}", tax.treatment.word().replace('_', " ")));
    }
    lines
}
