//! `mandat quote ORDER.json`: what an order costs, answered without a service.

use std::path::PathBuf;

use super::{
    Exit,
    input::{self, Ground},
    output, waterfall,
};
use crate::{
    engine::{Engine, quote::Quote},
    http::{
        answer::Detail, inquiry::no_quote, problem_details::ProblemDetails, quote_answer::QuoteAnswer, wire::order,
    },
    pricing::order::Order,
    problem::{Problem, Problems},
    request::Circumstances,
};

/// Arguments of `mandat quote`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The order, as `POST /v1/quotes` takes it; `-` is standard input.
    #[arg(value_name = "ORDER.json")]
    order: PathBuf,
    #[command(flatten)]
    ground: Ground,
    /// Show how each price came about, step by step.
    #[arg(long)]
    explain: bool,
    /// Answer for programs, as the service does.
    #[arg(long)]
    json: bool,
}

/// Prices and prints the answer; the exit code says whether every line has a price.
pub fn run(arguments: &Arguments) -> Exit {
    match prepare(arguments) {
        Ok((engine, asked)) => quote(arguments, &engine, &asked),
        Err(problems) => {
            output::problems(&problems, arguments.json);
            Exit::Invalid
        }
    }
}

fn prepare(arguments: &Arguments) -> Result<(Engine, order::Asked), Problems> {
    let body = input::body(&arguments.order, "order")?;
    let name = arguments.order.display();
    let asked =
        order::order(body, input::now()).map_err(|rejected| Problem::new(format!("the order `{name}`: {rejected}")))?;
    Ok((arguments.ground.engine()?, asked))
}

fn quote(arguments: &Arguments, engine: &Engine, asked: &order::Asked) -> Exit {
    let circumstances = Circumstances { now: input::now(), trust_caller_clock: false };
    let moment = match engine.moment() {
        Ok(moment) => moment,
        Err(error) => return failed(arguments, &error.to_string(), Exit::Failure),
    };
    match moment.quote(&asked.order, &circumstances) {
        Ok(quote) => print(arguments, &quote, asked),
        Err(reason) => rejected(arguments, no_quote(reason)),
    }
}

/// An order without an answer: for programs the problem that the service would send.
fn rejected(arguments: &Arguments, details: ProblemDetails) -> Exit {
    let exit = if details.status < 500 { Exit::Invalid } else { Exit::Failure };
    match serde_json::to_string(&details) {
        Ok(text) if arguments.json => {
            println!("{text}");
            exit
        }
        _ => failed(arguments, &details.detail, exit),
    }
}

fn print(arguments: &Arguments, quote: &Quote, asked: &order::Asked) -> Exit {
    if arguments.json {
        match serde_json::to_string(&QuoteAnswer::of(
            quote,
            &asked.order,
            arguments.explain || asked.explain,
            Detail::Full,
        )) {
            Ok(text) => println!("{text}"),
            Err(error) => return failed(arguments, &error.to_string(), Exit::Failure),
        }
    } else {
        print!("{}", text(quote, &asked.order, arguments.explain));
    }
    match &quote.price {
        None => Exit::Denied,
        Some(price) if price.receipts.iter().any(|receipt| receipt.amounts.is_none()) => Exit::Failure,
        Some(_) => Exit::Success,
    }
}

/// A quote for people.
fn text(quote: &Quote, order: &Order, explain: bool) -> String {
    let mut text = String::new();
    if let Some(decided) = &quote.decision {
        let allowed = decided.answer.decision.allowed();
        text += if allowed { "Allow\n" } else { "Deny\n" };
        if explain || !allowed {
            text += &output::explanation_text(&decided.answer.explain());
            text.push('\n');
        }
    }
    if let Some(price) = &quote.price {
        text += &waterfall::price(price, order, explain);
    }
    text
}

fn failed(arguments: &Arguments, message: &str, exit: Exit) -> Exit {
    output::problems(&Problem::new(message.to_owned()).into(), arguments.json);
    exit
}
