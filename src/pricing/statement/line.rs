//! One row of the orders: its words understood, its numbers checked.

use super::{
    columns::{Column, Fields, NAMES},
    refusal::{Code, Refusal, shown},
};
use crate::pricing::words::{Access, Kind, Managed, PlacedBy, Side};
use crate::pricing::{benefit::Case, tariff::form::MAX_QUANTITY};

/// A row whose fields are understood; what it names need not exist.
#[derive(Debug, Clone, Copy)]
pub struct Line<'r> {
    /// All its fields as they stand there.
    pub fields: &'r Fields<'r>,
    /// What decides the advantage.
    pub case: Case,
    /// Items.
    pub quantity: u32,
    /// What the quantity scale counts; 0 where the field is empty.
    pub tier_count: u32,
    /// Whether it starts something or goes on with it.
    pub kind: Kind,
}

impl<'r> Line<'r> {
    /// A field.
    #[inline]
    pub fn field(&self, column: Column) -> &'r [u8] {
        self.fields[column as usize]
    }

    /// Understands the fields of a row.
    ///
    /// # Errors
    /// The first that is wrong.
    #[inline]
    pub fn read(fields: &'r Fields<'r>) -> Result<Self, Refusal> {
        let field = |column: Column| fields[column as usize];
        let access = word(fields, Column::Access, Access::of_bytes, Access::WORDS)?;
        let by = word(fields, Column::PlacedBy, PlacedBy::of_bytes, PlacedBy::WORDS)?;
        let managed = word(fields, Column::Managed, Managed::of_bytes, Managed::WORDS)?;
        let kind = match field(Column::Kind) {
            b"" => Kind::Order,
            _ => word(fields, Column::Kind, Kind::of_bytes, Kind::WORDS)?,
        };
        required(fields, Column::Client)?;
        if access != Access::None {
            required(fields, Column::Partner)?;
        }
        let payment = payment(fields, access)?;
        let payer = payer(fields)?;
        let quantity = items(field(Column::Quantity)).ok_or_else(|| bad_quantity(fields))?;
        let tier_count = match field(Column::TierCount) {
            b"" => 0,
            text => items(text).filter(|count| *count >= quantity).ok_or_else(|| bad_count(fields))?,
        };
        let case = Case { access, payment, by, payer, managed };
        Ok(Self { fields, case, quantity, tier_count, kind })
    }
}

/// A field that must not be empty.
///
/// # Errors
/// It is.
#[inline]
pub fn required<'r>(fields: &Fields<'r>, column: Column) -> Result<&'r [u8], Refusal> {
    match fields[column as usize] {
        b"" => Err(Refusal::new(Code::MissingField, format!("{} is empty", NAMES[column as usize]))),
        text => Ok(text),
    }
}

/// The id of an order or a line. The hash of a posting keeps its parts apart by a control character, so ids with such
/// characters could be taken for others.
///
/// # Errors
/// It is empty, or has control characters.
#[inline]
pub fn id<'r>(fields: &Fields<'r>, column: Column) -> Result<&'r [u8], Refusal> {
    let text = required(fields, column)?;
    if text.iter().any(u8::is_ascii_control) { Err(bad_id(text, column)) } else { Ok(text) }
}

#[cold]
fn bad_id(text: &[u8], column: Column) -> Refusal {
    let message = format!(
        "{} `{}` has a control character, such as a line break; an id is printable text",
        NAMES[column as usize],
        shown(text)
    );
    Refusal::new(Code::BadEncoding, message)
}

#[inline]
fn word<T>(fields: &Fields, column: Column, of: impl Fn(&[u8]) -> Option<T>, words: &[&str]) -> Result<T, Refusal> {
    let text = fields[column as usize];
    of(text).ok_or_else(|| unknown(text, column, words))
}

#[cold]
fn unknown(text: &[u8], column: Column, words: &[&str]) -> Refusal {
    let message = format!("{} `{}` is not one of {}", NAMES[column as usize], shown(text), words.join(", "));
    Refusal::new(Code::UnknownWord, message)
}

#[inline]
fn payment(fields: &Fields, access: Access) -> Result<Option<Side>, Refusal> {
    let text = fields[Column::PaymentMode as usize];
    let side = match text {
        b"" | b"-" => None,
        _ => Some(word(fields, Column::PaymentMode, Side::of_bytes, &["-", "client", "partner"])?),
    };
    if (access == Access::Full) == side.is_some() {
        return Ok(side);
    }
    let message = match side {
        None => "payment_mode is empty; with full access it is client or partner".to_owned(),
        Some(side) => {
            format!("payment_mode `{}` with {} access; only full access has one", side.word(), access.word())
        }
    };
    Err(Refusal::new(Code::BadCase, message))
}

#[inline]
fn payer(fields: &Fields) -> Result<Side, Refusal> {
    let text = fields[Column::Payer as usize];
    match text {
        b"client" => Ok(Side::Client),
        b"partner" => Ok(Side::Partner),
        _ if text == fields[Column::Client as usize] => Ok(Side::Client),
        b"" => {
            Err(Refusal::new(Code::BadPayer, "payer is empty; expected client, partner or the id of one of the two"))
        }
        _ if text == fields[Column::Partner as usize] => Ok(Side::Partner),
        _ => {
            let message = format!("payer `{}` is neither the row's client nor its partner", shown(text));
            Err(Refusal::new(Code::BadPayer, message))
        }
    }
}

/// A whole number from 1 to the largest quantity.
#[inline]
pub fn items(text: &[u8]) -> Option<u32> {
    if text.len() > 9 {
        return None;
    }
    let mut value = 0_u32;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u32::from(digit);
    }
    (1..=MAX_QUANTITY).contains(&value).then_some(value)
}

#[cold]
fn bad_quantity(fields: &Fields) -> Refusal {
    let text = shown(fields[Column::Quantity as usize]);
    Refusal::new(Code::BadQuantity, format!("quantity `{text}` is no whole number from 1 to {MAX_QUANTITY}"))
}

#[cold]
fn bad_count(fields: &Fields) -> Refusal {
    let (text, quantity) = (shown(fields[Column::TierCount as usize]), shown(fields[Column::Quantity as usize]));
    let message = format!(
        "tier_count `{text}` is no whole number from the quantity {quantity} to {MAX_QUANTITY}; it counts the line's items too"
    );
    Refusal::new(Code::BadTierCount, message)
}
