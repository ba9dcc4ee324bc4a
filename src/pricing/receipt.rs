//! One priced line and how its price came about: exact decimals, each step with its rule and its place.
//!
//! 35 hostings at CHF 9.92 with a partner's advantages:
//!
//! | step | base | rate | amount | running |
//! |---|---|---|---|---|
//! | list | 9.92 | | 347.20 | 347.20 |
//! | partner_discount | 347.20 | 0.20 | −69.44 | 277.76 |
//! | quantity_tier | 277.76 | 0.25 | −69.44 | 208.32 |
//!
//! The steps act on the running amount, in the tariff's order (PRC-07); the line's amount is rounded, never an
//! item's (CON-02). What is charged and credited follows from the benefit row: discount or cashback, never
//! both (CON-04). A receipt says how well founded it is: its weakest source, and the questions still open.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{
    benefit::{Case, Row},
    money::Fraction,
    tariff::{Basis, Currency, Price, Product, Tariff, Tier},
    words::{Operation, Outcome, RoundingPoint, Strength, TierMode},
};

pub use super::tariff::form::MAX_QUANTITY;

/// Largest list amount of a line, so that every product of amounts and rates keeps all its digits.
pub const MAX_LIST: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0);

/// A line to be priced.
#[derive(Debug, Clone, Copy)]
pub struct Line<'l> {
    /// The product's id.
    pub product: &'l str,
    /// The currency's code.
    pub currency: &'l str,
    /// Items, 1 to a million.
    pub quantity: u32,
    /// What the product's quantity scale counts, with these items; needed where it has one.
    pub tier_count: Option<u32>,
    /// What decides the advantage.
    pub case: Case,
}

/// Why a line cannot be priced; each is the caller's mistake. What the tariff refuses is a receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpriced {
    /// No such product.
    #[error("the tariff has no product `{0}`")]
    UnknownProduct(String),
    /// No price in that currency.
    #[error("`{product}` has no price in {currency}; nothing is converted")]
    UnknownCurrency {
        /// The product's id.
        product: String,
        /// The currency's code.
        currency: String,
    },
    /// None, or too many.
    #[error("a quantity is a whole number from 1 to {MAX_QUANTITY}")]
    BadQuantity,
    /// A count without the line's own items.
    #[error("the count {count} is less than the quantity {quantity}: it counts the line's items too")]
    CountTooSmall {
        /// What is counted.
        count: u32,
        /// The line's items.
        quantity: u32,
    },
    /// A count that only the caller knows.
    #[error("the quantity scale `{0}` counts what only the caller knows; say how many")]
    CountMissing(String),
    /// Access and payment mode that do not go together.
    #[error("only full access has a payment mode, and it always has one")]
    BadCase,
    /// Beyond what is kept exactly.
    #[error("the line's amount is too large to be kept to the cent")]
    TooLarge,
}

/// One priced line.
#[derive(Debug, Clone)]
pub struct Receipt<'t> {
    /// What came of it.
    pub outcome: Outcome,
    /// The row that decided.
    pub benefit: &'t Row,
    /// The amounts; none of a refused line.
    pub amounts: Option<Amounts>,
    /// How the preferential price came about.
    pub steps: Vec<Step<'t>>,
    /// The weakest source that it rests on.
    pub weakest: Strength,
    /// Open questions that it touches.
    pub questions: Vec<&'t Arc<str>>,
    /// Digits of its currency's smallest unit.
    pub scale: u32,
}

/// What a line costs, net of tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amounts {
    /// The published price.
    pub list: Decimal,
    /// The price with the partner's advantages.
    pub preferential: Decimal,
    /// What the payer is asked for.
    pub charged: Decimal,
    /// What the partner is credited.
    pub cashback: Decimal,
}

impl Receipt<'_> {
    /// Why the line is refused, for people; nothing of a line that has a price.
    pub fn refusal(&self) -> Option<String> {
        (self.outcome == Outcome::Refused).then(|| self.benefit.refusal())
    }
}

/// One step of a price.
#[derive(Debug, Clone)]
pub struct Step<'t> {
    /// What was done.
    pub op: Op,
    /// The entry of the tariff that says so.
    pub basis: &'t Basis,
    /// What it was done to: a unit price, or the running amount before.
    pub base: Decimal,
    /// The reduction as a fraction of 1, where the step is one.
    pub rate: Option<Decimal>,
    /// What it adds.
    pub amount: Decimal,
    /// The amount afterwards.
    pub running: Decimal,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Unit price times quantity.
    List,
    /// The family's rate.
    PartnerDiscount,
    /// The product's own price for partners.
    PreferentialPrice,
    /// The quantity's rate.
    QuantityTier,
    /// To what can be paid.
    Rounding,
}

impl Op {
    /// Its name on receipts.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::PartnerDiscount => "partner_discount",
            Self::PreferentialPrice => "preferential_price",
            Self::QuantityTier => "quantity_tier",
            Self::Rounding => "rounding",
        }
    }
}

/// Prices a line.
///
/// # Errors
/// What the caller asked for has no price: an unknown product, a bad quantity and the like.
pub fn price<'t>(tariff: &'t Tariff, line: &Line) -> Result<Receipt<'t>, Unpriced> {
    let product = tariff.products.get(line.product).ok_or_else(|| Unpriced::UnknownProduct(line.product.to_owned()))?;
    let unknown = || Unpriced::UnknownCurrency { product: line.product.to_owned(), currency: line.currency.to_owned() };
    let price = *product.prices.get(line.currency).ok_or_else(unknown)?;
    let currency = tariff.currencies.get(line.currency).ok_or_else(unknown)?;
    check_quantity(line)?;
    let benefit = tariff.benefits.row(line.case).ok_or(Unpriced::BadCase)?;
    let mut working = Working::new(tariff, product, price, currency, line, benefit)?;
    if matches!(benefit.outcome, Outcome::Discount | Outcome::Cashback) {
        working.advantages()?;
    }
    working.finish()
}

fn check_quantity(line: &Line) -> Result<(), Unpriced> {
    if !(1..=MAX_QUANTITY).contains(&line.quantity) || line.tier_count.is_some_and(|count| count > MAX_QUANTITY) {
        return Err(Unpriced::BadQuantity);
    }
    match line.tier_count {
        Some(count) if count < line.quantity => Err(Unpriced::CountTooSmall { count, quantity: line.quantity }),
        _ => Ok(()),
    }
}

/// A price in the making.
struct Working<'t, 'l> {
    tariff: &'t Tariff,
    product: &'t Product,
    price: Price,
    line: &'l Line<'l>,
    receipt: Receipt<'t>,
    list: Decimal,
    /// The smallest amount that can be paid, in smallest units.
    increment: u128,
    exact: Fraction,
    /// The same for people.
    running: Decimal,
}

impl<'t, 'l> Working<'t, 'l> {
    fn new(
        tariff: &'t Tariff,
        product: &'t Product,
        price: Price,
        currency: &'t Currency,
        line: &'l Line<'l>,
        benefit: &'t Row,
    ) -> Result<Self, Unpriced> {
        let mut list = price.list * Decimal::from(line.quantity);
        if list > MAX_LIST {
            return Err(Unpriced::TooLarge);
        }
        list.rescale(currency.scale);
        let exact = Fraction::of(list, currency.scale).ok_or(Unpriced::TooLarge)?;
        let mut increment = currency.payable_increment;
        increment.rescale(currency.scale);
        let increment = increment.mantissa().unsigned_abs().max(1);
        let receipt = Receipt {
            outcome: benefit.outcome,
            benefit,
            amounts: None,
            steps: Vec::with_capacity(4),
            weakest: Strength::Seed,
            questions: Vec::new(),
            scale: currency.scale,
        };
        let mut working = Self { tariff, product, price, line, receipt, list, increment, exact, running: list };
        working.rests_on(&benefit.basis);
        working.rests_on(&currency.basis);
        if benefit.outcome != Outcome::Refused {
            working.step(Op::List, &product.basis, price.list, None, Decimal::ZERO);
        }
        Ok(working)
    }

    /// The steps after the list price, in the tariff's order.
    fn advantages(&mut self) -> Result<(), Unpriced> {
        let (tariff, product) = (self.tariff, self.product);
        self.rests_on(&tariff.pricing.basis);
        for operation in &tariff.pricing.steps {
            match operation {
                Operation::List => {}
                Operation::PartnerDiscount => self.partner_discount()?,
                Operation::QuantityTier => {
                    let tier = product.family.tier.as_ref().and_then(|tier| tariff.tiers.get(tier));
                    tier.map_or(Ok(()), |tier| self.quantity_tier(tier))?;
                }
            }
        }
        if !self.exact.is_multiple_of(self.increment) {
            let before = self.running;
            self.set(self.exact.rounded(tariff.pricing.rounding.mode, self.increment))?;
            self.step(Op::Rounding, &tariff.pricing.rounding_basis, before, None, before);
        }
        Ok(())
    }

    fn partner_discount(&mut self) -> Result<(), Unpriced> {
        let before = self.running;
        if let Some(preferential) = self.price.preferential {
            // A price of nothing is nothing for partners too.
            let list = if self.price.list.is_zero() { Decimal::ONE } else { self.price.list };
            self.times(preferential, list)?;
            self.step(Op::PreferentialPrice, &self.product.preferential_basis, preferential, None, before);
        } else if let Some(rate) = self.product.family.partner_discount {
            self.times(Decimal::ONE - rate, Decimal::ONE)?;
            self.step(Op::PartnerDiscount, &self.product.family.basis, before, Some(rate), before);
        }
        Ok(())
    }

    fn quantity_tier(&mut self, tier: &'t Tier) -> Result<(), Unpriced> {
        let before = self.running;
        let count = self.line.tier_count.ok_or_else(|| Unpriced::CountMissing(tier.id.to_string()))?;
        let quantity = self.line.quantity;
        let first = if tier.mode == TierMode::Graduated { count - quantity } else { count - 1 };
        let (mut reduction, mut places) = (Decimal::ZERO, Decimal::ZERO);
        // With one band for the whole line, the band is what says the rate.
        let mut basis = &tier.basis;
        self.rests_on(&tier.basis);
        for (band, number) in tier.places(first, count) {
            if tier.mode == TierMode::Volume {
                basis = &band.basis;
            }
            reduction += band.rate * Decimal::from(number);
            places += Decimal::from(number);
            self.rests_on(&band.basis);
            self.rests_on(&band.from_basis);
        }
        self.times(places - reduction, places)?;
        self.step(Op::QuantityTier, basis, before, Some((reduction / places).normalize()), before);
        Ok(())
    }

    /// Multiplies the running amount, and rounds it where the tariff rounds every step.
    fn times(&mut self, numerator: Decimal, denominator: Decimal) -> Result<(), Unpriced> {
        self.set(self.exact.times(numerator, denominator))?;
        let rounding = self.tariff.pricing.rounding;
        if rounding.point == RoundingPoint::Step && !self.exact.is_multiple_of(1) {
            self.rests_on(&self.tariff.pricing.rounding_basis);
            self.set(self.exact.rounded(rounding.mode, 1))?;
        }
        Ok(())
    }

    fn set(&mut self, amount: Option<Fraction>) -> Result<(), Unpriced> {
        self.exact = amount.ok_or(Unpriced::TooLarge)?;
        self.running = self.exact.decimal().ok_or(Unpriced::TooLarge)?;
        Ok(())
    }

    fn step(&mut self, op: Op, basis: &'t Basis, base: Decimal, rate: Option<Decimal>, before: Decimal) {
        self.rests_on(basis);
        let running = self.running;
        self.receipt.steps.push(Step { op, basis, base, rate, amount: running - before, running });
    }

    fn rests_on(&mut self, basis: &'t Basis) {
        self.receipt.weakest = self.receipt.weakest.max(basis.strength);
        for question in &basis.questions {
            if !self.receipt.questions.contains(&question) {
                self.receipt.questions.push(question);
            }
        }
    }

    /// What is charged and credited.
    fn finish(mut self) -> Result<Receipt<'t>, Unpriced> {
        let (list, preferential) = (self.list, self.running);
        let amounts = |charged: Decimal, cashback: Decimal| Some(Amounts { list, preferential, charged, cashback });
        self.receipt.amounts = match self.receipt.outcome {
            Outcome::Refused => None,
            Outcome::None | Outcome::Discount => amounts(preferential, Decimal::ZERO),
            Outcome::Cashback => {
                let basis = &self.tariff.pricing.cashback_basis;
                self.rests_on(basis);
                amounts(list, (list - preferential).max(Decimal::ZERO))
            }
        };
        Ok(self.receipt)
    }
}
