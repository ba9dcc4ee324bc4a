//! Tariffs: dated price books that a business author writes, loaded whole or not at all.
//!
//! An author saves `partner.v2.toml`. [`Tariff::parse`]
//! 1. holds the text against the file's form ([`form`]): keys, types, words;
//! 2. reads prices, rates, tiers and the benefit table, each checked where it stands ([`read`], [`tiers`],
//!    [`crate::pricing::benefit`]): what is too precise, above its bound, unknown, missing, ambiguous;
//! 3. notes for every entry where it stands and what it rests on ([`Basis`]), so that a receipt can say so.
//!
//! [`book`] then lines the versions up by their dates. Every problem has a code that stays the same; all of them
//! are found in one run. A version that was published is not edited any more: its hash is on every receipt.

pub mod book;
pub mod form;
mod open;
mod products;
pub(in crate::pricing) mod read;
pub mod tiers;

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;

pub use self::{book::Book, tiers::Tier};
use super::{
    benefit::Benefits,
    money::Rounding,
    words::{Operation, Strength},
};
use crate::problem::{Location, Problems, Source};

/// One version of a tariff.
#[derive(Debug, Clone)]
pub struct Tariff {
    /// Its name, the same in all versions.
    pub id: Arc<str>,
    /// Counts up with every change.
    pub version: u32,
    /// 64 hexadecimal digits: SHA-256 of the file's bytes.
    pub sha256: Arc<str>,
    /// The file's name.
    pub file: Arc<str>,
    /// When it is in force.
    pub period: Period,
    /// The version whose place it takes.
    pub corrects: Option<u32>,
    /// The zone whose midnight its dates mean.
    pub timezone: TimeZone,
    /// Its currencies by code.
    pub currencies: BTreeMap<Arc<str>, Currency>,
    /// How a price comes about.
    pub pricing: Pricing,
    /// What can be ordered, by id.
    pub products: BTreeMap<Arc<str>, Product>,
    /// Quantity scales by name.
    pub tiers: BTreeMap<Arc<str>, Tier>,
    /// Who has which advantage.
    pub benefits: Benefits,
    /// Documents that its sources cite, with their places in the file: where they start and how long they are, in bytes.
    pub cited: Vec<(Arc<str>, (usize, usize))>,
    /// Every entry by its path, such as `benefits.F1`: what encodes rules, and what open questions are about.
    pub entries: BTreeMap<String, Arc<Basis>>,
}

/// When a version is in force: half-open, at midnight of its own zone.
#[derive(Debug, Clone)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The first day after it.
    pub until: Option<Date>,
    /// The first moment.
    pub starts: Timestamp,
    /// The first moment after it.
    pub ends: Option<Timestamp>,
    /// Where `effective_from` stands in the file, in bytes.
    pub(super) from_at: (usize, usize),
}

/// What an entry rests on, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// Path of the entry, such as `family.web-hosting`.
    pub path: Arc<str>,
    /// Where it stands.
    pub at: Location,
    /// The same as `file:line:column`, since every receipt shows it.
    pub place: Arc<str>,
    /// The name of its source.
    pub source: Arc<str>,
    /// How strong that source is.
    pub strength: Strength,
    /// The programme's rules that it encodes.
    pub rules: Vec<Arc<str>>,
    /// Open questions about it.
    pub questions: Vec<Arc<str>>,
}

/// A currency of the lists.
#[derive(Debug, Clone)]
pub struct Currency {
    /// ISO 4217 code.
    pub code: Arc<str>,
    /// Digits of its smallest unit, 0 to 4.
    pub scale: u32,
    /// The smallest amount that can be paid; a multiple of the smallest unit.
    pub payable_increment: Decimal,
    /// A partner below it in a year is looked at (ELI-02, CON-30).
    pub min_annual_volume: Option<Decimal>,
    /// What it rests on.
    pub basis: Arc<Basis>,
}

/// How a price comes about.
#[derive(Debug, Clone)]
pub struct Pricing {
    /// The steps in their order; the first is the list price.
    pub steps: Vec<Operation>,
    /// The largest partner discount, 0 to 1.
    pub partner_rate_max: Decimal,
    /// How amounts are rounded.
    pub rounding: Rounding,
    /// What the steps rest on.
    pub basis: Arc<Basis>,
    /// What the rounding rests on.
    pub rounding_basis: Arc<Basis>,
    /// What the cashback rests on.
    pub cashback_basis: Arc<Basis>,
}

/// Products with the same advantages.
#[derive(Debug, Clone)]
pub struct Family {
    /// Its id.
    pub id: Arc<str>,
    /// The partner's discount, 0 to 1, where there is one.
    pub partner_discount: Option<Decimal>,
    /// Its quantity scale.
    pub tier: Option<Arc<str>>,
    /// What it rests on.
    pub basis: Arc<Basis>,
}

/// What can be ordered.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its id.
    pub id: Arc<str>,
    /// Its family.
    pub family: Arc<Family>,
    /// Whether its period is a month or longer, or one of days.
    pub period: BillingPeriod,
    /// What one item costs, by currency.
    pub prices: BTreeMap<Arc<str>, Price>,
    /// What the list price rests on.
    pub basis: Arc<Basis>,
    /// What the partner's price rests on.
    pub preferential_basis: Arc<Basis>,
}

/// What one item costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// List price.
    pub list: Decimal,
    /// The partner's price, in place of the family's discount.
    pub preferential: Option<Decimal>,
}

/// What a price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingPeriod {
    /// A month or several, a year: at most one period starts in a month.
    Months,
    /// Days or weeks.
    Days,
}

impl Tariff {
    /// Reads a tariff file.
    ///
    /// # Errors
    /// Every problem found, with its code; warnings beside a tariff that loads are handed over in `warnings`.
    pub fn parse(source: &Source, warnings: &mut Problems) -> Result<Self, Problems> {
        read::tariff(source, warnings)
    }

    /// Whether it is in force at that moment.
    pub fn in_force(&self, at: Timestamp) -> bool {
        self.period.starts <= at && self.period.ends.is_none_or(|ends| at < ends)
    }
}
