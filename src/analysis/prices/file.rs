//! Files of price cases, from TOML to cases. Amounts are read digit by digit, as they are written.

use std::path::Path;

use rust_decimal::Decimal;
use serde::Deserialize;
use toml::Spanned;

use super::{Answer, Asked, Case, Said};
use crate::{
    config::toml_problem,
    pricing::{
        order::{Line, Order, Stated},
        words::{Access, Kind, Managed, Outcome, PlacedBy, Side, Treatment},
    },
    problem::{Problem, Problems, Source},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    at: Option<String>,
    currency: Option<String>,
    #[serde(default)]
    price: Vec<Spanned<Stating>>,
    #[serde(default)]
    tax: Vec<Spanned<Stating>>,
    #[serde(default)]
    volume: Vec<Spanned<Stating>>,
}

/// What a case states, or a line of it.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stating {
    name: Option<String>,
    #[serde(default)]
    rules: Vec<String>,
    at: Option<String>,
    currency: Option<String>,
    access: Option<String>,
    payment: Option<String>,
    by: Option<String>,
    payer: Option<String>,
    managed: Option<String>,
    kind: Option<String>,
    country: Option<String>,
    vat_number: Option<String>,
    product: Option<String>,
    quantity: Option<u32>,
    count: Option<u32>,
    net: Option<Spanned<toml::Value>>,
    volume: Option<Spanned<toml::Value>>,
    outcome: Option<String>,
    row: Option<String>,
    family: Option<String>,
    list: Option<Spanned<toml::Value>>,
    preferential: Option<Spanned<toml::Value>>,
    charged: Option<Spanned<toml::Value>>,
    cashback: Option<Spanned<toml::Value>>,
    treatment: Option<String>,
    tax_rate: Option<Spanned<toml::Value>>,
    tax: Option<Spanned<toml::Value>>,
    version: Option<Spanned<toml::Value>>,
    rejected: Option<String>,
    below: Option<bool>,
    #[serde(default)]
    countries: Vec<String>,
    #[serde(default)]
    lines: Vec<Spanned<Stating>>,
    #[serde(default)]
    each: Vec<Spanned<Stating>>,
}

/// The sorts of cases.
#[derive(Clone, Copy)]
enum Sort {
    Price,
    Tax,
    Volume,
}

/// Reads a file of price cases.
///
/// # Errors
/// Every case that cannot be read, with its place.
pub fn read(path: &Path, name: &str) -> Result<Vec<Case>, Problems> {
    let text = std::fs::read_to_string(path).map_err(|error| Problem::new(format!("cannot read `{name}`: {error}")))?;
    parse(&Source::new(name, text))
}

/// Reads the text of such a file.
///
/// # Errors
/// Every case that cannot be read, with its place.
pub fn parse(source: &Source) -> Result<Vec<Case>, Problems> {
    let file: File = toml::from_str(&source.text).map_err(|error| toml_problem(source, &error))?;
    let general = Stating { at: file.at.clone(), currency: file.currency.clone(), ..Stating::default() };
    let mut reading = Reading { source, problems: Problems::default(), cases: Vec::new() };
    for (sort, list) in [(Sort::Price, &file.price), (Sort::Tax, &file.tax), (Sort::Volume, &file.volume)] {
        for stating in list {
            let whole = stating.get_ref().over(&general);
            reading.scenario(sort, &whole, stating.span());
        }
    }
    reading.cases.sort_by_key(|case| (case.at.line, case.at.column));
    reading.problems.into_result(reading.cases)
}

struct Reading<'s> {
    source: &'s Source,
    problems: Problems,
    cases: Vec<Case>,
}

impl Reading<'_> {
    fn scenario(&mut self, sort: Sort, whole: &Stating, place: std::ops::Range<usize>) {
        if whole.each.is_empty() {
            return self.take(sort, whole, place.start, None);
        }
        for (number, line) in whole.each.iter().enumerate() {
            let one = line.get_ref().over(whole);
            if one.countries.is_empty() {
                self.take(sort, &one, line.span().start, Some(format!("line {}", number + 1)));
            }
            for country in one.countries.clone() {
                let of_one = Stating { country: Some(country.clone()), ..one.clone() };
                self.take(sort, &of_one, line.span().start, Some(country));
            }
        }
    }

    fn take(&mut self, sort: Sort, stating: &Stating, at: usize, which: Option<String>) {
        match self.case(sort, stating, at, which) {
            Ok(case) => self.cases.push(case),
            Err(reason) => self.problems.push(Problem::at(self.source, (at, 1), reason)),
        }
    }

    fn case(&self, sort: Sort, stating: &Stating, at: usize, which: Option<String>) -> Result<Case, String> {
        let name = stating.name.clone().ok_or("a case has no `name`")?;
        let mut expected = Answer::new();
        let asked = match sort {
            Sort::Price => Asked::Order(Box::new(self.order(stating, &mut expected)?)),
            Sort::Tax => Asked::Tax {
                at: moment(stating)?,
                country: stating.country.clone(),
                vat_number: stating.vat_number.clone(),
                net: self.number(stating.net.as_ref(), "net")?.ok_or("`net` is missing: the amount without tax")?,
            },
            Sort::Volume => Asked::Volume {
                at: moment(stating)?,
                currency: stating.currency.clone().ok_or("`currency` is missing")?,
                volume: self.number(stating.volume.as_ref(), "volume")?.ok_or("`volume` is missing")?,
            },
        };
        self.expect(stating, "", &mut expected)?;
        if expected.is_empty() {
            return Err("the case expects nothing; say what it costs, `charged` for example".to_owned());
        }
        Ok(Case {
            name: which.map_or_else(|| name.clone(), |which| format!("{name}, {which}")),
            at: self.source.location(at),
            rules: stating.rules.clone(),
            asked,
            expected,
        })
    }

    fn order(&self, stating: &Stating, expected: &mut Answer) -> Result<Order, String> {
        let by = word(stating.by.as_deref(), "by", PlacedBy::WORDS, PlacedBy::of)?.ok_or("`by` is missing")?;
        let payer = stating.payer.clone().ok_or("`payer` is missing: \"client\" or \"partner\"")?;
        word(Some(&payer), "payer", Side::WORDS, Side::of)?;
        let access = word(stating.access.as_deref(), "access", Access::WORDS, Access::of)?;
        let stated = Stated {
            access: access.ok_or("`access` is missing")?,
            payment: word(stating.payment.as_deref(), "payment", Side::WORDS, Side::of)?,
            country: stating.country.clone(),
            vat_number: stating.vat_number.clone(),
        };
        let mut lines = Vec::new();
        for (number, line) in stating.lines.iter().enumerate() {
            let path = if stating.lines.len() == 1 { String::new() } else { format!("lines[{number}].") };
            self.expect(line.get_ref(), &path, expected)?;
            lines.push(self::line(&line.get_ref().over(stating), number, by)?);
        }
        if lines.is_empty() {
            lines.push(line(stating, 0, by)?);
        }
        Ok(Order {
            at: moment(stating)?,
            currency: stating.currency.clone().ok_or("`currency` is missing")?,
            actor: None,
            client: None,
            partner: None,
            placed_by: by,
            payer,
            agreement: None,
            stated: Some(stated),
            lines,
        })
    }

    /// What a case or a line expects, under the path of the line.
    fn expect(&self, stating: &Stating, path: &str, expected: &mut Answer) -> Result<(), String> {
        let outcome = word(stating.outcome.as_deref(), "outcome", Outcome::WORDS, Outcome::of)?;
        let treatment = word(stating.treatment.as_deref(), "treatment", Treatment::WORDS, Treatment::of)?;
        let words = [
            ("outcome", outcome.map(Outcome::word).map(ToOwned::to_owned)),
            ("row", stating.row.clone()),
            ("family", stating.family.clone()),
            ("treatment", treatment.map(Treatment::word).map(ToOwned::to_owned)),
            ("rejected", stating.rejected.clone()),
            ("below", stating.below.map(|below| if below { "yes" } else { "no" }.to_owned())),
        ];
        let numbers = [
            ("list", &stating.list),
            ("preferential", &stating.preferential),
            ("charged", &stating.charged),
            ("cashback", &stating.cashback),
            ("tax_rate", &stating.tax_rate),
            ("tax", &stating.tax),
            ("version", &stating.version),
        ];
        expected
            .extend(words.into_iter().filter_map(|(name, word)| Some((format!("{path}{name}"), Said::Word(word?)))));
        for (name, value) in numbers {
            let number = self.number(value.as_ref(), name)?;
            expected.extend(number.map(|number| (format!("{path}{name}"), Said::Number(number))));
        }
        Ok(())
    }

    /// A number as it is written.
    fn number(&self, value: Option<&Spanned<toml::Value>>, name: &str) -> Result<Option<Decimal>, String> {
        let Some(value) = value else { return Ok(None) };
        let written = self.source.text.get(value.span()).unwrap_or_default();
        let plain = written.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'));
        match Decimal::from_str_exact(written) {
            Ok(number) if plain => Ok(Some(number)),
            _ => Err(format!("`{name}` is no plain decimal: {written}; write it like 208.32")),
        }
    }
}

fn line(stating: &Stating, number: usize, by: PlacedBy) -> Result<Line, String> {
    let usual = if by == PlacedBy::Renewal { Kind::Renewal } else { Kind::Order };
    Ok(Line {
        id: (number + 1).to_string(),
        product: stating.product.clone().ok_or("`product` is missing")?,
        quantity: stating.quantity.unwrap_or(1),
        tier_count: stating.count,
        existing: None,
        managed: word(stating.managed.as_deref(), "managed", Managed::WORDS, Managed::of)?,
        kind: word(stating.kind.as_deref(), "kind", Kind::WORDS, Kind::of)?.unwrap_or(usual),
    })
}

fn moment(stating: &Stating) -> Result<jiff::Timestamp, String> {
    let at = stating.at.as_deref().ok_or("`at` is missing: when the period starts, such as 2026-10-01T12:00:00Z")?;
    at.parse().map_err(|error| format!("`at`: {error}"))
}

fn word<T>(
    written: Option<&str>,
    name: &str,
    words: &[&str],
    of: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, String> {
    let Some(written) = written else { return Ok(None) };
    of(written).map(Some).ok_or_else(|| format!("`{name}` is \"{written}\"; known are {}", words.join(", ")))
}

impl Stating {
    /// What this states, and what the other states where this says nothing; nothing that is expected is taken over
    /// from the other but by cases of their own.
    fn over(&self, other: &Self) -> Self {
        let mut whole = self.clone();
        let fill = |own: &mut Option<String>, others: &Option<String>| {
            if own.is_none() {
                own.clone_from(others);
            }
        };
        for (own, others) in [
            (&mut whole.name, &other.name),
            (&mut whole.at, &other.at),
            (&mut whole.currency, &other.currency),
            (&mut whole.access, &other.access),
            (&mut whole.payment, &other.payment),
            (&mut whole.by, &other.by),
            (&mut whole.payer, &other.payer),
            (&mut whole.managed, &other.managed),
            (&mut whole.kind, &other.kind),
            (&mut whole.country, &other.country),
            (&mut whole.vat_number, &other.vat_number),
            (&mut whole.product, &other.product),
            (&mut whole.treatment, &other.treatment),
            (&mut whole.outcome, &other.outcome),
            (&mut whole.row, &other.row),
            (&mut whole.rejected, &other.rejected),
        ] {
            fill(own, others);
        }
        whole.quantity = whole.quantity.or(other.quantity);
        whole.count = whole.count.or(other.count);
        whole.net = whole.net.or_else(|| other.net.clone());
        if whole.rules.is_empty() {
            whole.rules.clone_from(&other.rules);
        }
        whole
    }
}
