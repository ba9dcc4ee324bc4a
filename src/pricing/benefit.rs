//! Who has which advantage: a decision table in which every case is matched by exactly one row.
//!
//! Rosa's bakery gives its partner full access and pays itself; she orders. The case is access full, payment
//! client, by client, payer client. The loader has tried all 90 cases: a case without a row would be a surprise at
//! the till, a case with two rows a quarrel, so both are errors of the file, with the smallest description
//! of the cases that they concern. A case that the programme does not speak of has a row too: it is *refused*,
//! with the reading that says so.
//!
//! Codes: E061 gap, E062 overlap, E063 a row that matches nothing, E064 an id used twice, E065 more rows than cases.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    tariff::Basis,
    toml_form::{read::Entry, wording::list},
    words::{Access, Managed, Outcome, PlacedBy, Side},
};
use crate::{pricing::tariff::read::Reading, problem::Problem};

/// How many cases there are.
pub const CASES: usize = SITUATIONS.len() * 3 * 2 * 3;

/// Access and payment mode, as they go together: only full access has a payment mode (PAY-01).
const SITUATIONS: [(Access, Option<Side>); 5] = [
    (Access::None, None),
    (Access::Own, None),
    (Access::Limited, None),
    (Access::Full, Some(Side::Client)),
    (Access::Full, Some(Side::Partner)),
];

/// What decides a line's advantage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Case {
    /// What the partner may do for the client.
    pub access: Access,
    /// Whose payment method the partnership names; only with full access.
    pub payment: Option<Side>,
    /// Who places the order.
    pub by: PlacedBy,
    /// Whose payment method is charged.
    pub payer: Side,
    /// Whether the partner manages the product.
    pub managed: Managed,
}

/// A row of the table.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id.
    pub id: Arc<str>,
    /// What comes of the cases that it matches.
    pub outcome: Outcome,
    /// Why it is refused, for people.
    pub reason: Option<Arc<str>>,
    /// The readings it stands on.
    pub readings: Vec<Arc<str>>,
    /// What it rests on.
    pub basis: Arc<Basis>,
}

impl Row {
    /// Why it refuses, for people.
    pub fn refusal(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or("the programme does not say what such an order costs");
        let readings = self.readings.join(", ");
        let stands = if readings.is_empty() { String::new() } else { format!(", {readings}") };
        format!("{reason} (benefit {}{stands})", self.id)
    }
}

/// The table.
#[derive(Debug, Clone)]
pub struct Benefits {
    rows: Vec<Row>,
    /// The row of each case.
    cells: [u8; CASES],
}

impl Case {
    /// Its number below [`CASES`]; nothing if access and payment mode do not go together.
    pub fn number(self) -> Option<usize> {
        let situation = SITUATIONS.iter().position(|situation| *situation == (self.access, self.payment))?;
        Some(((situation * 3 + self.by as usize) * 2 + self.payer as usize) * 3 + self.managed as usize)
    }

    /// All of them, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        SITUATIONS.into_iter().flat_map(|(access, payment)| {
            PlacedBy::ALL.iter().flat_map(move |&by| {
                Side::ALL.iter().flat_map(move |&payer| {
                    Managed::ALL.iter().map(move |&managed| Self { access, payment, by, payer, managed })
                })
            })
        })
    }

    /// Its words, by column.
    fn words(self) -> [&'static str; 5] {
        [
            self.access.word(),
            self.payment.map_or("-", Side::word),
            self.by.word(),
            self.payer.word(),
            self.managed.word(),
        ]
    }
}

impl Benefits {
    /// The row of a case; nothing if access and payment mode do not go together.
    pub fn row(&self, case: Case) -> Option<&Row> {
        self.rows.get(usize::from(*self.cells.get(case.number()?)?))
    }

    /// All rows, in the order of the file.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The outcome of each case.
    pub fn outcomes(&self) -> [Outcome; CASES] {
        self.cells.map(|row| self.rows.get(usize::from(row)).map_or(Outcome::Refused, |row| row.outcome))
    }
}

const COLUMNS: [&str; 5] = ["access", "payment", "by", "payer", "managed"];

/// What may stand in each column.
const VALUES: [&[&str]; 5] = [Access::WORDS, &["-", "client", "partner"], PlacedBy::WORDS, Side::WORDS, Managed::WORDS];

/// The words of a row, by column; nothing stands for any word.
type Pattern<'t> = [Option<Vec<&'t str>>; 5];

/// Reads `[benefits]`.
pub(super) fn read(reading: &mut Reading, file: Entry) -> Option<Benefits> {
    let benefits = file.table("benefits")?;
    let entries = benefits.list("rows");
    if let Some(entry) = entries.get(CASES) {
        let message = format!("benefit table has {} rows for {CASES} cases", entries.len());
        let problem = entry.problem(entry.span(), message).code("E065");
        reading.problems.push(problem.help("use lists and \"*\", so that every case is matched by exactly one row"));
        entries.iter().for_each(|entry| drop(row(reading, *entry)));
        return None;
    }
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut rows, mut patterns) = (Vec::new(), Vec::new());
    for entry in &entries {
        let row = row(reading, *entry);
        if let Some(row) = &row
            && let Some(first) = entry.text("id").and_then(|id| ids.insert(id.value, entry.location().line))
        {
            let problem =
                entry.problem(entry.span(), format!("the benefit id {} stands twice, first on line {first}", row.id));
            reading.problems.push(problem.code("E064").help("give every row an id of its own"));
        }
        rows.extend(row);
        patterns.extend(pattern(*entry));
    }
    if rows.len() < entries.len() || patterns.len() < entries.len() {
        // Rows that cannot be read were reported; their gaps would be told twice.
        return None;
    }
    let matched: Vec<Vec<usize>> = Case::all().map(|case| matching(&patterns, case)).collect();
    let faults = faults(benefits, &entries, &rows, &matched);
    let sound = faults.is_empty();
    reading.problems.extend(faults);
    let mut cells = [0; CASES];
    for (cell, rows) in cells.iter_mut().zip(&matched) {
        *cell = u8::try_from(*rows.first().unwrap_or(&0)).unwrap_or(0);
    }
    sound.then_some(Benefits { rows, cells })
}

fn row(reading: &mut Reading, entry: Entry) -> Option<Row> {
    let id = entry.text("id")?.value;
    let basis = reading.basis(entry, format!("benefits.{id}"));
    Some(Row {
        id: id.into(),
        outcome: Outcome::of(entry.text("outcome")?.value)?,
        reason: entry.text("reason").map(|reason| reason.value.into()),
        readings: entry.texts("reading").iter().map(|reading| reading.value.into()).collect(),
        basis: basis?,
    })
}

fn pattern<'t>(entry: Entry<'t>) -> Option<Pattern<'t>> {
    let mut pattern: Pattern = Default::default();
    for ((column, known), words) in COLUMNS.iter().zip(VALUES).zip(&mut pattern) {
        let texts: Vec<&str> = entry.texts(column).into_iter().map(|text| text.value).collect();
        let sound = texts == ["*"] || texts.iter().all(|text| known.contains(text));
        if !sound || texts.is_empty() || !entry.holds_texts(column) {
            return None;
        }
        *words = (texts != ["*"]).then_some(texts);
    }
    Some(pattern)
}

fn matching(patterns: &[Pattern], case: Case) -> Vec<usize> {
    let fits = |pattern: &Pattern| {
        let mut columns = pattern.iter().zip(case.words());
        columns.all(|(words, word)| words.as_ref().is_none_or(|words| words.contains(&word)))
    };
    patterns.iter().enumerate().filter(|(_, pattern)| fits(pattern)).map(|(position, _)| position).collect()
}

fn faults(benefits: Entry, entries: &[Entry], rows: &[Row], matched: &[Vec<usize>]) -> Vec<Problem> {
    let cases: Vec<Case> = Case::all().collect();
    let idle = (0..rows.len()).filter(|position| !matched.iter().any(|rows| rows.contains(position)));
    let mut faults: Vec<Problem> = idle
        .map(|position| {
            let (entry, id) = (&entries[position], &rows[position].id);
            let problem = entry.problem(entry.span(), format!("benefit {id} matches nothing")).code("E063");
            problem.help("only access \"full\" has a payment mode; the others have payment \"-\"")
        })
        .collect();
    if faults.is_empty() {
        // A row that matches nothing leaves the gap that it was written for.
        faults = gaps(benefits, entries, &cases, matched);
    }
    let both =
        |one: usize, other: usize| move |case: usize| matched[case].contains(&one) && matched[case].contains(&other);
    for (position, others) in overlaps(rows, matched) {
        let line = |other: &usize| format!("{} (line {})", rows[*other].id, entries[*other].location().line);
        let first = regions(&cases, both(position, others[0])).into_iter().next().unwrap_or_default();
        let message = format!(
            "benefit {} overlaps {}: both match {first}",
            rows[position].id,
            list(others.iter().map(line), "and"),
        );
        let problem = entries[position].problem(entries[position].span(), message).code("E062");
        faults.push(problem.help("narrow one of them, or take it out"));
    }
    faults
}

/// The cases without a row.
fn gaps(benefits: Entry, entries: &[Entry], cases: &[Case], matched: &[Vec<usize>]) -> Vec<Problem> {
    let first = |entry: &Entry| entry.span().start..entry.span().start + 1;
    let place = entries.first().map_or_else(|| benefits.key_span("rows"), first);
    let gap = |cases: String| {
        let message = format!("benefit table has a gap: no row for {cases}");
        let problem = benefits.problem(place.clone(), message).code("E061");
        problem.help("write a row for it; \"refused\" if the programme does not speak of it")
    };
    regions(cases, |case| matched[case].is_empty()).into_iter().map(gap).collect()
}

/// Each row that overlaps others, with these. One row that is too wide is one fault: the row with the most overlaps
/// is told first and then left out; of two alike, it is the later.
fn overlaps(rows: &[Row], matched: &[Vec<usize>]) -> Vec<(usize, Vec<usize>)> {
    let mut beside = vec![BTreeSet::new(); rows.len()];
    for together in matched {
        for &one in together {
            // An id that stands twice was told; the copy below it need not be.
            beside[one].extend(together.iter().copied().filter(|other| rows[*other].id != rows[one].id));
        }
    }
    let mut found = Vec::new();
    while let Some(widest) = (0..rows.len()).max_by_key(|row| beside[*row].len()).filter(|row| !beside[*row].is_empty())
    {
        let others = std::mem::take(&mut beside[widest]);
        beside.iter_mut().for_each(|others| {
            others.remove(&widest);
        });
        found.push((widest, others.into_iter().collect()));
    }
    found
}

/// The cases that `chosen` holds for, in as few descriptions as a greedy search finds:
/// `access=limited payment=- by=client|renewal`. A column whose every word is meant is left out.
fn regions(cases: &[Case], chosen: impl Fn(usize) -> bool) -> Vec<String> {
    let mut left: Vec<usize> = (0..cases.len()).filter(|case| chosen(*case)).collect();
    let mut regions = Vec::new();
    while let Some(&start) = left.first() {
        let region = grown(cases, start, &chosen);
        left.retain(|case| !inside(&region, &cases[*case]));
        regions.push(described(&region));
    }
    regions
}

/// The words of a region, by column.
type Region = [Vec<&'static str>; 5];

fn inside(region: &Region, case: &Case) -> bool {
    region.iter().zip(case.words()).all(|(words, word)| words.contains(&word))
}

/// The region of one case, widened word by word as long as all in it is chosen.
fn grown(cases: &[Case], start: usize, chosen: impl Fn(usize) -> bool) -> Region {
    let mut region: Region = cases[start].words().map(|word| vec![word]);
    for column in (0..COLUMNS.len()).rev() {
        for word in VALUES[column] {
            let mut wider = region.clone();
            wider[column].push(word);
            let added = || cases.iter().enumerate().filter(|(_, case)| inside(&wider, case) && !inside(&region, case));
            if added().next().is_some() && added().all(|(case, _)| chosen(case)) {
                region = wider;
            }
        }
    }
    region
}

fn described(region: &Region) -> String {
    let narrow = COLUMNS.iter().zip(region).zip(VALUES).filter(|((_, words), all)| words.len() < all.len());
    narrow.map(|((column, words), _)| format!("{column}={}", words.join("|"))).collect::<Vec<_>>().join(" ")
}
