//! Partners whose yearly volume is below the programme's minimum: to be looked at, never refused anything.
//!
//! A partner's products are worth at least CHF 2000 or EUR 1800 a year, that very amount included (ELI-02). The
//! two are no exchange rate: each currency is held against its own minimum, and one that is reached is enough.
//! No document says what follows from falling short, so nothing does but a line in a list (CON-30).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::tariff::Tariff;

/// List prices of a year by partner and currency.
pub type Volumes = BTreeMap<(String, String), Decimal>;

/// A partner to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The partner's id.
    pub partner: String,
    /// ISO 4217 code.
    pub currency: String,
    /// List prices of the year, net of tax.
    pub volume: Decimal,
    /// What they should come to at least.
    pub minimum: Decimal,
}

/// The partners below the minimum in every currency they order in, one entry a currency.
pub fn below_minimum(tariff: &Tariff, volumes: &Volumes) -> Vec<Review> {
    let minimum = |currency: &str| tariff.currencies.get(currency)?.min_annual_volume;
    let reached = |(partner, _): &(String, String)| {
        let own = volumes.range((partner.clone(), String::new())..).take_while(|((other, _), _)| other == partner);
        own.into_iter().any(|((_, currency), volume)| minimum(currency).is_some_and(|minimum| *volume >= minimum))
    };
    let below = volumes.iter().filter(|(key, _)| !key.0.is_empty() && !reached(key));
    below
        .filter_map(|((partner, currency), volume)| {
            Some(Review {
                partner: partner.clone(),
                currency: currency.clone(),
                volume: *volume,
                minimum: minimum(currency)?,
            })
        })
        .collect()
}
