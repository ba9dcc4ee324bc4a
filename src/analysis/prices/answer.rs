//! What a bundle's tariffs and taxes answer to a case, and how that differs from what was expected.

use rust_decimal::Decimal;

use super::{Answer, Asked, Case, Said};
use crate::{
    bundle::tariffs::Tariffs,
    pricing::{
        order::{Order, Rejected},
        quote,
        receipt::Receipt,
        review::{Volumes, below_minimum},
        tax::Tax,
    },
    problem::{Problem, Problems},
};

/// Answers a case.
pub fn answer(tariffs: &Tariffs, asked: &Asked) -> Answer {
    let mut answer = Answer::new();
    match asked {
        Asked::Order(order) => {
            if let Err(rejected) = price(tariffs, order, &mut answer) {
                answer.insert("rejected".to_owned(), word(rejected.kind.name()));
            }
        }
        Asked::Tax { at, country, vat_number, net } => {
            let taxes = tariffs.taxes.as_ref();
            if let Some(tax) = taxes.map(|taxes| taxes.treat(country.as_deref(), vat_number.as_deref(), *at)) {
                taxed(&tax, *net, 2, &mut answer);
            }
        }
        Asked::Volume { at, currency, volume } => {
            let volumes = Volumes::from([(("a".to_owned(), currency.clone()), *volume)]);
            let below = tariffs.book.at(*at).map(|tariff| !below_minimum(tariff, &volumes).is_empty());
            answer.insert("below".to_owned(), word(if below == Some(true) { "yes" } else { "no" }));
        }
    }
    answer
}

/// Each case that comes out otherwise than it says, as a problem.
pub fn check(tariffs: &Tariffs, cases: &[Case]) -> Problems {
    let mut problems = Problems::default();
    for case in cases {
        let differences = differences(tariffs, case);
        if !differences.is_empty() {
            let message = format!("{}: the price case \"{}\": {}", case.at, case.name, differences.join("; "));
            problems.push(
                Problem::new(message).help("change the tariff, or what the case expects; `mandat test` shows them all"),
            );
        }
    }
    problems
}

/// How the answer differs from what was expected; empty if it does not.
pub fn differences(tariffs: &Tariffs, case: &Case) -> Vec<String> {
    let found = answer(tariffs, &case.asked);
    let differs = |(name, expected): (&String, &Said)| match found.get(name) {
        Some(said) if said == expected => None,
        Some(said) => Some(format!("expected {name} {expected}, got {said}")),
        None => Some(format!("expected {name} {expected}, but there is none{}", instead(&found))),
    };
    case.expected.iter().filter_map(differs).collect()
}

fn instead(found: &Answer) -> String {
    let reason = ["rejected", "outcome", "treatment"].into_iter().find_map(|name| Some((name, found.get(name)?)));
    reason.map_or_else(String::new, |(name, said)| format!(": {name} {said}"))
}

fn word(word: &str) -> Said {
    Said::Word(word.to_owned())
}

fn price(tariffs: &Tariffs, order: &Order, answer: &mut Answer) -> Result<(), Rejected> {
    let tariff = quote::tariff_of(&tariffs.book, order)?;
    let Some(stated) = &order.stated else { return Ok(()) };
    let terms = stated.terms(order)?;
    let receipts = quote::price(tariff, order, &terms)?;
    let families = quote::families(tariff, order)?;
    answer.insert("version".to_owned(), Said::Number(Decimal::from(tariff.version)));
    for (number, receipt) in receipts.iter().enumerate() {
        let path = if receipts.len() == 1 { String::new() } else { format!("lines[{number}].") };
        line(&path, receipt, answer);
        // The decision on an order is asked with it.
        answer.insert(format!("{path}family"), word(families[number]));
    }
    if terms.country.is_some()
        && let Some(taxes) = &tariffs.taxes
    {
        let tax = taxes.treat(terms.country.as_deref(), terms.vat_number.as_deref(), order.at);
        let scale = receipts.first().map_or(2, |receipt| receipt.scale);
        taxed(&tax, quote::totals(&receipts).charged, scale, answer);
    }
    Ok(())
}

fn line(path: &str, receipt: &Receipt, answer: &mut Answer) {
    let mut say = |name: &str, said: Said| answer.insert(format!("{path}{name}"), said);
    say("outcome", word(receipt.outcome.word()));
    say("row", word(&receipt.benefit.id));
    if let Some(amounts) = receipt.amounts {
        say("list", Said::Number(amounts.list));
        say("preferential", Said::Number(amounts.preferential));
        say("charged", Said::Number(amounts.charged));
        say("cashback", Said::Number(amounts.cashback));
    }
}

fn taxed(tax: &Tax, net: Decimal, scale: u32, answer: &mut Answer) {
    answer.insert("treatment".to_owned(), word(tax.treatment.word()));
    if let (Some(rate), Some(amount)) = (tax.rate, tax.amount(net, scale)) {
        answer.insert("tax_rate".to_owned(), Said::Number(rate));
        answer.insert("tax".to_owned(), Said::Number(amount));
    }
}
