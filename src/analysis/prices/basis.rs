//! Which entries of the tariffs and taxes the answer to a case rests on, under the names by which the register of rules
//! calls them.

use std::collections::BTreeSet;

use super::Asked;
use crate::{
    bundle::tariffs::Tariffs,
    pricing::{
        order::Order,
        quote,
        tariff::{Basis, Tariff},
        tax::Tax,
        words::Outcome,
    },
};

/// The entries, by name; none where the case is rejected.
pub fn of(tariffs: &Tariffs, asked: &Asked) -> BTreeSet<String> {
    match asked {
        Asked::Order(order) => of_order(tariffs, order),
        Asked::Tax { at, country, vat_number, .. } => {
            let taxes = tariffs.taxes.as_ref();
            taxes.map(|taxes| of_tax(&taxes.treat(country.as_deref(), vat_number.as_deref(), *at))).unwrap_or_default()
        }
        Asked::Volume { at, currency, .. } => {
            let tariff = tariffs.book.at(*at);
            tariff.map(|tariff| of_currency(tariff, currency).collect()).unwrap_or_default()
        }
    }
}

fn of_order(tariffs: &Tariffs, order: &Order) -> BTreeSet<String> {
    let Ok(tariff) = quote::tariff_of(&tariffs.book, order) else { return BTreeSet::new() };
    let Some(Ok(terms)) = order.stated.as_ref().map(|stated| stated.terms(order)) else { return BTreeSet::new() };
    let Ok(receipts) = quote::price(tariff, order, &terms) else { return BTreeSet::new() };
    let named = |basis: &Basis| name(tariff, basis);
    let mut entries: BTreeSet<String> = of_currency(tariff, &order.currency).collect();
    entries.insert(named(&tariff.pricing.basis));
    for receipt in &receipts {
        entries.insert(named(&receipt.benefit.basis));
        entries.extend(receipt.steps.iter().map(|step| named(step.basis)));
        if receipt.outcome == Outcome::Cashback {
            entries.insert(named(&tariff.pricing.cashback_basis));
        }
    }
    if terms.country.is_some()
        && let Some(taxes) = &tariffs.taxes
    {
        entries.extend(of_tax(&taxes.treat(terms.country.as_deref(), terms.vat_number.as_deref(), order.at)));
    }
    entries
}

fn of_currency<'t>(tariff: &'t Tariff, code: &str) -> impl Iterator<Item = String> + 't {
    tariff.currencies.get(code).into_iter().map(|currency| name(tariff, &currency.basis))
}

fn of_tax(tax: &Tax) -> BTreeSet<String> {
    tax.basis.iter().chain(&tax.rate_basis).map(|basis| format!("tax:{}", basis.path)).collect()
}

fn name(tariff: &Tariff, basis: &Basis) -> String {
    format!("tariff:{}/{}", tariff.id, basis.path)
}
