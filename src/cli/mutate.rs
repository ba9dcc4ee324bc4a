//! `mandat mutate [DIR]`: would the scenarios notice if the bundle said something else?

use std::path::Path;

use super::{BundleDir, Exit, output};
use crate::{
    analysis::mutation::{
        Fate, Tried,
        baseline::Baseline,
        policies::{Bench, vocabulary::Vocabulary},
        tariffs,
    },
    analysis::{prices, scenario::read_all},
    bundle::{Bundle, Policy},
    problem::Problems,
};

/// Arguments of `mandat mutate`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
    /// Only the policies, entries or files whose name contains this text.
    #[arg(long, value_name = "FILE|ID")]
    only: Option<String>,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Tries every change and prints those that nothing notices.
pub fn run(arguments: &Arguments) -> Exit {
    match tried(arguments, &arguments.dir.path()) {
        Ok(tried) => {
            for Tried { mutant, fate } in &tried {
                if *fate == Fate::Survived {
                    println!(
                        "{} {}: {}\n  - {}\n  + {}",
                        mutant.at,
                        mutant.subject,
                        mutant.kind.words(),
                        mutant.before.replace('\n', "\n  - "),
                        mutant.after.replace('\n', "\n  + ")
                    );
                }
            }
            let count = |test: &dyn Fn(&Fate) -> bool| tried.iter().filter(|tried| test(&tried.fate)).count();
            println!(
                "{} tried, {} invalid, {} killed, {} proved, {} survived",
                tried.len(),
                count(&|fate| *fate == Fate::Invalid),
                count(&|fate| matches!(fate, Fate::Killed(_))),
                count(&|fate| matches!(fate, Fate::Proved(_))),
                count(&|fate| *fate == Fate::Survived)
            );
            Exit::Success
        }
        Err(problems) => {
            output::problems(&problems, arguments.json);
            Exit::Invalid
        }
    }
}

fn tried(arguments: &Arguments, dir: &Path) -> Result<Vec<Tried>, Problems> {
    let bundle = Bundle::load(dir)?;
    let cases = read_all(&dir.join("tests/scenarios"))?;
    let start = std::time::Instant::now();
    let baseline = Baseline::of(&bundle, &cases, &dir.join("tests/facts"), &|| {})?;
    eprintln!("baseline {:?}", start.elapsed());
    let bench = Bench::new(&bundle, &baseline, Vocabulary::of(&bundle.shapes, &cases));
    let only = |policy: &&Policy| {
        arguments.only.as_ref().is_none_or(|only| policy.id.contains(&**only) || policy.at.file.contains(&**only))
    };
    let policies: Vec<&Policy> = bundle.policies.iter().filter(only).collect();
    let tried = bench.run(&policies, &|| {});
    eprintln!("tried {:?}", start.elapsed());
    let mut tried: Vec<Tried> = tried.into_iter().map(|(tried, _)| tried).collect();
    let prices = prices::read_all(&dir.join("tests/prices"))?;
    let bench = tariffs::Bench::new(&bundle.tariffs, &prices)?;
    let edits = bench.edits();
    let edits: Vec<_> = edits
        .into_iter()
        .filter(|edit| {
            arguments.only.as_ref().is_none_or(|only| {
                let mutant = bench.mutant(edit);
                mutant.subject.contains(&**only) || mutant.at.file.contains(&**only)
            })
        })
        .collect();
    tried.extend(bench.run(&edits, &|| {}));
    eprintln!("tariffs tried {:?}", start.elapsed());
    Ok(tried)
}
