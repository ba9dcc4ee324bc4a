//! The files of reversals: what is given back, and the postings of earlier statements that it is about.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use csv::{ByteRecord, Position, ReaderBuilder};

use super::{Stopped, invalid};
use crate::{
    pricing::statement::{
        Statement,
        reversal::{
            file::Reversals,
            prior::{Prior, PriorColumns},
        },
    },
    problem::{Problem, Problems},
};

/// Reads both; nothing where there are no reversals.
pub(super) fn read(
    statement: &Statement,
    reversals: Option<&PathBuf>,
    prior: &[PathBuf],
) -> Result<Option<(Reversals, Prior)>, Stopped> {
    let Some(path) = reversals else { return Ok(None) };
    let name = path.display().to_string();
    let text = fs::read(path).map_err(|error| invalid(format!("cannot read the reversals `{name}`: {error}")))?;
    let reversals = Reversals::read(&name, &text).map_err(|faults| {
        let mut problems = Problems::default();
        problems.extend(faults.into_iter().map(|fault| Problem::new(format!("the reversals `{name}`: {fault}"))));
        Stopped::from(problems)
    })?;
    let mut kept = Prior::of(&reversals, statement);
    prior.iter().try_for_each(|path| keep(path, &mut kept))?;
    kept.close().map_err(|fault| invalid(format!("the prior postings {fault}")))?;
    Ok(Some((reversals, kept)))
}

fn keep(path: &Path, kept: &mut Prior) -> Result<(), Stopped> {
    let name = path.display();
    let wrong = |fault: &dyn std::fmt::Display| invalid(format!("cannot read the prior postings `{name}`: {fault}"));
    let file = File::open(path).map_err(|error| wrong(&error))?;
    let mut reader = ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(file);
    let columns =
        PriorColumns::read(reader.byte_headers().map_err(|error| wrong(&error))?).map_err(|fault| wrong(&fault))?;
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| wrong(&error))? {
        let line = record.position().map_or(0, Position::line);
        kept.take(&columns, &record, || format!("`{name}`, line {line}"))
            .map_err(|fault| invalid(format!("the prior postings `{name}`, line {line}: {fault}")))?;
    }
    Ok(())
}
