//! Order lines that a change of prices would show in: the same for the same two tariffs, no matter where.
//!
//! Every product in every currency, at the first moment of every version; of the cases that decide an advantage one for
//! each pair of benefit rows, the old and the new one; quantities on both sides of every bound of the quantity scales.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::orders::{Line, Whose};
use crate::pricing::{
    benefit::Case,
    tariff::{Book, Tariff},
};

/// Quantities that no scale needs a bound at.
const PLAIN: [u32; 2] = [1, 100];

/// The lines of a sample.
pub(super) fn lines(old: &Book, new: &Book) -> Vec<Line> {
    let starts: BTreeSet<Timestamp> =
        [old, new].iter().flat_map(|book| book.timeline()).map(|tariff| tariff.period.starts).collect();
    let mut lines = Vec::new();
    for at in starts {
        let tariffs: Vec<&Tariff> = [old.at(at), new.at(at)].into_iter().flatten().map(|tariff| &**tariff).collect();
        if matches!(tariffs[..], [one, other] if one.sha256 == other.sha256) {
            continue;
        }
        lines.extend(of(&tariffs, at));
    }
    lines
}

fn of(tariffs: &[&Tariff], at: Timestamp) -> Vec<Line> {
    let products: BTreeSet<&str> =
        tariffs.iter().flat_map(|tariff| tariff.products.keys()).map(|product| &**product).collect();
    let currencies: BTreeSet<&str> =
        tariffs.iter().flat_map(|tariff| tariff.currencies.keys()).map(|currency| &**currency).collect();
    let cases = cases(tariffs);
    let mut lines = Vec::new();
    for product in products {
        let quantities = quantities(tariffs, product);
        for currency in &currencies {
            for case in &cases {
                lines.extend(quantities.iter().map(|&(quantity, count)| Line {
                    whose: Whose::Case,
                    at,
                    product: product.to_owned(),
                    currency: (*currency).to_owned(),
                    quantity,
                    tier_count: Some(count),
                    case: *case,
                }));
            }
        }
    }
    lines
}

/// The first case of each combination of rows that decide it.
fn cases(tariffs: &[&Tariff]) -> Vec<Case> {
    let mut seen = BTreeSet::new();
    let rows = |case: Case| -> Vec<Option<String>> {
        tariffs.iter().map(|tariff| tariff.benefits.row(case).map(|row| row.id.to_string())).collect()
    };
    Case::all().filter(|case| seen.insert(rows(*case))).collect()
}

/// Quantities with what the scale counts: around each of its bounds, all on this line and as a single item.
fn quantities(tariffs: &[&Tariff], product: &str) -> BTreeSet<(u32, u32)> {
    let tiers = tariffs.iter().filter_map(|tariff| {
        let product = tariff.products.get(product)?;
        tariff.tiers.get(product.family.tier.as_ref()?)
    });
    let bounds = tiers.flat_map(|tier| tier.bands.iter().flat_map(|band| [band.from.saturating_sub(1), band.from]));
    let counts = bounds.chain(PLAIN).filter(|count| *count > 0);
    counts.flat_map(|count| [(count, count), (1, count)]).collect()
}
