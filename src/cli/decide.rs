//! `mandat decide REQUEST.json`: one AuthZEN request, answered without a service.

use std::path::{Path, PathBuf};

use super::{
    Exit,
    input::{self, Ground},
    output,
};
use crate::{
    engine::{Answer, Engine},
    http::{
        answer::{DecisionAnswer, Detail},
        wire,
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
    let engine = arguments.ground.engine()?;
    Ok((engine, request, explain || arguments.explain))
}

fn read_request(path: &Path) -> Result<(Request, bool), Problem> {
    let name = path.display();
    let body = input::body(path, "request")?;
    let invalid = |error| Problem::new(format!("the request `{name}`: {}", wire::in_wire_words(error)));
    let mut evaluation = wire::evaluation(body).map_err(invalid)?;
    let options = wire::options(evaluation.options.take()).map_err(invalid)?;
    Ok((wire::request(evaluation).map_err(invalid)?, options.explain))
}

fn decide(arguments: &Arguments, engine: &Engine, request: &Request, explain: bool) -> Exit {
    let circumstances = Circumstances { now: input::now(), trust_caller_clock: arguments.trust_caller_clock };
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
        match serde_json::to_string(&DecisionAnswer::of(answer, if explain { Detail::Full } else { Detail::None })) {
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
