//! Sums by partner and currency.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;

use super::text;
use crate::pricing::{compiled::Priced, review::Volumes};

/// Sums of some lines of a partner in one currency, in smallest units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// How many lines.
    pub lines: i64,
    /// Published prices.
    pub list: i128,
    /// What the payers are asked for.
    pub charged: i128,
    /// What the partner is credited.
    pub cashback: i128,
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.list += other.list;
        self.charged += other.charged;
        self.cashback += other.cashback;
    }

    #[inline]
    fn line(&mut self, priced: &Priced) {
        self.lines += 1;
        self.list += i128::from(priced.list);
        self.charged += i128::from(priced.charged);
        self.cashback += i128::from(priced.cashback);
    }

    fn without(&mut self, priced: &Priced) {
        self.lines -= 1;
        self.list -= i128::from(priced.list);
        self.charged -= i128::from(priced.charged);
        self.cashback -= i128::from(priced.cashback);
    }
}

/// One worker's sums, by partner and number of the currency.
#[derive(Debug, Default)]
pub struct Tally {
    partners: HashMap<Box<[u8]>, Vec<Sum>>,
    currencies: usize,
}

impl Tally {
    /// Nothing yet, in that many currencies.
    pub fn new(currencies: usize) -> Self {
        Self { partners: HashMap::new(), currencies }
    }

    #[inline]
    fn sum(&mut self, partner: &[u8], currency: usize) -> Option<&mut Sum> {
        if !self.partners.contains_key(partner) {
            self.partners.insert(partner.into(), vec![Sum::default(); self.currencies]);
        }
        self.partners.get_mut(partner)?.get_mut(currency)
    }

    /// Adds a line.
    #[inline]
    pub fn add(&mut self, partner: &[u8], currency: usize, priced: &Priced) {
        if let Some(sum) = self.partners.get_mut(partner).and_then(|sums| sums.get_mut(currency)) {
            sum.line(priced);
        } else if let Some(sum) = self.sum(partner, currency) {
            sum.line(priced);
        }
    }

    /// Takes a line back.
    pub fn take_back(&mut self, partner: &[u8], currency: usize, priced: &Priced) {
        if let Some(sum) = self.sum(partner, currency) {
            sum.without(priced);
        }
    }
}

/// A currency as sums need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coin {
    /// ISO 4217 code.
    pub code: Box<str>,
    /// Digits of its smallest unit.
    pub scale: u32,
}

/// All sums, in the order of `totals.csv`.
#[derive(Debug, Default)]
pub struct Totals {
    sums: BTreeMap<(Box<[u8]>, Box<str>), Sum>,
    scales: BTreeMap<Box<str>, u32>,
}

impl Totals {
    /// Adds a worker's sums.
    pub fn collect(&mut self, tally: Tally, coins: &[Coin]) {
        for (partner, sums) in tally.partners {
            for (sum, coin) in sums.iter().zip(coins).filter(|(sum, _)| **sum != Sum::default()) {
                self.add(&partner, coin, sum);
            }
        }
    }

    /// Adds a sum.
    pub fn add(&mut self, partner: &[u8], coin: &Coin, sum: &Sum) {
        // The first that is told holds: those of the tariff's lines never differ, and amounts of any other scale are
        // turned away before they come here.
        let scale = *self.scales.entry(coin.code.clone()).or_insert(coin.scale);
        debug_assert_eq!(scale, coin.scale, "{} has one scale", coin.code);
        self.sums.entry((partner.into(), coin.code.clone())).or_default().add(sum);
    }

    /// What is credited in each currency that has lines.
    pub fn credited(&self) -> BTreeMap<&str, String> {
        let mut credited: BTreeMap<&str, i128> = BTreeMap::new();
        for ((_, currency), sum) in &self.sums {
            *credited.entry(currency).or_default() += sum.cashback;
        }
        credited.into_iter().map(|(currency, units)| (currency, text::sum(units, self.scale(currency)))).collect()
    }

    /// List prices by partner and currency.
    pub fn volumes(&self) -> Volumes {
        let volume = |((partner, currency), sum): (&(Box<[u8]>, Box<str>), &Sum)| {
            let list = Decimal::try_from_i128_with_scale(sum.list, self.scale(currency)).unwrap_or(Decimal::MAX);
            ((String::from_utf8_lossy(partner).into_owned(), currency.to_string()), list)
        };
        self.sums.iter().map(volume).collect()
    }

    fn scale(&self, currency: &str) -> u32 {
        self.scales.get(currency).copied().unwrap_or(0)
    }

    /// `totals.csv`.
    pub fn csv(&self) -> Vec<u8> {
        let mut out = b"partner,currency,lines,list,charged,cashback\n".to_vec();
        for ((partner, currency), sum) in &self.sums {
            let scale = self.scale(currency);
            text::field(&mut out, partner);
            let amounts = [sum.list, sum.charged, sum.cashback].map(|units| text::sum(units, scale));
            out.extend_from_slice(format!(",{currency},{},{}\n", sum.lines, amounts.join(",")).as_bytes());
        }
        out
    }
}
