//! Reports for compliance reviewers: pages that print and read well, each with the same as data in a CSV file.
//!
//! Carla reviews the programme once a quarter. She opens four pages:
//! 1. the policy book ([`book`]): every rule in plain words, where it is stated, what encodes, tests and proves it, and
//!    what is traced nowhere;
//! 2. an access report ([`access`]): who can do what on one organisation, why, and on which facts that rests;
//! 3. the tariffs ([`tariffs`]): what applies when, what is sourced and what only a sample;
//! 4. the decisions of a period ([`decisions`]): what was denied most, what failed, what was nearly allowed.
//!
//! Each gathers plain data, and then makes a [`page::Page`] and rows of it. The same data gives the same bytes: the time
//! of a report is passed in.

pub mod access;
pub mod book;
pub mod decisions;
pub mod page;
pub mod picture;
pub mod tariffs;

use self::page::Page;
use super::matrix::csv;

/// A report, ready to be read.
#[derive(Debug)]
pub struct Report {
    /// As a page.
    pub page: Page,
    /// As data: the heads, then the rows.
    pub rows: Vec<Vec<String>>,
    /// What a reviewer should look at first; a strict run fails on any.
    pub findings: usize,
}

impl Report {
    /// As HTML.
    ///
    /// # Errors
    /// It cannot be written to memory.
    pub fn html(&self) -> Result<String, String> {
        page::html(&self.page)
    }

    /// As CSV: nothing in it is taken for a formula.
    ///
    /// # Errors
    /// It cannot be written to memory.
    pub fn csv(&self) -> Result<String, String> {
        csv::written(self.rows.clone())
    }
}

/// What every report says it was made from.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// When it was made.
    pub at: jiff::Timestamp,
    /// The bundle's digest.
    pub bundle: String,
    /// Where the facts come from, with their revision; none where none are used.
    pub facts: Option<String>,
}

impl Occasion {
    /// As the page tells it.
    pub fn told(&self) -> Vec<(String, String)> {
        let mut told = vec![("As of".to_owned(), moment(self.at)), ("Bundle".to_owned(), self.bundle.clone())];
        told.extend(self.facts.iter().map(|facts| ("Facts".to_owned(), facts.clone())));
        told
    }
}

/// A time in UTC, to the second.
pub fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `1 scenario`, `2 scenarios`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
