//! What a row names, looked up: its moment, the version in force then, the product; and what to say where
//! there is none.

use super::{
    Statement,
    columns::{Column, Fields},
    line::{Line, required},
    refusal::{Code, Refusal, shown},
    version::Version,
};
use crate::pricing::{benefit::Row, compiled::Fault, tariff::form::MAX_QUANTITY, words::nearest};

impl Statement {
    /// The second at which the row's period starts.
    #[inline]
    pub(super) fn moment(&self, fields: &Fields) -> Result<i64, Refusal> {
        let text = required(fields, Column::OrderedAt)?;
        self.calendar
            .second(text)
            .map_err(|expected| Refusal::new(Code::BadTime, format!("ordered_at `{}`: {expected}", shown(text))))
    }

    /// The version in force at a moment.
    #[inline]
    pub(super) fn version_of(&self, second: i64, fields: &Fields) -> Result<&Version, Refusal> {
        let found = self.versions.iter().find(|version| version.starts <= second && second < version.ends);
        found.ok_or_else(|| {
            let text = shown(fields[Column::OrderedAt as usize]);
            Refusal::new(Code::NoTariff, format!("no tariff is in force at `{text}`; there are prices {}", self.span))
        })
    }
}

impl Version {
    /// The number of the row's product.
    #[inline]
    pub(super) fn product(&self, fields: &Fields) -> Result<u32, Refusal> {
        let text = fields[Column::Product as usize];
        self.compiled.product(text).ok_or_else(|| {
            let word = shown(text);
            let meant = nearest(&word, self.tariff.products.keys().map(|id| &**id));
            let help = meant.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Refusal::new(Code::UnknownProduct, format!("the tariff has no product `{word}`{help}"))
        })
    }
}

#[cold]
pub(super) fn no_price(line: &Line) -> Refusal {
    let (product, currency) = (line.field(Column::Product), line.field(Column::Currency));
    let message = format!("`{}` has no price in `{}`; nothing is converted", shown(product), shown(currency));
    Refusal::new(Code::UnknownCurrency, message)
}

/// The benefits refuse the line: the row of the table, with its reason.
#[cold]
pub(super) fn refused(line: &Line, version: &Version) -> Refusal {
    let row = version.tariff.benefits.row(line.case);
    Refusal::new(Code::Refused, row.map_or_else(String::new, Row::refusal))
}

#[cold]
pub(super) fn unpriced(fault: Fault, line: &Line) -> Refusal {
    match fault {
        Fault::NoPrice => no_price(line),
        Fault::Quantity => {
            Refusal::new(Code::BadQuantity, format!("quantity {} is not from 1 to {MAX_QUANTITY}", line.quantity))
        }
        Fault::CountTooSmall => {
            let message = format!("tier_count {} is less than the quantity {}", line.tier_count, line.quantity);
            Refusal::new(Code::BadTierCount, message)
        }
        Fault::CountMissing => {
            let product = shown(line.field(Column::Product));
            let message = format!("tier_count is empty; what the scale of `{product}` counts, only the caller knows");
            Refusal::new(Code::TierCountMissing, message)
        }
        Fault::TooLarge => Refusal::new(Code::TooLarge, "the line's amount is too large to be kept to the cent"),
    }
}
