//! `mandat check [DIR]`: is this bundle right?

use serde_json::json;

use super::{BundleDir, Exit, output};
use crate::bundle::Bundle;

/// Arguments of `mandat check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
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
            if arguments.json {
                println!(
                    "{}",
                    json!({ "problems": [], "policies": policies, "rules": rules, "actions": actions, "bundle": bundle.digest })
                );
            } else {
                println!("{policies} policies, {rules} rules, {actions} actions: no problems\n{}", bundle.digest);
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
