//! Quantity scales: bands without gap or overlap, and the totals that fall where a band starts.
//!
//! With `volume`, the band of the count holds for the whole line: 30 items at 25 % off cost less than 29 at 10 %.
//! That is what the programme's documents show, and still worth a look whenever somebody writes it (W044).
//!
//! Codes: E040 no bands, E041 gap, E042 overlap, E043 out of order, E045 a count that
//! nobody can know, E046 a family that its own scale does not count, W044 a total that falls, W047 a rate
//! that falls.

use std::{collections::BTreeMap, sync::Arc};

use rust_decimal::Decimal;

use super::{Basis, read::Reading};
use crate::{
    pricing::{
        toml_form::read::Entry,
        words::{CountedItems, CountedPer, TierMode},
    },
    problem::Problem,
};

/// A quantity scale.
#[derive(Debug, Clone)]
pub struct Tier {
    /// Its name.
    pub id: Arc<str>,
    /// How its bands apply.
    pub mode: TierMode,
    /// What is counted.
    pub items: CountedItems,
    /// Over what.
    pub per: CountedPer,
    /// The families that count together.
    pub of: Vec<Arc<str>>,
    /// The bands, ascending; the first starts at 1.
    pub bands: Vec<Band>,
    /// What it rests on.
    pub basis: Arc<Basis>,
}

/// A band of a quantity scale.
#[derive(Debug, Clone)]
pub struct Band {
    /// The first count it holds for.
    pub from: u32,
    /// Its reduction, 0 to 1.
    pub rate: Decimal,
    /// What its rate rests on; its path is that of the tier.
    pub basis: Arc<Basis>,
    /// What its start rests on.
    pub from_basis: Arc<Basis>,
}

impl Tier {
    /// The band of a count.
    pub fn band(&self, count: u32) -> Option<&Band> {
        self.bands[..self.bands.partition_point(|band| band.from <= count)].last()
    }

    /// The bands that the places after `before` up to `count` lie in, with how many lie in each.
    pub fn places(&self, before: u32, count: u32) -> impl Iterator<Item = (&Band, u32)> {
        let ends = self.bands.iter().skip(1).map(|band| band.from - 1).chain([u32::MAX]);
        self.bands.iter().zip(ends).filter_map(move |(band, end)| {
            let (first, last) = (band.from.max(before + 1), end.min(count));
            (first <= last).then(|| (band, last - first + 1))
        })
    }

    /// Counts at which the total of a volume scale is below the total of one item less.
    pub fn falls(&self) -> Vec<u32> {
        if self.mode == TierMode::Graduated {
            return Vec::new();
        }
        let falls = |pair: &&[Band]| factor(&pair[1], pair[1].from) < factor(&pair[0], pair[1].from - 1);
        self.bands.windows(2).filter(falls).map(|pair| pair[1].from).collect()
    }
}

/// How many times the unit price `count` items of a volume band cost.
fn factor(band: &Band, count: u32) -> Decimal {
    Decimal::from(count) * (Decimal::ONE - band.rate)
}

/// Reads `[tier]`.
pub(super) fn read(reading: &mut Reading, file: Entry) -> BTreeMap<Arc<str>, Tier> {
    file.named("tier").into_iter().filter_map(|entry| Some((entry.name.into(), tier(reading, entry)?))).collect()
}

fn tier(reading: &mut Reading, entry: Entry) -> Option<Tier> {
    let path = format!("tier.{}", entry.name);
    let basis = reading.basis(entry, path.clone());
    let count = entry.table("count");
    let bands: Vec<Band> =
        entry.list("bands").into_iter().filter_map(|band| self::band(reading, band, &path)).collect();
    let found = faults(entry, &bands, entry.list("bands").len());
    let complete = found.is_empty() && bands.len() == entry.list("bands").len();
    reading.problems.extend(found);
    let tier = Tier {
        id: entry.name.into(),
        mode: TierMode::of(entry.text("mode")?.value)?,
        items: CountedItems::of(count?.text("items")?.value)?,
        per: CountedPer::of(count?.text("per")?.value)?,
        of: count?.texts("of").iter().map(|family| family.value.into()).collect(),
        bands,
        basis: basis?,
    };
    counted(reading, entry, count?, &tier);
    if complete && entry.text("falls").is_none() {
        reading.problems.extend(warnings(entry, &tier));
    }
    if complete {
        reading.problems.extend(falling_rates(entry, &tier));
    }
    complete.then_some(tier)
}

fn band(reading: &mut Reading, entry: Entry, path: &str) -> Option<Band> {
    let rate = reading.rate(entry, "rate");
    let basis = reading.basis_of(entry, path.to_owned(), "source");
    let from_basis = match entry.text("from_source") {
        Some(_) => reading.basis_of(entry, path.to_owned(), "from_source"),
        None => basis.clone(),
    };
    Some(Band { from: entry.integer("from")?.value, rate: rate?, basis: basis?, from_basis: from_basis? })
}

/// Gaps, overlaps and bands out of order.
fn faults(entry: Entry, bands: &[Band], written: usize) -> Vec<Problem> {
    let rows = entry.list("bands");
    let of = |row: &Entry, code, message: String, help: &str| {
        let span = row.integer("from").map_or_else(|| row.span(), |from| from.span);
        row.problem(span, message).code(code).help(help)
    };
    if entry.empty_list("bands").is_some() {
        let fault = entry.problem(entry.key_span("bands"), format!("tier \"{}\" has no bands", entry.name));
        return vec![fault.code("E040").help("write at least { from = 1, rate = 0.00, source = … }")];
    }
    if bands.len() < written {
        return Vec::new();
    }
    let mut faults = Vec::new();
    if let (Some(first), Some(row)) = (bands.first(), rows.first())
        && first.from > 1
    {
        let gap =
            if first.from == 2 { "1 item matches".to_owned() } else { format!("1 to {} items match", first.from - 1) };
        faults.push(of(
            row,
            "E041",
            format!("tier \"{}\" has a gap: {gap} no band", entry.name),
            "start the first band at 1",
        ));
    }
    for (pair, row) in bands.windows(2).zip(rows.iter().skip(1)) {
        let before = &pair[0].basis.at;
        if pair[1].from == pair[0].from {
            let message = format!(
                "tier \"{}\" overlaps: this band starts at {}, the band on line {} already starts at {}",
                entry.name, pair[1].from, before.line, pair[0].from
            );
            faults.push(of(row, "E042", message, "give it another start, or take one of the two out"));
        } else if pair[1].from < pair[0].from {
            let message = format!(
                "tier \"{}\" is out of order: this band starts at {}, the one on line {} before it at {}",
                entry.name, pair[1].from, before.line, pair[0].from
            );
            faults.push(of(row, "E043", message, "list the bands in ascending order"));
        }
    }
    faults
}

/// A family's own items count on its scale: a count always holds the line's items.
pub(super) fn check_families(reading: &mut Reading, file: Entry, tiers: &BTreeMap<Arc<str>, Tier>) {
    for family in file.named("family") {
        let Some(named) = family.text("tier") else { continue };
        let Some(tier) = tiers.get(named.value) else { continue };
        if !tier.of.iter().any(|counted| &**counted == family.name) {
            let message =
                format!("tier \"{}\" does not count family \"{}\", which has its advantage", tier.id, family.name);
            reading.problems.push(
                family
                    .problem(named.span, message)
                    .code("E046")
                    .help("name the family in the tier's count.of, or take the tier out here"),
            );
        }
    }
}

/// What is counted must be countable.
fn counted(reading: &mut Reading, entry: Entry, count: Entry, tier: &Tier) {
    if (tier.items == CountedItems::Ordered) != (tier.per == CountedPer::Order) {
        let message = format!("tier \"{}\" counts {} items per {}", tier.id, tier.items.word(), tier.per.word());
        reading.problems.push(
            entry
                .problem(count.key_span("per"), message)
                .code("E045")
                .help("count ordered items per order, or active items per client or partner"),
        );
    }
    for family in count.texts("of") {
        reading.family_named(entry, &family);
    }
}

/// A larger quantity that saves less is more likely a slip than meant.
fn falling_rates(entry: Entry, tier: &Tier) -> Vec<Problem> {
    let rows = entry.list("bands");
    let falling = tier.bands.windows(2).zip(rows.iter().skip(1)).filter(|(pair, _)| pair[1].rate < pair[0].rate);
    falling
        .map(|(pair, row)| {
            let message = format!(
                "tier \"{}\": the rate falls from {} to {} at {} items",
                tier.id, pair[0].rate, pair[1].rate, pair[1].from
            );
            row.problem(row.span(), message).code("W047").help("a larger quantity would save less; is a digit missing?")
        })
        .collect()
}

/// Totals that fall, worth a look.
fn warnings(entry: Entry, tier: &Tier) -> Vec<Problem> {
    let rows = entry.list("bands");
    let falls = tier.falls();
    let rows =
        rows.iter().zip(&tier.bands).enumerate().filter(|(_, (_, band))| falls.binary_search(&band.from).is_ok());
    rows.map(|(position, (row, band))| {
        let before = &tier.bands[position - 1];
        let times = |band: &Band, count: u32| factor(band, count).normalize();
        let message = format!(
            "tier \"{}\": {} items cost less than {} (x{} against x{} of the unit price)",
            tier.id,
            band.from,
            band.from - 1,
            times(band, band.from),
            times(before, band.from - 1)
        );
        row.problem(row.span(), message)
            .code("W044")
            .help("intended for mode = \"volume\"? then say falls = \"intended\"")
    })
    .collect()
}
