//! The form of a file of tax rates: every key an author may write, and what it says.

use crate::pricing::{
    tariff::form::SOURCE_FORM,
    toml_form::{Form, Table, optional, required},
};

/// The form's name and version, which every file states.
pub const SCHEMA: &str = "tax/1";

const SOURCE: &str = "where this comes from: one of [source]";
const RULES: &str = "the programme's rules that this encodes, by their ids in policies/rules.toml";
const READING: &str = "the readings that it stands on, such as \"CON-51\"";
const RATES: &str = "the rates by the day from which they hold, in ascending order";

/// A file of tax rates.
pub static TAX: Table = Table {
    about: "which tax an order bears, by the country of the organisation that is billed and its VAT number",
    keys: &[
        required("schema", Form::Constant(SCHEMA), "the form of the file: write schema = \"tax/1\""),
        required("id", Form::Text, "the table's name"),
        optional("title", Form::Text, "its name for people"),
        required("timezone", Form::Text, "the zone whose midnight its dates mean, such as \"Europe/Zurich\""),
        required(
            "rounding",
            Form::Word(&["half_up"]),
            "the tax is rounded once, on the order's total; the middle goes away from zero",
        ),
        required("source", Form::Named(&SOURCE_FORM), "where statements come from, by names that the entries use"),
        required("swiss_vat", Form::Table(&SWISS_VAT), "countries where Swiss VAT holds, whatever number is given"),
        required(
            "eu_reverse_charge",
            Form::Table(&REVERSE_CHARGE),
            "a company in the EU that gives a VAT number of its country's form owes the tax itself",
        ),
        required("eu_vat", Form::Table(&EU_VAT), "everybody else in the EU bears the VAT of their country"),
        required("outside", Form::Table(&OUTSIDE), "countries for which no VAT is computed"),
        optional("open", Form::Named(&QUESTION), "open questions, printed on the receipts they touch"),
    ],
};

static SWISS_VAT: Table = Table {
    about: "Swiss VAT",
    keys: &[
        required("countries", Form::Names, "the countries by their ISO 3166-1 codes, such as \"CH\""),
        required("rates", Form::List(&RATE), RATES),
        required("source", Form::Text, SOURCE),
        optional("rules", Form::Names, RULES),
        optional("reading", Form::NameOrNames, READING),
    ],
};

static REVERSE_CHARGE: Table = Table {
    about: "companies in the EU that give a VAT number; only its form is looked at",
    keys: &[
        required("source", Form::Text, SOURCE),
        optional("rules", Form::Names, RULES),
        optional("reading", Form::NameOrNames, READING),
    ],
};

static EU_VAT: Table = Table {
    about: "everybody else in the EU",
    keys: &[
        required("source", Form::Text, SOURCE),
        optional("rules", Form::Names, RULES),
        optional("reading", Form::NameOrNames, READING),
        required("country", Form::Named(&COUNTRY), "the countries of the EU by their ISO 3166-1 codes"),
    ],
};

static COUNTRY: Table = Table {
    about: "a country of the EU",
    keys: &[
        required("rates", Form::List(&RATE), RATES),
        required(
            "vat_numbers",
            Form::Names,
            "the forms of its VAT numbers: # is a digit, @ a letter, * either, anything else itself",
        ),
        optional("source", Form::Text, SOURCE),
    ],
};

static OUTSIDE: Table = Table {
    about: "countries that are neither Switzerland's nor the EU's; one that stands nowhere is unknown",
    keys: &[
        required("countries", Form::Names, "the countries by their ISO 3166-1 codes"),
        required("source", Form::Text, SOURCE),
        optional("rules", Form::Names, RULES),
        optional("reading", Form::NameOrNames, READING),
    ],
};

static RATE: Table = Table {
    about: "a rate and the day from which it holds",
    keys: &[
        required("from", Form::Date, "the first day on which it holds"),
        required("rate", Form::Rate, "the rate as a fraction of 1, such as 0.081"),
        optional("source", Form::Text, "where it comes from, if not from the same source as what it stands in"),
    ],
};

static QUESTION: Table = Table {
    about: "an open question",
    keys: &[
        required("rule", Form::Text, "the group it is about, such as \"outside\""),
        required("ask", Form::Text, "the question"),
    ],
};
