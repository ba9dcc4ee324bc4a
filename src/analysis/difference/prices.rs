//! Whose price changes, and by how much: order lines priced by both tariffs.
//!
//! An author raises a domain's list price and lowers a partner's rate. Each line is priced as it was and as it is, by
//! the version in force when its period starts. What is *charged* and what is *credited* as cashback are looked at
//! apart: a line goes up when more is charged or less credited, down when less is charged or more credited. Amounts are
//! net of tax.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;

use super::{
    Side, Wish,
    orders::{Counts, Line, Orders, Whose},
    sample,
};
use crate::{
    pricing::{
        benefit::Case,
        receipt::{self, Amounts},
        tariff::{Book, Tariff},
    },
    problem::{Problem, Problems},
};

/// What changes in prices.
#[derive(Debug)]
pub struct Prices {
    /// The lines that were priced: of a file, or a sample.
    pub source: PriceSource,
    /// How many lines there are.
    pub lines: usize,
    /// Rows of the file that are no order line, and why, of the first of them.
    pub unread: (usize, Vec<String>),
    /// Lines that have a price on the old side only.
    pub gone: usize,
    /// Lines that have a price on the new side only.
    pub fresh: usize,
    /// By product and currency, where anything changes.
    pub products: Vec<ProductChange>,
    /// The lines that change most, largest first.
    pub top: Vec<LineChange>,
    /// How many lines change at all.
    pub changed: usize,
}

/// Where the lines are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PriceSource {
    /// Made from the two tariffs.
    Sample,
    /// A file of order lines.
    File(String),
}

/// What changes for one product in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductChange {
    /// The product's id.
    pub product: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Lines of this product and currency that have a price on both sides.
    pub lines: usize,
    /// What is charged.
    pub charged: Movement,
    /// What is credited.
    pub cashback: Movement,
    /// Digits of the currency's smallest unit.
    pub scale: u32,
}

/// How amounts move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Movement {
    /// Lines whose amount is larger than before.
    pub up: usize,
    /// Lines whose amount is smaller than before.
    pub down: usize,
    /// The sum of the old amounts.
    pub before: Decimal,
    /// The sum of the new amounts.
    pub after: Decimal,
    /// The largest change of one line, either way.
    pub largest: Decimal,
}

/// One line whose price changes.
#[derive(Debug, Clone)]
pub struct LineChange {
    /// When its period starts.
    pub at: Timestamp,
    /// The same as a day where the tariff is from.
    pub day: String,
    /// The product's id.
    pub product: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Items.
    pub quantity: u32,
    /// What the quantity scale counts.
    pub tier_count: Option<u32>,
    /// Who orders: the case in words, or the row with client and partner.
    pub whose: String,
    /// As it was; none where it had no price.
    pub old: Option<Amounts>,
    /// As it is; none where it has no price.
    pub new: Option<Amounts>,
    /// Why one side has no price.
    pub reason: Option<String>,
    /// Digits of the currency's smallest unit.
    pub scale: u32,
}

impl Prices {
    /// Whether nothing changes.
    pub fn is_none(&self) -> bool {
        self.changed == 0
    }

    /// Whether some line is charged more or credited less.
    pub fn up(&self) -> bool {
        self.products.iter().any(|product| product.charged.up > 0 || product.cashback.down > 0)
    }

    /// Whether some line is charged less or credited more.
    pub fn down(&self) -> bool {
        self.products.iter().any(|product| product.charged.down > 0 || product.cashback.up > 0)
    }
}

impl Movement {
    fn add(&mut self, before: Decimal, after: Decimal) {
        let change = after - before;
        self.up += usize::from(change > Decimal::ZERO);
        self.down += usize::from(change < Decimal::ZERO);
        self.before += before;
        self.after += after;
        if change.abs() > self.largest.abs() {
            self.largest = change;
        }
    }

    /// Whether nothing moves.
    pub fn is_none(&self) -> bool {
        self.up == 0 && self.down == 0
    }
}

/// Prices the wished lines by both tariffs; none where both sides have the same tariff.
///
/// # Errors
/// The order lines cannot be read.
pub(super) fn compare(old: &Side, new: &Side, wish: &Wish) -> Result<Option<Prices>, Problems> {
    let (before, after) = (&old.bundle.tariffs.book, &new.bundle.tariffs.book);
    if versions(before) == versions(after) {
        return Ok(None);
    }
    let (source, orders) = match &wish.orders {
        None => (PriceSource::Sample, Orders { lines: sample::lines(before, after), ..Orders::default() }),
        Some((name, text)) => {
            let orders = Orders::read(text).map_err(|reason| Problem::new(format!("the orders `{name}`: {reason}")))?;
            (PriceSource::File(name.clone()), orders)
        }
    };
    let zone = [before, after].iter().find_map(|book| Some(book.timeline().first()?.timezone.clone()));
    let mut gathered = Gathered::new(zone.unwrap_or(TimeZone::UTC));
    let (old, new) = (Pricing::new(before, &orders.lines), Pricing::new(after, &orders.lines));
    for line in &orders.lines {
        gathered.add(line, old.price(line), new.price(line));
    }
    Ok(Some(gathered.finish(source, orders, wish.top)))
}

fn versions(book: &Book) -> Vec<&str> {
    book.timeline().iter().map(|tariff| &*tariff.sha256).collect()
}

/// One side's tariff, with what the orders count in each version.
struct Pricing<'b> {
    book: &'b Book,
    counts: Vec<(&'b Tariff, Counts<'b>)>,
}

/// A price with the digits of its currency, or why there is none.
type Price = Result<(Amounts, u32), String>;

impl<'b> Pricing<'b> {
    fn new(book: &'b Book, lines: &[Line]) -> Self {
        let counts = book.timeline().iter().map(|tariff| {
            let own = lines.iter().filter(|line| tariff.in_force(line.at));
            (&**tariff, Counts::of(tariff, own))
        });
        Self { book, counts: counts.collect() }
    }

    fn price(&self, line: &Line) -> Price {
        let Some((tariff, counts)) = self.counts.iter().find(|(tariff, _)| tariff.in_force(line.at)) else {
            return Err(format!("no tariff is in force then; there are prices {}", self.book.span()));
        };
        let receipt = receipt::price(tariff, &counts.line(line)).map_err(|fault| fault.to_string())?;
        match receipt.amounts {
            Some(amounts) => Ok((amounts, receipt.scale)),
            None => Err(receipt.refusal().unwrap_or_else(|| "it is refused".to_owned())),
        }
    }
}

struct Gathered {
    zone: TimeZone,
    products: BTreeMap<(String, String), ProductChange>,
    changes: Vec<LineChange>,
    gone: usize,
    fresh: usize,
}

impl Gathered {
    fn new(zone: TimeZone) -> Self {
        Self { zone, products: BTreeMap::new(), changes: Vec::new(), gone: 0, fresh: 0 }
    }

    fn add(&mut self, line: &Line, old: Price, new: Price) {
        match (old, new) {
            (Ok((was, scale)), Ok((is, _))) => {
                self.sum(line, was, is, scale);
                if (was.charged, was.cashback) != (is.charged, is.cashback) {
                    self.changes.push(self.change(line, Some(was), Some(is), None, scale));
                }
            }
            (Ok((was, scale)), Err(reason)) => {
                self.gone += 1;
                self.changes.push(self.change(line, Some(was), None, Some(reason), scale));
            }
            (Err(reason), Ok((is, scale))) => {
                self.fresh += 1;
                self.changes.push(self.change(line, None, Some(is), Some(reason), scale));
            }
            (Err(_), Err(_)) => {}
        }
    }

    fn change(
        &self,
        line: &Line,
        old: Option<Amounts>,
        new: Option<Amounts>,
        reason: Option<String>,
        scale: u32,
    ) -> LineChange {
        LineChange {
            at: line.at,
            day: line.at.to_zoned(self.zone.clone()).date().to_string(),
            product: line.product.clone(),
            currency: line.currency.clone(),
            quantity: line.quantity,
            tier_count: line.tier_count,
            whose: whose(line),
            old,
            new,
            reason,
            scale,
        }
    }

    fn sum(&mut self, line: &Line, was: Amounts, is: Amounts, scale: u32) {
        let key = (line.product.clone(), line.currency.clone());
        let product = self.products.entry(key).or_insert_with(|| ProductChange {
            product: line.product.clone(),
            currency: line.currency.clone(),
            lines: 0,
            charged: Movement::default(),
            cashback: Movement::default(),
            scale,
        });
        product.lines += 1;
        product.charged.add(was.charged, is.charged);
        product.cashback.add(was.cashback, is.cashback);
    }

    fn finish(mut self, source: PriceSource, orders: Orders, top: usize) -> Prices {
        let changed = self.changes.len();
        self.changes.sort_by_key(|change| std::cmp::Reverse(change.size()));
        self.changes.truncate(top);
        let moved = |product: &ProductChange| !(product.charged.is_none() && product.cashback.is_none());
        Prices {
            source,
            lines: orders.lines.len(),
            unread: (orders.unread, orders.reasons),
            gone: self.gone,
            fresh: self.fresh,
            products: self.products.into_values().filter(moved).collect(),
            top: self.changes,
            changed,
        }
    }
}

impl LineChange {
    /// How much it changes: what is charged and what is credited, taken together.
    fn size(&self) -> Decimal {
        let amounts = |amounts: Option<Amounts>| {
            amounts.map_or((Decimal::ZERO, Decimal::ZERO), |amounts| (amounts.charged, amounts.cashback))
        };
        let ((was, was_back), (is, is_back)) = (amounts(self.old), amounts(self.new));
        (is - was).abs() + (is_back - was_back).abs()
    }
}

fn whose(line: &Line) -> String {
    let case = words(line.case);
    match &line.whose {
        Whose::Case => case,
        Whose::Row { id, client, partner, .. } if partner.is_empty() => format!("{id}, {client}: {case}"),
        Whose::Row { id, client, partner, .. } => format!("{id}, {client} through {partner}: {case}"),
    }
}

fn words(case: Case) -> String {
    let Case { access, payment, by, payer, managed } = case;
    let payment = payment.map_or_else(String::new, |side| format!(" paid by the {}", side.word()));
    format!(
        "access {}{payment}, placed by {}, payer {}, managed {}",
        access.word(),
        by.word(),
        payer.word(),
        managed.word()
    )
}
