//! The files that a statement reads, before it writes any: none is lost, and no month counts twice.

use std::{
    fs::{self, Metadata},
    path::{Path, PathBuf},
};

use super::{Arguments, Stopped, invalid};
use crate::problem::{Problem, Problems};

/// What is written to the directory, the last one with `--year`.
const WRITTEN: [&str; 4] = ["postings.csv", "totals.csv", "refused.csv", "review.csv"];

/// A file, by whatever name.
#[derive(PartialEq, Eq)]
enum Identity {
    #[cfg(unix)]
    Node(u64, u64),
    #[cfg(not(unix))]
    Path(PathBuf),
}

/// Looks whether an input would be overwritten, or a month of the year was given twice.
///
/// # Errors
/// All that are.
pub(super) fn check(arguments: &Arguments) -> Result<(), Stopped> {
    let mut problems = Problems::default();
    let outputs = WRITTEN.map(|name| arguments.out.join(name));
    let orders = Some(&arguments.orders).filter(|orders| **orders != Path::new("-"));
    let inputs = orders.into_iter().chain(&arguments.reversals).chain(&arguments.prior).chain(&arguments.year);
    for input in inputs {
        if outputs.iter().any(|output| is_same(input, output)) {
            let message = format!("`{}` would be overwritten; write to another directory", input.display());
            problems.extend([Problem::new(message)]);
        }
    }
    if problems.is_empty() { twice(&arguments.year) } else { Err(problems.into()) }
}

fn twice(year: &[PathBuf]) -> Result<(), Stopped> {
    for (place, month) in year.iter().enumerate() {
        if let Some(earlier) = year[..place].iter().find(|earlier| is_same(earlier, month)) {
            let (earlier, month) = (earlier.display(), month.display());
            return Err(invalid(format!(
                "--year has the same file twice, `{earlier}` and `{month}`; each month counts once"
            )));
        }
    }
    Ok(())
}

/// Whether two names are of one file; names of no file never are.
fn is_same(one: &Path, other: &Path) -> bool {
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

fn identity(path: &Path) -> Option<Identity> {
    let metadata = fs::metadata(path).ok().filter(Metadata::is_file)?;
    of(path, &metadata)
}

#[cfg(unix)]
fn of(_: &Path, metadata: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    Some(Identity::Node(metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn of(path: &Path, _: &Metadata) -> Option<Identity> {
    fs::canonicalize(path).ok().map(Identity::Path)
}
