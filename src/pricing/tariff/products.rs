//! Currencies, families and products: what things cost, within the bounds that the tariff itself states.
//!
//! Codes: E013 unknown currency, E014 a price that cannot be paid, E015 no ISO 4217 currency, E016 a scale that is not
//! the currency's, E017 a product without a price, E018 no billing period, E030 partner discount above its maximum,
//! E031 partner's price further below the list price than that, E032 partner's price above it.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Span;
use rust_decimal::Decimal;

use super::{BillingPeriod, Currency, Family, Price, Product, read::Reading};
use crate::pricing::{
    money::text,
    toml_form::{
        read::{At, Entry},
        wording::list,
    },
    words::nearest,
};

/// Most digits behind the point of any currency; more are told by the form.
const MAX_SCALE: u32 = 4;

type Currencies = BTreeMap<Arc<str>, Currency>;
type Families = BTreeMap<Arc<str>, Arc<Family>>;

/// Reads `[currency]`.
pub(super) fn currencies(reading: &mut Reading, file: Entry) -> Currencies {
    let entries = file.named("currency").into_iter();
    entries.filter_map(|entry| Some((entry.name.into(), currency(reading, entry)?))).collect()
}

fn currency(reading: &mut Reading, entry: Entry) -> Option<Currency> {
    let basis = reading.basis(entry, format!("currency.{}", entry.name));
    let scale = entry.integer("scale")?;
    let Some(iso) = iso_currency::Currency::from_code(entry.name) else {
        let problem =
            entry.problem(entry.span(), format!("\"{}\" is no currency of ISO 4217", entry.name)).code("E015");
        reading.problems.push(problem.help("write its code of three capital letters, such as CHF"));
        return None;
    };
    let digits = iso.exponent().map_or(0, u32::from);
    if digits != scale.value && scale.value <= MAX_SCALE {
        let problem = entry
            .problem(scale.span, format!("{} has {digits} digits behind the point, not {}", entry.name, scale.value));
        reading.problems.push(problem.code("E016").help(format!("write scale = {digits}")));
        return None;
    }
    let increment = reading.amount(entry, entry.number("payable_increment")?, "payable_increment", scale.value)?;
    if increment.is_zero() {
        let problem = entry.problem(entry.key_span("payable_increment"), "payable_increment is 0").code("E014");
        reading.problems.push(problem.help("write the smallest amount that can be paid, such as 0.01"));
        return None;
    }
    let minimum = match entry.number("min_annual_volume") {
        Some(number) => Some(reading.amount(entry, number, "min_annual_volume", scale.value)?),
        None => None,
    };
    Some(Currency {
        code: entry.name.into(),
        scale: scale.value,
        payable_increment: increment,
        min_annual_volume: minimum,
        basis: basis?,
    })
}

/// Reads `[family]`.
pub(super) fn families(reading: &mut Reading, file: Entry, rate_max: Option<Decimal>) -> Families {
    let entries = file.named("family").into_iter();
    entries.filter_map(|entry| Some((entry.name.into(), Arc::new(family(reading, file, entry, rate_max)?)))).collect()
}

fn family(reading: &mut Reading, file: Entry, entry: Entry, rate_max: Option<Decimal>) -> Option<Family> {
    let basis = reading.basis(entry, format!("family.{}", entry.name));
    let written = entry.number("partner_discount").and_then(Result::ok);
    let discount = match entry.number("partner_discount") {
        Some(_) => Some(reading.rate(entry, "partner_discount")?),
        None => None,
    };
    if let (Some(rate), Some(At { value: (_, text), span }), Some(rate_max)) = (discount, written, rate_max)
        && rate > rate_max
    {
        let message = format!(
            "partner_discount {text} of family \"{}\" exceeds partner_rate_max {}",
            entry.name,
            maximum(file, rate_max)
        );
        reading.problems.push(entry.problem(span, message).code("E030").help("lower it, or raise the maximum"));
    }
    let tier = entry.text("tier");
    if let Some(tier) = &tier {
        reading.tier_named(entry, tier);
    }
    Some(Family {
        id: entry.name.into(),
        partner_discount: discount,
        tier: tier.map(|tier| tier.value.into()),
        basis: basis?,
    })
}

/// `0.35 set at line 23:20`.
fn maximum(file: Entry, rate_max: Decimal) -> String {
    let number = file.table("pricing").and_then(|entry| entry.number("partner_rate_max")).and_then(Result::ok);
    number.map_or_else(
        || rate_max.to_string(),
        |At { value: (_, text), span }| {
            let at = file.source.location(span.start);
            format!("{text} set at line {}:{}", at.line, at.column)
        },
    )
}

/// Reads `[product]`.
pub(super) fn products(
    reading: &mut Reading,
    file: Entry,
    currencies: &Currencies,
    families: &Families,
    rate_max: Option<Decimal>,
) -> BTreeMap<Arc<str>, Product> {
    let mut products = BTreeMap::new();
    for entry in file.named("product") {
        if let Some(product) = product(reading, file, entry, currencies, families, rate_max) {
            products.insert(Arc::from(entry.name), product);
        }
    }
    products
}

fn product(
    reading: &mut Reading,
    file: Entry,
    entry: Entry,
    currencies: &Currencies,
    families: &Families,
    rate_max: Option<Decimal>,
) -> Option<Product> {
    let basis = reading.basis(entry, format!("product.{}", entry.name));
    let preferential_basis = match entry.text("preferential_source") {
        Some(_) => reading.basis_of(entry, format!("product.{}", entry.name), "preferential_source"),
        None => basis.clone(),
    };
    let list = prices(reading, file, entry, "list", currencies);
    let preferential = prices(reading, file, entry, "preferential", currencies);
    if entry.names("list").is_some_and(|names| names.is_empty()) {
        let problem = entry.problem(entry.key_span("list"), format!("product \"{}\" has no list price", entry.name));
        reading.problems.push(problem.code("E017").help("write list = { CHF = … }"));
    }
    let listed = entry.names("list");
    for (code, (price, span)) in &preferential {
        let Some(currency) = currencies.get(code) else { continue };
        let beside = list.get(code).map(|(list, _)| *list);
        if beside.is_none() && listed.as_ref().is_none_or(|names| names.contains(&**code)) {
            // The list price has a fault of its own, which was told.
            continue;
        }
        let fault = below(*price, beside, currency, rate_max, file);
        if let Some((code, message, help)) = fault {
            reading.problems.push(entry.problem(span.clone(), message).code(code).help(help));
        }
    }
    let period = billing_period(reading, entry);
    let named = entry.text("family")?;
    reading.family_named(entry, &named);
    let prices = list.into_iter().map(|(currency, (list, _))| {
        let preferential = preferential.get(&currency).map(|(price, _)| *price);
        (currency, Price { list, preferential })
    });
    Some(Product {
        id: entry.name.into(),
        prices: prices.collect(),
        family: families.get(named.value)?.clone(),
        period: period?,
        basis: basis?,
        preferential_basis: preferential_basis?,
    })
}

/// What is wrong with a partner's price: the bound of the discount is a bound of the price too (PRC-04).
fn below(
    price: Decimal,
    list: Option<Decimal>,
    currency: &Currency,
    rate_max: Option<Decimal>,
    file: Entry,
) -> Option<(&'static str, String, String)> {
    let code = &currency.code;
    let Some(list) = list else {
        return Some((
            "E032",
            format!("the preferential price in {code} has no list price beside it"),
            format!("write list = {{ {code} = … }} too"),
        ));
    };
    if price > list {
        return Some((
            "E032",
            format!("the preferential price {code} {price} is above the list price {list}"),
            "a partner pays at most the list price".to_owned(),
        ));
    }
    let rate_max = rate_max?;
    let least = list * (Decimal::ONE - rate_max);
    (price < least).then(|| {
        let message = format!(
            "the preferential price {code} {price} is further below the list price {list} than partner_rate_max {}",
            maximum(file, rate_max)
        );
        let payable = (least / currency.payable_increment).ceil() * currency.payable_increment;
        ("E031", message, format!("write at least {}, or raise the maximum", text(payable, currency.scale)))
    })
}

type Prices = BTreeMap<Arc<str>, (Decimal, std::ops::Range<usize>)>;

/// The amounts of `list` or `preferential`, by currency.
fn prices(reading: &mut Reading, file: Entry, entry: Entry, key: &str, currencies: &Currencies) -> Prices {
    let mut prices = BTreeMap::new();
    for (code, number) in entry.numbers(key) {
        let Some(currency) = currencies.get(code.value) else {
            reading.problems.extend(unknown_currency(file, entry, &code));
            continue;
        };
        let span = number.as_ref().map(|number| number.span.clone()).unwrap_or_default();
        let what = format!("{} {key} price of \"{}\"", code.value, entry.name);
        let Some(price) = reading.amount(entry, number, &what, currency.scale) else { continue };
        if !(price % currency.payable_increment).is_zero() {
            let problem = entry.problem(span, format!("{what} {price} cannot be paid")).code("E014");
            reading
                .problems
                .push(problem.help(format!("write a multiple of payable_increment {}", currency.payable_increment)));
            continue;
        }
        prices.insert(currency.code.clone(), (price, span));
    }
    prices
}

/// A currency without an entry; nothing if its entry is there and has a problem of its own.
fn unknown_currency(file: Entry, entry: Entry, code: &At<&str>) -> Option<crate::problem::Problem> {
    let known = file.names("currency").filter(|known| !known.contains(code.value))?;
    let help = match nearest(code.value, known.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None if known.is_empty() => "write it under [currency]".to_owned(),
        None => format!("write it under [currency], or name {}", list(known, "or")),
    };
    Some(entry.problem(code.span.clone(), format!("unknown currency \"{}\"", code.value)).code("E013").help(help))
}

/// `P1M`, `P1Y`, `P7D`: ISO 8601 durations of whole days, weeks, months or years.
fn billing_period(reading: &mut Reading, entry: Entry) -> Option<BillingPeriod> {
    let written = entry.text("period")?;
    // The parser knows times and spellings such as "1 month" too, which other readers of the file would not.
    let dated = |text: &&str| text.starts_with('P') && text.chars().all(|c| c.is_ascii_digit() || "PYMWD".contains(c));
    let span =
        Some(written.value).filter(dated).and_then(|text| text.parse::<Span>().ok()).filter(|span| span.is_positive());
    let (long, short) = span
        .map_or((0, 0), |span| (i32::from(span.get_years()) + span.get_months(), span.get_weeks() + span.get_days()));
    match (long > 0, short > 0) {
        (true, false) => Some(BillingPeriod::Months),
        (false, true) => Some(BillingPeriod::Days),
        _ => {
            let problem =
                entry.problem(written.span, format!("\"{}\" is no billing period", written.value)).code("E018");
            reading.problems.push(problem.help("write P1M for a month, P1Y for a year, P1D for a day"));
            None
        }
    }
}
