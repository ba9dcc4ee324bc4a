//! `mandat prove [DIR]`: does what must hold, hold for every request and all facts?

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{BundleDir, Exit, output};
use crate::{
    analysis::{
        lint::meaning::{self, Meaning, Memory},
        proofs::{self, Example, Outcome, Property, counterexample::Step, property, report},
        prover::{Lock, Prover, Query, Verdict, lock, solver},
    },
    bundle::Bundle,
    problem::{Problem, Problems, Source},
};

/// Arguments of `mandat prove`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    dir: BundleDir,
    /// Only properties whose id or rules contain this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Take no earlier verdict on trust, not even where no solver is installed.
    #[arg(long)]
    afresh: bool,
    /// Write the verdicts to `policies/proofs.lock`.
    #[arg(long, conflicts_with = "only")]
    write: bool,
    /// Where the request and the facts of a counterexample are put.
    #[arg(long, value_name = "DIR", default_value = "counterexamples")]
    out: PathBuf,
    /// List the properties as a page instead of proving them.
    #[arg(long, conflicts_with_all = ["json", "write", "afresh"])]
    markdown: bool,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Proves and prints; 1 where something does not hold or could not be settled.
pub fn run(arguments: &Arguments) -> Exit {
    match prove(arguments) {
        Ok(exit) => exit,
        Err(problems) => {
            output::problems(&problems, arguments.json);
            Exit::Invalid
        }
    }
}

fn prove(arguments: &Arguments) -> Result<Exit, Problems> {
    let dir = arguments.dir.path();
    let bundle = Bundle::load(&dir)?;
    let (mut properties, source) = property::read(&dir, &bundle.register)?;
    if let Some(only) = &arguments.only {
        properties.retain(|property| property.id.contains(only) || property.rules.iter().any(|rule| rule == only));
    }
    let Some(source) = source.filter(|_| !properties.is_empty()) else { return Err(nothing(arguments).into()) };
    if arguments.markdown {
        print!("{}", report::markdown(&properties));
        return Ok(Exit::Success);
    }
    let mut prover = Prover::afresh()?;
    if prover.solver().is_none() && !arguments.afresh {
        prover = Prover::open(&dir)?;
    }
    let outcomes = proofs::prove(&bundle, &dir, &properties, &source, &prover)?;
    let places = Places { bundle: &dir, out: &arguments.out, properties: &source };
    let told = Told::of(&properties, &outcomes, &places)?;
    if arguments.write {
        // What `check` asks is many times as much: only what changed of it is asked anew.
        let meaning = meaning::look(&bundle, &dir, &Prover::open(&dir)?, &Memory::default());
        write(&dir, &outcomes, &meaning)?;
    }
    if arguments.json {
        println!("{}", told.json(&prover));
    } else {
        println!("{}", told.text(&prover));
    }
    Ok(if told.unproved == 0 { Exit::Success } else { Exit::Failure })
}

fn nothing(arguments: &Arguments) -> Problem {
    match &arguments.only {
        Some(only) => Problem::new(format!("no property's id or rules contain `{only}`")),
        None => Problem::new(format!("there are no properties: `{}` is not there or empty", property::PATH)),
    }
}

/// Properties, and what `mandat check` asks about each policy.
fn write(dir: &Path, outcomes: &[Outcome], meaning: &Meaning) -> Result<(), Problem> {
    let mut known = Lock::read(dir)?;
    proofs::lock(&mut known, outcomes);
    meaning::lock(&mut known, meaning);
    let cannot = |error| Problem::new(format!("cannot write `{}`: {error}", lock::PATH));
    fs::write(dir.join(lock::PATH), known.text()).map_err(cannot)
}

/// Where things are.
struct Places<'a> {
    bundle: &'a Path,
    /// Where examples are put.
    out: &'a Path,
    properties: &'a Source,
}

impl Places<'_> {
    /// What asks a step of an example again.
    fn command(&self, step: &Step, request: &Path, facts: &Path) -> String {
        let bundle = step.bundle.as_ref().map_or_else(|| self.bundle.to_owned(), |place| self.bundle.join(place));
        let [request, facts, bundle] = [request, facts, &bundle].map(quoted);
        format!("mandat decide {request} --facts {facts} --bundle {bundle} --trust-caller-clock --explain")
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |character: char| character.is_alphanumeric() || "/._-".contains(character);
    if path.chars().all(plain) { path } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// What is told of each property.
struct Told<'o> {
    lines: Vec<(&'o Property, Vec<&'o Outcome<'o>>)>,
    /// Counterexamples in words, with the files they are in.
    examples: Vec<(String, Value)>,
    /// Claims that do not hold or were not settled.
    unproved: usize,
}

impl<'o> Told<'o> {
    fn of(properties: &'o [Property], outcomes: &'o [Outcome], places: &Places) -> Result<Self, Problem> {
        let of = |property: &'o Property| {
            let mine = outcomes.iter().filter(|outcome| outcome.property.id == property.id).collect();
            (property, mine)
        };
        let lines = properties.iter().map(of).collect();
        let mut examples = Vec::new();
        for (number, outcome) in outcomes.iter().filter(|outcome| outcome.example.is_some()).enumerate() {
            let Some(example) = &outcome.example else { continue };
            examples.push(match example {
                Ok(example) => write_example(outcome, example, number + 1, places)?,
                Err(reason) => (
                    format!("no example for {}: {reason}", outcome.about()),
                    json!({ "about": outcome.about(), "reason": reason }),
                ),
            });
        }
        let unproved = outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Holds).count();
        Ok(Self { lines, examples, unproved })
    }

    fn text(&self, prover: &Prover) -> String {
        let mut lines: Vec<String> = self.lines.iter().map(|(property, outcomes)| line(property, outcomes)).collect();
        lines.extend(self.examples.iter().map(|(text, _)| format!("\n{text}")));
        let tally = prover.tally();
        let how = match prover.solver() {
            Some(found) => {
                format!("{} proved by {}, {} known before", tally.solved, found.program.display(), tally.known)
            }
            None => format!("{}; {} known from `{}`; {}", solver::NONE, tally.known, lock::PATH, solver::HELP),
        };
        let claims: usize = self.lines.iter().map(|(_, outcomes)| outcomes.len()).sum();
        lines.push(format!(
            "{} properties, {claims} claims, {} do not hold or are not settled ({how})",
            self.lines.len(),
            self.unproved
        ));
        lines.join("\n")
    }

    fn json(&self, prover: &Prover) -> Value {
        let tally = prover.tally();
        let properties: Vec<Value> =
            self.lines.iter().map(|(property, outcomes)| property_json(property, outcomes)).collect();
        json!({
            "properties": properties, "counterexamples": self.examples.iter().map(|(_, json)| json).collect::<Vec<_>>(),
            "unproved": self.unproved, "solver": prover.solver().map(|found| found.program.display().to_string()),
            "solved": tally.solved, "known": tally.known, "unsettled": tally.unsettled,
        })
    }
}

fn line(property: &Property, outcomes: &[&Outcome]) -> String {
    let count = |wanted: fn(&Verdict) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.verdict)).count();
    let fails = count(|verdict| *verdict == Verdict::Fails);
    let open = count(|verdict| matches!(verdict, Verdict::Unsettled(_)));
    let word = match (fails, open) {
        (0, 0) => "proved ",
        (0, _) => "open   ",
        _ => "REFUTED",
    };
    let mut line = format!("{word} {}: {}", property.id, property.title);
    for outcome in outcomes {
        match &outcome.verdict {
            Verdict::Holds => {}
            Verdict::Fails => line.push_str(&format!("\n          not in {}", outcome.environment)),
            Verdict::Unsettled(reason) => line.push_str(&format!("\n          {}: {reason}", outcome.environment)),
        }
    }
    line
}

fn property_json(property: &Property, outcomes: &[&Outcome]) -> Value {
    let claims: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            let (verdict, reason) = match &outcome.verdict {
                Verdict::Holds => ("holds", None),
                Verdict::Fails => ("fails", None),
                Verdict::Unsettled(reason) => ("unsettled", Some(reason)),
            };
            let query = match &outcome.query {
                Some(Query::Asked { digest, .. }) => Some(digest.to_string()),
                _ => None,
            };
            json!({ "environment": outcome.environment, "verdict": verdict, "reason": reason, "query": query })
        })
        .collect();
    json!({ "id": property.id, "title": property.title, "rules": property.rules, "kind": property.kind.name(), "claims": claims })
}

/// Puts an example's files into a directory of its own, and says how to ask it again.
fn write_example(
    outcome: &Outcome,
    example: &Example,
    number: usize,
    places: &Places,
) -> Result<(String, Value), Problem> {
    let dir = places.out.join(number.to_string());
    let cannot = |error: std::io::Error| Problem::new(format!("cannot write to `{}`: {error}", dir.display()));
    fs::create_dir_all(&dir).map_err(cannot)?;
    let at = places.properties.location(outcome.property.span.0);
    let mut text = format!("{} ({}) does not hold, {at}:", outcome.property.id, outcome.environment);
    let mut files = Vec::new();
    for (number, step) in example.steps.iter().enumerate() {
        let path = |what: &str| dir.join(format!("{what}{}.json", if number == 0 { "" } else { "-2" }));
        let (request, facts) = (path("request"), path("facts"));
        fs::write(&request, format!("{:#}\n", step.request)).map_err(cannot)?;
        fs::write(&facts, format!("{:#}\n", step.facts)).map_err(cannot)?;
        text.push_str(&step_text(step));
        let command = places.command(step, &request, &facts);
        text.push_str(&format!("\n  {command}"));
        files.push(json!({ "request": request, "facts": facts, "decision": step.decision, "policies": step.policies, "faults": step.faults, "command": command }));
    }
    Ok((text, json!({ "about": outcome.about(), "steps": files })))
}

fn step_text(step: &Step) -> String {
    let name = |value: &Value| format!("{}::{}", value["type"].as_str().unwrap_or_default(), value["id"]);
    let entries = step.request["context"].as_object().into_iter().flatten();
    let context: Vec<String> = entries.map(|(name, value)| format!("{name} {value}")).collect();
    format!(
        "\n  {} {} {} is answered {} by {}\n    with {}",
        name(&step.request["subject"]),
        step.request["action"]["name"].as_str().unwrap_or_default(),
        name(&step.request["resource"]),
        step.decision,
        if step.policies.is_empty() { "no policy".to_owned() } else { step.policies.join(", ") },
        context.join(", "),
    ) + &step.faults.iter().map(|fault| format!("\n    {fault}")).collect::<String>()
}
