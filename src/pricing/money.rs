//! Amounts: exact decimals, and when and how they are rounded.
//!
//! rust_decimal keeps 28 digits: enough for amounts, prices and rates, not always for a product of all of them,
//! and never for a quotient without end. Between the steps of a price an amount is therefore a [`Fraction`] of
//! whole numbers; it becomes a decimal again where the tariff rounds it.

use rust_decimal::{Decimal, RoundingStrategy};

use super::words::{RoundingMode, RoundingPoint};

/// Largest list price of one item.
pub const MAX_PRICE: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// Most decimals of a rate.
pub const RATE_DECIMALS: u32 = 6;

/// When and how amounts are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounding {
    /// How.
    pub mode: RoundingMode,
    /// When.
    pub point: RoundingPoint,
}

impl Rounding {
    /// An amount with `scale` digits behind the point.
    pub fn to_scale(self, amount: Decimal, scale: u32) -> Decimal {
        amount.round_dp_with_strategy(scale, strategy(self.mode))
    }
}

/// Decimals of an amount that is shown before it was rounded: products of two rates with a price have no more.
const SHOWN: u32 = 16;

/// An amount of a currency in its smallest units, as a fraction: nothing is rounded before its time.
///
/// A list amount has up to 14 digits, a price 10, the places of a quantity scale with their rates 12: 36 together,
/// and `u128` holds 38.
#[derive(Debug, Clone, Copy)]
pub struct Fraction {
    numerator: u128,
    denominator: u128,
    scale: u32,
}

impl Fraction {
    /// An amount with at most `scale` decimals.
    pub fn of(mut amount: Decimal, scale: u32) -> Option<Self> {
        amount.rescale(scale);
        Some(Self { numerator: u128::try_from(amount.mantissa()).ok()?, denominator: 1, scale })
    }

    /// Multiplied with a quotient; nothing if that cannot be kept exactly.
    pub fn times(self, mut numerator: Decimal, mut denominator: Decimal) -> Option<Self> {
        let decimals = numerator.scale().max(denominator.scale());
        numerator.rescale(decimals);
        denominator.rescale(decimals);
        let times = |left: u128, right: Decimal| left.checked_mul(u128::try_from(right.mantissa()).ok()?);
        let denominator = times(self.denominator, denominator).filter(|denominator| *denominator > 0)?;
        Some(Self { numerator: times(self.numerator, numerator)?, denominator, ..self })
    }

    /// Whether rounding to a multiple of `increment` smallest units would change nothing.
    pub fn is_multiple_of(self, increment: u128) -> bool {
        self.denominator.checked_mul(increment).is_some_and(|unit| self.numerator.is_multiple_of(unit))
    }

    /// The multiple of `increment` smallest units that the mode takes.
    pub fn rounded(self, mode: RoundingMode, increment: u128) -> Option<Self> {
        let unit = self.denominator.checked_mul(increment).filter(|unit| *unit > 0)?;
        let (whole, rest) = (self.numerator / unit, self.numerator % unit);
        let up = match mode {
            RoundingMode::HalfUp => rest >= unit - rest,
            RoundingMode::HalfEven => rest > unit - rest || (rest == unit - rest && whole % 2 == 1),
            RoundingMode::Down => false,
        };
        let numerator = whole.checked_add(u128::from(up))?.checked_mul(increment)?;
        Some(Self { numerator, denominator: 1, ..self })
    }

    /// As a decimal: exact where it is whole, else with 16 decimals, for people.
    pub fn decimal(self) -> Option<Decimal> {
        let whole = i128::try_from(self.numerator / self.denominator).ok()?;
        let rest = self.numerator % self.denominator;
        if rest == 0 {
            return Decimal::try_from_i128_with_scale(whole, self.scale).ok();
        }
        let finer = 10_u128.pow(SHOWN.saturating_sub(self.scale));
        let parts = i128::try_from(rest.checked_mul(finer)? / self.denominator).ok()?;
        let units = whole.checked_mul(i128::try_from(finer).ok()?)?.checked_add(parts)?;
        Some(Decimal::try_from_i128_with_scale(units, SHOWN.max(self.scale)).ok()?.normalize())
    }
}

fn strategy(mode: RoundingMode) -> RoundingStrategy {
    match mode {
        RoundingMode::HalfUp => RoundingStrategy::MidpointAwayFromZero,
        RoundingMode::HalfEven => RoundingStrategy::MidpointNearestEven,
        RoundingMode::Down => RoundingStrategy::ToZero,
    }
}

/// An amount as people and the wire see it: at least `scale` digits behind the point, more only where there are more.
pub fn text(amount: Decimal, scale: u32) -> String {
    let (units, mut digits) = (amount.mantissa(), amount.scale());
    // Nearly all amounts are small, and the arithmetic of 64 bits takes a fraction of the time.
    let Some(mut small) = u64::try_from(units.unsigned_abs()).ok().filter(|small| *small < SMALL && scale <= MAX_SCALE)
    else {
        let mut amount = amount.normalize();
        amount.rescale(amount.scale().max(scale));
        return amount.to_string();
    };
    while digits > scale && small % 10 == 0 {
        (small, digits) = (small / 10, digits - 1);
    }
    while digits < scale {
        (small, digits) = (small * 10, digits + 1);
    }
    pointed(&small.to_string(), digits as usize, units < 0)
}

/// Amounts below it stay 64 bits wide with `MAX_SCALE` more digits.
const SMALL: u64 = u64::MAX / 10_000;

/// Most digits behind the point of a currency.
const MAX_SCALE: u32 = 4;

/// Digits with a point before the last `behind` of them.
fn pointed(digits: &str, behind: usize, negative: bool) -> String {
    let mut text = String::with_capacity(digits.len().max(behind + 1) + 2);
    if negative {
        text.push('-');
    }
    if digits.len() <= behind {
        text.push('0');
    }
    let (before, after) = digits.split_at(digits.len().saturating_sub(behind));
    text.push_str(before);
    if behind > 0 {
        text.push('.');
        (after.len()..behind).for_each(|_| text.push('0'));
        text.push_str(after);
    }
    text
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::text;

    #[test]
    fn amounts_have_at_least_the_digits_of_their_currency() {
        for (amount, scale, expected) in [
            ("347.2", 2, "347.20"),
            ("-69.440", 2, "-69.44"),
            ("0", 2, "0.00"),
            ("-0", 2, "0.00"),
            ("0.05", 2, "0.05"),
            ("-0.005", 2, "-0.005"),
            ("1234567", 0, "1234567"),
            ("12.000", 0, "12"),
            ("0.333333", 2, "0.333333"),
            ("98765432109876543210.5", 2, "98765432109876543210.50"),
        ] {
            assert_eq!(text(amount.parse::<Decimal>().unwrap(), scale), expected, "{amount}");
        }
    }
}
