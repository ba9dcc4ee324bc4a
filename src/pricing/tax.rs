//! Which tax comes on top of an order: told beside the net amounts, never mixed into them.
//!
//! All prices are net. Rosa's bakery in Basel is billed with Swiss VAT, whatever number it gives. Léa's agency in
//! Lyon gives `FR 12 345678901`: the number has the form of a French one, so she owes the VAT herself (*reverse
//! charge*). Without it, or with a number of another form, she bears French VAT, and a note says which form was
//! expected. A workshop in Oslo stands under `[outside]`: no VAT, and an open question. A country that stands
//! nowhere is *unknown*: no rate and no amount, since nobody should guess.
//! 1. [`TaxTable::parse`] holds the file against its [`form`] and reads it;
//! 2. [`TaxTable::treat`] finds the group of the country, looks at the number's form ([`number`]) and at the local
//!    date;
//! 3. [`Tax::amount`] rounds once, on the order's total.
//!
//! Only the form of a number is looked at. Whether it was issued, and to whom, only the states' registers know,
//! which this engine does not ask.

pub mod form;
pub mod number;
mod read;

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;

use self::number::{LEGEND, Pattern, plain};
pub use super::words::Treatment;
use super::{
    money::Rounding,
    tariff::Basis,
    toml_form::check::list,
    words::{RoundingMode, RoundingPoint},
};
use crate::problem::{Problems, Source};

/// Once, on the total: rounded line by line, an order of many lines would drift from its own rate.
const ROUNDING: Rounding = Rounding { mode: RoundingMode::HalfUp, point: RoundingPoint::End };

/// The countries and their rates.
#[derive(Debug, Clone)]
pub struct TaxTable {
    /// Its name.
    pub id: Arc<str>,
    /// The file's name.
    pub file: Arc<str>,
    /// The zone whose midnight its dates mean.
    pub timezone: TimeZone,
    /// The rates of Swiss VAT.
    pub swiss: Rates,
    /// Every country that it knows, by ISO 3166-1 code.
    pub countries: BTreeMap<Arc<str>, Place>,
    /// The four groups by name: what encodes rules, and what open questions are about.
    pub entries: BTreeMap<String, Arc<Basis>>,
}

/// The group that a country is in.
#[derive(Debug, Clone)]
pub enum Place {
    /// Where Swiss VAT holds.
    Swiss,
    /// In the EU.
    Member(Member),
    /// Listed, and neither of the two.
    Outside,
}

/// A country of the EU.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its rates.
    pub rates: Rates,
    /// The forms of its VAT numbers.
    pub vat_numbers: Vec<Pattern>,
}

/// Rates by the day from which they hold, ascending; the last goes on.
#[derive(Debug, Clone)]
pub struct Rates(Vec<Rate>);

/// A rate of tax.
#[derive(Debug, Clone)]
pub struct Rate {
    /// The first day on which it holds.
    pub from: Date,
    /// A fraction of 1.
    pub rate: Decimal,
    /// What it rests on; its path is that of the group.
    pub basis: Arc<Basis>,
}

/// The tax on an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Tax<'t> {
    /// Which group it falls in.
    pub treatment: Treatment,
    /// A fraction of 1; none where it is not known.
    pub rate: Option<Decimal>,
    /// What the treatment rests on.
    pub basis: Option<&'t Basis>,
    /// What the rate rests on: that Swiss VAT applies and how much it is stand in different sources.
    pub rate_basis: Option<&'t Basis>,
    /// Open questions about the treatment.
    pub questions: &'t [Arc<str>],
    /// What somebody should look at. It repeats nothing of the number.
    pub note: Option<String>,
}

impl Rates {
    /// The rate on a day; none before the first.
    pub fn on(&self, day: Date) -> Option<&Rate> {
        self.0[..self.0.partition_point(|rate| rate.from <= day)].last()
    }

    /// All of them, by the day from which they hold.
    pub fn all(&self) -> &[Rate] {
        &self.0
    }

    fn start(&self) -> String {
        self.0.first().map_or_else(String::new, |first| format!("the first holds from {}", first.from))
    }
}

impl TaxTable {
    /// Reads a table of taxes.
    ///
    /// # Errors
    /// Every problem found, with its code; warnings beside a table that loads are handed over in `warnings`.
    pub fn parse(source: &Source, warnings: &mut Problems) -> Result<Self, Problems> {
        read::table(source, warnings)
    }

    /// The tax on what an organisation of that country is billed for at that moment. A number of spaces, dots and
    /// dashes alone counts as none.
    pub fn treat(&self, country: Option<&str>, vat_number: Option<&str>, at: Timestamp) -> Tax<'_> {
        let Some(code) = country else { return unknown("no country is given".to_owned()) };
        let day = at.to_zoned(self.timezone.clone()).date();
        match self.countries.get(code) {
            Some(Place::Swiss) => self.rated(Treatment::SwissVat, code, &self.swiss, day),
            Some(Place::Member(member)) => self.in_the_eu(code, member, &plain(vat_number.unwrap_or_default()), day),
            Some(Place::Outside) => self.untaxed(Treatment::Outside),
            None if is_code(code) => unknown(format!("the country {code} is in no group of {}", self.file)),
            None => unknown("the country is no code of two capital letters".to_owned()),
        }
    }

    fn in_the_eu<'t>(&'t self, code: &str, member: &'t Member, number: &str, day: Date) -> Tax<'t> {
        if member.vat_numbers.iter().any(|form| form.fits(number)) {
            return self.untaxed(Treatment::EuReverseCharge);
        }
        let mut tax = self.rated(Treatment::EuVat, code, &member.rates, day);
        if !number.is_empty() {
            let forms = list(&member.vat_numbers, "or");
            let misfit = format!("the VAT number does not have the form of {code}: {forms} ({LEGEND})");
            tax.note = Some(tax.note.map_or_else(|| misfit.clone(), |note| format!("{misfit}; {note}")));
        }
        tax
    }

    fn rated<'t>(&'t self, treatment: Treatment, code: &str, rates: &'t Rates, day: Date) -> Tax<'t> {
        match rates.on(day) {
            Some(rate) => Tax { rate: Some(rate.rate), rate_basis: Some(&rate.basis), ..self.untaxed(treatment) },
            None => unknown(format!("no rate of {code} is known for {day}; {}", rates.start())),
        }
    }

    fn untaxed(&self, treatment: Treatment) -> Tax<'_> {
        let basis = self.entries.get(treatment.word()).map(|basis| &**basis);
        let questions = basis.map_or(&[][..], |basis| &basis.questions);
        Tax { treatment, rate: Some(Decimal::ZERO), basis, rate_basis: basis, questions, note: None }
    }
}

impl Tax<'_> {
    /// The tax on the net total of an order, rounded half up to `scale` digits; none where the rate is not known.
    pub fn amount(&self, net: Decimal, scale: u32) -> Option<Decimal> {
        Some(ROUNDING.to_scale(net.checked_mul(self.rate?)?, scale))
    }
}

fn unknown(note: String) -> Tax<'static> {
    let treatment = Treatment::Unknown;
    Tax { treatment, rate: None, basis: None, rate_basis: None, questions: &[], note: Some(note) }
}

/// Whether a text has the form of an ISO 3166-1 code.
fn is_code(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase())
}
