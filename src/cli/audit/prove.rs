//! `mandat audit prove`: hand one record on, with the proof that it is in the log.

use uuid::Uuid;

use super::{LogPlace, failed, invalid, record_id, unknown};
use crate::{audit::proof, cli::Exit};

/// Arguments of `mandat audit prove`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The record's name.
    #[arg(value_name = "RECORD", value_parser = record_id)]
    id: Uuid,
    #[command(flatten)]
    place: LogPlace,
}

/// Prints the proof, as JSON.
pub fn run(arguments: &Arguments) -> Exit {
    let ledger = match arguments.place.open() {
        Ok(ledger) => ledger,
        Err(problems) => return invalid(&problems, false),
    };
    match proof::prove(&*ledger, arguments.id) {
        Ok(Some(proof)) => {
            // Texts can always be written.
            println!("{}", serde_json::to_string_pretty(&proof).unwrap_or_default());
            Exit::Success
        }
        Ok(None) => unknown(arguments.id, false),
        Err(error) => failed(&error, false),
    }
}
