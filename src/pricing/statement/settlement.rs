//! One line settled: read, priced by the version of its moment, given its id, written as a posting.

use super::{
    Statement,
    columns::{Column, Fields},
    counts::Counts,
    line::{Line, id},
    lookup::{no_price, refused, unpriced},
    posting_id,
    refusal::{Code, Refusal, shown},
    text,
    version::Version,
};
use crate::pricing::{
    compiled::{Fault, Order, Priced},
    tariff::form::MAX_QUANTITY,
    words::{Kind, Outcome},
};

/// A line with its price.
#[derive(Debug)]
pub(super) struct Settlement<'s, 'r> {
    pub(super) line: Line<'r>,
    version: &'s Version,
    currency: u32,
    pub(super) priced: Priced,
    period: &'s str,
    pub(super) digest: [u8; 32],
}

/// Why a line is not settled.
#[derive(Debug)]
pub(super) enum Stop {
    Refused(Refusal),
    CountsNeeded,
}

/// The items of orders must be counted first: a row leaves its count open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountsNeeded;

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Statement {
    /// Settles the line of a row.
    #[inline]
    pub(super) fn line<'s, 'r>(
        &'s self,
        fields: &'r Fields<'r>,
        counts: Option<&Counts>,
    ) -> Result<Settlement<'s, 'r>, Stop> {
        let (order_id, line_id) = (id(fields, Column::OrderId)?, id(fields, Column::LineId)?);
        let second = self.moment(fields)?;
        if !self.calendar.holds(second) {
            let message = format!(
                "ordered_at `{}` is not in {}",
                shown(fields[Column::OrderedAt as usize]),
                self.calendar.month()
            );
            return Err(Refusal::new(Code::OutsideMonth, message).into());
        }
        let line = Line::read(fields)?;
        let version = self.version_of(second, fields)?;
        let product = version.product(fields)?;
        let (currency, priced) = self.price(&line, version, product, counts)?;
        let daily = version.good(product).is_some_and(|good| good.daily);
        let period = if daily { self.calendar.day(second) } else { self.calendar.month() };
        let digest = posting_id::digest([order_id, line_id, period.as_bytes(), line.kind.word().as_bytes()]);
        Ok(Settlement { line, version, currency, priced, period, digest })
    }

    #[inline]
    fn price(
        &self,
        line: &Line,
        version: &Version,
        product: u32,
        counts: Option<&Counts>,
    ) -> Result<(u32, Priced), Stop> {
        let compiled = &version.compiled;
        let Some(mut order) = order(line, version, product) else { return Err(no_price(line).into()) };
        let currency = order.currency;
        let mut priced = compiled.price(&order);
        if priced == Err(Fault::CountMissing) {
            order.tier_count = self.counted(line, version, product, counts)?;
            priced = compiled.price(&order);
        }
        match priced {
            Ok(priced) if priced.outcome == Outcome::Refused => Err(refused(line, version).into()),
            Ok(priced) => Ok((currency, priced)),
            Err(fault) => Err(unpriced(fault, line).into()),
        }
    }

    /// Whether a line has a price once the items of its order are counted.
    pub(super) fn has_price(&self, line: &Line, version: &Version, product: u32) -> bool {
        let Some(mut order) = order(line, version, product) else { return false };
        let mut priced = version.compiled.price(&order);
        let is_counted = version.good(product).is_some_and(|good| !good.counted.is_empty());
        if priced == Err(Fault::CountMissing) && is_counted {
            // Any count will do: whether there is a price does not depend on it.
            order.tier_count = line.quantity;
            priced = version.compiled.price(&order);
        }
        priced.is_ok_and(|priced| priced.outcome != Outcome::Refused)
    }

    /// What the quantity scale counts on the line's order.
    fn counted(&self, line: &Line, version: &Version, product: u32, counts: Option<&Counts>) -> Result<u32, Stop> {
        let families = version.good(product).map_or(&[][..], |good| &good.counted);
        if families.is_empty() {
            return Err(unpriced(Fault::CountMissing, line).into());
        }
        let counts = counts.ok_or(Stop::CountsNeeded)?;
        let order = line.field(Column::OrderId);
        let sum =
            families.iter().fold(0_u32, |sum, family| sum.saturating_add(counts.items(order, &self.families[*family])));
        if sum < line.quantity || sum > MAX_QUANTITY {
            let message = format!(
                "tier_count is empty, and the order's {sum} items that count are not from the quantity {} to {MAX_QUANTITY}",
                line.quantity
            );
            return Err(Refusal::new(Code::BadTierCount, message).into());
        }
        Ok(sum)
    }
}

/// A line as it is priced; nothing where no product has prices in its currency.
#[inline]
fn order(line: &Line, version: &Version, product: u32) -> Option<Order> {
    let currency = version.compiled.currency(line.field(Column::Currency))?;
    // Access and payment mode go together: the line was read so. A case without a number would be refused.
    let case = line.case.number().map_or(u32::MAX, |case| case as u32);
    Some(Order { product, currency, case, quantity: line.quantity, tier_count: line.tier_count })
}

impl<'r> Settlement<'_, 'r> {
    /// Order and line, as `refused.csv` names them.
    pub(super) fn ids(&self) -> [&'r [u8]; 2] {
        [self.line.field(Column::OrderId), self.line.field(Column::LineId)]
    }

    /// Whose sums it belongs to.
    #[inline]
    pub(super) fn partner(&self) -> &'r [u8] {
        self.line.field(Column::Partner)
    }

    /// The number of its currency among those of all versions.
    #[inline]
    pub(super) fn coin(&self) -> usize {
        self.version.coins.get(self.currency as usize).copied().unwrap_or(0)
    }

    /// A number that differs if amounts, currency or partner differ; not always, but in all but one of four
    /// billion pairs.
    #[inline]
    pub(super) fn check(&self) -> u32 {
        let Priced { list, preferential, charged, cashback, .. } = self.priced;
        let amounts = [list, preferential, charged, cashback];
        let state = amounts.iter().fold(self.coin() as u64, |state, amount| mixed(state, amount.cast_unsigned()));
        let partner = self.partner();
        let (words, rest) = partner.as_chunks::<8>();
        let state = words.iter().fold(state, |state, word| mixed(state, u64::from_le_bytes(*word)));
        let state = rest.iter().fold(state, |state, byte| mixed(state, u64::from(*byte)));
        (mixed(state, partner.len() as u64) >> 32) as u32
    }

    /// Writes its posting.
    #[inline]
    pub(super) fn post(&self, plain: bool, out: &mut Vec<u8>) {
        let field = if plain { |out: &mut Vec<u8>, text: &[u8]| out.extend_from_slice(text) } else { text::field };
        posting_id::hex(out, &self.digest);
        out.extend_from_slice(match self.line.kind {
            Kind::Order => b",order,",
            Kind::Renewal => b",renewal,",
        });
        for column in [Column::Partner, Column::OrderId, Column::LineId] {
            field(out, self.line.field(column));
            out.push(b',');
        }
        out.extend_from_slice(self.period.as_bytes());
        out.push(b',');
        out.extend_from_slice(self.line.field(Column::Currency));
        let scale = self.version.compiled.scale(self.currency);
        for amount in [self.priced.cashback, self.priced.list, self.priced.preferential] {
            out.push(b',');
            text::amount(out, amount, scale);
        }
        out.extend_from_slice(&self.version.mark);
        text::number(out, u64::from(self.line.quantity));
        out.extend_from_slice(b",\n");
    }
}

#[inline]
fn mixed(state: u64, word: u64) -> u64 {
    (state ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}
