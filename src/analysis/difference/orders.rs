//! Order lines to compare prices on: those of a sample, or of a file with the columns of `mandat statement`.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::pricing::{
    benefit::Case,
    receipt,
    statement::{
        columns::{Column, NAMES},
        line::Line as Row,
    },
    tariff::Tariff,
    words::CountedItems,
};

/// Most reasons for rows without a line that are told.
const MAX_REASONS: usize = 5;

/// One line of an order.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) whose: Whose,
    pub(super) at: Timestamp,
    pub(super) product: String,
    pub(super) currency: String,
    pub(super) quantity: u32,
    /// What the quantity scale counts, where it is said.
    pub(super) tier_count: Option<u32>,
    pub(super) case: Case,
}

/// Who orders.
#[derive(Debug, Clone)]
pub(super) enum Whose {
    /// Whoever is in that case.
    Case,
    /// A row of a file, with the order's number in it.
    Row { order: usize, id: String, client: String, partner: String },
}

/// The lines of a file.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) lines: Vec<Line>,
    /// Rows that are no order line.
    pub(super) unread: usize,
    /// Why, of the first of them.
    pub(super) reasons: Vec<String>,
}

impl Orders {
    /// Reads order lines.
    ///
    /// # Errors
    /// The header is not that of order lines.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        let headers = reader.byte_headers().map_err(|error| error.to_string())?.clone();
        let mut places = [0; NAMES.len()];
        for (place, name) in places.iter_mut().zip(NAMES) {
            let found = headers.iter().position(|header| header == name.as_bytes());
            *place =
                found.ok_or_else(|| format!("the column `{name}` is missing; there must be {}", NAMES.join(", ")))?;
        }
        let (mut orders, mut numbers) = (Self::default(), BTreeMap::new());
        for record in reader.byte_records() {
            let read = record.map_err(|error| error.to_string()).and_then(|record| {
                let fields = places.map(|place| record.get(place).unwrap_or_default());
                let number = record.position().map_or(0, csv::Position::line);
                line(&fields, &mut numbers).map_err(|reason| format!("line {number}: {reason}"))
            });
            match read {
                Ok(line) => orders.lines.push(line),
                Err(reason) => {
                    orders.unread += 1;
                    if orders.reasons.len() < MAX_REASONS {
                        orders.reasons.push(reason);
                    }
                }
            }
        }
        Ok(orders)
    }
}

fn line(fields: &[&[u8]; NAMES.len()], numbers: &mut BTreeMap<Vec<u8>, usize>) -> Result<Line, String> {
    let row = Row::read(fields).map_err(|refusal| refusal.message)?;
    let text = |column: Column| String::from_utf8_lossy(row.field(column)).into_owned();
    let at = text(Column::OrderedAt);
    let next = numbers.len();
    let order = *numbers.entry(row.field(Column::OrderId).to_vec()).or_insert(next);
    Ok(Line {
        whose: Whose::Row {
            order,
            id: format!("{}/{}", text(Column::OrderId), text(Column::LineId)),
            client: text(Column::Client),
            partner: text(Column::Partner),
        },
        at: at.parse().map_err(|error| format!("ordered_at `{at}`: {error}"))?,
        product: text(Column::Product),
        currency: text(Column::Currency),
        quantity: row.quantity,
        tier_count: (row.tier_count > 0).then_some(row.tier_count),
        case: row.case,
    })
}

/// Items of an order by the family that they are of, in one version of the tariff: what a scale that counts what is
/// ordered takes where a row does not say.
pub(super) struct Counts<'t> {
    tariff: &'t Tariff,
    items: BTreeMap<(usize, &'t str), u32>,
}

impl<'t> Counts<'t> {
    /// Counts the lines of all orders.
    pub(super) fn of<'l>(tariff: &'t Tariff, lines: impl Iterator<Item = &'l Line>) -> Self {
        let mut items = BTreeMap::new();
        for line in lines {
            let (Whose::Row { order, .. }, Some(product)) = (&line.whose, tariff.products.get(&*line.product)) else {
                continue;
            };
            let count: &mut u32 = items.entry((*order, &*product.family.id)).or_default();
            *count = count.saturating_add(line.quantity);
        }
        Self { tariff, items }
    }

    /// The line as a tariff prices it.
    pub(super) fn line<'l>(&self, line: &'l Line) -> receipt::Line<'l> {
        receipt::Line {
            product: &line.product,
            currency: &line.currency,
            quantity: line.quantity,
            tier_count: line.tier_count.or_else(|| self.counted(line)),
            case: line.case,
        }
    }

    fn counted(&self, line: &Line) -> Option<u32> {
        let Whose::Row { order, .. } = line.whose else { return None };
        let family = &self.tariff.products.get(&*line.product)?.family;
        let tier = self.tariff.tiers.get(family.tier.as_ref()?)?;
        let of = tier.of.iter().filter_map(|family| self.items.get(&(order, &**family)));
        (tier.items == CountedItems::Ordered).then(|| of.fold(0, |sum: u32, items| sum.saturating_add(*items)))
    }
}
