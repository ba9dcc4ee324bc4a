//! Holds a parsed TOML table against its form; every difference is a problem with a code and a place.
//!
//! Codes: E001 no TOML, E002 unknown key, E003 missing key, E004 wrong type, E005 unknown word, E006 number out of
//! range, E007 number that cannot be kept exactly, E070 missing source.

use std::{collections::BTreeSet, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub use super::wording::list;
use super::{Form, Key, Table, wording::fitting};
use crate::{
    pricing::words::nearest,
    problem::{Problem, Problems, Source},
};

/// Years whose midnights are moments in every zone: the calendar of moments ends with the year 9999.
const YEARS: std::ops::RangeInclusive<u16> = 1900..=8999;

/// A parsed table with its keys' places.
pub type Parsed<'t> = DeTable<'t>;

/// Parses a file and holds it against its form; nothing is returned where the text is no TOML.
pub fn parse<'t>(source: &'t Source, form: &'static Table, problems: &mut Problems) -> Option<Parsed<'t>> {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        let table = table.into_inner();
        check(source, &table, form, &Spot { what: "the file".to_owned(), span: 0..0 }, problems);
        return Some(table);
    }
    let mut told = BTreeSet::new();
    problems.extend(errors.iter().filter_map(|error| {
        let span = error.span().unwrap_or(0..0);
        // What follows on the same line follows from the same mistake.
        let line = source.location(span.start).line;
        (told.len() < MOST_SYNTAX && told.insert(line)).then(|| {
            Problem::at(source, (span.start, span.len()), error.message().trim().to_owned())
                .code("E001")
                .help(syntax_help(source, line))
        })
    }));
    None
}

/// Most mistakes of syntax that are told: a bracket that is missing makes one of every line below it.
const MOST_SYNTAX: usize = 3;

fn syntax_help(source: &Source, line: usize) -> &'static str {
    let text = source.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let text = text.split('#').next().unwrap_or_default().as_bytes();
    let comma = text.windows(3).any(|three| three[0].is_ascii_digit() && three[1] == b',' && three[2].is_ascii_digit());
    if comma { "decimals take a point: 9.92, not 9,92" } else { "mend the TOML syntax here" }
}

/// What is being looked at: `product "web-hosting"`, and the key it stands behind.
struct Spot {
    what: String,
    span: Range<usize>,
}

fn check(source: &Source, table: &DeTable, form: &'static Table, spot: &Spot, problems: &mut Problems) {
    let mut misspelt = BTreeSet::new();
    for (name, value) in table {
        if let Some(key) = form.key(name.get_ref()) {
            check_value(source, name, value, key, problems);
            continue;
        }
        let near = nearest(name.get_ref(), form.keys.iter().map(|key| key.name));
        problems.push(unknown(source, name, near, form));
        misspelt.extend(near);
    }
    // A required key that is misspelt is one mistake, not two.
    let missed = |key: &&Key| key.required && !table.contains_key(key.name) && !misspelt.contains(key.name);
    problems.extend(form.keys.iter().filter(missed).map(|key| missing(source, key, spot)));
}

fn unknown(source: &Source, name: &Spanned<std::borrow::Cow<str>>, near: Option<&str>, form: &Table) -> Problem {
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it may be {}", list(form.keys.iter().map(|key| key.name), "or")),
    };
    at(source, name.span(), format!("unknown key `{}`", name.get_ref())).code("E002").help(help)
}

fn missing(source: &Source, key: &Key, spot: &Spot) -> Problem {
    let fault = |what: &str| at(source, spot.span.clone(), format!("{} has no {what}", spot.what));
    if key.name == "source" {
        return fault("source").code("E070").help("name one of [source] or use \"sample\"");
    }
    fault(&format!("`{}`", key.name)).code("E003").help(key.about)
}

fn check_value(
    source: &Source,
    name: &Spanned<std::borrow::Cow<str>>,
    value: &Spanned<DeValue>,
    key: &'static Key,
    problems: &mut Problems,
) {
    let inside = |what: String| Spot { what, span: name.span() };
    match (key.form, value.get_ref()) {
        (Form::Table(form), DeValue::Table(table)) => {
            check(source, table, form, &inside(format!("`{}`", key.name)), problems);
        }
        (Form::Named(form), DeValue::Table(table)) => {
            for (entry, value) in table {
                let spot = Spot { what: format!("{} \"{}\"", key.name, entry.get_ref()), span: entry.span() };
                match value.get_ref() {
                    DeValue::Table(table) => check(source, table, form, &spot, problems),
                    other => problems.push(wrong_type(source, value.span(), entry.get_ref(), "a table", other)),
                }
            }
        }
        (Form::Amounts, DeValue::Table(table)) => {
            for (currency, value) in table {
                if !is_number(value.get_ref()) {
                    problems.push(wrong_type(
                        source,
                        value.span(),
                        currency.get_ref(),
                        "an amount such as 9.92",
                        value.get_ref(),
                    ));
                }
            }
        }
        (Form::List(form), DeValue::Array(items)) => {
            for item in items.iter() {
                match item.get_ref() {
                    DeValue::Table(table) => {
                        let spot = Spot { what: entry_name(key.name, table), span: item.span() };
                        check(source, table, form, &spot, problems);
                    }
                    other => problems.push(wrong_type(source, item.span(), key.name, "a table", other)),
                }
            }
        }
        (form, value_form) => problems.extend(leaf(source, key, form, value.span(), value_form)),
    }
}

fn entry_name(list: &str, table: &DeTable) -> String {
    let named = table.get("id").and_then(|id| id.get_ref().as_str());
    let kind = match list {
        "rows" => "benefit",
        "bands" => "the band",
        "rates" => "the rate",
        other => other,
    };
    named.map_or_else(|| kind.to_owned(), |id| format!("{kind} {id}"))
}

/// What is wrong with a value that holds no others.
fn leaf(source: &Source, key: &Key, form: Form, span: Range<usize>, value: &DeValue) -> Vec<Problem> {
    let wrong = |expected: &str| vec![wrong_type(source, span.clone(), key.name, expected, value)];
    match (form, value) {
        (Form::Text, DeValue::String(_)) | (Form::Date, DeValue::Datetime(_)) => dated(source, key, form, span, value),
        (Form::Constant(word), DeValue::String(text)) => words(source, key, &[word], [(&**text, span)]),
        (Form::Word(known), DeValue::String(text)) => words(source, key, known, [(&**text, span)]),
        (Form::AnyOf(_), DeValue::String(text)) if &**text == "*" => Vec::new(),
        (Form::AnyOf(known), DeValue::String(text)) => words(source, key, known, [(&**text, span)]),
        (Form::AnyOf(known) | Form::Words(known), DeValue::Array(_)) => match texts(value) {
            Some(list) if !list.is_empty() => words(source, key, known, list),
            _ => wrong("a list of words"),
        },
        (Form::NameOrNames, DeValue::String(_)) => Vec::new(),
        (Form::Names | Form::NameOrNames, DeValue::Array(_)) if texts(value).is_some() => Vec::new(),
        (Form::Integer(least, most), DeValue::Integer(number)) => {
            match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) if (least..=most).contains(&number) => Vec::new(),
                _ => vec![
                    at(source, span, format!("{} {number} is out of range", key.name))
                        .code("E006")
                        .help(format!("write a whole number from {least} to {most}")),
                ],
            }
        }
        (Form::Amount | Form::Rate, value) if is_number(value) => Vec::new(),
        (form, _) => wrong(expected(form)),
    }
}

fn dated(source: &Source, key: &Key, form: Form, span: Range<usize>, value: &DeValue) -> Vec<Problem> {
    match (form, value) {
        (Form::Date, DeValue::Datetime(date)) if date.date.is_none() || date.time.is_some() => {
            vec![wrong_type(source, span, key.name, "a date without a time such as 2026-01-31", value)]
        }
        (Form::Date, DeValue::Datetime(date)) if date.date.is_some_and(|date| !YEARS.contains(&date.year)) => {
            let problem = at(source, span, format!("{} {date} is out of range", key.name)).code("E006");
            vec![problem.help(format!("write a year from {} to {}", YEARS.start(), YEARS.end()))]
        }
        _ => Vec::new(),
    }
}

fn words<'w>(
    source: &Source,
    key: &Key,
    known: &[&'static str],
    found: impl IntoIterator<Item = (&'w str, Range<usize>)>,
) -> Vec<Problem> {
    let unknown = found.into_iter().filter(|(word, _)| !known.contains(word));
    unknown
        .map(|(word, span)| {
            let help = match nearest(word, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("write {}", list(known.iter().map(|word| format!("\"{word}\"")), "or")),
            };
            at(source, span, format!("{} cannot be \"{word}\"", key.name)).code("E005").help(help)
        })
        .collect()
}

/// The texts of a list, or nothing if it holds anything else.
fn texts<'v>(value: &'v DeValue) -> Option<Vec<(&'v str, Range<usize>)>> {
    value.as_array()?.iter().map(|item| Some((item.get_ref().as_str()?, item.span()))).collect()
}

fn is_number(value: &DeValue) -> bool {
    matches!(value, DeValue::Integer(_) | DeValue::Float(_))
}

fn expected(form: Form) -> &'static str {
    match form {
        Form::Text | Form::Constant(_) | Form::Word(_) => "a text in quotes",
        Form::AnyOf(_) => "a word in quotes, a list of words, or \"*\"",
        Form::Words(_) => "a list of words",
        Form::Names => "a list of names",
        Form::NameOrNames => "a name in quotes, or a list of names",
        Form::Integer(..) => "a whole number",
        Form::Amount | Form::Amounts => "an amount such as 9.92",
        Form::Rate => "a rate such as 0.20",
        Form::Date => "a date such as 2026-01-31",
        Form::Table(_) | Form::Named(_) => "a table",
        Form::List(_) => "a list of tables",
    }
}

fn wrong_type(source: &Source, span: Range<usize>, name: &str, expected: &str, value: &DeValue) -> Problem {
    let found = match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    at(source, span, format!("`{name}` is {found}")).code("E004").help(format!("write {expected}"))
}

fn at(source: &Source, span: Range<usize>, message: String) -> Problem {
    Problem::at(source, (span.start, span.len()), fitting(&message))
}
