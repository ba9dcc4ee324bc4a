//! How much of a credit a reversal takes: items, or a share; exact fractions either way.

use super::super::line::items;

/// A share as whole millionths: six decimals.
const MILLION: u64 = 1_000_000;

/// What a reversal takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// So many of the credit's items.
    Items(u32),
    /// So many millionths of the credit.
    Millionths(u32),
}

impl Share {
    /// Reads a number of items.
    pub fn items(text: &str) -> Option<Self> {
        items(text.as_bytes()).map(Self::Items)
    }

    /// Reads a share above 0 and up to 1, with at most six decimals.
    pub fn fraction(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.len() > 3 || decimals.len() > 6 {
            return None;
        }
        let millionths = whole.parse::<u32>().ok()? * 1_000_000 + format!("{decimals:0<6}").parse::<u32>().ok()?;
        (1..=1_000_000).contains(&millionths).then_some(Self::Millionths(millionths))
    }

    /// Its part of a credit for `quantity` items, where all of it is [`whole`].
    pub fn part(self, quantity: u32) -> u64 {
        match self {
            Self::Items(items) => u64::from(items) * MILLION,
            Self::Millionths(millionths) => u64::from(millionths) * u64::from(quantity),
        }
    }

    /// The columns `quantity` and `share` of its posting.
    pub fn columns(self) -> (String, String) {
        match self {
            Self::Items(items) => (items.to_string(), String::new()),
            Self::Millionths(1_000_000) => (String::new(), "1".to_owned()),
            Self::Millionths(millionths) => {
                (String::new(), format!("0.{millionths:06}").trim_end_matches('0').to_owned())
            }
        }
    }
}

/// All parts of a credit for `quantity` items.
pub fn whole(quantity: u32) -> u64 {
    u64::from(quantity) * MILLION
}

/// That part of an amount, rounded half up.
pub fn rounded(amount: i64, part: u64, whole: u64) -> i64 {
    let (amount, part, whole) = (i128::from(amount), i128::from(part), i128::from(whole));
    // No more than the amount, for no part is more than the whole.
    i64::try_from((2 * amount * part + whole) / (2 * whole)).unwrap_or(i64::MAX)
}
