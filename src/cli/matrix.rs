//! `mandat matrix [DIR]`: who may do what, in every situation that the bundle's author has described.

use super::{BundleDir, Exit, output};
use crate::{
    analysis::matrix::{Matrix, Plan, Wanted, csv, detail, plan, text},
    bundle::{Bundle, tree::Directory},
    pricing::words::nearest,
    problem::{Problem, Problems},
};

/// Arguments of `mandat matrix`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
    /// Only this action; may be given several times.
    #[arg(long, value_name = "NAME")]
    action: Vec<String>,
    /// Only roles with this text in their name, their group's, or who they are; may be given several times.
    #[arg(long, value_name = "TEXT")]
    role: Vec<String>,
    /// Only situations with this text in their name; may be given several times.
    #[arg(long, value_name = "TEXT")]
    situation: Vec<String>,
    /// Leave this entry of the context open in every question; may be given several times.
    #[arg(long, value_name = "NAME")]
    open: Vec<String>,
    /// Cell by cell, with the policies and the remaining conditions behind each.
    #[arg(long)]
    cells: bool,
    /// For a spreadsheet: a column for each role, or with `--cells` a row for each cell.
    #[arg(long)]
    csv: bool,
    /// Answer for programs: every cell with what is behind it.
    #[arg(long, conflicts_with_all = ["csv", "cells"])]
    json: bool,
}

/// Asks every question and prints the answers.
pub fn run(arguments: &Arguments) -> Exit {
    match matrix(arguments) {
        Ok((bundle, matrix)) => match told(arguments, &bundle, &matrix) {
            Ok(told) => output::text(&told),
            Err(reason) => {
                output::problems(&Problem::new(reason).into(), arguments.json);
                Exit::Failure
            }
        },
        Err(problems) => {
            output::problems(&problems, arguments.json);
            Exit::Invalid
        }
    }
}

fn matrix(arguments: &Arguments) -> Result<(Bundle, Matrix), Problems> {
    let dir = arguments.dir.path();
    let bundle = Bundle::load(&dir)?;
    let tree = Directory::new(dir);
    let plan = Plan::of(&tree)?.ok_or_else(|| {
        Problem::new(format!("the bundle has no `{}`", plan::FILE))
            .help("it says which roles, questions and situations there are; docs/policies.md describes it")
    })?;
    check_names(arguments, &bundle)?;
    let wanted = Wanted {
        actions: arguments.action.clone(),
        roles: arguments.role.clone(),
        situations: arguments.situation.clone(),
        open: arguments.open.clone(),
    };
    let matrix = Matrix::ask(&bundle, &tree, &plan, &wanted)
        .map_err(|reason| Problem::new(format!("`{}`: {reason}", plan::FILE)))?;
    if matrix.cells().next().is_none() {
        return Err(Problem::new("the matrix has no cell of that action, role and situation").into());
    }
    Ok((bundle, matrix))
}

/// A misspelt name must not look like an empty matrix.
fn check_names(arguments: &Arguments, bundle: &Bundle) -> Result<(), Problem> {
    let actions = || bundle.shapes.actions.keys().map(String::as_str);
    let entries = || bundle.shapes.actions.values().flat_map(|action| action.context.keys().map(String::as_str));
    check(&arguments.action, "action", &actions().collect::<Vec<_>>())?;
    check(&arguments.open, "context entry", &entries().collect::<Vec<_>>())
}

fn check(names: &[String], kind: &str, known: &[&str]) -> Result<(), Problem> {
    match names.iter().find(|name| !known.contains(&&***name)) {
        None => Ok(()),
        Some(name) => {
            let meant = nearest(name, known.iter().copied());
            let help = meant.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err(Problem::new(format!("the schema knows no {kind} `{name}`{help}")))
        }
    }
}

fn told(arguments: &Arguments, bundle: &Bundle, matrix: &Matrix) -> Result<String, String> {
    match (arguments.json, arguments.csv, arguments.cells) {
        (true, ..) => Ok(format!("{:#}\n", detail::json(bundle, matrix))),
        (_, true, true) => csv::cells(bundle, matrix),
        (_, true, false) => csv::wide(matrix),
        (_, false, true) => Ok(detail::text(bundle, matrix)),
        (_, false, false) => Ok(text::render(matrix)),
    }
}
