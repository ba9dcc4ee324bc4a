//! A version of the tariff with what a statement's rows ask of it.

use std::sync::Arc;

use super::{text, totals::Coin};
use crate::pricing::{
    compiled::Compiled,
    tariff::{BillingPeriod, Product, Tariff},
    words::{CountedItems, CountedPer},
};

/// A version.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) tariff: Arc<Tariff>,
    /// Its first second, and the first after it.
    pub(super) starts: i64,
    pub(super) ends: i64,
    pub(super) compiled: Compiled,
    /// By the compiled number of the product.
    goods: Vec<Good>,
    /// For each currency of this version its place among those of all versions.
    pub(super) coins: Vec<usize>,
    /// The fields of a posting from `tariff` to `reverses`, with their commas.
    pub(super) mark: Vec<u8>,
}

/// What a product is, besides its price.
#[derive(Debug, Clone, Default)]
pub(super) struct Good {
    /// Billed by days or weeks.
    pub(super) daily: bool,
    /// The number of its family.
    pub(super) family: usize,
    /// The families whose items on the same order its scale counts; empty where only the caller can count.
    pub(super) counted: Vec<usize>,
    /// Whether its items count on the order for any scale.
    pub(super) counts: bool,
}

impl Version {
    pub(super) fn new(tariff: &Arc<Tariff>, coins: &mut Vec<Coin>, families: &mut Vec<Arc<str>>) -> Self {
        let compiled = Compiled::of(tariff);
        let mut goods = vec![Good::default(); tariff.products.len()];
        for (name, product) in &tariff.products {
            if let Some(good) = compiled.product(name.as_bytes()).and_then(|number| goods.get_mut(number as usize)) {
                *good = self::good(tariff, product, families);
            }
        }
        let mut numbers = vec![0; tariff.currencies.len()];
        for currency in tariff.currencies.values() {
            let coin = Coin { code: (&*currency.code).into(), scale: currency.scale };
            let number = compiled.currency(currency.code.as_bytes());
            if let Some(place) = number.and_then(|number| numbers.get_mut(number as usize)) {
                *place = numbered(coins, coin);
            }
        }
        Self {
            tariff: Arc::clone(tariff),
            starts: tariff.period.starts.as_second(),
            ends: tariff.period.ends.map_or(i64::MAX, jiff::Timestamp::as_second),
            compiled,
            goods,
            coins: numbers,
            mark: mark(tariff),
        }
    }

    /// What the product of a compiled number is.
    #[inline]
    pub(super) fn good(&self, product: u32) -> Option<&Good> {
        self.goods.get(product as usize)
    }
}

fn good(tariff: &Tariff, product: &Product, families: &mut Vec<Arc<str>>) -> Good {
    let on_order =
        |tier: &&crate::pricing::tariff::Tier| tier.items == CountedItems::Ordered && tier.per == CountedPer::Order;
    let tier = product.family.tier.as_ref().and_then(|tier| tariff.tiers.get(tier)).filter(on_order);
    let family = &product.family.id;
    Good {
        daily: product.period == BillingPeriod::Days,
        family: numbered(families, Arc::clone(family)),
        counted: tier.map_or_else(Vec::new, |tier| {
            tier.of.iter().map(|family| numbered(families, Arc::clone(family))).collect()
        }),
        counts: tariff.tiers.values().filter(on_order).any(|tier| tier.of.contains(family)),
    }
}

/// The place of something in a list that it is put into where it is missing.
fn numbered<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|known| *known == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

fn mark(tariff: &Tariff) -> Vec<u8> {
    let mut mark = vec![b','];
    text::field(&mut mark, tariff.id.as_bytes());
    mark.push(b',');
    text::number(&mut mark, u64::from(tariff.version));
    mark.push(b',');
    mark.extend_from_slice(tariff.sha256.as_bytes());
    mark.extend_from_slice(b",,");
    mark
}
