//! From a file that has the right form to a tariff: numbers within their bounds, names that exist.
//!
//! Codes: E008 unknown zone, E010 negative amount, E011 too many decimals, E012 too large, E020 negative rate, E021
//! rate above 1, E022 rate with too many decimals, E023 and W024 steps, E050 dates that run backwards, E071 unknown source, E073 seed without a document.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use sha2::{Digest as _, Sha256};

use super::{Basis, Period, Pricing, Tariff, form, open, products, tiers};
use crate::{
    pricing::{
        benefit,
        money::{MAX_PRICE, RATE_DECIMALS, Rounding},
        toml_form::{
            check,
            read::{At, Entry},
            wording::list,
        },
        words::{Operation, RoundingMode, RoundingPoint, Strength, nearest},
    },
    problem::{Problem, Problems, Source},
};

/// What is known while a file is read.
pub(in crate::pricing) struct Reading<'t> {
    /// What was wrong so far.
    pub(in crate::pricing) problems: Problems,
    /// Entries by path.
    pub(super) entries: BTreeMap<String, Arc<Basis>>,
    /// Paths of entries, and names of families, tiers and sources, those that have faults too: a fault is told once. Of
    /// a table that should be there and is not, which is told elsewhere, nothing is known.
    pub(super) paths: BTreeSet<String>,
    families: Option<BTreeSet<&'t str>>,
    tiers: Option<BTreeSet<&'t str>>,
    sources: Option<BTreeMap<&'t str, Strength>>,
    questions: Vec<(String, Arc<str>)>,
}

/// Reads a tariff file.
pub(super) fn tariff(source: &Source, warnings: &mut Problems) -> Result<Tariff, Problems> {
    let mut problems = Problems::default();
    let Some(table) = check::parse(source, &form::TARIFF, &mut problems) else {
        return Err(problems);
    };
    let file = Entry::file(source, &table);
    let mut reading = Reading::new(file, problems);
    let tariff = whole(&mut reading, file);
    open::check(&mut reading, file);
    warnings.extend(reading.problems.take_warnings());
    let tariff = reading.problems.into_result(tariff)?;
    tariff.ok_or_else(|| file.problem(0..0, "the tariff cannot be read").code("E001").help("mend its form").into())
}

fn whole(reading: &mut Reading, file: Entry) -> Option<Tariff> {
    let timezone = timezone(reading, file);
    let period = timezone.as_ref().and_then(|timezone| period(reading, file, timezone));
    let rate_max = file.table("pricing").and_then(|entry| reading.rate(entry, "partner_rate_max"));
    let pricing = pricing(reading, file, rate_max);
    let currencies = products::currencies(reading, file);
    let tiers = tiers::read(reading, file);
    let families = products::families(reading, file, rate_max);
    check_seeds(reading, file);
    tiers::check_families(reading, file, &tiers);
    let products = products::products(reading, file, &currencies, &families, rate_max);
    let benefits = benefit::read(reading, file);
    if let Some(pricing) = pricing.as_ref().filter(|_| reading.problems.iter().all(Problem::is_warning)) {
        check_steps(reading, file, &pricing.steps);
    }
    Some(Tariff {
        id: file.text("id")?.value.into(),
        version: file.integer("version")?.value,
        sha256: hex(&Sha256::digest(file.source.text.as_bytes())).into(),
        file: file.source.name.clone(),
        period: period?,
        corrects: file.integer("corrects").map(|version| version.value),
        timezone: timezone?,
        currencies,
        pricing: pricing?,
        products,
        tiers,
        benefits: benefits?,
        cited: cited(file),
        entries: reading.entries.clone(),
    })
}

/// What a family has, a step applies: without it the advantage is lost.
fn check_steps(reading: &mut Reading, file: Entry, steps: &[Operation]) {
    let has =
        |table: &str, key: &str| file.named(table).into_iter().find(|entry| entry.has(key)).map(|entry| entry.name);
    let discounted = has("family", "partner_discount").or_else(|| has("product", "preferential"));
    for (step, owner) in [(Operation::PartnerDiscount, discounted), (Operation::QuantityTier, has("family", "tier"))] {
        if let (Some(owner), false, Some(entry)) = (owner, steps.contains(&step), file.table("pricing")) {
            let message = format!("the steps leave out \"{}\", but \"{owner}\" has one", step.word());
            let problem = entry.problem(entry.key_span("steps"), message).code("W024");
            reading.problems.push(problem.help(format!("nobody gets it; write \"{}\" where it belongs", step.word())));
        }
    }
}

/// What is said to be the documents' own says where they say it.
fn check_seeds(reading: &mut Reading, file: Entry) {
    for source in file.named("source") {
        let seed = source.text("kind").is_some_and(|kind| kind.value == Strength::Seed.word());
        if seed && !source.has("document") && !source.has("file") {
            let message = format!("source \"{}\" is of kind \"seed\", but names no document", source.name);
            let problem = source.problem(source.span(), message).code("E073");
            reading.problems.push(problem.help("write document = … and heading = …, or another kind"));
        }
    }
}

/// Documents that the sources cite.
fn cited(file: Entry) -> Vec<(Arc<str>, (usize, usize))> {
    let documents = file.named("source").into_iter().filter_map(|source| source.text("document"));
    documents.map(|document| (document.value.into(), (document.span.start, document.span.len()))).collect()
}

/// Lowercase hexadecimal digits.
pub(in crate::pricing) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn timezone(reading: &mut Reading, file: Entry) -> Option<TimeZone> {
    let name = file.text("timezone")?;
    zone(file, &name, &mut reading.problems)
}

/// A zone by its name, from the list that is built in: the same on every machine.
pub(in crate::pricing) fn zone(file: Entry, name: &At<&str>, problems: &mut Problems) -> Option<TimeZone> {
    let database = jiff::tz::TimeZoneDatabase::bundled();
    if let Ok(zone) = database.get(name.value) {
        return Some(zone);
    }
    let known: Vec<String> = database.available().map(|known| known.to_string()).collect();
    let help = match nearest(name.value, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "name a zone of the IANA list, such as \"Europe/Zurich\"".to_owned(),
    };
    problems
        .push(file.problem(name.span.clone(), format!("unknown time zone \"{}\"", name.value)).code("E008").help(help));
    None
}

fn period(reading: &mut Reading, file: Entry, zone: &TimeZone) -> Option<Period> {
    let from = file.date("effective_from")?;
    let until = file.date("effective_until");
    if let Some(until) = until.as_ref().filter(|until| until.value <= from.value) {
        let message = format!("effective_until {} is not after effective_from {}", until.value, from.value);
        let problem = file.problem(until.span.clone(), message).code("E050");
        reading.problems.push(problem.help("it is the first day on which the version is no longer in force"));
        return None;
    }
    Some(Period {
        from: from.value,
        until: until.as_ref().map(|until| until.value),
        starts: midnight(from.value, zone)?,
        ends: until.and_then(|until| midnight(until.value, zone)),
        from_at: (from.span.start, from.span.len()),
    })
}

/// The first moment of a day in a zone.
pub(in crate::pricing) fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    date.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

fn pricing(reading: &mut Reading, file: Entry, partner_rate_max: Option<Decimal>) -> Option<Pricing> {
    let entry = file.table("pricing")?;
    let basis = reading.basis(entry, "pricing".to_owned());
    for part in ["prices", "steps", "partner_rate_max"] {
        reading.note(format!("pricing.{part}"), basis.clone());
    }
    let mut part = |name| match entry.table(name) {
        Some(entry) => reading.basis(entry, format!("pricing.{name}")),
        None => reading.note(format!("pricing.{name}"), None),
    };
    let (rounding_basis, cashback_basis) = (part("rounding"), part("cashback"));
    let rounding = entry.table("rounding");
    let steps = steps(reading, entry);
    Some(Pricing {
        steps: steps?,
        partner_rate_max: partner_rate_max?,
        rounding: Rounding {
            mode: RoundingMode::of(rounding?.text("mode")?.value)?,
            point: RoundingPoint::of(rounding?.text("at")?.value)?,
        },
        basis: basis?,
        rounding_basis: rounding_basis?,
        cashback_basis: cashback_basis?,
    })
}

fn steps(reading: &mut Reading, entry: Entry) -> Option<Vec<Operation>> {
    let written = entry.texts("steps");
    let steps: Option<Vec<Operation>> = written.iter().map(|step| Operation::of(step.value)).collect();
    let steps = steps.filter(|steps| !steps.is_empty())?;
    let repeated = (1..steps.len()).find(|&position| steps[..position].contains(&steps[position]));
    let fault = match repeated {
        Some(position) => Some((position, format!("the step \"{}\" stands twice", steps[position].word()))),
        None if steps[0] != Operation::List => Some((0, format!("the first step is \"{}\"", steps[0].word()))),
        None => None,
    };
    let Some((position, message)) = fault else { return Some(steps) };
    let problem = entry.problem(written[position].span.clone(), message).code("E023");
    reading.problems.push(problem.help("write \"list\" first, then every further step once"));
    None
}

impl<'t> Reading<'t> {
    /// A reading that knows the names that entries refer to.
    pub(in crate::pricing) fn new(file: Entry<'t>, problems: Problems) -> Self {
        let strength = |entry: Entry<'t>| {
            let kind = entry.text("kind").and_then(|kind| Strength::of(kind.value));
            (entry.name, kind.unwrap_or(Strength::Sample))
        };
        let sources = file.names("source").map(|names| {
            let unread = names.into_iter().map(|name| (name, Strength::Sample));
            unread.chain(file.named("source").into_iter().map(strength)).collect()
        });
        Self {
            problems,
            entries: BTreeMap::new(),
            paths: BTreeSet::new(),
            families: file.names("family"),
            tiers: file.names("tier").or_else(|| (!file.has("tier") && !file.misspells("tier")).then(BTreeSet::new)),
            sources,
            questions: open::questions(file),
        }
    }

    /// What an entry rests on; notes the entry under its path.
    pub(in crate::pricing) fn basis(&mut self, entry: Entry, path: String) -> Option<Arc<Basis>> {
        let basis = self.basis_of(entry, path.clone(), "source");
        self.note(path, basis)
    }

    /// Notes that there is an entry of that path, and what it rests on unless that has a fault.
    fn note(&mut self, path: String, basis: Option<Arc<Basis>>) -> Option<Arc<Basis>> {
        self.paths.insert(path.clone());
        self.entries.extend(basis.clone().map(|basis| (path, basis)));
        basis
    }

    /// What a part of an entry rests on, by the source that `key` names.
    pub(in crate::pricing) fn basis_of(&mut self, entry: Entry, path: String, key: &str) -> Option<Arc<Basis>> {
        let named = entry.text(key)?;
        let sources = self.sources.as_ref()?;
        let Some(&strength) = sources.get(named.value) else {
            let help = match nearest(named.value, sources.keys().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if sources.is_empty() => "write it under [source]".to_owned(),
                None => format!("name {}", list(sources.keys().map(|name| format!("\"{name}\"")), "or")),
            };
            let message = format!("unknown source \"{}\"", named.value);
            self.problems.push(entry.problem(named.span, message).code("E071").help(help));
            return None;
        };
        let questions = self.questions.iter().filter(|(rule, _)| concerns(rule, &path));
        let at = entry.location();
        Some(Arc::new(Basis {
            place: at.to_string().into(),
            at,
            source: named.value.into(),
            strength,
            rules: entry.texts("rules").iter().map(|rule| rule.value.into()).collect(),
            questions: questions.map(|(_, text)| text.clone()).collect(),
            path: path.into(),
        }))
    }

    /// A rate from 0 to 1 with at most six decimals.
    pub(in crate::pricing) fn rate(&mut self, entry: Entry, name: &str) -> Option<Decimal> {
        let At { value: (rate, written), span } = self.number(entry.number(name)?)?;
        let fault = |code, message: String, help: String| Some((code, message, help));
        let fault = if rate.is_sign_negative() && !rate.is_zero() {
            fault("E020", format!("{name} {written} is negative"), "a rate is a fraction of 1, such as 0.20".to_owned())
        } else if rate > Decimal::ONE {
            let percent = (rate <= Decimal::ONE_HUNDRED).then(|| rate / Decimal::ONE_HUNDRED);
            let meant = percent.map_or_else(
                || "write 0.20 for 20 %".to_owned(),
                |rate| format!("did you mean {}?", super::super::money::text(rate, 2)),
            );
            fault("E021", format!("{name} {written} is above 1"), format!("rates are fractions, {meant}"))
        } else if rate.normalize().scale() > RATE_DECIMALS {
            fault(
                "E022",
                format!("{name} {written} has {} decimals", rate.scale()),
                format!("at most {RATE_DECIMALS} can be kept exactly"),
            )
        } else {
            None
        };
        self.sound(entry, rate.normalize(), span, fault)
    }

    /// An amount from 0 up, with at most `scale` decimals; `what` names it in messages.
    pub(in crate::pricing) fn amount(
        &mut self,
        entry: Entry,
        number: Result<At<(Decimal, &str)>, Problem>,
        what: &str,
        scale: u32,
    ) -> Option<Decimal> {
        let At { value: (amount, written), span } = self.number(number)?;
        let fault = if amount.is_sign_negative() && !amount.is_zero() {
            Some(("E010", format!("{what} {written} is negative"), "an amount is 0 or more".to_owned()))
        } else if amount.normalize().scale() > scale {
            Some((
                "E011",
                format!("{what} {written} has {} decimals", amount.scale()),
                format!("at most {scale} allowed here"),
            ))
        } else if amount > MAX_PRICE {
            Some(("E012", format!("{what} {written} is too large"), format!("write at most {MAX_PRICE}")))
        } else {
            None
        };
        self.sound(entry, amount, span, fault)
    }

    /// A name of a family; a problem if there is none.
    pub(super) fn family_named(&mut self, entry: Entry, family: &At<&str>) {
        self.problems.extend(unknown(entry, family, "family", "E033", self.families.as_ref()));
    }

    /// A name of a tier; a problem if there is none.
    pub(super) fn tier_named(&mut self, entry: Entry, tier: &At<&str>) {
        self.problems.extend(unknown(entry, tier, "tier", "E034", self.tiers.as_ref()));
    }

    fn number<T>(&mut self, number: Result<T, Problem>) -> Option<T> {
        number.map_err(|problem| self.problems.push(problem)).ok()
    }

    fn sound(
        &mut self,
        entry: Entry,
        value: Decimal,
        span: std::ops::Range<usize>,
        fault: Option<(&'static str, String, String)>,
    ) -> Option<Decimal> {
        let Some((code, message, help)) = fault else { return Some(value) };
        self.problems.push(entry.problem(span, message).code(code).help(help));
        None
    }
}

/// What is wrong with a name that is none of those known; nothing if none can be known.
fn unknown(
    entry: Entry,
    name: &At<&str>,
    what: &str,
    code: &'static str,
    known: Option<&BTreeSet<&str>>,
) -> Option<Problem> {
    let known = known.filter(|known| !known.contains(name.value))?;
    let help = match nearest(name.value, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None if known.is_empty() => format!("write it under [{what}]"),
        None => {
            format!("write it under [{what}], or name {}", list(known.iter().map(|name| format!("\"{name}\"")), "or"))
        }
    };
    Some(entry.problem(name.span.clone(), format!("unknown {what} \"{}\"", name.value)).code(code).help(help))
}

/// Whether a question about `rule` is one about `path`: about a part of it too.
fn concerns(rule: &str, path: &str) -> bool {
    rule == path
        || rule.strip_prefix(path).is_some_and(|rest| rest.starts_with('.') && path == "pricing" && !is_part(rest))
}

/// Parts of `[pricing]` that have an entry of their own.
fn is_part(rest: &str) -> bool {
    matches!(rest, ".rounding" | ".cashback")
}
