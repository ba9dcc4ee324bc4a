//! `mandat audit checkpoint`: what the log has signed last, to be kept where nobody can change it with the log.

use super::{LogPlace, failed, invalid};
use crate::{
    audit::{Failed, ledger::Ledger},
    cli::Exit,
};

/// Arguments of `mandat audit checkpoint`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: LogPlace,
}

/// Prints the newest checkpoint of each chain, one a line.
pub fn run(arguments: &Arguments) -> Exit {
    let ledger = match arguments.place.open() {
        Ok(ledger) => ledger,
        Err(problems) => return invalid(&problems, false),
    };
    match newest(&*ledger) {
        Ok(texts) => {
            texts.iter().for_each(|text| println!("{text}"));
            Exit::Success
        }
        Err(error) => failed(&error, false),
    }
}

fn newest(ledger: &dyn Ledger) -> Result<Vec<String>, Failed> {
    let mut newest = Vec::new();
    for writer in ledger.writers()? {
        newest.extend(ledger.checkpoints(writer)?.pop());
    }
    Ok(newest)
}
