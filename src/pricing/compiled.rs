//! The tariff for volume: smallest units in integers, names as numbers, every product checked.
//!
//! A statement prices a million lines. What a receipt looks up and explains is worked out once for the tariff
//! here: the factors of each product in each currency as fractions of whole numbers, the outcome of each case,
//! the bands in arrays. Pricing a line is then a few multiplications. The decimal form ([`super::receipt`])
//! is the meaning; tests hold the two against each other on random orders.

use std::collections::HashMap;

use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::{
    benefit::CASES,
    receipt::MAX_LIST,
    tariff::{Price, Product, Tariff, Tier, form::MAX_QUANTITY},
    words::{Operation, Outcome, RoundingMode, RoundingPoint, TierMode},
};

/// Rates in whole numbers: six decimals.
const RATE_UNIT: u64 = 1_000_000;

/// A tariff in the form for volume.
#[derive(Debug)]
pub struct Compiled {
    products: HashMap<Box<[u8]>, u32>,
    currencies: Vec<(Box<[u8]>, u32)>,
    /// By product and currency.
    programs: Vec<Option<Program>>,
    tiers: Vec<Scale>,
    outcomes: [Outcome; CASES],
    mode: RoundingMode,
    point: RoundingPoint,
}

/// How a product's price comes about in one currency.
#[derive(Debug, Clone)]
struct Program {
    /// List price of one item, in smallest units.
    list: u64,
    /// Largest list amount of a line, in smallest units.
    most: u64,
    /// The smallest amount that can be paid, in smallest units.
    increment: u64,
    /// The steps after the list price.
    steps: [Factor; 2],
}

/// What a step multiplies the running amount with.
#[derive(Debug, Clone, Copy)]
enum Factor {
    One,
    Rate(u64),
    Ratio(u64, u64),
    Tier(u32),
}

#[derive(Debug)]
struct Scale {
    graduated: bool,
    froms: Vec<u32>,
    /// What is left of a price in each band, in millionths.
    keeps: Vec<u64>,
}

/// A line in numbers; made with [`Compiled::product`] and [`Compiled::currency`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The product's number.
    pub product: u32,
    /// The currency's number.
    pub currency: u32,
    /// The number of the benefit case, below [`CASES`].
    pub case: u32,
    /// Items, 1 to a million.
    pub quantity: u32,
    /// What the quantity scale counts, the line's items included; 0 where nobody said.
    pub tier_count: u32,
}

/// What a line costs, in smallest units; all zero where it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// What came of it.
    pub outcome: Outcome,
    /// The published price.
    pub list: i64,
    /// The price with the partner's advantages.
    pub preferential: i64,
    /// What the payer is asked for.
    pub charged: i64,
    /// What the partner is credited.
    pub cashback: i64,
}

/// Why a line has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The product has no price in that currency.
    NoPrice,
    /// None, or too many.
    Quantity,
    /// A count below the quantity.
    CountTooSmall,
    /// The quantity scale counts, and nobody said how many.
    CountMissing,
    /// Beyond what is kept exactly.
    TooLarge,
}

impl Compiled {
    /// The form for volume of a tariff.
    pub fn of(tariff: &Tariff) -> Self {
        let currencies: Vec<(Box<[u8]>, u32)> =
            tariff.currencies.values().map(|currency| (currency.code.as_bytes().into(), currency.scale)).collect();
        let tiers: Vec<&Tier> = tariff.tiers.values().collect();
        let programs = tariff.products.values().flat_map(|product| {
            let tiers = &tiers;
            tariff.currencies.values().map(move |currency| {
                let price = product.prices.get(&currency.code)?;
                program(tariff, product, *price, tiers, currency.scale, currency.payable_increment)
            })
        });
        let names = tariff.products.keys().zip(0..).map(|(name, number)| (name.as_bytes().into(), number));
        Self {
            products: names.collect(),
            programs: programs.collect(),
            currencies,
            tiers: tiers.into_iter().map(scale).collect(),
            outcomes: tariff.benefits.outcomes(),
            mode: tariff.pricing.rounding.mode,
            point: tariff.pricing.rounding.point,
        }
    }

    /// The number of a product.
    pub fn product(&self, name: &[u8]) -> Option<u32> {
        self.products.get(name).copied()
    }

    /// The number of a currency.
    pub fn currency(&self, code: &[u8]) -> Option<u32> {
        self.currencies.iter().zip(0..).find(|((known, _), _)| **known == *code).map(|(_, number)| number)
    }

    /// Digits of a currency's smallest unit.
    pub fn scale(&self, currency: u32) -> u32 {
        self.currencies.get(currency as usize).map_or(0, |(_, scale)| *scale)
    }

    fn program(&self, product: u32, currency: u32) -> Option<&Program> {
        self.programs.get(product as usize * self.currencies.len() + currency as usize)?.as_ref()
    }

    /// Prices a line.
    ///
    /// # Errors
    /// It has no price: see [`Fault`].
    #[inline]
    pub fn price(&self, order: &Order) -> Result<Priced, Fault> {
        let program = self.program(order.product, order.currency).ok_or(Fault::NoPrice)?;
        let quantity = order.quantity;
        if quantity.wrapping_sub(1) >= MAX_QUANTITY || order.tier_count > MAX_QUANTITY {
            return Err(Fault::Quantity);
        }
        if order.tier_count != 0 && order.tier_count < quantity {
            return Err(Fault::CountTooSmall);
        }
        let list = program
            .list
            .checked_mul(u64::from(quantity))
            .filter(|list| *list <= program.most)
            .ok_or(Fault::TooLarge)?;
        let outcome = self.outcomes.get(order.case as usize).copied().unwrap_or(Outcome::Refused);
        let preferential = match outcome {
            Outcome::Refused => return Ok(Priced { outcome, list: 0, preferential: 0, charged: 0, cashback: 0 }),
            Outcome::None => list,
            Outcome::Discount | Outcome::Cashback => self.preferential(program, list, order)?,
        };
        let (list, preferential) = (units(list), units(preferential));
        Ok(match outcome {
            Outcome::Cashback => {
                Priced { outcome, list, preferential, charged: list, cashback: (list - preferential).max(0) }
            }
            _ => Priced { outcome, list, preferential, charged: preferential, cashback: 0 },
        })
    }

    #[inline]
    fn preferential(&self, program: &Program, list: u64, order: &Order) -> Result<u64, Fault> {
        let rounded = if self.point == RoundingPoint::Step {
            let mut running = list;
            for step in program.steps {
                let (numerator, denominator) = match step {
                    Factor::One => continue,
                    Factor::Rate(keep) => {
                        running = self.scaled(running, keep);
                        continue;
                    }
                    other => self.factor(other, order)?,
                };
                running = divide(self.mode, u128::from(running) * u128::from(numerator), u128::from(denominator))?;
            }
            running
        } else {
            let (numerator, denominator) = self.fraction(program, list, order)?;
            if program.increment > 1 {
                return self.payable(numerator, denominator, program.increment);
            }
            divide(self.mode, numerator, denominator)?
        };
        if program.increment > 1 { self.payable(u128::from(rounded), 1, program.increment) } else { Ok(rounded) }
    }

    /// All steps as one fraction, rounded by whoever asked.
    fn fraction(&self, program: &Program, list: u64, order: &Order) -> Result<(u128, u128), Fault> {
        let (mut numerator, mut denominator) = (u128::from(list), 1_u128);
        for step in program.steps {
            let (times, over) = self.factor(step, order)?;
            numerator = numerator.checked_mul(u128::from(times)).ok_or(Fault::TooLarge)?;
            denominator = denominator.checked_mul(u128::from(over)).ok_or(Fault::TooLarge)?;
        }
        Ok((numerator, denominator))
    }

    /// To a multiple of what can be paid.
    fn payable(&self, numerator: u128, denominator: u128, increment: u64) -> Result<u64, Fault> {
        let denominator = denominator.checked_mul(u128::from(increment)).ok_or(Fault::TooLarge)?;
        divide(self.mode, numerator, denominator)?.checked_mul(increment).ok_or(Fault::TooLarge)
    }

    /// `amount × keep / 1,000,000` without the long way, as nearly all amounts are small.
    #[inline]
    fn scaled(&self, amount: u64, keep: u64) -> u64 {
        match amount.checked_mul(keep) {
            Some(product) if product < u64::MAX - RATE_UNIT => {
                let (whole, rest) = (product / RATE_UNIT, product % RATE_UNIT);
                whole + u64::from(round_up(self.mode, whole & 1 == 1, rest, RATE_UNIT))
            }
            // The result is at most the amount, so it fits.
            _ => divide(self.mode, u128::from(amount) * u128::from(keep), u128::from(RATE_UNIT)).unwrap_or(amount),
        }
    }

    #[inline]
    fn factor(&self, factor: Factor, order: &Order) -> Result<(u64, u64), Fault> {
        match factor {
            Factor::One => Ok((1, 1)),
            Factor::Rate(keep) => Ok((keep, RATE_UNIT)),
            Factor::Ratio(numerator, denominator) => Ok((numerator, denominator)),
            Factor::Tier(number) => match self.tiers.get(number as usize) {
                Some(_) if order.tier_count == 0 => Err(Fault::CountMissing),
                Some(scale) if scale.graduated => Ok(scale.graduated(order)),
                Some(scale) => Ok((scale.keep(order.tier_count), RATE_UNIT)),
                None => Ok((1, 1)),
            },
        }
    }
}

impl Scale {
    /// What is left in the band of a count.
    #[inline]
    fn keep(&self, count: u32) -> u64 {
        let band = self.froms.iter().rposition(|from| *from <= count).unwrap_or(0);
        self.keeps.get(band).copied().unwrap_or(RATE_UNIT)
    }

    /// The mean of what is left over the line's places.
    fn graduated(&self, order: &Order) -> (u64, u64) {
        let before = order.tier_count - order.quantity;
        let ends = self.froms.iter().skip(1).map(|from| from - 1).chain([u32::MAX]);
        let bands = self.froms.iter().zip(ends).zip(&self.keeps);
        let kept = bands.map(|((&from, end), keep)| {
            let (first, last) = (from.max(before + 1), end.min(order.tier_count));
            if first <= last { u64::from(last - first + 1) * keep } else { 0 }
        });
        (kept.sum(), u64::from(order.quantity) * RATE_UNIT)
    }
}

#[inline]
fn round_up(mode: RoundingMode, odd: bool, rest: u64, denominator: u64) -> bool {
    match mode {
        RoundingMode::HalfUp => rest >= denominator - rest,
        RoundingMode::HalfEven => rest > denominator - rest || (rest == denominator - rest && odd),
        RoundingMode::Down => false,
    }
}

fn divide(mode: RoundingMode, numerator: u128, denominator: u128) -> Result<u64, Fault> {
    let (whole, rest) = match (u64::try_from(numerator), u64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => (u128::from(numerator / denominator), u128::from(numerator % denominator)),
        _ => (numerator / denominator, numerator % denominator),
    };
    let up = match mode {
        RoundingMode::HalfUp => rest >= denominator - rest,
        RoundingMode::HalfEven => rest > denominator - rest || (rest == denominator - rest && whole & 1 == 1),
        RoundingMode::Down => false,
    };
    u64::try_from(whole + u128::from(up)).map_err(|_| Fault::TooLarge)
}

fn units(amount: u64) -> i64 {
    // At most 10¹⁴ (MAX_LIST at four decimals), far below i64's largest.
    i64::try_from(amount).unwrap_or(i64::MAX)
}

/// An amount in smallest units.
fn minor(amount: Decimal, scale: u32) -> Option<u64> {
    (amount * Decimal::from(10_u64.pow(scale))).to_u64()
}

/// What is left after a reduction, in millionths.
fn keep(rate: Decimal) -> u64 {
    ((Decimal::ONE - rate) * Decimal::from(RATE_UNIT)).to_u64().unwrap_or(RATE_UNIT)
}

fn program(
    tariff: &Tariff,
    product: &Product,
    price: Price,
    tiers: &[&Tier],
    scale: u32,
    increment: Decimal,
) -> Option<Program> {
    let list = minor(price.list, scale)?;
    let mut steps = [Factor::One; 2];
    let factors = tariff.pricing.steps.iter().filter_map(|operation| match operation {
        Operation::List => None,
        Operation::PartnerDiscount => match (price.preferential, product.family.partner_discount) {
            // A price of nothing is nothing for partners too.
            (Some(_), _) if list == 0 => None,
            (Some(preferential), _) => Some(Factor::Ratio(minor(preferential, scale)?, list)),
            (None, rate) => rate.map(|rate| Factor::Rate(keep(rate))),
        },
        Operation::QuantityTier => {
            let tier = product.family.tier.as_ref()?;
            let position = tiers.iter().position(|known| known.id == *tier)?;
            Some(Factor::Tier(u32::try_from(position).ok()?))
        }
    });
    steps.iter_mut().zip(factors).for_each(|(step, factor)| *step = factor);
    let most = minor(MAX_LIST, scale)?;
    Some(Program { list, most, increment: minor(increment, scale)?, steps })
}

fn scale(tier: &Tier) -> Scale {
    Scale {
        graduated: tier.mode == TierMode::Graduated,
        froms: tier.bands.iter().map(|band| band.from).collect(),
        keeps: tier.bands.iter().map(|band| keep(band.rate)).collect(),
    }
}
