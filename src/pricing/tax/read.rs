//! From a file that has the right form to a table of taxes: each country once, with rates and forms that can be used.
//!
//! Codes: E100 no country code, E101 a country twice, E102 rates out of order, E103 no rate, E104 a form that no number
//! fits, E105 no form of VAT numbers; W106 the form of another country's numbers. As in tariffs: E008 unknown zone,
//! E020 to E022 rates, E071 unknown source, E080 a question about nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;

use super::{Member, Pattern, Place, Rate, Rates, TaxTable, Treatment, form, is_code, number::LEGEND};
use crate::{
    pricing::{
        tariff::{
            Basis,
            read::{Reading, zone},
        },
        toml_form::{
            check::{self, list},
            read::{At, Entry},
        },
        words::nearest,
    },
    problem::{Location, Problem, Problems, Source},
};

/// The groups of countries; also the paths of the table's entries.
const GROUPS: [Treatment; 4] = [Treatment::SwissVat, Treatment::EuReverseCharge, Treatment::EuVat, Treatment::Outside];

/// Reads a table of taxes.
pub(super) fn table(source: &Source, warnings: &mut Problems) -> Result<TaxTable, Problems> {
    let mut problems = Problems::default();
    let Some(parsed) = check::parse(source, &form::TAX, &mut problems) else {
        return Err(problems);
    };
    let file = Entry::file(source, &parsed);
    let mut reading = Reading::new(file, problems);
    let table = whole(&mut reading, file);
    questions(&mut reading, file);
    warnings.extend(reading.problems.take_warnings());
    let table = reading.problems.into_result(table)?;
    table.ok_or_else(|| {
        file.problem(0..0, "the table of taxes cannot be read").code("E001").help("mend its form").into()
    })
}

fn whole(reading: &mut Reading, file: Entry) -> Option<TaxTable> {
    let timezone = file.text("timezone").and_then(|name| zone(file, &name, &mut reading.problems));
    let groups = GROUPS.iter().filter_map(|group| file.table(group.word()));
    let entries: BTreeMap<String, Arc<Basis>> = groups
        .filter_map(|entry| Some((entry.name.to_owned(), reading.basis_of(entry, entry.name.to_owned(), "source")?)))
        .collect();
    let basis = |group: Treatment| entries.get(group.word());
    let swiss = file.table("swiss_vat").and_then(|entry| rates(reading, entry, basis(Treatment::SwissVat)));
    let countries = countries(reading, file, basis(Treatment::EuVat));
    Some(TaxTable {
        id: file.text("id")?.value.into(),
        file: file.source.name.clone(),
        timezone: timezone?,
        swiss: swiss?,
        countries,
        entries,
    })
}

/// All countries; one that has a fault is left out, and the fault is told.
fn countries(reading: &mut Reading, file: Entry, eu_vat: Option<&Arc<Basis>>) -> BTreeMap<Arc<str>, Place> {
    let mut seen = Seen::default();
    let mut countries = BTreeMap::new();
    for (group, place) in [("swiss_vat", Place::Swiss), ("outside", Place::Outside)] {
        let Some(entry) = file.table(group) else { continue };
        for code in entry.texts("countries") {
            if seen.once(reading, entry, &code, group) {
                countries.insert(code.value.into(), place.clone());
            }
        }
    }
    let members = file.table("eu_vat").map(|entry| entry.named("country")).unwrap_or_default();
    let codes: BTreeSet<&str> = members.iter().map(|entry| entry.name).collect();
    for entry in members {
        let code = At { value: entry.name, span: entry.span() };
        let once = seen.once(reading, entry, &code, "eu_vat");
        if let (Some(member), true) = (member(reading, entry, &codes, eu_vat), once) {
            countries.insert(code.value.into(), Place::Member(member));
        }
    }
    countries
}

/// Where each country stands, to find those that stand twice.
#[derive(Default)]
struct Seen<'t>(BTreeMap<&'t str, (&'t str, Location)>);

impl<'t> Seen<'t> {
    /// Whether it is a country that did not stand anywhere yet.
    fn once(&mut self, reading: &mut Reading, entry: Entry, code: &At<&'t str>, group: &'t str) -> bool {
        let here = entry.source.location(code.span.start);
        let fault = match self.0.get(code.value) {
            _ if !is_code(code.value) => {
                let capitals = code.value.to_ascii_uppercase();
                let known = is_code(&capitals).then(|| format!("did you mean \"{capitals}\"?"));
                let help = known.unwrap_or_else(|| "write its ISO 3166-1 code, such as \"AT\"".to_owned());
                ("E100", format!("the country \"{}\" is no code of two capital letters", code.value), help)
            }
            Some((other, at)) => {
                let message = match *other == group {
                    true => format!("{} stands twice in {group}, first at {at}", code.value),
                    false => format!("{} stands in {group}, and also in {other} ({at})", code.value),
                };
                ("E101", message, "keep one of the two".to_owned())
            }
            None => {
                self.0.insert(code.value, (group, here));
                return true;
            }
        };
        reading.problems.push(entry.problem(code.span.clone(), fault.1).code(fault.0).help(fault.2));
        false
    }
}

fn member(
    reading: &mut Reading,
    entry: Entry,
    members: &BTreeSet<&str>,
    eu_vat: Option<&Arc<Basis>>,
) -> Option<Member> {
    let own = entry.text("source").map(|_| reading.basis_of(entry, "eu_vat".to_owned(), "source"));
    let basis = own.unwrap_or_else(|| eu_vat.cloned());
    let rates = rates(reading, entry, basis.as_ref());
    let vat_numbers = vat_numbers(reading, entry, members);
    Some(Member { rates: rates?, vat_numbers: vat_numbers? })
}

/// The rates of an entry, which rest on the same as the entry unless they say otherwise.
fn rates(reading: &mut Reading, entry: Entry, basis: Option<&Arc<Basis>>) -> Option<Rates> {
    if let Some(span) = entry.empty_list("rates") {
        let problem = entry.problem(span, format!("{} has no rate", entry.name)).code("E103");
        reading.problems.push(problem.help("write at least { from = 2024-01-01, rate = … }"));
    }
    let written = entry.list("rates");
    let days: Vec<_> = written.iter().filter_map(|row| row.date("from")).collect();
    reading.problems.extend(days.windows(2).filter_map(|pair| follow(entry, &pair[0], &pair[1])));
    let rates: Vec<Rate> = written.iter().filter_map(|row| rate(reading, *row, basis)).collect();
    (rates.len() == written.len()).then_some(Rates(rates))
}

/// What is wrong with the days of two rates that follow one another.
fn follow(entry: Entry, before: &At<Date>, day: &At<Date>) -> Option<Problem> {
    let line = entry.source.location(before.span.start).line;
    let (message, help) = if day.value == before.value {
        let message = format!("there are two rates from {}, the other on line {line}", day.value);
        (message, "give it another day, or take one of the two out")
    } else if day.value < before.value {
        let message = format!("the rate from {} stands after the one from {} (line {line})", day.value, before.value);
        (message, "list the rates in ascending order")
    } else {
        return None;
    };
    Some(entry.problem(day.span.clone(), message).code("E102").help(help))
}

fn rate(reading: &mut Reading, entry: Entry, basis: Option<&Arc<Basis>>) -> Option<Rate> {
    let rate = reading.rate(entry, "rate");
    let path = basis.map(|basis| basis.path.to_string()).unwrap_or_default();
    let own = entry.text("source").map(|_| reading.basis_of(entry, path, "source"));
    let mut basis = Basis::clone(own.as_ref().map_or(basis, Option::as_ref)?);
    basis.at = entry.location();
    Some(Rate { from: entry.date("from")?.value, rate: rate?, basis: Arc::new(basis) })
}

fn vat_numbers(reading: &mut Reading, entry: Entry, members: &BTreeSet<&str>) -> Option<Vec<Pattern>> {
    if let Some(span) = entry.empty_list("vat_numbers") {
        let problem = entry.problem(span, format!("{} has no form of VAT numbers", entry.name)).code("E105");
        reading.problems.push(problem.help(format!("write at least one, such as \"ATU########\": {LEGEND}")));
    }
    let written = entry.texts("vat_numbers");
    let patterns: Vec<Pattern> = written.iter().filter_map(|text| pattern(reading, entry, text, members)).collect();
    (patterns.len() == written.len()).then_some(patterns)
}

fn pattern(reading: &mut Reading, entry: Entry, text: &At<&str>, members: &BTreeSet<&str>) -> Option<Pattern> {
    let Some(pattern) = Pattern::parse(text.value) else {
        let message = format!("\"{}\" is no form of a VAT number", text.value);
        reading.problems.push(entry.problem(text.span.clone(), message).code("E104").help(format!(
            "write it as in \"ATU########\": first two of the letters A to Z, and nowhere small ones, spaces, dots or \
             dashes; {LEGEND}"
        )));
        return None;
    };
    if pattern.prefix() != entry.name && members.contains(pattern.prefix()) {
        let message = format!("\"{pattern}\" stands for numbers of {}, not of {}", pattern.prefix(), entry.name);
        let help = format!("right if {} gives out the numbers of {}; else mend it", pattern.prefix(), entry.name);
        reading.problems.push(entry.problem(text.span.clone(), message).code("W106").help(help));
    }
    Some(pattern)
}

/// Every question is about a group.
fn questions(reading: &mut Reading, file: Entry) {
    let groups = GROUPS.map(Treatment::word);
    for entry in file.named("open") {
        let Some(rule) = entry.text("rule").filter(|rule| !groups.contains(&rule.value)) else { continue };
        let help = match nearest(rule.value, groups) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("name {}", list(groups.map(|group| format!("\"{group}\"")), "or")),
        };
        let message = format!("question {} is about \"{}\", which is no entry of this table", entry.name, rule.value);
        reading.problems.push(entry.problem(rule.span, message).code("E080").help(help));
    }
}
