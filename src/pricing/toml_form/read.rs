//! Takes values out of a table that was held against its form: what is missing or of the wrong type was
//! reported there, so here it is simply not there.

use std::{collections::BTreeSet, ops::Range, str::FromStr as _};

use jiff::civil::Date;
use rust_decimal::Decimal;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::wording::fitting;
use crate::{
    pricing::words::nearest,
    problem::{Location, Problem, Source},
};

/// A value with its place.
#[derive(Debug, Clone)]
pub struct At<T> {
    /// What it is.
    pub value: T,
    /// Where it stands, in bytes.
    pub span: Range<usize>,
}

/// A number as it was written, so that messages repeat it digit by digit.
pub type Written<'t> = At<(Decimal, &'t str)>;

/// A table, the name it stands behind, and its file.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'t> {
    /// The file.
    pub source: &'t Source,
    /// The name, `""` for what has none.
    pub name: &'t str,
    start: usize,
    end: usize,
    table: &'t DeTable<'t>,
}

impl<'t> Entry<'t> {
    /// The whole file.
    pub fn file(source: &'t Source, table: &'t DeTable<'t>) -> Self {
        Self { source, name: "", start: 0, end: 0, table }
    }

    /// Where its name stands.
    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Where it stands, for receipts.
    pub fn location(&self) -> Location {
        self.source.location(self.start)
    }

    /// A problem at a place of this file.
    pub fn problem(&self, span: Range<usize>, message: impl Into<String>) -> Problem {
        Problem::at(self.source, (span.start, span.len()), fitting(&message.into()))
    }

    /// Where the key of that name stands; the entry itself if it has none.
    pub fn key_span(&self, name: &str) -> Range<usize> {
        self.table.get_key_value(name).map_or_else(|| self.span(), |(key, _)| key.span())
    }

    /// A text.
    pub fn text(&self, name: &str) -> Option<At<&'t str>> {
        let value = self.table.get(name)?;
        Some(At { value: value.get_ref().as_str()?, span: value.span() })
    }

    /// The texts of a list, or the one that stands alone.
    pub fn texts(&self, name: &str) -> Vec<At<&'t str>> {
        let Some(value) = self.table.get(name) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(text).collect(),
            _ => text(value).into_iter().collect(),
        }
    }

    /// Whether nothing but texts stands behind a key.
    pub fn holds_texts(&self, name: &str) -> bool {
        let is_text = |value: &DeValue| value.is_str();
        self.table.get(name).is_some_and(|value| match value.get_ref() {
            DeValue::Array(items) => items.iter().all(|item| is_text(item.get_ref())),
            other => is_text(other),
        })
    }

    /// A number, exact to the last digit; a problem if it cannot be kept so.
    pub fn number(&self, name: &str) -> Option<Result<Written<'t>, Problem>> {
        let value = self.table.get(name).filter(|value| numeric(value.get_ref()))?;
        Some(number(self.source, value))
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> Option<At<u32>> {
        let value = self.table.get(name)?;
        let number = value.get_ref().as_integer()?;
        Some(At { value: u32::from_str_radix(number.as_str(), number.radix()).ok()?, span: value.span() })
    }

    /// A date.
    pub fn date(&self, name: &str) -> Option<At<Date>> {
        let value = self.table.get(name)?;
        let date = value.get_ref().as_datetime()?.date?;
        let date =
            Date::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
        Some(At { value: date.ok()?, span: value.span() })
    }

    /// The table behind a key; empty if there is none.
    pub fn table(&self, name: &'t str) -> Option<Entry<'t>> {
        let (key, value) = self.table.get_key_value(name)?;
        Some(self.below(key, value.get_ref().as_table()?))
    }

    /// The named tables behind a key, in the order of the file.
    pub fn named(&self, name: &str) -> Vec<Entry<'t>> {
        let Some(table) = self.table.get(name).and_then(|value| value.get_ref().as_table()) else { return Vec::new() };
        let mut entries: Vec<_> =
            table.iter().filter_map(|(key, value)| Some(self.below(key, value.get_ref().as_table()?))).collect();
        entries.sort_by_key(|entry| entry.start);
        entries
    }

    /// Whether the key of that name is there.
    pub fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// Whether some key looks as if that name was meant.
    pub fn misspells(&self, name: &str) -> bool {
        self.table.keys().any(|key| nearest(key.get_ref(), [name]).is_some())
    }

    /// All names of the table behind a key, those with faults too; nothing if it is no table.
    pub fn names(&self, name: &str) -> Option<BTreeSet<&'t str>> {
        Some(self.table.get(name)?.get_ref().as_table()?.keys().map(|key| &**key.get_ref()).collect())
    }

    /// The tables of a list.
    pub fn list(&self, name: &str) -> Vec<Entry<'t>> {
        let Some(items) = self.table.get(name).and_then(|value| value.get_ref().as_array()) else { return Vec::new() };
        let entry = |item: &'t Spanned<DeValue<'t>>| {
            let table = item.get_ref().as_table()?;
            let span = item.span();
            Some(Entry { source: self.source, name: "", start: span.start, end: span.end, table })
        };
        items.iter().filter_map(entry).collect()
    }

    /// Where a list stands that holds nothing.
    pub fn empty_list(&self, name: &str) -> Option<Range<usize>> {
        let value = self.table.get(name)?;
        value.get_ref().as_array()?.is_empty().then(|| value.span())
    }

    /// Names with a number each, in the order of the file.
    pub fn numbers(&self, name: &str) -> Vec<(At<&'t str>, Result<Written<'t>, Problem>)> {
        let Some(table) = self.table.get(name).and_then(|value| value.get_ref().as_table()) else { return Vec::new() };
        let mut numbers: Vec<_> = table
            .iter()
            .filter(|(_, value)| numeric(value.get_ref()))
            .map(|(key, value)| (At { value: &**key.get_ref(), span: key.span() }, number(self.source, value)))
            .collect();
        numbers.sort_by_key(|(name, _)| name.span.start);
        numbers
    }

    fn below(&self, key: &'t Spanned<std::borrow::Cow<'t, str>>, table: &'t DeTable<'t>) -> Entry<'t> {
        Entry { source: self.source, name: key.get_ref(), start: key.span().start, end: key.span().end, table }
    }
}

fn text<'t>(value: &'t Spanned<DeValue<'t>>) -> Option<At<&'t str>> {
    Some(At { value: value.get_ref().as_str()?, span: value.span() })
}

fn numeric(value: &DeValue) -> bool {
    value.is_integer() || value.is_float()
}

fn number<'t>(source: &'t Source, value: &Spanned<DeValue>) -> Result<Written<'t>, Problem> {
    let span = value.span();
    let written = source.text.get(span.clone()).unwrap_or_default();
    let problem = |message: String| Problem::at(source, (span.start, span.len()), fitting(&message)).code("E007");
    let plain: String = written.chars().filter(|c| *c != '_').collect();
    if !plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+')) {
        return Err(
            problem(format!("{written} is no plain decimal")).help("write the digits out, such as 0.20 or 2000")
        );
    }
    match Decimal::from_str_exact(plain.trim_start_matches('+')) {
        Ok(number) => Ok(At { value: (number, written), span }),
        Err(_) => match Decimal::from_str(plain.trim_start_matches('+')) {
            Ok(rounded) => Err(problem(format!("{written} has more digits than can be kept exactly"))
                .help(format!("write at most 28 digits, such as {}", rounded.round_dp(2)))),
            Err(_) => Err(problem(format!("{written} is too large")).help("write at most 28 digits")),
        },
    }
}
