//! `mandat decide REQUEST.json`: one AuthZEN request, answered without a service.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{
    Exit,
    input::{self, Ground},
    output,
};
use crate::{
    engine::{Answer, Engine, past::NoPast},
    http::{
        answer::{DecisionAnswer, Detail, Historical},
        wire::{self, Options},
    },
    problem::{Problem, Problems},
    request::{Circumstances, Request},
};

/// Arguments of `mandat decide`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The AuthZEN evaluation request; `-` is standard input.
    #[arg(value_name = "REQUEST.json")]
    request: PathBuf,
    #[command(flatten)]
    ground: Ground,
    /// Say why, and what would change the answer.
    #[arg(long)]
    explain: bool,
    /// Answer as it would have been answered at that time, such as `2026-10-01T12:00:00Z`: by the facts and the bundle
    /// that were in force then. Needs a store.
    #[arg(long, value_name = "TIME", conflicts_with = "facts")]
    as_of: Option<Timestamp>,
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
        Ok((engine, request, options)) => decide(arguments, &engine, &request, options),
        Err(problems) => {
            output::problems(&problems, arguments.json);
            Exit::Invalid
        }
    }
}

fn prepare(arguments: &Arguments) -> Result<(Engine, Request, Options), Problems> {
    let (request, options) = read_request(&arguments.request)?;
    let engine = arguments.ground.engine()?;
    let (explain, as_of) = (options.explain || arguments.explain, arguments.as_of.or(options.as_of));
    Ok((engine, request, Options { explain, as_of, ..options }))
}

fn read_request(path: &Path) -> Result<(Request, Options), Problem> {
    let name = path.display();
    let body = input::body(path, "request")?;
    let invalid = |error| Problem::new(format!("the request `{name}`: {}", wire::in_wire_words(error)));
    let mut evaluation = wire::evaluation(body).map_err(invalid)?;
    let options = wire::options(evaluation.options.take()).map_err(invalid)?;
    Ok((wire::request(evaluation).map_err(invalid)?, options))
}

fn decide(arguments: &Arguments, engine: &Engine, request: &Request, options: Options) -> Exit {
    let now = input::now();
    let taken = match options.as_of {
        Some(at) => engine.as_of(at, now),
        None => engine.moment().map_err(NoPast::from),
    };
    let moment = match taken {
        Ok(moment) => moment,
        Err(error @ (NoPast::Unavailable(_) | NoPast::Unloadable { .. })) => {
            return failed(&error.to_string(), arguments.json, Exit::Failure);
        }
        Err(error) => return failed(&error.to_string(), arguments.json, Exit::Invalid),
    };
    let historical = options.as_of.map(|at| Historical::of(at, &moment));
    let trust_caller_clock = arguments.trust_caller_clock && historical.is_none();
    let circumstances = Circumstances { now: options.as_of.unwrap_or(now), trust_caller_clock };
    match moment.decide(request, &circumstances) {
        Ok(answer) => print(&answer, historical, options.explain, arguments.json),
        Err(crate::decision::Refusal::Invalid(invalid)) => {
            failed(&wire::in_wire_words(invalid).to_string(), arguments.json, Exit::Invalid)
        }
        Err(error) => failed(&error.to_string(), arguments.json, Exit::Failure),
    }
}

fn print(answer: &Answer, historical: Option<Historical>, explain: bool, json: bool) -> Exit {
    let decision = &answer.decision;
    for fault in decision.faults.iter().filter(|fault| !fault.forbid) {
        eprintln!("warning: the permit `{}` could not be evaluated: {}", fault.policy, fault.message);
    }
    if json {
        let detail = if explain { Detail::Full } else { Detail::None };
        match serde_json::to_string(&DecisionAnswer::of(answer, detail).historical(historical)) {
            Ok(text) => println!("{text}"),
            Err(error) => return failed(&error.to_string(), false, Exit::Failure),
        }
    } else {
        println!("{}", if decision.allowed() { "Allow" } else { "Deny" });
        if let Some(Historical { as_of, bundle, revision }) = historical {
            println!("as of {as_of}, by the bundle {bundle}, on revision {revision} of the facts");
        }
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
