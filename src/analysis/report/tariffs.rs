//! The tariff report: what applies when, what it costs, who earns, and how far each figure can be relied on.
//!
//! Carla wants to know which prices hold this month and which of them somebody made up. Every figure of a tariff names
//! its source, and every source has its strength; the report shows both beside the figure, counts what is only a sample
//! or a reading, and lists the questions that are open. Where an order is given, its price is shown step by step.

mod page;
mod rows;

pub use page::Priced;

use jiff::Timestamp;

use super::{Occasion, Report};
use crate::{
    bundle::tariffs::Tariffs,
    pricing::{
        benefit::{Benefits, Case},
        tariff::{Basis, Tariff},
        tax::{Place, Rates, TaxTable},
        words::{Side, Strength},
    },
};

/// All that the report says.
#[derive(Debug)]
pub struct Told {
    /// The versions that are in force at some time, by date.
    pub versions: Vec<Version>,
    /// Rates of tax; country, group, first day, rate, what it rests on.
    pub taxes: Vec<Figure>,
}

/// One version.
#[derive(Debug)]
pub struct Version {
    /// Its name and number.
    pub name: String,
    /// Its first day, and the first day after it.
    pub period: (String, Option<String>),
    /// The zone whose midnight these days mean.
    pub timezone: String,
    /// Its file, and the file's SHA-256.
    pub file: [String; 2],
    /// The version that it corrects.
    pub corrects: Option<u32>,
    /// Whether it is in force at the time of the report.
    pub in_force: bool,
    /// Everything that it states, in the order of the parts.
    pub figures: Vec<Figure>,
    /// Open questions, each with the entry that it is about.
    pub questions: Vec<(String, String)>,
}

/// One thing that a tariff states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The part of the tariff.
    pub part: &'static str,
    /// What it is about.
    pub name: String,
    /// What it says, by column of the part.
    pub says: Vec<String>,
    /// What it rests on.
    pub rests: Rests,
}

/// What a figure rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rests {
    /// How strong the source is.
    pub strength: Strength,
    /// Its name in the file.
    pub source: String,
    /// Where the entry stands.
    pub at: String,
    /// The rules it encodes.
    pub rules: Vec<String>,
}

impl Rests {
    fn on(basis: &Basis) -> Self {
        Self {
            strength: basis.strength,
            source: basis.source.to_string(),
            at: basis.at.short(),
            rules: basis.rules.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The parts with the columns of what they say.
pub(super) const PARTS: [(&str, &[&str]); 8] = [
    ("currency", &["digits", "payable in steps of", "least volume a year"]),
    ("pricing", &["says"]),
    ("family", &["partner discount", "quantity scale"]),
    ("product", &["currency", "family", "list price", "billed by"]),
    ("preferential price", &["currency", "partner's price"]),
    ("quantity scale", &["applies", "counts", "from item", "reduction"]),
    ("benefit", &["access", "payment mode", "ordered by", "charged", "managed", "outcome", "readings"]),
    ("tax", &["group", "from", "rate"]),
];

impl Told {
    /// What the tariffs of a bundle say.
    pub fn of(tariffs: &Tariffs, at: Timestamp) -> Self {
        let versions = tariffs.book.timeline().iter().map(|tariff| version(tariff, at)).collect();
        Self { versions, taxes: tariffs.taxes.as_ref().map(taxes).unwrap_or_default() }
    }

    /// As a report, with orders whose prices are shown.
    pub fn report(&self, occasion: &Occasion, priced: &[Priced]) -> Report {
        Report { page: page::of(self, occasion, priced), rows: rows::of(self), findings: 0 }
    }
}

impl Version {
    /// How many figures are of a strength.
    pub fn of_strength(&self, strength: Strength) -> usize {
        self.figures.iter().filter(|figure| figure.rests.strength == strength).count()
    }
}

fn version(tariff: &Tariff, at: Timestamp) -> Version {
    let questions = tariff
        .entries
        .iter()
        .flat_map(|(path, basis)| basis.questions.iter().map(|question| (path.clone(), question.to_string())));
    Version {
        name: format!("{} v{}", tariff.id, tariff.version),
        period: (tariff.period.from.to_string(), tariff.period.until.map(|until| until.to_string())),
        timezone: tariff.timezone.iana_name().unwrap_or("UTC").to_owned(),
        file: [tariff.file.to_string(), tariff.sha256.to_string()],
        corrects: tariff.corrects,
        in_force: tariff.in_force(at),
        figures: figures(tariff),
        questions: questions.collect(),
    }
}

fn figures(tariff: &Tariff) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut add = |part, name: &str, says: Vec<String>, basis: &Basis| {
        figures.push(Figure { part, name: name.to_owned(), says, rests: Rests::on(basis) });
    };
    for currency in tariff.currencies.values() {
        let least = currency.min_annual_volume.map(|volume| volume.to_string()).unwrap_or_default();
        let says = vec![currency.scale.to_string(), currency.payable_increment.to_string(), least];
        add("currency", &currency.code, says, &currency.basis);
    }
    let pricing = &tariff.pricing;
    let steps: Vec<&str> = pricing.steps.iter().map(|step| step.word()).collect();
    add("pricing", "steps", vec![steps.join(", then ")], &pricing.basis);
    add("pricing", "largest partner discount", vec![percent(pricing.partner_rate_max)], &pricing.basis);
    let rounding = format!("{}, {}", pricing.rounding.mode.word(), pricing.rounding.point.word());
    add("pricing", "rounding", vec![rounding], &pricing.rounding_basis);
    add("pricing", "cashback", vec!["list price less preferential price".to_owned()], &pricing.cashback_basis);
    let mut families: Vec<_> = tariff.products.values().map(|product| &product.family).collect();
    families.sort_by(|left, right| left.id.cmp(&right.id));
    families.dedup_by(|left, right| left.id == right.id);
    for family in families {
        let discount = family.partner_discount.map(percent).unwrap_or_default();
        add("family", &family.id, vec![discount, family.tier.as_deref().unwrap_or("none").to_owned()], &family.basis);
    }
    for product in tariff.products.values() {
        let period = match product.period {
            crate::pricing::tariff::BillingPeriod::Months => "months",
            crate::pricing::tariff::BillingPeriod::Days => "days",
        };
        for (currency, price) in &product.prices {
            let says = [&**currency, &*product.family.id, &price.list.to_string(), period].map(str::to_owned);
            add("product", &product.id, says.to_vec(), &product.basis);
        }
    }
    for product in tariff.products.values() {
        for (currency, price) in &product.prices {
            let Some(preferential) = price.preferential else { continue };
            let says = vec![currency.to_string(), preferential.to_string()];
            add("preferential price", &product.id, says, &product.preferential_basis);
        }
    }
    for tier in tariff.tiers.values() {
        let counts = format!("{} per {}: {}", tier.items.word(), tier.per.word(), tier.of.join(", "));
        for band in &tier.bands {
            let says = vec![tier.mode.word().to_owned(), counts.clone(), band.from.to_string(), percent(band.rate)];
            // A band can be relied on as far as the weaker of its two figures.
            let weaker = if band.from_basis.strength > band.basis.strength { &band.from_basis } else { &band.basis };
            add("quantity scale", &tier.id, says, weaker);
        }
    }
    for row in tariff.benefits.rows() {
        let [access, payment, by, payer, managed] = columns(&tariff.benefits, &row.id);
        let outcome = match &row.reason {
            Some(reason) => format!("{}: {reason}", row.outcome.word()),
            None => row.outcome.word().to_owned(),
        };
        add(
            "benefit",
            &row.id,
            vec![access, payment, by, payer, managed, outcome, row.readings.join(", ")],
            &row.basis,
        );
    }
    figures
}

/// What a row of the benefits matches, column by column: the words of its cases.
fn columns(benefits: &Benefits, id: &str) -> [String; 5] {
    let own = || Case::all().filter(|case| benefits.row(*case).is_some_and(|row| *row.id == *id));
    let listed = |word: &dyn Fn(Case) -> &'static str| {
        let mut words: Vec<&str> = Vec::new();
        for case in own() {
            if !words.contains(&word(case)) {
                words.push(word(case));
            }
        }
        words.join(" or ")
    };
    [
        listed(&|case| case.access.word()),
        listed(&|case| case.payment.map_or("–", Side::word)),
        listed(&|case| case.by.word()),
        listed(&|case| case.payer.word()),
        listed(&|case| case.managed.word()),
    ]
}

fn taxes(table: &TaxTable) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (country, place) in &table.countries {
        match place {
            Place::Swiss => rates(&mut figures, country, "swiss_vat", &table.swiss),
            Place::Member(member) => {
                rates(&mut figures, country, "eu_vat, or eu_reverse_charge with a number of its form", &member.rates);
            }
            Place::Outside => {
                let Some(basis) = table.entries.get("outside") else { continue };
                let says = ["outside", "", "none"].map(str::to_owned).to_vec();
                figures.push(Figure { part: "tax", name: country.to_string(), says, rests: Rests::on(basis) });
            }
        }
    }
    figures
}

fn rates(figures: &mut Vec<Figure>, country: &str, group: &str, rates: &Rates) {
    figures.extend(rates.all().iter().map(|rate| Figure {
        part: "tax",
        name: country.to_owned(),
        says: vec![group.to_owned(), rate.from.to_string(), percent(rate.rate)],
        rests: Rests::on(&rate.basis),
    }));
}

/// A fraction of 1 as people read it.
pub(super) fn percent(rate: rust_decimal::Decimal) -> String {
    format!("{} %", (rate * rust_decimal::Decimal::ONE_HUNDRED).normalize())
}
