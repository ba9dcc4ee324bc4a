//! The changes to one file of tariffs, found by walking through it beside its form.

use std::{ops::Range, str::FromStr as _};

use jiff::civil::Date;
use rust_decimal::Decimal;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    analysis::mutation::Kind,
    bundle::tariffs::is_tax,
    pricing::{
        tariff::form::TARIFF,
        tax::form::TAX,
        toml_form::{Form, Key, Table},
    },
    problem::Source,
};

/// Keys that say where something comes from or what it is called; no amount depends on them.
const REMARKS: [&str; 6] = ["source", "open", "rules", "reading", "version", "corrects"];

/// One change to a file of tariffs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced, in bytes of the file.
    pub range: Range<usize>,
    /// What stands there instead.
    pub with: String,
    /// The kind of change.
    pub kind: Kind,
    /// The path of what is changed, such as `family.storage.partner_discount`.
    pub path: String,
}

impl Edit {
    /// The text with the change made.
    pub fn apply(&self, text: &str) -> String {
        let (before, after) = (text.get(..self.range.start), text.get(self.range.end..));
        format!("{}{}{}", before.unwrap_or_default(), self.with, after.unwrap_or_default())
    }
}

/// Every change of a file, in its order.
pub fn of(source: &Source) -> Vec<Edit> {
    let Ok(file) = DeTable::parse(&source.text) else { return Vec::new() };
    let mut walk = Walk { text: &source.text, file: file.get_ref(), edits: Vec::new() };
    let form = if is_tax(source) { &TAX } else { &TARIFF };
    walk.table(form, file.get_ref(), "");
    walk.edits.sort_by_key(|edit| edit.range.start);
    walk.edits
}

type Value<'t> = Spanned<DeValue<'t>>;

struct Walk<'t> {
    text: &'t str,
    file: &'t DeTable<'t>,
    edits: Vec<Edit>,
}

impl<'t> Walk<'t> {
    fn edit(&mut self, path: &str, range: Range<usize>, with: impl Into<String>, kind: Kind) {
        self.edits.push(Edit { range, with: with.into(), kind, path: path.to_owned() });
    }

    fn table(&mut self, form: &Table, table: &'t DeTable<'t>, path: &str) {
        for (name, value) in table {
            let Some(key) = form.key(name.get_ref()) else { continue };
            if REMARKS.contains(&key.name) {
                continue;
            }
            let path = join(path, key.name);
            let before = self.edits.len();
            self.value(key, value, &path);
            let matters = self.edits.len() > before;
            if !key.required && matters {
                self.leave_out(&path, name.span().start..value.span().end);
            }
        }
    }

    fn value(&mut self, key: &Key, value: &'t Value<'t>, path: &str) {
        match (&key.form, value.get_ref()) {
            (Form::Rate | Form::Amount | Form::Integer(..), _) => self.number(path, value.span()),
            (Form::Date, DeValue::Datetime(_)) => self.date(path, value.span()),
            (Form::Word(words), DeValue::String(_)) => self.word(path, value, words),
            (Form::AnyOf(words), DeValue::String(_)) => {
                self.word(path, value, words);
                self.word(path, value, &["*"]);
            }
            (Form::Words(_), DeValue::Array(items)) => {
                self.swap_neighbours(path, items);
                self.leave_out_each(path, items);
            }
            (Form::AnyOf(_) | Form::Names, DeValue::Array(items)) => self.leave_out_each(path, items),
            (Form::Text, DeValue::String(text)) => self.name(key.name, path, value.span(), text),
            (Form::Table(form), DeValue::Table(table)) => self.table(form, table, path),
            (Form::Named(form), DeValue::Table(table)) => {
                for (name, entry) in table {
                    if let Some(entry) = entry.get_ref().as_table() {
                        self.table(form, entry, &join(path, name.get_ref()));
                    }
                }
            }
            (Form::Amounts, DeValue::Table(amounts)) => {
                for (name, amount) in amounts {
                    self.number(&join(path, name.get_ref()), amount.span());
                }
            }
            (Form::List(form), DeValue::Array(items)) => {
                for (number, item) in items.iter().enumerate() {
                    let Some(entry) = item.get_ref().as_table() else { continue };
                    let id = entry.get("id").and_then(|id| id.get_ref().as_str());
                    let name = id.map_or_else(|| (number + 1).to_string(), ToOwned::to_owned);
                    self.table(form, entry, &join(path, &name));
                }
                self.leave_out_each(path, items);
            }
            _ => {}
        }
    }

    /// One unit of the last digit less, and one more.
    fn number(&mut self, path: &str, place: Range<usize>) {
        let written: String = self.text.get(place.clone()).unwrap_or_default().replace('_', "");
        let Ok(number) = Decimal::from_str(&written) else { return };
        let unit = Decimal::new(1, number.scale());
        for other in [number - unit, number + unit] {
            if !other.is_sign_negative() || other.is_zero() {
                self.edit(path, place.clone(), other.to_string(), Kind::Value);
            }
        }
    }

    fn date(&mut self, path: &str, place: Range<usize>) {
        let Ok(date) = Date::from_str(self.text.get(place.clone()).unwrap_or_default()) else { return };
        for other in [date.yesterday(), date.tomorrow()].into_iter().flatten() {
            self.edit(path, place.clone(), other.to_string(), Kind::Value);
        }
    }

    fn word(&mut self, path: &str, value: &Value, words: &[&str]) {
        let own = value.get_ref().as_str();
        for other in words.iter().filter(|other| Some(**other) != own) {
            self.edit(path, value.span(), format!("\"{other}\""), Kind::Value);
        }
    }

    /// A name of another entry of this file, such as a product's family; another time zone.
    fn name(&mut self, key: &str, path: &str, place: Range<usize>, own: &str) {
        let entries = self.file.get(key).and_then(|entries| entries.get_ref().as_table());
        for (other, _) in entries.into_iter().flatten().filter(|(other, _)| other.get_ref() != own) {
            self.edit(path, place.clone(), format!("\"{}\"", other.get_ref()), Kind::Value);
        }
        if key == "timezone" && own != "UTC" {
            self.edit(path, place, "\"UTC\"", Kind::Value);
        }
    }

    fn swap_neighbours(&mut self, path: &str, items: &[Value]) {
        for pair in items.windows(2) {
            let (first, second) = (pair[0].span(), pair[1].span());
            let text = |place: Range<usize>| self.text.get(place).unwrap_or_default();
            let with = format!("{}{}{}", text(second.clone()), text(first.end..second.start), text(first.clone()));
            self.edit(path, first.start..second.end, with, Kind::Order);
        }
    }

    fn leave_out_each(&mut self, path: &str, items: &[Value]) {
        if items.len() < 2 {
            return;
        }
        for (number, item) in items.iter().enumerate() {
            let range = match number {
                0 => item.span().start..items[1].span().start,
                _ => items[number - 1].span().end..item.span().end,
            };
            self.edit(path, range, "", Kind::Drop);
        }
    }

    /// A key with its value, and the comma that goes with it.
    fn leave_out(&mut self, path: &str, place: Range<usize>) {
        let (before, after) = (&self.text[..place.start], &self.text[place.end..]);
        let range = if let Some(rest) = after.trim_start().strip_prefix(',') {
            place.start..self.text.len() - rest.trim_start_matches(' ').len()
        } else if let Some(rest) = before.trim_end().strip_suffix(',') {
            rest.len()..place.end
        } else {
            place
        };
        self.edit(path, range, "", Kind::Drop);
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
