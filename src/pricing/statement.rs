//! The statement of a month: what partners are credited for all order lines, a million of them in a second.
//!
//! In October a partner's clients placed a thousand orders. The file comes in blocks of whole records ([`records`]);
//! for each block
//! 1. a [`Clerk`] reads every row ([`line`], [`moment`]), prices it by the version of the tariff that was in force,
//!    in integers ([`crate::pricing::compiled`]), and writes a *posting* for every cashback, with an id that is computed
//!    from order, line, period and event ([`posting_id`]): the same line has the same id in every run;
//! 2. the [`Ledger`] takes the blocks in their order and finds lines that were there before ([`seen`]): the same
//!    amounts count once, other amounts are a conflict that names both rows;
//! 3. rows that have no price are told with their line in the file, a code and the reason ([`refusal`]); the rest
//!    goes on.
//!
//! Sums by partner and currency ([`totals`]) are added up at the end. Where a quantity scale counts the order's items
//! and nobody said how many, the file is read once before ([`counts`]). What was given back since goes back in
//! proportion, at the rates of then ([`reversal`]).
//!
//! Here is no file and no thread: a block of bytes comes in, bytes go out. How many clerks work side by side
//! changes nothing in what they write.

pub mod block;
pub mod columns;
pub mod counts;
pub mod ledger;
pub mod line;
mod lookup;
pub mod moment;
pub mod posting_id;
pub mod records;
pub mod refusal;
pub mod reversal;
mod rows;
pub mod seen;
pub mod settlement;
pub mod text;
pub mod totals;
mod version;

use std::sync::Arc;

pub use self::{
    block::{Clerk, Settled},
    columns::Columns,
    ledger::Ledger,
    moment::Month,
};
use self::{moment::Calendar, totals::Coin, version::Version};
use super::tariff::{Book, Tariff};

/// First line of `postings.csv`.
pub const POSTINGS_HEADER: &str = "posting_id,event,partner,order_id,line_id,period,currency,amount,list,preferential,\
                                   tariff,version,sha256,reverses,quantity,share\n";

/// First line of `refused.csv`.
pub const REFUSED_HEADER: &str = "row,order_id,line_id,code,message\n";

/// What all rows of a statement are held against: a month, and the tariff's versions.
#[derive(Debug)]
pub struct Statement {
    calendar: Calendar,
    versions: Vec<Version>,
    /// Every currency of any version.
    coins: Vec<Coin>,
    /// Every family of any version.
    families: Vec<Arc<str>>,
    /// When there are prices, for messages.
    span: String,
}

impl Statement {
    /// The statement of a month.
    ///
    /// # Errors
    /// No version of the tariff is in force in that month.
    pub fn new(book: &Book, month: Month) -> Result<Self, String> {
        if book.timeline().is_empty() {
            return Err("the bundle has no tariff; write one in `tariffs/*.toml`".to_owned());
        }
        let none = || format!("no tariff is in force in {}; there are prices {}", month.text(), book.span());
        let calendar = book.timeline().iter().find_map(|tariff| calendar(tariff, month)).ok_or_else(none)?;
        let mut statement =
            Self { calendar, versions: Vec::new(), coins: Vec::new(), families: Vec::new(), span: book.span() };
        for tariff in book.timeline() {
            let version = Version::new(tariff, &mut statement.coins, &mut statement.families);
            statement.versions.push(version);
        }
        Ok(statement)
    }

    /// The month's days.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Every currency of the tariff.
    pub fn coins(&self) -> &[Coin] {
        &self.coins
    }
}

/// The month in a version's zone, if that version is in force in it.
fn calendar(tariff: &Tariff, month: Month) -> Option<Calendar> {
    let calendar = Calendar::new(month, tariff.timezone.clone())?;
    let starts_before = tariff.period.starts.as_second() < calendar.end();
    let ends_after = tariff.period.ends.is_none_or(|ends| ends.as_second() > calendar.start());
    (starts_before && ends_after).then_some(calendar)
}
