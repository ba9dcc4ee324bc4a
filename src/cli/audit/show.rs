//! `mandat audit show`: one record for people, its pseudonyms turned back where their keys are there.

use serde_json::Value;
use uuid::Uuid;

use super::{LogPlace, failed, invalid, record_id, unknown};
use crate::{
    audit::{Failed, ledger::Ledger, people::Pseudonym},
    cli::Exit,
};

/// Arguments of `mandat audit show`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The record's name.
    #[arg(value_name = "RECORD", value_parser = record_id)]
    id: Uuid,
    /// Leave pseudonyms as they are recorded.
    #[arg(long)]
    masked: bool,
    #[command(flatten)]
    place: LogPlace,
}

/// Prints the record.
pub fn run(arguments: &Arguments) -> Exit {
    let ledger = match arguments.place.open() {
        Ok(ledger) => ledger,
        Err(problems) => return invalid(&problems, false),
    };
    match read(&*ledger, arguments) {
        Ok(Some(record)) => {
            println!("{record:#}");
            Exit::Success
        }
        Ok(None) => unknown(arguments.id, false),
        Err(error) => failed(&error, false),
    }
}

fn read(ledger: &dyn Ledger, arguments: &Arguments) -> Result<Option<Value>, Failed> {
    let Some(line) = ledger.find(arguments.id)? else { return Ok(None) };
    let mut record: Value =
        serde_json::from_slice(&line).map_err(|error| Failed(format!("record {}: {error}", arguments.id)))?;
    if !arguments.masked {
        turn_back(&mut record, ledger)?;
    }
    Ok(Some(record))
}

fn turn_back(value: &mut Value, ledger: &dyn Ledger) -> Result<(), Failed> {
    match value {
        Value::String(text) => {
            if let Some(pseudonym) = Pseudonym::read(text)
                && let Some(person) = ledger.person(pseudonym)?
            {
                *text = person.id;
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| turn_back(item, ledger)),
        Value::Object(members) => members.values_mut().try_for_each(|member| turn_back(member, ledger)),
        _ => Ok(()),
    }
}
