//! The partners whose year is below the programme's minimum: this month's sums and those of the eleven before.

use std::path::{Path, PathBuf};

use rust_decimal::Decimal;

use super::{Stopped, invalid};
use crate::pricing::{
    review::{Review, Volumes, below_minimum},
    statement::{text, totals::Totals},
    tariff::Tariff,
};

/// Adds up the year and finds those below the minimum; nothing where no earlier months were given.
pub(super) fn review(
    tariff: Option<&Tariff>,
    totals: &Totals,
    earlier: &[PathBuf],
) -> Result<Option<Vec<Review>>, Stopped> {
    let (Some(tariff), false) = (tariff, earlier.is_empty()) else { return Ok(None) };
    let mut volumes = totals.volumes();
    earlier.iter().try_for_each(|path| add(path, &mut volumes))?;
    Ok(Some(below_minimum(tariff, &volumes)))
}

fn add(path: &Path, volumes: &mut Volumes) -> Result<(), Stopped> {
    let name = path.display();
    let wrong = |fault: &dyn std::fmt::Display| invalid(format!("cannot read the totals `{name}`: {fault}"));
    let mut reader = csv::Reader::from_path(path).map_err(|error| wrong(&error))?;
    let headers = reader.headers().map_err(|error| wrong(&error))?.clone();
    let column = |wanted: &str| headers.iter().position(|header| header == wanted);
    let (Some(partner), Some(currency), Some(list)) = (column("partner"), column("currency"), column("list")) else {
        return Err(wrong(&"the header has no partner, currency or list; give a totals.csv of a statement"));
    };
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |column: usize| record.get(column).unwrap_or_default();
        let Some(volume) = amount(field(list)) else {
            return Err(wrong(&format!(
                "line {line}: list `{}` is no amount; expected one such as 347.20",
                field(list)
            )));
        };
        let sum = volumes.entry((field(partner).to_owned(), field(currency).to_owned())).or_default();
        let total = sum.checked_add(volume);
        *sum = total.ok_or_else(|| wrong(&format!("line {line}: the year's list prices are too large to be added")))?;
    }
    Ok(())
}

/// Digits with at most one point between them and perhaps a minus before: no other way to write a number is guessed at.
fn amount(text: &str) -> Option<Decimal> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(decimals);
    Decimal::from_str_exact(text).ok().filter(|_| is_plain)
}

/// How many partners these are.
pub(super) fn partners(reviews: &[Review]) -> usize {
    reviews.chunk_by(|one, next| one.partner == next.partner).count()
}

/// `review.csv`.
pub(super) fn csv(reviews: &[Review]) -> Vec<u8> {
    let mut out = b"partner,currency,volume,minimum\n".to_vec();
    for review in reviews {
        text::field(&mut out, review.partner.as_bytes());
        out.push(b',');
        text::field(&mut out, review.currency.as_bytes());
        let scale = review.volume.scale();
        out.extend_from_slice(
            format!(",{},{}\n", review.volume, crate::pricing::money::text(review.minimum, scale)).as_bytes(),
        );
    }
    out
}
