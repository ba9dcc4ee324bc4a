//! What a bundle says about money: its tariff in all versions, and its table of tax rates.
//!
//! Both lie in `tariffs/*.toml`; the `schema` key says which a file is. A bundle may have neither.

use std::sync::Arc;

use super::rules::Register;
use crate::{
    pricing::{
        tariff::{Basis, Book},
        tax::TaxTable,
        words::nearest,
    },
    problem::{Problem, Problems, Source},
};

/// Tariffs and taxes of a bundle.
#[derive(Debug, Default)]
pub struct Tariffs {
    /// The tariff's versions by date.
    pub book: Book,
    /// Rates by country.
    pub taxes: Option<TaxTable>,
    /// Whether a file did not load.
    incomplete: bool,
    sources: Vec<Source>,
}

impl Tariffs {
    /// Tariffs and taxes that no bundle holds, or not yet.
    ///
    /// # Errors
    /// Every problem of every file, and what does not go together.
    pub fn of(sources: &[Source]) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let tariffs = Self::read(sources, &mut problems, &mut Problems::default());
        problems.into_result(tariffs)
    }

    /// The files that they were read from.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Reads them all; problems and warnings are handed over.
    pub(super) fn read(sources: &[Source], problems: &mut Problems, warnings: &mut Problems) -> Self {
        let before = problems.iter().count();
        let (taxes, tariffs): (Vec<&Source>, Vec<&Source>) = sources.iter().partition(|source| is_tax(source));
        let mut read = Vec::new();
        for source in taxes {
            match TaxTable::parse(source, warnings) {
                Ok(table) => read.push(table),
                Err(found) => problems.extend(found),
            }
        }
        if let [first, second, ..] = read.as_slice() {
            problems.push(
                Problem::new(format!("`{}` and `{}` are both tables of tax rates", first.file, second.file))
                    .code("E107")
                    .help("a bundle has one; put all countries and dates into it"),
            );
        }
        let book = Book::read(&tariffs, warnings).map_err(|found| problems.extend(found)).unwrap_or_default();
        Self {
            book,
            taxes: read.into_iter().next(),
            incomplete: problems.iter().count() > before,
            sources: sources.to_vec(),
        }
    }

    /// Documents that tariffs cite and the register does not list (E072).
    pub(super) fn check_documents(&self, register: &Register, problems: &mut Problems) {
        for tariff in self.book.versions() {
            let Some(source) = self.sources.iter().find(|source| source.name == tariff.file) else { continue };
            let unlisted = tariff.cited.iter().filter(|(document, _)| !register.documents.contains_key(&**document));
            problems.extend(unlisted.map(|(document, span)| {
                let help = match nearest(document, register.documents.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean \"{near}\"? policies/rules.toml lists the documents"),
                    None => "list it as `[documents.…]` in policies/rules.toml, or mend the name".to_owned(),
                };
                Problem::at(source, *span, format!("the document \"{document}\" is not listed")).code("E072").help(help)
            }));
        }
    }

    /// A problem at an entry.
    pub(super) fn problem(&self, basis: &Basis, message: String) -> Problem {
        match self.sources.iter().find(|source| source.name == basis.at.file) {
            Some(source) => {
                let name = basis.path.rsplit('.').next().unwrap_or_default();
                let start = source.offset(&basis.at);
                // Rows of a list start with a bracket, all other entries with their name.
                let length = if source.text[start..].starts_with(name) { name.len() } else { 1 };
                Problem::at(source, (start, length), message)
            }
            None => Problem::new(message),
        }
    }

    /// Everything that can encode a rule, under the name by which the register calls it.
    pub fn entries(&self) -> impl Iterator<Item = (String, &Arc<Basis>)> {
        let tariffs = self.book.timeline().iter().flat_map(|tariff| {
            tariff.entries.iter().map(|(path, basis)| (format!("tariff:{}/{path}", tariff.id), basis))
        });
        let taxes = self.taxes.iter().flat_map(|table| &table.entries);
        tariffs.chain(taxes.map(|(path, basis)| (format!("tax:{path}"), basis)))
    }

    /// Whether an entry that the register names is there and names that rule too. Parts of `[pricing]` share its
    /// rules. Of files that did not load nothing can be said, and what is wrong with them was.
    pub(super) fn encodes(&self, name: &str, rule: &str) -> bool {
        let whole = name.split_once("/pricing.").map(|(tariff, _)| format!("{tariff}/pricing"));
        let names = |basis: &Basis| basis.rules.iter().any(|named| **named == *rule);
        self.incomplete
            || self.entries().any(|(entry, basis)| (entry == name || Some(&entry) == whole.as_ref()) && names(basis))
    }
}

/// Whether a file of this directory is a table of tax rates: its first key says so.
pub fn is_tax(source: &Source) -> bool {
    let schema = source.text.lines().map(str::trim).find(|line| line.starts_with("schema"));
    schema.is_some_and(|line| line.contains("\"tax/"))
}
