//! `mandat check [DIR]`: is this bundle right? Policies, schema, rules, tariffs and taxes.

use serde_json::json;

use super::{BundleDir, Exit, output};
use crate::{analysis::searches, bundle::Bundle};

/// Arguments of `mandat check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
    /// Also show how each search finds its candidates; `every …` is one that looks at all entities of a type.
    #[arg(long, conflicts_with = "json")]
    searches: bool,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Checks the bundle and says what is in it, or everything that is wrong with it.
pub fn run(arguments: &Arguments) -> Exit {
    let dir = arguments.dir.path();
    match Bundle::load(&dir) {
        Ok(bundle) => {
            let (policies, rules) = (bundle.policies.len(), bundle.register.rules.len());
            let actions = bundle.shapes.actions.len();
            let tariffs = bundle.tariffs.book.versions().len();
            if arguments.json {
                println!(
                    "{}",
                    json!({ "problems": [], "warnings": output::problems_json(&bundle.warnings), "policies": policies, "rules": rules, "actions": actions, "tariffs": tariffs, "bundle": bundle.digest })
                );
            } else {
                bundle.warnings.iter().for_each(|warning| eprintln!("{}", output::problem_text(warning)));
                let versions = if tariffs == 1 { "version" } else { "versions" };
                let priced = if tariffs == 0 { String::new() } else { format!(", {tariffs} tariff {versions}") };
                println!(
                    "{policies} policies, {rules} rules, {actions} actions{priced}: no problems\n{}",
                    bundle.digest
                );
            }
            if arguments.searches {
                print!("{}", searches::text(&bundle));
            }
            Exit::Success
        }
        Err(problems) => {
            output::problems(&problems, arguments.json);
            if !arguments.json {
                let count = problems.iter().count();
                eprintln!("{count} problem{}", if count == 1 { "" } else { "s" });
            }
            Exit::Invalid
        }
    }
}
