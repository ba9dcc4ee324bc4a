//! The columns of the order lines, in whatever order the file has them.

use super::records::{self, Extent};
use crate::pricing::words::nearest;

/// How many there are.
pub const COLUMNS: usize = NAMES.len();

/// Their names, in the order of [`Column`].
pub const NAMES: [&str; 15] = [
    "order_id",
    "line_id",
    "ordered_at",
    "client",
    "partner",
    "access",
    "payment_mode",
    "placed_by",
    "payer",
    "managed",
    "product",
    "quantity",
    "tier_count",
    "currency",
    "kind",
];

/// Number of each column in a row's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub enum Column {
    OrderId,
    LineId,
    OrderedAt,
    Client,
    Partner,
    Access,
    PaymentMode,
    PlacedBy,
    Payer,
    Managed,
    Product,
    Quantity,
    TierCount,
    Currency,
    Kind,
}

/// The fields of a row by [`Column`].
pub type Fields<'r> = [&'r [u8]; COLUMNS];

/// Which column stands where in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The column at each place.
    pub at: [usize; COLUMNS],
}

impl Columns {
    /// Reads a file's header; blank lines before it are passed over. Tells with it how many bytes it takes.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Vec<String>> {
        let mut start = 0;
        loop {
            let (Extent::Whole(length) | Extent::Unclosed(length)) = records::extent(&bytes[start..], true) else {
                return Err(vec![format!("no header; the first line names the columns: {}", NAMES.join(","))]);
            };
            let record = records::trimmed(&bytes[start..start + length]);
            start += length;
            if !record.is_empty() {
                return Ok((Self { at: places(&named(record), &NAMES)? }, start));
            }
        }
    }
}

/// The fields of a header.
pub(super) fn named(record: &[u8]) -> Vec<String> {
    let (mut text, mut ends) = (Vec::new(), Vec::new());
    records::unquote(record, &mut text, &mut ends);
    let starts = std::iter::once(&0).chain(&ends);
    starts.zip(&ends).map(|(start, end)| String::from_utf8_lossy(&text[*start..*end]).into_owned()).collect()
}

/// For each place of a header the number of its name; every name must stand there once, and nothing else.
fn places<const N: usize>(header: &[String], names: &[&str; N]) -> Result<[usize; N], Vec<String>> {
    let mut faults = Vec::new();
    for (place, name) in header.iter().enumerate() {
        if !names.contains(&&**name) {
            let meant = nearest(name, names.iter().copied());
            let help = meant.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            faults.push(format!("unknown column `{}`{help}", super::refusal::shown(name.as_bytes())));
        } else if header[..place].contains(name) {
            faults.push(format!("the column `{name}` stands twice"));
        }
    }
    let missing = names.iter().filter(|name| !header.iter().any(|column| column == *name));
    faults.extend(missing.map(|name| format!("the column `{name}` is missing")));
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut at = [0; N];
    for (place, name) in at.iter_mut().zip(header) {
        *place = names.iter().position(|known| known == name).unwrap_or(0);
    }
    Ok(at)
}
