//! What a bundle does otherwise than its scenarios and price cases want: each difference as a problem at its scenario.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use super::{Case, read_all, run::Runner};
use crate::{
    analysis::prices,
    bundle::{Bundle, files::read_regular},
    problem::{Problem, Problems, Source},
};

/// Asks all scenarios and price cases of the bundle's directory; how many there are. A bundle need not have any.
///
/// # Errors
/// Every scenario that cannot be read or asked, or that comes out otherwise than it says.
pub fn check(bundle: &Bundle, dir: &Path) -> Result<usize, Problems> {
    let prices = prices::read_all(&dir.join("tests/prices"))?;
    prices::answer::check(&bundle.tariffs, &prices).into_result(())?;
    let scenarios = dir.join("tests/scenarios");
    if std::fs::symlink_metadata(&scenarios).is_err() {
        return Ok(prices.len());
    }
    let cases = read_all(&scenarios)?;
    let mut runner = Runner::new(bundle, dir);
    let (mut problems, mut sources) = (Problems::default(), Sources { dir, read: HashMap::new() });
    let (prefix, mut told) = (format!("{}/", dir.display()), HashSet::new());
    for case in &cases {
        match runner.run(case) {
            Ok(outcome) if outcome.differences.is_empty() => {}
            Ok(outcome) => problems.push(sources.problem(case, &outcome.differences.join("; "))),
            Err(reason) => {
                // Facts that do not fit fail all of their scenarios alike; once is enough.
                if told.insert(reason.clone()) {
                    problems.push(sources.problem(case, &reason.replace(&prefix, "")));
                }
            }
        }
    }
    problems.into_result(cases.len() + prices.len())
}

/// The texts of scenario files, each read when the first of its scenarios fails.
struct Sources<'d> {
    dir: &'d Path,
    read: HashMap<Arc<str>, Option<Source>>,
}

impl Sources<'_> {
    fn problem(&mut self, case: &Case, differences: &str) -> Problem {
        let message = format!("the scenario \"{}\": {differences}", case.name);
        let read = |file: &Arc<str>| read_regular(&self.dir.join(&**file)).ok().map(|text| Source::new(&**file, text));
        let source = self.read.entry(case.at.file.clone()).or_insert_with_key(read);
        let problem = match source {
            Some(source) => {
                let start = source.offset(&case.at);
                let line = source.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
                Problem::at(source, (start, line.len()), message)
            }
            None => Problem::new(format!("{}: {message}", case.at)),
        };
        problem.help("change the policies, or what the scenario expects; `mandat test` shows the explanation")
    }
}
