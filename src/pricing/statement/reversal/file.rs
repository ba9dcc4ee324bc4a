//! The file of reversals: `posting_id, reversed_at`, and `quantity` or `share`.

use csv::{ByteRecord, Position, ReaderBuilder};

use super::{
    super::refusal::{Code, Refusal, shown},
    share::Share,
};

/// Reversals as their file has them.
#[derive(Debug)]
pub struct Reversals {
    /// The file's name, for messages.
    pub(super) name: String,
    /// Each with its line in the file.
    pub(super) rows: Vec<(u32, Result<Wanted, Refusal>)>,
}

/// A row that is understood.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The id of the credit.
    pub(super) posting: String,
    /// When, as written: it is part of the reversal's id.
    pub(super) reversed_at: String,
    pub(super) share: Share,
}

/// Its columns; each row has a quantity or a share.
const COLUMNS: [&str; 4] = ["posting_id", "reversed_at", "quantity", "share"];

impl Reversals {
    /// Reads the file.
    ///
    /// # Errors
    /// Its header is not that of reversals: everything that is wrong with it.
    pub fn read(name: &str, text: &[u8]) -> Result<Self, Vec<String>> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(text);
        let header = reader.byte_headers().map_err(|error| vec![error.to_string()])?.clone();
        let places = places(&header)?;
        let mut rows = Vec::new();
        for record in reader.byte_records() {
            let record = record.map_err(|error| vec![error.to_string()])?;
            let line = record.position().map_or(0, Position::line);
            rows.push((u32::try_from(line).unwrap_or(u32::MAX), wanted(&record, header.len(), places)));
        }
        Ok(Self { name: name.to_owned(), rows })
    }

    /// The postings that they are about.
    pub fn postings(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter_map(|(_, row)| row.as_ref().ok()).map(|wanted| &*wanted.posting)
    }
}

/// Where each of [`COLUMNS`] stands.
fn places(header: &ByteRecord) -> Result<[Option<usize>; 4], Vec<String>> {
    let mut faults = Vec::new();
    for (place, name) in header.iter().enumerate() {
        if !COLUMNS.iter().any(|known| known.as_bytes() == name) {
            faults.push(format!("unknown column `{}`; expected {}", shown(name), COLUMNS.join(", ")));
        } else if header.iter().take(place).any(|earlier| earlier == name) {
            faults.push(format!("the column `{}` stands twice", shown(name)));
        }
    }
    let places = COLUMNS.map(|name| header.iter().position(|column| column == name.as_bytes()));
    for (name, _) in COLUMNS.iter().zip(places).take(2).filter(|(_, place)| place.is_none()) {
        faults.push(format!("the column `{name}` is missing"));
    }
    if places[2].is_none() && places[3].is_none() {
        faults.push("a column `quantity` or `share` is missing: how much is given back".to_owned());
    }
    if faults.is_empty() { Ok(places) } else { Err(faults) }
}

fn wanted(record: &ByteRecord, columns: usize, places: [Option<usize>; 4]) -> Result<Wanted, Refusal> {
    if record.len() != columns {
        let message = format!("{} fields; the header has {columns}", record.len());
        return Err(Refusal::new(Code::WrongFields, message));
    }
    let mut texts = [""; 4];
    for (text, place) in texts.iter_mut().zip(places) {
        let field = place.and_then(|place| record.get(place)).unwrap_or_default();
        *text = str::from_utf8(field).map_err(|_| Refusal::new(Code::BadEncoding, "the row is not UTF-8"))?;
    }
    let [posting, reversed_at, quantity, share] = texts;
    if posting.is_empty() || reversed_at.is_empty() {
        let empty = if posting.is_empty() { "posting_id" } else { "reversed_at" };
        return Err(Refusal::new(Code::MissingField, format!("{empty} is empty")));
    }
    let share = match (quantity, share) {
        ("", "") => Err(Refusal::new(Code::MissingField, "quantity and share are empty; one of the two says how much")),
        (quantity, "") => Share::items(quantity).ok_or_else(|| {
            let message = format!("quantity `{}` is no whole number from 1 to 1000000", shown(quantity.as_bytes()));
            Refusal::new(Code::BadQuantity, message)
        }),
        ("", share) => Share::fraction(share).ok_or_else(|| {
            let message =
                format!("share `{}` is not above 0 and up to 1 with at most 6 decimals", shown(share.as_bytes()));
            Refusal::new(Code::BadShare, message)
        }),
        _ => Err(Refusal::new(Code::BadShare, "quantity and share are both given; only one can hold")),
    }?;
    Ok(Wanted { posting: posting.to_owned(), reversed_at: reversed_at.to_owned(), share })
}
