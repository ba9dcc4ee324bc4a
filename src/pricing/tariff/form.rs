//! The form of a tariff file: every key a business author may write, and what it says.

use crate::pricing::{
    toml_form::{Form, Table, optional, required},
    words::{
        Access, CountedItems, CountedPer, Managed, Operation, Outcome, PlacedBy, RoundingMode, RoundingPoint, Side,
        Strength, TierMode,
    },
};

/// The form's name and version, which every file states.
pub const SCHEMA: &str = "tariff/1";

/// Most items of one line, and most places of a tier's scale.
pub const MAX_QUANTITY: u32 = 1_000_000;

const SOURCE: &str = "where this comes from: one of [source]";
const RULES: &str = "the programme's rules that this encodes, by their ids in policies/rules.toml";
const TITLE: &str = "its name for people";

/// A tariff file.
pub static TARIFF: Table = Table {
    about: "one version of a tariff: what things cost and who earns, from a date on",
    keys: &[
        required("schema", Form::Constant(SCHEMA), "the form of the file: write schema = \"tariff/1\""),
        required("id", Form::Text, "the tariff's name, the same in all its versions"),
        required(
            "version",
            Form::Integer(1, 1_000_000),
            "counts up with every change; a published version is never edited",
        ),
        optional("title", Form::Text, TITLE),
        required("effective_from", Form::Date, "the first day on which it is in force"),
        optional(
            "effective_until",
            Form::Date,
            "the first day on which it is no longer in force; left out, it stays open",
        ),
        required("timezone", Form::Text, "the zone whose midnight its dates mean, such as \"Europe/Zurich\""),
        required(
            "price_date",
            Form::Word(&["period_start"]),
            "which moment of a line decides the version: when its period starts",
        ),
        optional(
            "corrects",
            Form::Integer(1, 1_000_000),
            "the earlier version whose place this one takes, with the same dates",
        ),
        required("source", Form::Named(&SOURCE_FORM), "where statements come from, by names that the entries use"),
        required(
            "currency",
            Form::Named(&CURRENCY),
            "the currencies of the lists, by ISO 4217 code; nothing is ever converted",
        ),
        required("pricing", Form::Table(&PRICING), "how a price comes about"),
        required("family", Form::Named(&FAMILY), "groups of products with the same advantages"),
        required("product", Form::Named(&PRODUCT), "what can be ordered"),
        optional("tier", Form::Named(&TIER), "quantity scales"),
        required("benefits", Form::Table(&BENEFITS), "who has which advantage"),
        optional("open", Form::Named(&OPEN), "open questions, printed on the receipts they touch"),
    ],
};

/// An entry of `[source]`.
pub static SOURCE_FORM: Table = Table {
    about: "where statements come from",
    keys: &[
        required(
            "kind",
            Form::Word(Strength::WORDS),
            "seed: the programme's documents; public; derived; assumed; or sample: invented",
        ),
        optional("document", Form::Text, "the document's short name in policies/rules.toml"),
        optional("file", Form::Text, "the file it stands in"),
        optional("heading", Form::Text, "the heading under which it stands"),
        optional("dated", Form::Date, "the date of that guide"),
        optional("quote", Form::Text, "its words"),
        optional("note", Form::Text, "how it follows, or why it is assumed"),
    ],
};

static CURRENCY: Table = Table {
    about: "a currency of the lists",
    keys: &[
        required("scale", Form::Integer(0, 4), "digits of its smallest unit: 2 for CHF and EUR"),
        required("payable_increment", Form::Amount, "the smallest amount that can be paid, such as 0.01 or 0.05"),
        optional("min_annual_volume", Form::Amount, "a partner below it in a year is to be looked at; never a refusal"),
        required("source", Form::Text, SOURCE),
        optional("rules", Form::Names, RULES),
    ],
};

static PRICING: Table = Table {
    about: "how a price comes about",
    keys: &[
        required("prices", Form::Word(&["net_of_vat"]), "all prices are net of tax"),
        required(
            "steps",
            Form::Words(Operation::WORDS),
            "the steps in their order, each on the amount before it; \"list\" comes first",
        ),
        required(
            "partner_rate_max",
            Form::Rate,
            "the largest partner discount; the quantity's advantage may come on top",
        ),
        required("rounding", Form::Table(&ROUNDING), "how amounts are rounded"),
        required("cashback", Form::Table(&CASHBACK), "what a cashback is"),
        required("source", Form::Text, SOURCE),
        optional("rules", Form::Names, RULES),
    ],
};

static ROUNDING: Table = Table {
    about: "how amounts are rounded",
    keys: &[
        required("mode", Form::Word(RoundingMode::WORDS), "half_up rounds the middle away from zero"),
        required("at", Form::Word(RoundingPoint::WORDS), "after every step, or once at the end"),
        required(
            "unit",
            Form::Word(&["line"]),
            "what is rounded is the amount of a line, never of an item: 35 times a rounded item is another price",
        ),
        required("source", Form::Text, SOURCE),
    ],
};

static CASHBACK: Table = Table {
    about: "what a cashback is",
    keys: &[
        required("reference", Form::Word(&["list"]), "what the payer is charged when the partner earns a cashback"),
        required("account", Form::Word(&["prepaid"]), "where it is credited"),
        required(
            "refund",
            Form::Word(&["pro_rata_of_credited"]),
            "a reversal takes back its share of what was credited",
        ),
        required("source", Form::Text, SOURCE),
    ],
};

static FAMILY: Table = Table {
    about: "products with the same advantages",
    keys: &[
        optional("partner_discount", Form::Rate, "the partner's discount as a fraction of 1, such as 0.20"),
        optional("tier", Form::Text, "the quantity scale: one of [tier]"),
        optional("title", Form::Text, TITLE),
        required("source", Form::Text, SOURCE),
        optional("rules", Form::Names, RULES),
    ],
};

static PRODUCT: Table = Table {
    about: "what can be ordered",
    keys: &[
        required("family", Form::Text, "its family: one of [family]"),
        required("period", Form::Text, "what the price is for: P1M a month, P1Y a year, P1D a day"),
        required("list", Form::Amounts, "list price of one item in each currency"),
        optional("preferential", Form::Amounts, "the partner's price of one item, in place of the family's discount"),
        optional("title", Form::Text, TITLE),
        required("source", Form::Text, SOURCE),
        optional(
            "preferential_source",
            Form::Text,
            "where the partner's price comes from, if not from the same source",
        ),
        optional("rules", Form::Names, RULES),
    ],
};

static TIER: Table = Table {
    about: "a quantity scale",
    keys: &[
        required(
            "mode",
            Form::Word(TierMode::WORDS),
            "volume: the band of the count for the whole line; graduated: each place its band's rate",
        ),
        required("count", Form::Table(&COUNT), "what is counted"),
        optional("falls", Form::Word(&["intended"]), "says that a total which falls where a band starts is meant so"),
        required("source", Form::Text, SOURCE),
        optional("rules", Form::Names, RULES),
        required("bands", Form::List(&BAND), "the bands, in ascending order"),
    ],
};

static COUNT: Table = Table {
    about: "what a quantity scale counts",
    keys: &[
        required("items", Form::Word(CountedItems::WORDS), "what is ordered now, or what is active with it"),
        required("of", Form::Names, "the families that count together"),
        required("per", Form::Word(CountedPer::WORDS), "over one order, a client, or all clients of a partner"),
    ],
};

static BAND: Table = Table {
    about: "a band of a quantity scale",
    keys: &[
        required("from", Form::Integer(1, MAX_QUANTITY as i64), "the first count that it holds for"),
        required("rate", Form::Rate, "its reduction as a fraction of 1"),
        required("source", Form::Text, SOURCE),
        optional("from_source", Form::Text, "where its start comes from, if not from the same source"),
    ],
};

static BENEFITS: Table = Table {
    about: "who has which advantage: every case matched by exactly one row",
    keys: &[required("rows", Form::List(&ROW), "the rows")],
};

static ROW: Table = Table {
    about: "a row: the cases it matches, and what comes of them",
    keys: &[
        required("id", Form::Text, "its name, such as \"F1\""),
        required("access", Form::AnyOf(Access::WORDS), "what the partner may do for the client"),
        required(
            "payment",
            Form::AnyOf(&["-", "client", "partner"]),
            "the agreement's payment mode; \"-\" where there is none",
        ),
        required("by", Form::AnyOf(PlacedBy::WORDS), "who places the order"),
        required("payer", Form::AnyOf(Side::WORDS), "whose payment method is charged"),
        required("managed", Form::AnyOf(Managed::WORDS), "whether the partner manages the line's product"),
        required("outcome", Form::Word(Outcome::WORDS), "what comes of it"),
        optional("reason", Form::Text, "why it is refused, for people"),
        optional("reading", Form::NameOrNames, "the readings that it stands on, such as \"CON-27\""),
        required("source", Form::Text, SOURCE),
        optional("rules", Form::Names, RULES),
    ],
};

/// An entry of `[open]`.
pub static OPEN: Table = Table {
    about: "an open question",
    keys: &[
        required("rule", Form::Text, "the entry it is about, such as \"tier.hosting\" or \"benefits.F3\""),
        required("ask", Form::Text, "the question"),
    ],
};
