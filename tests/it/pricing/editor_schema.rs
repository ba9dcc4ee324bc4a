//! What an editor underlines while a tariff is typed: the same form that the loader holds it against.
//!
//! `schemas/*.schema.json` are generated; after a wanted change `MANDAT_GOLDEN=write cargo test --test it golden`
//! rewrites them. The schema knows keys, types, words and bounds. What needs two places of a file to be seen, only the
//! loader sees.

use std::sync::OnceLock;

use jsonschema::Validator;
use mandat::{
    pricing::{
        tariff::form::TARIFF,
        tax::form::TAX,
        toml_form::{Table, json_schema},
    },
    problem::Problem,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};

use super::loader::{PRINT, mistakes, mutated};
use crate::support::{assert_golden, programme_dir};

/// Each schema with its title and the form that it is generated from.
const SCHEMAS: [(&str, &str, &Table); 2] = [
    ("schemas/tariff.schema.json", "A tariff of mandat", &TARIFF),
    ("schemas/tax.schema.json", "A table of tax rates of mandat", &TAX),
];

/// Codes that the schema refuses too: keys, types, words, and numbers out of their bounds.
const SEEN: [&str; 9] = ["E002", "E003", "E004", "E005", "E006", "E010", "E020", "E021", "E070"];

/// Codes that take more than a schema: the text of a number, other places of the file, dates, the whole table.
#[rustfmt::skip]
const UNSEEN: [&str; 32] = [
    "E007", "E008", "E011", "E012", "E013", "E014", "E015", "E016", "E017", "E018", "E022", "E023", "E030", "E031",
    "E032", "E033", "E034", "E073", "W024", "W047", "E040", "E041", "E042", "E043", "W044", "E045", "E046", "E050", "E061", "E062", "E063",
    "E064",
];

/// The rest of them: names.
const UNSEEN_NAMES: [&str; 2] = ["E071", "E080"];

/// What TOML tells apart and JSON does not.
const ALIKE: [&str; 2] = ["a fraction as the version", "a date as a text"];

fn generated(title: &str, form: &'static Table) -> String {
    serde_json::to_string_pretty(&json_schema::of(form, title)).unwrap() + "\n"
}

fn validator(form: &'static Table) -> Validator {
    jsonschema::draft7::new(&json_schema::of(form, "")).unwrap()
}

fn of_tariffs() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| validator(&TARIFF))
}

/// A file as an editor holds it against a schema: dates are texts. Nothing if it is no TOML.
fn as_json(text: &str) -> Option<Value> {
    Some(table(&DeTable::parse(text).ok()?.into_inner()))
}

fn table(entries: &DeTable) -> Value {
    entries.iter().map(|(key, entry)| (key.get_ref().to_string(), value(entry.get_ref()))).collect()
}

fn value(entry: &DeValue) -> Value {
    match entry {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => {
            let exact = i64::from_str_radix(number.as_str(), number.radix());
            exact.map_or_else(|_| json!(number.as_str().parse::<f64>().unwrap()), |number| json!(number))
        }
        DeValue::Float(number) => json!(number.as_str().parse::<f64>().unwrap()),
        DeValue::Boolean(truth) => json!(truth),
        DeValue::Datetime(date) => json!(date.to_string()),
        DeValue::Array(items) => items.iter().map(|item| value(item.get_ref())).collect(),
        DeValue::Table(entries) => table(entries),
    }
}

#[test]
fn the_golden_schemas_are_what_the_forms_say() {
    for (file, title, form) in SCHEMAS {
        assert_golden(file, &generated(title, form));
    }
}

#[test]
fn the_schemas_are_schemas() {
    for (_, title, form) in SCHEMAS {
        assert!(jsonschema::draft7::meta::is_valid(&json_schema::of(form, title)), "{title}");
    }
}

#[test]
fn every_file_of_the_programme_names_its_schema_and_is_accepted_by_it() {
    let mut files = 0;
    for file in std::fs::read_dir(programme_dir().join("tariffs")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let (schema, _, form) =
            SCHEMAS.into_iter().find(|(schema, ..)| text.starts_with(&format!("#:schema ../{schema}\n"))).unwrap();
        let errors: Vec<String> =
            validator(form).iter_errors(&as_json(&text).unwrap()).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{schema}");
        files += 1;
    }
    assert!(files >= 3);
}

#[test]
fn the_right_tariff_is_accepted() {
    assert!(of_tariffs().is_valid(&as_json(PRINT).unwrap()));
}

#[test]
fn the_schema_refuses_what_the_loader_refuses_of_the_form_and_no_more() {
    for mistake in mistakes::all().filter(|mistake| mistake.code != "E001") {
        let seen = SEEN.contains(&mistake.code);
        let unseen = UNSEEN.iter().chain(&UNSEEN_NAMES).any(|code| *code == mistake.code);
        assert!(seen != unseen, "{}: whether the schema can see {} is not said", mistake.name, mistake.code);
        // JSON has no infinity and nothing that is no number.
        let no_json = mistake.under == "inf" || mistake.under == "nan";
        let accepted = of_tariffs().is_valid(&as_json(&mistake.text()).unwrap());
        let expected = unseen && !no_json || ALIKE.contains(&mistake.name);
        assert_eq!(accepted, expected, "{} ({})", mistake.name, mistake.code);
    }
}

#[test]
fn every_code_of_the_lists_is_shown_by_a_mistake() {
    for code in SEEN.iter().chain(&UNSEEN).chain(&UNSEEN_NAMES) {
        assert!(mistakes::all().any(|mistake| mistake.code == *code), "{code}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever loads is accepted, so that an editor never underlines what is right; whatever the loader refuses for
    /// its form alone is refused.
    #[test]
    fn loader_and_schema_agree_about_changed_files(text in mutated()) {
        let Some(file) = as_json(&text) else { return Ok(()) };
        let accepted = of_tariffs().is_valid(&file);
        match super::loader::load(&text) {
            Ok(_) => prop_assert!(accepted, "refused by the schema alone:\n{}", text),
            Err(problems) => {
                // To JSON, 0.00 is a whole number.
                let seen = |problem: &Problem| {
                    SEEN.contains(&problem.code_text().unwrap()) && !problem.message().ends_with("is a number")
                };
                let seen = problems.iter().any(seen);
                prop_assert!(!seen || !accepted, "accepted by the schema alone:\n{}\n{}", problems, text);
            }
        }
    }
}
