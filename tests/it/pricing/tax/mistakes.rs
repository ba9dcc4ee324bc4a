//! What an author of tax rates sees of each mistake, and what the editor's schema says about it.
//!
//! `tests/golden/tax-problems.txt` shows every one; after a wanted change it is rewritten with
//! `MANDAT_GOLDEN=write cargo test --test it golden`.

use std::fmt::Write as _;

use mandat::{
    cli::output::problem_text,
    pricing::{
        tax::{TaxTable, form::TAX},
        toml_form::json_schema,
    },
    problem::{Problems, Source},
};
use serde_json::{Value, json};

use super::{SMALL, parse, rates::real};
use crate::support::assert_golden;

/// TOML as editors hold it against a JSON schema: dates are texts.
fn as_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(truth) => json!(truth),
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::Array(items) => items.iter().map(as_json).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), as_json(value))).collect(),
    }
}

#[test]
fn the_schema_for_editors_accepts_and_refuses_what_the_loader_does() {
    let schema = json_schema::of(&TAX, "taxes");
    let accepts = |text: &str| {
        let file: toml::Value = toml::Value::Table(text.parse().unwrap());
        jsonschema::validator_for(&schema).unwrap().is_valid(&as_json(&file))
    };
    assert!(accepts(SMALL) && accepts(&real().0));
    let of_form = MISTAKES.iter().filter(|mistake| ["E002", "E003", "E004", "E005", "E070"].contains(&mistake.code));
    assert!(of_form.clone().count() >= 5);
    for mistake in of_form {
        assert!(!accepts(&mistake.text()), "{}", mistake.name);
    }
}

/// A mistake: what is written in place of the right text, and what must be told and underlined.
struct Mistake {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    under: &'static str,
}

impl Mistake {
    fn text(&self) -> String {
        assert!(SMALL.contains(self.from), "{}", self.from);
        SMALL.replacen(self.from, self.to, 1)
    }

    /// What is told: what keeps the table from loading, or a warning beside a table that loads.
    fn problems(&self) -> Problems {
        let mut warnings = Problems::default();
        let read = TaxTable::parse(&Source::new("tariffs/vat.toml", self.text()), &mut warnings);
        assert_eq!(read.is_ok(), self.code.starts_with('W'), "{}: whether the table loads", self.name);
        read.err().unwrap_or(warnings)
    }
}

const fn mistake(
    name: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    under: &'static str,
) -> Mistake {
    Mistake { name, from, to, code, under }
}

#[rustfmt::skip]
const MISTAKES: &[Mistake] = &[
    mistake("no TOML", "[swiss_vat]", "[swiss_vat", "E001", ""),
    mistake("a day that no calendar has", "from = 2024-01-01", "from = 2024-02-30", "E001", "2024-02-30"),
    mistake("a country twice in the EU", "FR = {", "AT = {", "E001", "AT"),
    mistake("an unknown key", "vat_numbers = [\"ATU", "vat_number = [\"ATU", "E002", "vat_number"),
    mistake("an unknown group", "[outside]", "[outsides]", "E002", "outsides"),
    mistake("a group that is missing", "[eu_reverse_charge]\nsource = \"guide\"\nrules  = [\"VAT-01\"]\n", "", "E003", ""),
    mistake("a rate without its day", "{ from = 2018-01-01, rate = 0.077 }", "{ rate = 0.077 }", "E003", "{ rate = 0.077 }"),
    mistake("a rate as a text", "0.077", "\"7.7 %\"", "E004", "\"7.7 %\""),
    mistake("a day with a time", "from = 2018-01-01", "from = 2018-01-01T00:00:00Z", "E004", "2018-01-01T00:00:00Z"),
    mistake("rates that are no list", "[{ from = 2021-01-01, rate = 0.24 }]", "0.24", "E004", "0.24"),
    mistake("another form of file", "tax/1", "tax/2", "E005", "\"tax/2\""),
    mistake("another rounding", "half_up", "half_upp", "E005", "\"half_upp\""),
    mistake("a rate with more digits than can be kept", "0.077", "0.07700000000000000000000000000001", "E007", "0.07700000000000000000000000000001"),
    mistake("a rate without end", "0.077", "inf", "E007", "inf"),
    mistake("an unknown zone", "Europe/Zurich", "Europe/Zürich", "E008", "\"Europe/Zürich\""),
    mistake("a negative rate", "0.077", "-0.077", "E020", "-0.077"),
    mistake("a rate in percent", "0.081", "8.1", "E021", "8.1"),
    mistake("a rate with too many decimals", "0.077", "0.0770001", "E022", "0.0770001"),
    mistake("no source", "[outside]\ncountries = [\"NO\", \"US\"]\nsource    = \"guide\"", "[outside]\ncountries = [\"NO\", \"US\"]", "E070", "outside"),
    mistake("an unknown source", "[eu_vat]\nsource = \"rates\"", "[eu_vat]\nsource = \"rate\"", "E071", "\"rate\""),
    mistake("an unknown source of a country", "vat_numbers = [\"FR**#########\"], source = \"guide\"", "vat_numbers = [\"FR**#########\"], source = \"commission\"", "E071", "\"commission\""),
    mistake("an unknown source of a rate", "rate = 0.081, source = \"rates\"", "rate = 0.081, source = \"guides\"", "E071", "\"guides\""),
    mistake("a question about nothing", "rule = \"outside\"", "rule = \"outsid\"", "E080", "\"outsid\""),
    mistake("a question about a country", "rule = \"outside\"", "rule = \"NO\"", "E080", "\"NO\""),
    mistake("small letters", "\"LI\"", "\"li\"", "E100", "\"li\""),
    mistake("a code of three letters", "AT = {", "AUT = {", "E100", "AUT"),
    mistake("a country by its name", "\"US\"", "\"Norway\"", "E100", "\"Norway\""),
    mistake("a country in two lists", "\"US\"", "\"LI\"", "E101", "\"LI\""),
    mistake("a country in a list and in the EU", "\"US\"", "\"FR\"", "E101", "FR"),
    mistake("a country twice in a list", "\"US\"", "\"NO\"", "E101", "\"NO\""),
    mistake("rates out of order", "from = 2024-01-01", "from = 2014-01-01", "E102", "2014-01-01"),
    mistake("two rates of one day", "from = 2024-01-01", "from = 2018-01-01", "E102", "2018-01-01"),
    mistake("no rate", "[{ from = 2021-01-01, rate = 0.24 }]", "[]", "E103", "[]"),
    mistake("a form with small letters", "ATU###", "ATu###", "E104", "\"ATu########\""),
    mistake("a form with dots between its parts", "ATU####", "ATU.####", "E104", "\"ATU.########\""),
    mistake("a form with a letter that looks like another", "ATU####", "\u{410}TU####", "E104", "\"\u{410}TU########\""),
    mistake("a form that says not whose it is", "ATU########", "########", "E104", "\"########\""),
    mistake("an empty form", "ATU########", "", "E104", "\"\""),
    mistake("no form", "[\"EL#########\"]", "[]", "E105", "[]"),
    mistake("the form of another country", "ATU########", "FR########", "W106", "\"FR########\""),
];

#[test]
fn every_mistake_is_told_once_where_it_stands_and_with_a_help() {
    for mistake in MISTAKES {
        let problems = mistake.problems();
        let found: Vec<_> = problems.iter().map(|problem| (problem.code_text(), problem.underlined())).collect();
        assert_eq!(found, [(Some(mistake.code), Some(mistake.under))], "{}:\n{problems}", mistake.name);
        let problem = problems.iter().next().unwrap();
        assert!(problem.help_text().is_some() && !problem.message().ends_with('.'), "{problems}");
    }
}

#[test]
fn all_mistakes_are_found_in_one_run() {
    let text = SMALL
        .replace("Europe/Zurich", "Europe/Zurch")
        .replace("\"LI\"", "\"AT\"")
        .replace("2024-01-01", "2014-01-01")
        .replace("rate = 0.24", "rate = 24")
        .replace("EL####", "EL ####")
        .replace("rule = \"outside\"", "rule = \"inside\"")
        .replace("[eu_reverse_charge]\nsource = \"guide\"", "[eu_reverse_charge]\nsource = \"gide\"");
    let problems = parse(&text).unwrap_err();
    let codes: Vec<_> = problems.iter().map(|problem| problem.code_text().unwrap()).collect();
    assert_eq!(codes, ["E008", "E102", "E071", "E101", "E021", "E104", "E080"], "{problems}");
}

#[test]
fn a_torn_file_is_refused_or_read_but_never_half() {
    let lines: Vec<&str> = SMALL.lines().collect();
    let without = (0..lines.len()).map(|line| [&lines[..line], &lines[line + 1..]].concat().join("\n"));
    let torn = SMALL.char_indices().map(|(end, _)| SMALL[..end].to_owned());
    for text in without.chain(torn) {
        match parse(&text) {
            Ok(table) => {
                assert!(text.contains("[outside]\n"), "{text}");
                assert_eq!(table.entries.len(), 4, "{text}");
            }
            Err(problems) => {
                assert!(!problems.is_empty() && problems.iter().all(|problem| problem.code_text().is_some()), "{text}");
            }
        }
    }
}

const GOLDEN: &str = "tests/golden/tax-problems.txt";

#[test]
fn the_golden_problems_of_taxes_are_as_reviewed() {
    let mut now =
        String::from("What an author of tax rates sees of each mistake; tests/it/pricing/tax/mistakes.rs writes it.\n");
    for mistake in MISTAKES {
        let shown: String = mistake.problems().iter().map(problem_text).collect();
        let lines: Vec<&str> = shown.trim_end().lines().map(str::trim_end).collect();
        writeln!(now, "\n== {}\n\n{}", mistake.name, lines.join("\n")).unwrap();
    }
    assert_golden(GOLDEN, &now);
}
