//! `mandat facts backup` and `restore`: the whole store in a file, and back.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter},
    path::PathBuf,
};

use super::{invalid, unavailable};
use crate::{
    cli::{Exit, input::StorePlace},
    facts::{
        Unavailable,
        store::{
            Store,
            backup::{self, Extent},
        },
    },
};

/// Arguments of `mandat facts backup`.
#[derive(Debug, clap::Args)]
pub struct BackupArguments {
    /// Where to write; a file that exists is not overwritten.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: StorePlace,
}

/// Arguments of `mandat facts restore`.
#[derive(Debug, clap::Args)]
pub struct RestoreArguments {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: StorePlace,
}

/// Writes a backup.
pub fn backup(arguments: &BackupArguments) -> Exit {
    with_store(&arguments.place, "written", |store| {
        let mut out = BufWriter::new(File::create_new(&arguments.file).map_err(unwritable)?);
        let extent = backup::backup(store, &mut out)?;
        let file = out.into_inner().map_err(|error| unwritable(error.into_error()))?;
        file.sync_all().map_err(unwritable)?;
        Ok(extent)
    })
}

/// Reads a backup into an empty store.
pub fn restore(arguments: &RestoreArguments) -> Exit {
    with_store(&arguments.place, "restored", |store| {
        let mut file = BufReader::new(File::open(&arguments.file).map_err(unwritable)?);
        backup::restore(store, &mut file)
    })
}

fn with_store(place: &StorePlace, what: &str, work: impl FnOnce(&dyn Store) -> Result<Extent, Unavailable>) -> Exit {
    let store = match place.store() {
        Ok(store) => store,
        Err(problems) => return invalid(&problems, false),
    };
    match work(&*store) {
        Ok(Extent { revision, lines }) => {
            println!("{what}: {lines} lines, up to revision {revision}");
            Exit::Success
        }
        Err(error) => unavailable(&error, false),
    }
}

fn unwritable(error: io::Error) -> Unavailable {
    Unavailable(format!("the backup's file: {error}"))
}
