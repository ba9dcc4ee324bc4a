//! `mandat decide REQUEST.json`: one AuthZEN request, answered without a service.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Exit, output};
use crate::{
    bundle::Bundle,
    engine::{Answer, Engine},
    facts::memory::MemoryFacts,
    http::{answer::DecisionAnswer, json, wire},
    problem::{Problem, Problems},
    request::{Circumstances, Request},
};

/// Arguments of `mandat decide`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The AuthZEN evaluation request; `-` is standard input.
    #[arg(value_name = "REQUEST.json")]
    request: PathBuf,
    /// The bundle's directory.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    /// Facts in Cedar's entity JSON.
    #[arg(long, value_name = "FILE", env = "MANDAT_FACTS")]
    facts: Option<PathBuf>,
    /// Say why, and what would change the answer.
    #[arg(long)]
    explain: bool,
    /// Take `context.now` from the request instead of refusing it.
    #[arg(long)]
    trust_caller_clock: bool,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Decides and prints the answer; the exit code says Allow or Deny.
pub fn run(arguments: &Arguments) -> Exit {
    match prepare(arguments) {
        Ok((engine, request, explain)) => decide(arguments, &engine, &request, explain),
        Err(problems) => {
            output::problems(&problems, arguments.json);
            Exit::Invalid
        }
    }
}

fn prepare(arguments: &Arguments) -> Result<(Engine, Request, bool), Problems> {
    let (request, explain) = read_request(&arguments.request)?;
    let engine = engine(&arguments.bundle, arguments.facts.as_deref())?;
    Ok((engine, request, explain || arguments.explain))
}

/// An engine for one question: without a facts file it knows only what callers supply.
pub(super) fn engine(bundle: &Path, facts: Option<&Path>) -> Result<Engine, Problems> {
    let bundle = Bundle::load(bundle)?;
    let facts = match facts {
        Some(path) => MemoryFacts::read(path, &bundle.schema)?,
        None => MemoryFacts::empty(&bundle.schema)?,
    };
    Ok(Engine::new(bundle, facts))
}

fn read_request(path: &Path) -> Result<(Request, bool), Problem> {
    let name = path.display();
    let body = read_json(path, "request")?;
    let invalid = |error| Problem::new(format!("the request `{name}`: {}", wire::in_wire_words(error)));
    let mut evaluation = wire::evaluation(body).map_err(invalid)?;
    let options = wire::options(evaluation.options.take()).map_err(invalid)?;
    Ok((wire::request(evaluation).map_err(invalid)?, options.explain))
}

/// Reads a file, or standard input for `-`, as the service reads a body.
pub(super) fn read_json(path: &Path, what: &str) -> Result<Value, Problem> {
    let name = path.display();
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_end(&mut text).map(|_| ())
    } else {
        fs::read(path).map(|content| text = content)
    };
    read.map_err(|error| Problem::new(format!("cannot read the {what} `{name}`: {error}")))?;
    json::read(&text).map_err(|error| Problem::new(format!("the {what} `{name}` is no JSON we take: {error}")))
}

fn decide(arguments: &Arguments, engine: &Engine, request: &Request, explain: bool) -> Exit {
    let circumstances = Circumstances { now: now(), trust_caller_clock: arguments.trust_caller_clock };
    let moment = match engine.moment() {
        Ok(moment) => moment,
        Err(error) => return failed(&error.to_string(), arguments.json, Exit::Failure),
    };
    match moment.decide(request, &circumstances) {
        Ok(answer) => print(&answer, explain, arguments.json),
        Err(crate::decision::Refusal::Invalid(invalid)) => {
            failed(&wire::in_wire_words(invalid).to_string(), arguments.json, Exit::Invalid)
        }
        Err(error) => failed(&error.to_string(), arguments.json, Exit::Failure),
    }
}

fn print(answer: &Answer, explain: bool, json: bool) -> Exit {
    let decision = &answer.decision;
    for fault in decision.faults.iter().filter(|fault| !fault.forbid) {
        eprintln!("warning: the permit `{}` could not be evaluated: {}", fault.policy, fault.message);
    }
    if json {
        match serde_json::to_string(&DecisionAnswer::of(answer, explain)) {
            Ok(text) => println!("{text}"),
            Err(error) => return failed(&error.to_string(), false, Exit::Failure),
        }
    } else {
        println!("{}", if decision.allowed() { "Allow" } else { "Deny" });
        for (what, names) in [("obligation", &decision.obligations), ("advice", &decision.advice)] {
            names.iter().for_each(|name| println!("{what} {name}"));
        }
        if explain {
            println!("{}", output::explanation_text(&answer.explain()));
        }
    }
    if decision.allowed() { Exit::Success } else { Exit::Denied }
}

fn failed(message: &str, json: bool, exit: Exit) -> Exit {
    output::problems(&Problem::new(message).into(), json);
    exit
}

#[expect(clippy::disallowed_methods, reason = "the edge: what is asked on the command line is asked now")]
pub(super) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
