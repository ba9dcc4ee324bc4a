//! Which tax comes on top: by country, VAT number and day.

mod mistakes;
mod net;
mod rates;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use mandat::{
    pricing::tax::{TaxTable, Treatment},
    problem::{Problems, Source},
};
use proptest::{prelude::*, test_runner::RngSeed};
use rust_decimal::Decimal;

const SMALL: &str = r#"schema   = "tax/1"
id       = "vat"
timezone = "Europe/Zurich"
rounding = "half_up"

[source]
guide = { kind = "seed" }
rates = { kind = "public" }

[swiss_vat]
countries = ["CH", "LI"]
rates     = [
  { from = 2018-01-01, rate = 0.077 },
  { from = 2024-01-01, rate = 0.081, source = "rates" },
]
source = "guide"
rules  = ["VAT-02"]

[eu_reverse_charge]
source = "guide"
rules  = ["VAT-01"]

[eu_vat]
source = "rates"

[eu_vat.country]
AT = { rates = [{ from = 2021-01-01, rate = 0.20 }], vat_numbers = ["ATU########"] }
FR = { rates = [{ from = 2021-01-01, rate = 0.20 }], vat_numbers = ["FR**#########"], source = "guide" }
GR = { rates = [{ from = 2021-01-01, rate = 0.24 }], vat_numbers = ["EL#########"] }
IE = { rates = [{ from = 2021-03-01, rate = 0.23 }], vat_numbers = ["IE#######@", "IE#@#####@"] }

[outside]
countries = ["NO", "US"]
source    = "guide"
reading   = "CON-51"

[open]
Q1 = { rule = "outside", ask = "Which tax do orders from elsewhere bear?" }
"#;

fn parse(text: &str) -> Result<TaxTable, Problems> {
    TaxTable::parse(&Source::new("tariffs/vat.toml", text), &mut Problems::default())
}

fn small() -> TaxTable {
    parse(SMALL).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A moment, or noon of a day in Zurich.
fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| {
        let day: Date = text.parse().unwrap();
        day.at(12, 0, 0, 0).to_zoned(TimeZone::get("Europe/Zurich").unwrap()).unwrap().timestamp()
    })
}

/// Country, number (`-` is none) and moment; then treatment, rate (`-` is none) and words of the note (`-` is none).
#[rustfmt::skip]
const CASES: &[[&str; 6]] = &[
    // Switzerland and Liechtenstein: by the day alone (VAT-02).
    ["CH", "-",                    "2023-12-31",           "swiss_vat",         "0.077", "-"],
    ["CH", "-",                    "2023-12-31T22:59:59Z", "swiss_vat",         "0.077", "-"],
    ["CH", "-",                    "2023-12-31T23:00:00Z", "swiss_vat",         "0.081", "-"],
    ["CH", "-",                    "2024-01-01",           "swiss_vat",         "0.081", "-"],
    ["LI", "-",                    "2026-06-01",           "swiss_vat",         "0.081", "-"],
    ["CH", "CHE-123.456.789 MWST", "2026-06-01",           "swiss_vat",         "0.081", "-"],
    ["CH", "ATU12345678",          "2026-06-01",           "swiss_vat",         "0.081", "-"],
    ["CH", "-",                    "2017-12-31",           "unknown",           "-",     "no rate of CH is known for 2017-12-31; the first holds from 2018-01-01"],
    // A company in the EU with a number of its country (VAT-01).
    ["AT", "ATU12345678",          "2026-06-01",           "eu_reverse_charge", "0",     "-"],
    ["AT", "atu 1234.56-78",       "2026-06-01",           "eu_reverse_charge", "0",     "-"],
    ["AT", "ATU\u{a0}1234\u{2011}5678", "2026-06-01",      "eu_reverse_charge", "0",     "-"],
    ["FR", "FR 12 345678901",      "2026-06-01",           "eu_reverse_charge", "0",     "-"],
    ["FR", "FRK7345678901",        "2026-06-01",           "eu_reverse_charge", "0",     "-"],
    ["GR", "EL123456789",          "2026-06-01",           "eu_reverse_charge", "0",     "-"],
    ["IE", "IE1A23456K",           "2026-06-01",           "eu_reverse_charge", "0",     "-"],
    ["AT", "ATU12345678",          "2019-06-01",           "eu_reverse_charge", "0",     "-"],
    // Everybody else in the EU.
    ["AT", "-",                    "2026-06-01",           "eu_vat",            "0.20",  "-"],
    ["AT", "",                     "2026-06-01",           "eu_vat",            "0.20",  "-"],
    ["AT", " . - ",                "2026-06-01",           "eu_vat",            "0.20",  "-"],
    ["AT", "ATU1234567",           "2026-06-01",           "eu_vat",            "0.20",  "the VAT number does not have the form of AT: ATU######## "],
    ["AT", "ATU123456789",         "2026-06-01",           "eu_vat",            "0.20",  "the form of AT: ATU######## "],
    ["AT", "U12345678",            "2026-06-01",           "eu_vat",            "0.20",  "the form of AT: ATU######## "],
    ["AT", "ATU1234567K",          "2026-06-01",           "eu_vat",            "0.20",  "the form of AT: ATU######## "],
    ["AT", "ATU1234567\u{0661}",   "2026-06-01",           "eu_vat",            "0.20",  "the form of AT: ATU######## "],
    ["AT", "FR12345678901",        "2026-06-01",           "eu_vat",            "0.20",  "the form of AT: ATU######## "],
    ["IE", "IE12345678",           "2026-06-01",           "eu_vat",            "0.23",  "the form of IE: IE#######@ or IE#@#####@ "],
    ["FR", "FR+2345678901",        "2026-06-01",           "eu_vat",            "0.20",  "the form of FR: FR**######### "],
    ["GR", "GR123456789",          "2026-06-01",           "eu_vat",            "0.24",  "the form of GR: EL######### "],
    ["IE", "\u{131}E1A23456K",     "2026-06-01",           "eu_vat",            "0.23",  "the form of IE: IE#######@ or IE#@#####@ "],
    ["IE", "-",                    "2021-02-28",           "unknown",           "-",     "no rate of IE is known for 2021-02-28; the first holds from 2021-03-01"],
    ["IE", "IE1",                  "2021-02-28",           "unknown",           "-",     "the form of IE: IE#######@ or IE#@#####@ (# is a digit, @ a letter, * either); no rate of IE"],
    // Elsewhere (CON-51).
    ["NO", "-",                    "2026-06-01",           "outside",           "0",     "-"],
    ["US", "ATU12345678",          "2026-06-01",           "outside",           "0",     "-"],
    // Nothing is guessed.
    ["-",  "ATU12345678",          "2026-06-01",           "unknown",           "-",     "no country is given"],
    ["MC", "-",                    "2026-06-01",           "unknown",           "-",     "the country MC is in no group of tariffs/vat.toml"],
    ["EL", "EL123456789",          "2026-06-01",           "unknown",           "-",     "the country EL is in no group"],
    ["at", "ATU12345678",          "2026-06-01",           "unknown",           "-",     "the country is no code of two capital letters"],
    ["",   "-",                    "2026-06-01",           "unknown",           "-",     "the country is no code of two capital letters"],
    ["Österreich", "-",            "2026-06-01",           "unknown",           "-",     "the country is no code of two capital letters"],
];

fn given(text: &str) -> Option<&str> {
    (text != "-").then_some(text)
}

#[test]
fn country_number_and_day_decide() {
    let table = small();
    for [country, number, at, treatment, rate, note] in CASES {
        let tax = table.treat(given(country), given(number), moment(at));
        let case = format!("{country} {number:?} {at}: {tax:?}");
        assert_eq!(tax.treatment.word(), *treatment, "{case}");
        assert_eq!(tax.rate, given(rate).map(|rate| rate.parse().unwrap()), "{case}");
        match (given(note), &tax.note) {
            (Some(words), Some(note)) => assert!(note.contains(words), "{case}"),
            (expected, found) => assert_eq!(expected, found.as_deref(), "{case}"),
        }
    }
}

#[test]
fn the_cases_show_every_treatment() {
    for treatment in Treatment::WORDS {
        assert!(CASES.iter().any(|case| case[3] == *treatment), "{treatment}");
    }
}

#[test]
fn a_tax_says_what_it_rests_on() {
    let table = small();
    let at = moment("2026-06-01");
    let rests = |country, number| {
        let tax = table.treat(Some(country), number, at);
        let (basis, rate) = (tax.basis.unwrap(), tax.rate_basis.unwrap());
        let rules: Vec<String> = basis.rules.iter().map(ToString::to_string).collect();
        let line = |at: usize| SMALL.lines().nth(at - 1).unwrap().trim().to_owned();
        (basis.path.to_string(), rules.join(" "), basis.source.to_string(), rate.source.to_string(), line(rate.at.line))
    };
    let text = |texts: [&str; 5]| {
        let [path, rules, source, rate_source, line] = texts.map(str::to_owned);
        (path, rules, source, rate_source, line)
    };
    let newest = r#"{ from = 2024-01-01, rate = 0.081, source = "rates" },"#;
    assert_eq!(rests("CH", None), text(["swiss_vat", "VAT-02", "guide", "rates", newest]));
    let reverse = ["eu_reverse_charge", "VAT-01", "guide", "guide", "[eu_reverse_charge]"];
    assert_eq!(rests("AT", Some("ATU12345678")), text(reverse));
    let row = |code: &str| SMALL.lines().find(|line| line.starts_with(code)).unwrap();
    assert_eq!(rests("AT", None), text(["eu_vat", "", "rates", "rates", row("AT")]));
    assert_eq!(rests("FR", None), text(["eu_vat", "", "rates", "guide", row("FR")]));
    assert_eq!(rests("NO", None), text(["outside", "", "guide", "guide", "[outside]"]));
    assert_eq!(table.treat(Some("MC"), None, at).basis, None);
    let groups: Vec<&str> = table.entries.keys().map(String::as_str).collect();
    assert_eq!(groups, ["eu_reverse_charge", "eu_vat", "outside", "swiss_vat"]);
}

#[test]
fn open_questions_stand_where_they_belong() {
    let table = small();
    let questions = |country| table.treat(country, None, moment("2026-06-01")).questions.to_vec();
    assert_eq!(questions(Some("NO")), ["Q1: Which tax do orders from elsewhere bear?".into()]);
    for country in [Some("CH"), Some("AT"), Some("MC"), None] {
        assert!(questions(country).is_empty(), "{country:?}");
    }
}

#[test]
fn notes_repeat_nothing_of_a_number_or_of_a_country_that_is_none() {
    let table = small();
    let note = |country, number| table.treat(Some(country), number, moment("2026-06-01")).note.unwrap();
    assert!(!note("AT", Some("ATU-SECRET\u{1b}[31m")).contains("SECRET"));
    assert!(!note("<b>\u{1b}", None).contains("<b>"));
}

#[test]
fn the_tax_is_rounded_once_half_up() {
    let table = small();
    for (country, net, scale, amount) in [
        ("CH", "100.00", 2, Some("8.10")),
        ("CH", "277.76", 2, Some("22.50")), // 22.49856
        ("CH", "0.50", 2, Some("0.04")),    // 0.0405
        ("CH", "-0.50", 2, Some("-0.04")),
        ("AT", "0.125", 2, Some("0.03")),   // 0.025: the middle
        ("AT", "-0.125", 2, Some("-0.03")), // away from zero
        ("AT", "0.125", 3, Some("0.025")),
        ("AT", "12", 0, Some("2")), // 2.4
        ("NO", "100.00", 2, Some("0")),
        ("MC", "100.00", 2, None),
    ] {
        let tax = table.treat(Some(country), None, moment("2026-06-01"));
        let expected: Option<Decimal> = amount.map(|amount| amount.parse().unwrap());
        assert_eq!(tax.amount(net.parse().unwrap(), scale), expected, "{country} {net}");
    }
}

/// The same cases at every run, so that a green run stays green; where `PROPTEST_CASES` asks for a long run, new ones
/// each time.
fn config() -> ProptestConfig {
    let seed = match std::env::var("PROPTEST_CASES") {
        Ok(_) => RngSeed::Random,
        Err(_) => RngSeed::Fixed(51),
    };
    ProptestConfig { failure_persistence: None, rng_seed: seed, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    /// |amount − exact| is at most half of the smallest unit, in integers of a millionth of it.
    #[test]
    fn a_tax_is_at_most_half_a_unit_from_the_exact_one(
        net in -1_000_000_000_000_i64..1_000_000_000_000,
        rate in 0..=1_000_000_i64,
        scale in 0..=4_u32,
    ) {
        let text = SMALL.replace("rate = 0.24", &format!("rate = {}", Decimal::new(rate, 6)));
        let table = parse(&text).unwrap();
        let tax = table.treat(Some("GR"), None, moment("2026-06-01"));
        prop_assert_eq!(tax.rate, Some(Decimal::new(rate, 6)));
        let amount = tax.amount(Decimal::new(net, scale), scale).unwrap();
        prop_assert!(amount.scale() <= scale);
        let units = (amount * Decimal::from(10_i64.pow(scale))).normalize();
        prop_assert_eq!(units.scale(), 0);
        let (units, exact) = (units.mantissa() * 1_000_000, i128::from(net) * i128::from(rate));
        prop_assert!((units - exact).abs() * 2 <= 1_000_000, "{} of {}: {}", rate, net, amount);
        if (units - exact).abs() * 2 == 1_000_000 {
            prop_assert!(units.abs() > exact.abs(), "the middle goes away from zero");
        }
    }

    /// Whatever a caller writes: an answer, and a rate exactly where something is known.
    #[test]
    fn any_text_is_answered(country in ".{0,4}|CH|AT|NO", number in ".{0,20}|ATU[0-9]{7,9}", second in -1_000_000_000_i64..4_000_000_000) {
        let at = Timestamp::from_second(second).unwrap();
        let table = small();
        let tax = table.treat(Some(&country), Some(&number), at);
        prop_assert_eq!(tax.rate.is_none(), tax.treatment == Treatment::Unknown);
        prop_assert_eq!(tax.basis.is_none(), tax.treatment == Treatment::Unknown);
        prop_assert!(tax.treatment != Treatment::Unknown || tax.note.is_some());
    }
}
