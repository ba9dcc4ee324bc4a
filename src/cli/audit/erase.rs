//! `mandat audit erase`: nobody can tell any more who stands behind a person's records.
//!
//! The records stay, and so does the chain over them. What is recorded of the person later has another pseudonym; a running
//! service takes a minute to notice.

use super::{LogPlace, failed, invalid, list::person};
use crate::{
    audit::{
        Failed, key,
        ledger::Ledger,
        people::Person,
        record::{Event, Record},
        recorder::{Recorder, Settings},
    },
    cli::{Exit, input},
    config::audit::Mode,
    problem::{Problem, Problems},
};

use std::sync::Arc;

/// Arguments of `mandat audit erase`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The person, as `User::"u-1"`.
    #[arg(value_name = "ENTITY")]
    person: String,
    #[command(flatten)]
    place: LogPlace,
}

/// Erases the person and records that it was done, under the pseudonym.
pub fn run(arguments: &Arguments) -> Exit {
    let (ledger, signing, person) = match prepare(arguments) {
        Ok(prepared) => prepared,
        Err(problems) => return invalid(&problems, false),
    };
    match erase(ledger, signing, &person) {
        Ok(Some(pseudonym)) => {
            let Person { entity_type, id } = &person;
            println!("{entity_type}::{id:?} is erased: nobody can tell any more who stands behind {pseudonym}");
            Exit::Success
        }
        Ok(None) => {
            println!(
                "{}::{:?} has no pseudonym: nothing is recorded of it, or it was erased",
                person.entity_type, person.id
            );
            Exit::Success
        }
        Err(error) => failed(&error, false),
    }
}

fn prepare(arguments: &Arguments) -> Result<(Arc<dyn Ledger>, ed25519_dalek::SigningKey, Person), Problems> {
    let person = person(&arguments.person)?;
    let ledger = arguments.place.open()?;
    let path = arguments.place.place()?.key;
    let signing = key::open(&path).map_err(|error| Problem::new(error.to_string()))?;
    Ok((ledger, signing, person))
}

fn erase(ledger: Arc<dyn Ledger>, key: ed25519_dalek::SigningKey, person: &Person) -> Result<Option<String>, Failed> {
    let Some(pseudonym) = ledger.pseudonym(person)?.map(|pseudonym| pseudonym.to_string()) else { return Ok(None) };
    // Recorded first: an erasure that is not known of would look like one that never was.
    let recorder = Recorder::start(ledger.clone(), Settings { mode: Mode::Strict, limit: 1, key, keep: None })?;
    let at = input::now();
    let record = Record::of_log(recorder.id(at), at, Event::Erasure { pseudonym: pseudonym.clone() });
    let unrecorded = |_| Failed("the erasure could not be recorded, so that nobody was erased".to_owned());
    recorder.submit(record, Arc::default()).wait().map_err(unrecorded)?;
    ledger.forget(person)?;
    Ok(Some(pseudonym))
}
