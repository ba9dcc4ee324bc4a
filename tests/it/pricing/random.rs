//! Random tariffs and order lines, simplest first, so that what fails shrinks to what matters.
//!
//! A tariff is made as the text that an author would write and goes through the loader like any other: all
//! rounding modes and points, steps in each order, three currencies of different digits, volume and graduated
//! scales, prices for partners, rates with up to six decimals. Lines lie where it hurts: at the thresholds and
//! beside them, at one item and a million; some have a mistake.

use std::fmt::Write as _;

use jiff::Timestamp;
use mandat::{
    pricing::{
        benefit::Case,
        receipt::Line,
        tariff::Tariff,
        words::{Access, Managed, Outcome, PlacedBy, RoundingMode, RoundingPoint, Side, TierMode},
    },
    problem::{Problems, Source},
};

use crate::properties::tape::Tape;

/// Currencies with their digits and the smallest amounts that can be paid.
const CURRENCIES: &[(&str, usize, &[&str])] =
    &[("CHF", 2, &["0.01", "0.05", "0.10"]), ("JPY", 0, &["1", "5"]), ("CLF", 4, &["0.0001", "0.0500"])];

/// Reads a tariff that is meant to be sound.
pub(super) fn parse(text: &str) -> Tariff {
    let source = Source::new("tariffs/random.toml", text);
    Tariff::parse(&source, &mut Problems::default()).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// The text of a sound tariff, in force from 2026 on.
pub(super) fn tariff(tape: &mut Tape) -> String {
    let (mode, point) = (*tape.pick(RoundingMode::ALL), *tape.pick(RoundingPoint::ALL));
    tariff_that_rounds(tape, mode, point)
}

/// A random one, with this rounding.
pub(super) fn tariff_that_rounds(tape: &mut Tape, mode: RoundingMode, point: RoundingPoint) -> String {
    let steps = *tape.pick(&[
        r#""list", "partner_discount", "quantity_tier""#,
        r#""list", "quantity_tier", "partner_discount""#,
        r#""list", "partner_discount""#,
        r#""list", "quantity_tier""#,
        r#""list""#,
    ]);
    let (mode, point) = (mode.word(), point.word());
    let mut text = format!(
        r#"schema = "tariff/1"
id = "random"
version = 1
effective_from = 2026-01-01
timezone = "Europe/Zurich"
price_date = "period_start"
[source]
sample = {{ kind = "sample" }}
[pricing]
prices = "net_of_vat"
steps = [{steps}]
partner_rate_max = 1
rounding = {{ mode = "{mode}", at = "{point}", unit = "line", source = "sample" }}
cashback = {{ reference = "list", account = "prepaid", refund = "pro_rata_of_credited", source = "sample" }}
source = "sample"
"#
    );
    let increments = currencies(tape, &mut text);
    families(tape, &mut text);
    products(tape, &mut text, &increments);
    tiers(tape, &mut text);
    benefits(tape, &mut text);
    text
}

/// Four families, the first two on one scale, the third on one that only the caller can count, the last on none.
const FAMILIES: [(&str, &str); 4] = [("red", "shared"), ("blue", "shared"), ("green", "running"), ("grey", "")];

fn families(tape: &mut Tape, text: &mut String) {
    text.push_str("[family]\n");
    for (family, tier) in FAMILIES {
        let discount = if tape.chance(80) { format!("partner_discount = {}, ", rate(tape)) } else { String::new() };
        let tier = if tier.is_empty() { String::new() } else { format!("tier = \"{tier}\", ") };
        writeln!(text, "{family} = {{ {discount}{tier}source = \"sample\" }}").unwrap();
    }
}

/// The smallest amount that can be paid in each currency.
fn currencies(tape: &mut Tape, text: &mut String) -> Vec<&'static str> {
    let increments: Vec<&str> = CURRENCIES.iter().map(|(_, _, increments)| *tape.pick(increments)).collect();
    text.push_str("[currency]\n");
    for ((code, digits, _), increment) in CURRENCIES.iter().zip(&increments) {
        writeln!(text, "{code} = {{ scale = {digits}, payable_increment = {increment}, source = \"sample\" }}")
            .unwrap();
    }
    increments
}

/// Two products of each family, each with a price in francs and perhaps in the others.
fn products(tape: &mut Tape, text: &mut String, increments: &[&str]) {
    text.push_str("[product]\n");
    for name in FAMILIES.iter().flat_map(|(family, _)| ["a", "b"].map(|variant| format!("{family}-{variant}"))) {
        let (mut list, mut own) = (Vec::new(), Vec::new());
        for ((code, digits, _), increment) in CURRENCIES.iter().zip(increments) {
            let smallest: u64 = increment.replace('.', "").parse().unwrap();
            let written = |units: u64| format!("{code} = {}", decimal(units * smallest, *digits));
            let price = price(tape);
            if *code == "CHF" || tape.chance(60) {
                list.push(written(price));
                if tape.chance(25) {
                    own.push(written(price - price * u64::try_from(tape.below(101)).unwrap() / 100));
                }
            }
        }
        let family = name.split('-').next().unwrap();
        write!(text, "{name} = {{ family = \"{family}\", period = \"P1M\", list = {{ {} }}, ", list.join(", "))
            .unwrap();
        if !own.is_empty() {
            write!(text, "preferential = {{ {} }}, ", own.join(", ")).unwrap();
        }
        text.push_str("source = \"sample\" }\n");
    }
}

/// A price in the smallest amounts that can be paid: mostly a usual one, sometimes nothing, or very little, or much.
fn price(tape: &mut Tape) -> u64 {
    let units = match tape.below(10) {
        0..=5 => 1 + tape.below(20_000),
        6 | 7 => 1 + tape.below(30),
        8 => 1 + tape.below(200_000),
        _ => 0,
    };
    u64::try_from(units).unwrap()
}

/// A rate as it is written: of hundredths mostly, of millionths often, and now and then none or all.
fn rate(tape: &mut Tape) -> String {
    let millionths = match tape.below(10) {
        0..=4 => tape.below(60) * 10_000,
        5..=8 => tape.below(1_000_001),
        _ => *tape.pick(&[0, 1_000_000, 1, 999_999]),
    };
    decimal(u64::try_from(millionths).unwrap(), 6)
}

fn decimal(units: u64, digits: usize) -> String {
    let power = 10_u64.pow(u32::try_from(digits).unwrap());
    if digits == 0 { units.to_string() } else { format!("{}.{:0digits$}", units / power, units % power) }
}

fn tiers(tape: &mut Tape, text: &mut String) {
    let counts = [
        ("shared", r#"{ items = "ordered", of = ["red", "blue"], per = "order" }"#),
        ("running", r#"{ items = "active", of = ["green"], per = "partner" }"#),
    ];
    for (tier, count) in counts {
        let mode = tape.pick(TierMode::WORDS);
        writeln!(text, "[tier.{tier}]\nmode = \"{mode}\"\ncount = {count}\nsource = \"sample\"\nbands = [").unwrap();
        let mut from = 1;
        for _ in 0..1 + tape.below(4) {
            writeln!(text, "  {{ from = {from}, rate = {}, source = \"sample\" }},", rate(tape)).unwrap();
            let far = tape.chance(10);
            from += 1 + tape.below(if far { 400_000 } else { 40 });
        }
        text.push_str("]\n");
    }
}

/// A row for each situation and orderer, with any outcome.
fn benefits(tape: &mut Tape, text: &mut String) {
    text.push_str("[benefits]\nrows = [\n");
    for (access, payment) in [("none", "-"), ("own", "-"), ("limited", "-"), ("full", "client"), ("full", "partner")] {
        for by in PlacedBy::WORDS {
            let outcome = tape.pick(&[
                Outcome::Cashback,
                Outcome::Discount,
                Outcome::Cashback,
                Outcome::Discount,
                Outcome::None,
                Outcome::Refused,
            ]);
            writeln!(
                text,
                "  {{ id = \"{access}-{payment}-{by}\", access = \"{access}\", payment = \"{payment}\", by = \"{by}\", payer = \"*\", managed = \"*\", outcome = \"{}\", source = \"sample\" }},",
                outcome.word()
            )
            .unwrap();
        }
    }
    text.push_str("]\n");
}

/// A line that owns its names.
#[derive(Debug, Clone)]
pub(super) struct Ordered {
    pub product: String,
    pub currency: String,
    pub quantity: u32,
    pub tier_count: Option<u32>,
    pub case: Case,
}

impl Ordered {
    pub fn line(&self) -> Line<'_> {
        Line {
            product: &self.product,
            currency: &self.currency,
            quantity: self.quantity,
            tier_count: self.tier_count,
            case: self.case,
        }
    }
}

/// A line without a mistake, but for what the tariff itself says of it: refused, or too large.
pub(super) fn line(tape: &mut Tape, tariff: &Tariff) -> Ordered {
    let products: Vec<_> = tariff.products.values().collect();
    let product = tape.pick(&products);
    let currencies: Vec<_> = product.prices.keys().collect();
    let quantity = quantity(tape, tariff, product.family.tier.as_deref());
    let others = if tape.chance(50) { 0 } else { self::quantity(tape, tariff, product.family.tier.as_deref()) };
    Ordered {
        product: product.id.to_string(),
        currency: tape.pick(&currencies).to_string(),
        quantity,
        tier_count: Some((quantity + others).min(1_000_000)),
        case: case(tape, tariff),
    }
}

/// Any case, or one of those with an advantage, where there is more to go wrong.
pub(super) fn case(tape: &mut Tape, tariff: &Tariff) -> Case {
    let advantage = |case: &Case| {
        let outcome = tariff.benefits.row(*case).map(|row| row.outcome);
        matches!(outcome, Some(Outcome::Discount | Outcome::Cashback))
    };
    let mut cases: Vec<Case> = Case::all().collect();
    if tape.chance(50) && cases.iter().any(advantage) {
        cases.retain(advantage);
    }
    *tape.pick(&cases)
}

/// Items: few, around a threshold, any number, or as many as there can be.
pub(super) fn quantity(tape: &mut Tape, tariff: &Tariff, tier: Option<&str>) -> u32 {
    let starts: Vec<u32> = tier
        .and_then(|tier| tariff.tiers.get(tier))
        .map_or_else(|| vec![1], |tier| tier.bands.iter().map(|band| band.from).collect());
    let few = |tape: &mut Tape, count| u32::try_from(1 + tape.below(count)).unwrap();
    let quantity = match tape.below(10) {
        0..=3 => few(tape, 40),
        4..=7 => (tape.pick(&starts) + few(tape, 3)).saturating_sub(2),
        8 => few(tape, 1_000_000),
        _ => 1_000_001 - few(tape, 2),
    };
    quantity.clamp(1, 1_000_000)
}

/// A line that may have a mistake.
pub(super) fn any_line(tape: &mut Tape, tariff: &Tariff) -> Ordered {
    let mut line = line(tape, tariff);
    match tape.below(20) {
        13 => line.product = "red-c".to_owned(),
        14 => line.currency = "EUR".to_owned(),
        15 => line.currency = (*tape.pick(&["CHF", "JPY", "CLF"])).to_owned(),
        16 => line.quantity = *tape.pick(&[0, 1_000_001, u32::MAX]),
        17 => line.tier_count = Some(*tape.pick(&[1_000_001, 1])),
        18 => line.tier_count = None,
        19 => {
            line.case = Case {
                access: Access::Limited,
                payment: Some(Side::Client),
                by: PlacedBy::Client,
                payer: Side::Client,
                managed: Managed::Yes,
            }
        }
        _ => {}
    }
    line
}

/// A moment, mostly within the versions of the programme's tariff, often at an edge between them.
pub(super) fn moment(tape: &mut Tape) -> Timestamp {
    let (new_year, day) = (1_798_758_000, 86_400); // 2027-01-01T00:00:00+01:00
    let seconds = |tape: &mut Tape, count| i64::try_from(tape.below(count)).unwrap();
    let second = match tape.below(16) {
        0..=9 => new_year - 300 * day + seconds(tape, 600 * 86_400),
        10 => new_year - 385 * day - 1 + seconds(tape, 2), // 2025-12-12, the programme's first day
        11 | 12 => new_year - 1,
        13 => new_year,
        _ => new_year - 7_200 + seconds(tape, 14_400),
    };
    Timestamp::from_second(second).unwrap()
}
