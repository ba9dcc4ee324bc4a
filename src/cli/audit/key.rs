//! `mandat audit key`: the public key that the log is checked with.

use super::{LogPlace, invalid};
use crate::{audit::line::hex, cli::Exit};

/// Arguments of `mandat audit key`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: LogPlace,
}

/// Prints it: 64 hexadecimal digits.
pub fn run(arguments: &Arguments) -> Exit {
    match arguments.place.public_key() {
        Ok(key) => {
            println!("{}", hex(key.as_bytes()));
            Exit::Success
        }
        Err(problems) => invalid(&problems, false),
    }
}
