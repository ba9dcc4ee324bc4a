//! `mandat report policy-book`: every rule with what encodes, tests and proves it.

use super::{Failed, Shared};
use crate::{
    analysis::{
        matrix::{Matrix, Plan, Wanted, plan},
        report::{
            Report,
            book::{self, Book},
        },
    },
    bundle::tree::Directory,
    problem::Problem,
};

/// Arguments of `mandat report policy-book`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) shared: Shared,
}

/// Asks all scenarios, price cases and the matrix, and puts the book together.
pub(super) fn report(arguments: &Arguments) -> Result<Report, Failed> {
    let bundle = arguments.shared.load()?;
    let dir = &arguments.shared.bundle;
    let gathered = book::gather(&bundle, dir)?;
    let tree = Directory::new(dir.clone());
    let matrix = Plan::of(&tree)?
        .map(|plan| Matrix::ask(&bundle, &tree, &plan, &Wanted::default()))
        .transpose()
        .map_err(|reason| Problem::new(format!("`{}`: {reason}", plan::FILE)))?;
    let book = Book::of(&bundle, &gathered);
    Ok(book.report(&arguments.shared.occasion(&bundle, None), matrix.as_ref()))
}
