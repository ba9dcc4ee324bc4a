//! `mandat check [DIR]`: is this bundle right? Policies, schema, rules, tariffs and taxes; and is anything in it worth a
//! look?

mod explain;
mod sarif;
mod watch;

use serde_json::json;

use super::{BundleDir, Exit, output};
use crate::{
    analysis::{
        lint::{meaning::Memory, report::Report},
        searches,
    },
    bundle::Bundle,
};

/// Arguments of `mandat check`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
    /// Also show how each search finds its candidates; `every …` is one that looks at all entities of a type.
    #[arg(long, conflicts_with_all = ["json", "format"])]
    searches: bool,
    /// Say what a code means, why it matters and how to mend it; without a code, list all.
    #[arg(long, value_name = "CODE", num_args = 0..=1, default_missing_value = "all")]
    explain: Option<String>,
    /// How to answer.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Answer for programs; the same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Warnings fail too: exit code 1.
    #[arg(long)]
    deny_warnings: bool,
    /// Go on, and check again whenever a file is saved.
    #[arg(long, conflicts_with_all = ["json", "format", "searches"])]
    watch: bool,
}

/// For whom the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// People: each problem with its source underlined.
    Text,
    /// Programs.
    Json,
    /// Code hosts and editors: SARIF 2.1.0.
    Sarif,
}

/// Checks the bundle and says what is in it, or everything that is wrong with it.
pub fn run(arguments: &Arguments) -> Exit {
    if let Some(code) = &arguments.explain {
        return explain::run(code);
    }
    let dir = arguments.dir.path();
    if arguments.watch {
        return watch::run(&dir);
    }
    let report = Report::of(&dir, &Memory::default());
    match arguments.format {
        Format::Sarif => println!("{:#}", sarif::log(&report, &dir)),
        _ if arguments.json || arguments.format == Format::Json => println!("{}", as_json(&report)),
        _ => as_text(&report),
    }
    if let (true, Some(bundle)) = (arguments.searches, &report.bundle) {
        print!("{}", searches::text(bundle));
    }
    match (report.problems.is_empty(), report.warnings.is_empty()) {
        (false, _) => Exit::Invalid,
        (true, false) if arguments.deny_warnings => Exit::Failure,
        (true, _) => Exit::Success,
    }
}

fn as_json(report: &Report) -> serde_json::Value {
    let Some(bundle) = &report.bundle else {
        return json!({ "problems": output::problems_json(&report.problems) });
    };
    json!({
        "problems": output::problems_json(&report.problems), "warnings": output::problems_json(&report.warnings), "policies": bundle.policies.len(),
        "rules": bundle.register.rules.len(), "actions": bundle.shapes.actions.len(),
        "tariffs": bundle.tariffs.book.versions().len(), "bundle": bundle.digest,
        "not_looked_at": report.unknown.as_ref().map_or(0, |(policies, _)| *policies),
    })
}

fn as_text(report: &Report) {
    report.all().for_each(|problem| eprintln!("{}", output::problem_text(problem)));
    if let Some(line) = report.not_looked_at() {
        eprintln!("{line}");
    }
    let found = counted(report);
    match &report.bundle {
        Some(bundle) => println!("{}: {found}\n{}", contents(bundle), bundle.digest),
        None => eprintln!("{found}"),
    }
}

/// What is in the bundle, in numbers.
fn contents(bundle: &Bundle) -> String {
    let tariffs = bundle.tariffs.book.versions().len();
    let priced = if tariffs == 0 { String::new() } else { format!(", {}", number(tariffs, "tariff version")) };
    format!(
        "{} policies, {} rules, {} actions{priced}",
        bundle.policies.len(),
        bundle.register.rules.len(),
        bundle.shapes.actions.len()
    )
}

/// How many problems and warnings there are.
fn counted(report: &Report) -> String {
    let (problems, warnings) = (report.problems.iter().count(), report.warnings.iter().count());
    let problems = if problems == 0 { "no problems".to_owned() } else { number(problems, "problem") };
    if warnings == 0 { problems } else { format!("{problems}, {}", number(warnings, "warning")) }
}

fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
