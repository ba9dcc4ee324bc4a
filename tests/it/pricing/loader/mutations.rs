//! The right file with a few of its words or lines taken out, doubled or put elsewhere: it is refused, or means what
//! it says.

use std::{collections::BTreeMap, str::FromStr as _};

use mandat::{
    pricing::{tariff::Tariff, words::Outcome},
    problem::Problems,
};
use proptest::{prelude::*, sample::Index};
use rust_decimal::Decimal;
use toml::de::{DeTable, DeValue};

use super::{PRINT, load};

/// What is done to one of the parts.
#[derive(Debug, Clone, Copy)]
enum Edit {
    Delete,
    Double,
    /// Another part takes its place.
    Replace,
    /// Another part of the same kind takes its place: a number that of a number, a text that of a text.
    Exchange,
    /// One of its digits is another.
    Digit,
}

/// The text in parts that together are the text: lines, or words, texts in quotes and single signs.
fn parts(text: &str, lines: bool) -> Vec<&str> {
    if lines {
        return text.split_inclusive('\n').collect();
    }
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |quote| quote + 2),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    parts
}

/// What a part is like: a number, a text, a name, or the sign or line itself.
fn kind(part: &str) -> char {
    match part.chars().next() {
        Some(digit) if digit.is_ascii_digit() => '0',
        Some(letter) if letter.is_ascii_alphabetic() => 'a',
        other => other.unwrap_or(' '),
    }
}

fn edited(mut parts: Vec<String>, edit: Edit, place: Index, other: Index) -> Vec<String> {
    let among = |wanted: &dyn Fn(&str) -> bool, index: Index| {
        let found: Vec<usize> = (0..parts.len()).filter(|part| wanted(&parts[*part])).collect();
        found[index.index(found.len())]
    };
    let written = |part: &str| !part.trim().is_empty();
    let digits = |part: &str| part.contains(|c: char| c.is_ascii_digit());
    let chosen = among(&written, place);
    match edit {
        Edit::Delete => drop(parts.remove(chosen)),
        Edit::Double => parts.insert(chosen, parts[chosen].clone()),
        Edit::Replace => parts[chosen] = parts[among(&written, other)].clone(),
        Edit::Exchange => {
            let alike = |part: &str| written(part) && kind(part) == kind(&parts[chosen]);
            parts[chosen] = parts[among(&alike, other)].clone();
        }
        Edit::Digit => {
            let chosen = among(&digits, place);
            let places: Vec<usize> =
                parts[chosen].match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
            let at = places[other.index(places.len())];
            parts[chosen].replace_range(at..=at, &(other.index(10)).to_string());
        }
    }
    parts
}

pub(crate) fn mutated() -> impl Strategy<Value = String> {
    let edits = [Edit::Delete, Edit::Double, Edit::Replace, Edit::Exchange, Edit::Exchange, Edit::Digit, Edit::Digit];
    let edit = (prop::sample::select(edits.to_vec()), any::<Index>(), any::<Index>());
    (any::<bool>(), prop::collection::vec(edit, 1..4)).prop_map(|(lines, edits)| {
        let parts = parts(PRINT, lines).into_iter().map(str::to_owned).collect();
        let edits = edits.into_iter();
        edits.fold(parts, |parts: Vec<String>, (edit, place, other)| edited(parts, edit, place, other)).concat()
    })
}

/// The figures of a file by their paths, read by nothing but the TOML parser.
fn written(text: &str) -> BTreeMap<String, String> {
    let table = DeTable::parse(text).unwrap().into_inner();
    let mut figures = BTreeMap::new();
    walk("", &DeValue::Table(table), &mut figures);
    figures.retain(|path, _| is_figure(path));
    figures
}

fn walk(path: &str, value: &DeValue, figures: &mut BTreeMap<String, String>) {
    let figure = match value {
        DeValue::Table(table) => {
            return table
                .iter()
                .for_each(|(key, value)| walk(&format!("{path}/{}", key.get_ref()), value.get_ref(), figures));
        }
        DeValue::Array(items) => {
            return items
                .iter()
                .enumerate()
                .for_each(|(at, item)| walk(&format!("{path}/{at}"), item.get_ref(), figures));
        }
        DeValue::Integer(number) => normal(number.as_str()),
        DeValue::Float(number) => normal(number.as_str()),
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Boolean(truth) => truth.to_string(),
    };
    figures.insert(path.to_owned(), figure);
}

fn normal(number: &str) -> String {
    Decimal::from_str(number).unwrap().normalize().to_string()
}

fn is_figure(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    matches!(
        parts.as_slice(),
        ["id" | "version" | "effective_from" | "effective_until" | "corrects"]
            | ["pricing", "partner_rate_max"]
            | ["pricing", "steps", _]
            | ["currency", _, "scale" | "payable_increment" | "min_annual_volume"]
            | ["family", _, "partner_discount" | "tier"]
            | ["product", _, "family"]
            | ["product", _, "list" | "preferential", _]
            | ["tier", _, "mode"]
            | ["tier", _, "bands", _, "from" | "rate"]
            | ["benefits", "rows", _, "id" | "outcome"]
    )
}

/// The same figures as the loader has them.
fn loaded(tariff: &Tariff) -> BTreeMap<String, String> {
    let number = |number: Decimal| number.normalize().to_string();
    let mut figures = BTreeMap::new();
    let mut put = |path: String, figure: Option<String>| figures.extend(figure.map(|figure| (path, figure)));
    put("/id".to_owned(), Some(tariff.id.to_string()));
    put("/version".to_owned(), Some(tariff.version.to_string()));
    put("/effective_from".to_owned(), Some(tariff.period.from.to_string()));
    put("/effective_until".to_owned(), tariff.period.until.map(|until| until.to_string()));
    put("/corrects".to_owned(), tariff.corrects.map(|version| version.to_string()));
    put("/pricing/partner_rate_max".to_owned(), Some(number(tariff.pricing.partner_rate_max)));
    for (at, step) in tariff.pricing.steps.iter().enumerate() {
        put(format!("/pricing/steps/{at}"), Some(step.word().to_owned()));
    }
    for (code, currency) in &tariff.currencies {
        put(format!("/currency/{code}/scale"), Some(currency.scale.to_string()));
        put(format!("/currency/{code}/payable_increment"), Some(number(currency.payable_increment)));
        put(format!("/currency/{code}/min_annual_volume"), currency.min_annual_volume.map(number));
    }
    for (id, product) in &tariff.products {
        let family = &product.family;
        put(format!("/product/{id}/family"), Some(family.id.to_string()));
        put(format!("/family/{}/partner_discount", family.id), family.partner_discount.map(number));
        put(format!("/family/{}/tier", family.id), family.tier.as_ref().map(ToString::to_string));
        for (code, price) in &product.prices {
            put(format!("/product/{id}/list/{code}"), Some(number(price.list)));
            put(format!("/product/{id}/preferential/{code}"), price.preferential.map(number));
        }
    }
    for (id, tier) in &tariff.tiers {
        put(format!("/tier/{id}/mode"), Some(tier.mode.word().to_owned()));
        for (at, band) in tier.bands.iter().enumerate() {
            put(format!("/tier/{id}/bands/{at}/from"), Some(band.from.to_string()));
            put(format!("/tier/{id}/bands/{at}/rate"), Some(number(band.rate)));
        }
    }
    for (at, row) in tariff.benefits.rows().iter().enumerate() {
        put(format!("/benefits/rows/{at}/id"), Some(row.id.to_string()));
        put(format!("/benefits/rows/{at}/outcome"), Some(Outcome::word(row.outcome).to_owned()));
    }
    figures
}

/// Figures of families that no product is in are nowhere to be seen in the loaded tariff.
fn in_use(mut figures: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let used: Vec<String> = figures
        .iter()
        .filter(|(path, _)| path.starts_with("/product/") && path.ends_with("/family"))
        .map(|(_, family)| format!("/family/{family}/"))
        .collect();
    figures.retain(|path, _| !path.starts_with("/family/") || used.iter().any(|family| path.starts_with(family)));
    figures
}

#[test]
fn the_loaded_tariff_has_the_figures_that_are_written() {
    let (tariff, _) = load(PRINT).unwrap();
    let figures = in_use(written(PRINT));
    assert_eq!(figures.len(), 55, "{figures:#?}");
    assert_eq!(loaded(&tariff), figures);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_changed_file_is_refused_or_means_what_it_says(text in mutated()) {
        match load(&text) {
            Ok((tariff, _)) => {
                prop_assert_eq!(loaded(&tariff), in_use(written(&text)));
                let (again, _) = load(&text).unwrap();
                prop_assert_eq!(format!("{tariff:?}"), format!("{again:?}"));
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems.iter() {
                    prop_assert!(problem.code_text().is_some() && problem.help_text().is_some(), "{}", problem.message());
                    let cannot = problem.message() == "the tariff cannot be read";
                    prop_assert!(!cannot, "nothing says why:\n{}", text);
                }
                let again = load(&text).map(|_| ()).map_err(|problems: Problems| problems.to_string());
                prop_assert_eq!(again, Err(problems.to_string()));
            }
        }
    }
}
