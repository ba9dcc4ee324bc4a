//! The documents' worked example to the cent over the programme's own tariff, and the ways to get it wrong.
//!
//! 35 web hostings: 347.20 on the list, 277.76 after the partner's 20 %, 208.32 after the tier's 25 %, in CHF;
//! 201.25, 161.00 and 120.75 in EUR. Where the partner pays that is the price; where the client pays, the
//! difference to the list price comes back to the partner.

mod quantities;
mod receipts;
mod rounding;

use std::sync::OnceLock;

use mandat::{
    pricing::{
        benefit::Case,
        compiled::{self, Compiled, Priced},
        receipt::{self, Amounts, Line, Receipt, Unpriced},
        tariff::{Book, Tariff},
        words::{Access, Managed, Outcome, PlacedBy, Side},
    },
    problem::{Problems, Source},
};
use rust_decimal::{Decimal, RoundingStrategy};

pub(super) use self::receipts::text as receipt_text;
use crate::support::programme_dir;

pub(super) const PARTNER_PAYS: Case = Case {
    access: Access::Full,
    payment: Some(Side::Partner),
    by: PlacedBy::Partner,
    payer: Side::Partner,
    managed: Managed::New,
};
pub(super) const CLIENT_PAYS: Case = Case {
    access: Access::Full,
    payment: Some(Side::Client),
    by: PlacedBy::Client,
    payer: Side::Client,
    managed: Managed::New,
};

/// The versions of the programme's tariff.
pub(super) fn book() -> &'static Book {
    static BOOK: OnceLock<Book> = OnceLock::new();
    BOOK.get_or_init(|| {
        let read = |name: &str| Source::new(name, std::fs::read_to_string(programme_dir().join(name)).unwrap());
        let sources = ["tariffs/partner.v1.toml", "tariffs/partner.v2.toml"].map(read);
        Book::read(&sources.each_ref(), &mut Problems::default()).unwrap_or_else(|problems| panic!("{problems}"))
    })
}

/// The version of that number.
pub(super) fn version(number: u32) -> &'static Tariff {
    book().versions().iter().find(|tariff| tariff.version == number).unwrap()
}

pub(super) fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A line in the form for volume, with the error that the decimal form has for it.
pub(super) fn compiled_price(compiled: &Compiled, line: &Line) -> Result<Priced, &'static str> {
    let order = compiled::Order {
        product: compiled.product(line.product.as_bytes()).ok_or("product")?,
        currency: compiled.currency(line.currency.as_bytes()).ok_or("currency")?,
        case: u32::try_from(line.case.number().unwrap_or(mandat::pricing::benefit::CASES)).unwrap(),
        quantity: line.quantity,
        tier_count: line.tier_count.unwrap_or(0),
    };
    match compiled.price(&order) {
        Err(compiled::Fault::NoPrice) => Err("currency"),
        Err(compiled::Fault::Quantity) => Err("quantity"),
        Err(compiled::Fault::CountTooSmall) => Err("count too small"),
        _ if line.case.number().is_none() => Err("case"),
        Err(compiled::Fault::CountMissing) => Err("count missing"),
        Err(compiled::Fault::TooLarge) => Err("too large"),
        Ok(priced) => Ok(priced),
    }
}

/// The same words for the errors of the decimal form.
pub(super) fn decimal_price<'t>(tariff: &'t Tariff, line: &Line) -> Result<Receipt<'t>, &'static str> {
    receipt::price(tariff, line).map_err(|error| match error {
        Unpriced::UnknownProduct(_) => "product",
        Unpriced::UnknownCurrency { .. } => "currency",
        Unpriced::BadQuantity => "quantity",
        Unpriced::CountTooSmall { .. } => "count too small",
        Unpriced::CountMissing(_) => "count missing",
        Unpriced::BadCase => "case",
        Unpriced::TooLarge => "too large",
    })
}

/// What both forms say a line comes to: they have to say the same.
pub(super) fn in_both_forms(tariff: &Tariff, line: &Line) -> Result<(Outcome, Option<Amounts>), &'static str> {
    let decimal = decimal_price(tariff, line).map(|receipt| (receipt.outcome, receipt.amounts));
    let compiled = Compiled::of(tariff);
    let scale = tariff.currencies.get(line.currency).map_or(0, |currency| currency.scale);
    let integers = compiled_price(&compiled, line).map(|priced| (priced.outcome, amounts(&priced, scale)));
    assert_eq!(decimal, integers, "{line:?}");
    decimal
}

/// The amounts of the form for volume as decimals.
pub(super) fn amounts(priced: &Priced, scale: u32) -> Option<Amounts> {
    let amount = |units: i64| Decimal::new(units, scale);
    (priced.outcome != Outcome::Refused).then(|| Amounts {
        list: amount(priced.list),
        preferential: amount(priced.preferential),
        charged: amount(priced.charged),
        cashback: amount(priced.cashback),
    })
}

fn hostings(currency: &str, case: Case) -> Line<'_> {
    Line { product: "web-hosting", currency, quantity: 35, tier_count: Some(35), case }
}

/// Currency; after the list, the partner discount and the tier; the cashback.
const EXAMPLE: &[[&str; 5]] =
    &[["CHF", "347.20", "277.76", "208.32", "138.88"], ["EUR", "201.25", "161.00", "120.75", "80.50"]];

#[test]
fn the_documents_example_is_met_to_the_cent() {
    for version in book().versions() {
        for [currency, list, discounted, preferential, cashback] in EXAMPLE {
            let receipt = receipt::price(version, &hostings(currency, PARTNER_PAYS)).unwrap();
            let running: Vec<String> = receipt.steps.iter().map(|step| step.running.to_string()).collect();
            let steps: Vec<&str> = receipt.steps.iter().map(|step| step.op.name()).collect();
            assert_eq!(running, [*list, *discounted, *preferential], "the amounts with their digits");
            assert_eq!(steps, ["list", "partner_discount", "quantity_tier"]);

            let [list, preferential, cashback] = [list, preferential, cashback].map(|text| amount(text));
            let discount = Amounts { list, preferential, charged: preferential, cashback: Decimal::ZERO };
            let credit = Amounts { list, preferential, charged: list, cashback };
            let line = |case| in_both_forms(version, &hostings(currency, case)).unwrap();
            assert_eq!(line(PARTNER_PAYS), (Outcome::Discount, Some(discount)));
            assert_eq!(line(CLIENT_PAYS), (Outcome::Cashback, Some(credit)));
            assert_eq!(preferential * Decimal::ONE_HUNDRED, list * amount("60"), "40 % in total, exactly");
        }
    }
}

/// A wrong value, whether only a cashback of it is wrong, and the mistake that leads to it.
type Wrong = (&'static str, &'static str, bool, fn(Decimal) -> Decimal);

fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// Currency, wrong value, whether it is wrong as a cashback alone, and the mistake, given the unit price.
const WRONG: &[Wrong] = &[
    ("CHF", "190.96", false, |unit| cents(unit * amount("35") * (Decimal::ONE - amount("0.20") - amount("0.25")))),
    ("CHF", "208.25", false, |unit| cents(unit * amount("0.60")) * amount("35")),
    ("CHF", "208.60", false, |unit| cents(cents(unit * amount("0.80")) * amount("0.75")) * amount("35")),
    ("CHF", "225.68", false, |unit| cents(unit * amount("35") * (Decimal::ONE - amount("0.35")))),
    ("CHF", "7291.20", false, |unit| unit * amount("35") * amount("0.60") * amount("35")),
    // Against the price after the partner's discount alone, and with the tier as a public price.
    ("CHF", "69.44", true, |unit| unit * amount("35") * amount("0.20")),
    ("CHF", "52.08", true, |unit| unit * amount("35") * amount("0.75") * amount("0.20")),
    ("EUR", "110.69", false, |unit| cents(unit * amount("35") * (Decimal::ONE - amount("0.20") - amount("0.25")))),
    ("EUR", "130.81", false, |unit| cents(unit * amount("35") * (Decimal::ONE - amount("0.35")))),
    ("EUR", "4226.25", false, |unit| unit * amount("35") * amount("0.60") * amount("35")),
    ("EUR", "40.25", true, |unit| unit * amount("35") * amount("0.20")),
    ("EUR", "30.19", true, |unit| cents(unit * amount("35") * amount("0.75") * amount("0.20"))),
];

/// Every amount of a receipt, without its sign.
fn all_amounts(receipt: &Receipt) -> Vec<Decimal> {
    let amounts = receipt.amounts.unwrap();
    let steps = receipt.steps.iter().flat_map(|step| [step.base, step.amount.abs(), step.running]);
    steps.chain([amounts.list, amounts.preferential, amounts.charged, amounts.cashback]).collect()
}

#[test]
fn the_known_wrong_values_never_appear() {
    for (currency, wrong, as_cashback, _) in WRONG {
        for case in [PARTNER_PAYS, CLIENT_PAYS] {
            let receipt = receipt::price(version(1), &hostings(currency, case)).unwrap();
            let found = if *as_cashback { vec![receipt.amounts.unwrap().cashback] } else { all_amounts(&receipt) };
            assert!(!found.contains(&amount(wrong)), "{wrong} {currency} in {found:?}");
        }
    }
}

/// The control: each of them is what its mistake leads to, so a receipt with the mistake would show it.
#[test]
fn each_wrong_value_is_what_a_mistake_leads_to() {
    for (currency, wrong, _, mistake) in WRONG {
        let unit = version(1).products["web-hosting"].prices[*currency].list;
        assert_eq!(mistake(unit), amount(wrong), "{currency}");
    }
    let receipt = receipt::price(version(1), &hostings("CHF", CLIENT_PAYS)).unwrap();
    for right in ["9.92", "347.20", "277.76", "69.44", "208.32", "138.88"] {
        assert!(all_amounts(&receipt).contains(&amount(right)), "{right} would be noticed");
    }
}
