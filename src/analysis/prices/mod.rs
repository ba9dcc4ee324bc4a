//! Price cases: what orders cost and which tax they bear, as cases that an author of tariffs reads and writes.
//!
//! A file in `tests/prices/` lists cases. A `[[price]]` states an order and what each line must come to:
//!
//! ```toml
//! [[price]]
//! name = "35 hostings, ordered and paid by a partner with full access"
//! rules = ["PRC-04"]
//! access = "full"
//! payment = "partner"
//! by = "partner"
//! payer = "partner"
//! lines = [{ product = "web-hosting", quantity = 35, list = 347.20, charged = 208.32, cashback = 0 }]
//! ```
//!
//! The `lines` are one order; under `each` every line is an order of its own, or a tax of its own under `[[tax]]`, a
//! year's volume under `[[volume]]`. What a line states stands before what its case states, and that before what
//! the file states. [`file`] reads such files into [`Case`]s, [`answer`] asks them of a bundle's tariffs.

pub mod answer;
pub mod basis;
pub mod file;

use std::{collections::BTreeMap, path::Path};

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{
    pricing::order::Order,
    problem::{Location, Problem, Problems},
};

/// One question about money with what is expected of the answer.
#[derive(Debug, Clone)]
pub struct Case {
    /// The case's name, with the number of its line where each is a case of its own.
    pub name: String,
    /// Where it stands.
    pub at: Location,
    /// The rules it stands for.
    pub rules: Vec<String>,
    /// What is asked.
    pub asked: Asked,
    /// What the answer must say, by name; what is not named is not looked at.
    pub expected: Answer,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum Asked {
    /// The prices of an order, and the tax on their sum.
    Order(Box<Order>),
    /// The tax on an amount.
    Tax {
        /// When.
        at: Timestamp,
        /// The payer's country.
        country: Option<String>,
        /// The payer's VAT number.
        vat_number: Option<String>,
        /// The amount without it.
        net: Decimal,
    },
    /// Whether a partner with that volume in a year is to be looked at.
    Volume {
        /// A moment of that year.
        at: Timestamp,
        /// ISO 4217 code.
        currency: String,
        /// List prices of the year.
        volume: Decimal,
    },
}

/// What an answer says, by name, such as `charged` or `lines[1].charged`.
pub type Answer = BTreeMap<String, Said>;

/// One thing that an answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// An amount or a rate; `7.9` and `7.90` are the same.
    Number(Decimal),
    /// A word.
    Word(String),
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Word(word) => word.fmt(f),
        }
    }
}

/// The cases of every file in a directory, by file name; none where there is no such directory.
///
/// # Errors
/// The directory cannot be read, or a file in it holds something else.
pub fn read_all(dir: &Path) -> Result<Vec<Case>, Problems> {
    let cannot = |error: std::io::Error| Problem::new(format!("cannot read `{}`: {error}", dir.display()));
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(error).into()),
    };
    let names: Result<Vec<String>, _> =
        entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect();
    let mut names = names.map_err(cannot)?;
    names.retain(|name| name.ends_with(".toml"));
    names.sort();
    let mut problems = Problems::default();
    let mut cases = Vec::new();
    for name in names {
        match file::read(&dir.join(&name), &format!("tests/prices/{name}")) {
            Ok(read) => cases.extend(read),
            Err(found) => problems.extend(found),
        }
    }
    problems.into_result(cases)
}
