//! `mandat audit show`: one record for people, its pseudonyms turned back where their keys are there.

use uuid::Uuid;

use super::{
    LogPlace, failed, invalid, record_id,
    telling::{Rules, Told},
    unknown,
};
use crate::{
    audit::{Failed, ledger::Ledger},
    cli::{Exit, output},
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
    /// Answer for programs: the record as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the record.
pub fn run(arguments: &Arguments) -> Exit {
    let ledger = match arguments.place.open() {
        Ok(ledger) => ledger,
        Err(problems) => return invalid(&problems, arguments.json),
    };
    match read(&*ledger, arguments) {
        Ok(Some(Told { record, .. })) if arguments.json => output::text(&format!("{record:#}\n")),
        Ok(Some(told)) => output::text(&told.whole(Rules::at(&arguments.place.bundle).as_ref())),
        Ok(None) => unknown(arguments.id, arguments.json),
        Err(error) => failed(&error, arguments.json),
    }
}

fn read(ledger: &dyn Ledger, arguments: &Arguments) -> Result<Option<Told>, Failed> {
    let Some(line) = ledger.find(arguments.id)? else { return Ok(None) };
    let told = if arguments.masked { Told::masked(&line) } else { Told::with_persons(&line, ledger) };
    told.map(Some)
}
