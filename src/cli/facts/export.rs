//! `mandat facts export`: all facts of one revision, one entity a line, as `import` takes them.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use super::{invalid, unavailable};
use crate::{
    cli::{Exit, input::StorePlace},
    engine::Engine,
    facts::{Unavailable, export::export},
};

/// Arguments of `mandat facts export`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where to write; standard output if left out.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// An earlier revision instead of the newest.
    #[arg(long, value_name = "REVISION")]
    revision: Option<u64>,
    #[command(flatten)]
    place: StorePlace,
}

/// Writes all facts.
pub fn run(arguments: &Arguments) -> Exit {
    let engine = match arguments.place.engine() {
        Ok(engine) => engine,
        Err(problems) => return invalid(&problems, false),
    };
    match write(&engine, arguments) {
        Ok(()) => Exit::Success,
        Err(error) => unavailable(&error, false),
    }
}

fn write(engine: &Engine, arguments: &Arguments) -> Result<(), Unavailable> {
    match &arguments.out {
        Some(path) => {
            let mut out = BufWriter::new(File::create(path).map_err(unwritable)?);
            all(engine, arguments.revision, &mut out)?;
            let file = out.into_inner().map_err(|error| unwritable(error.into_error()))?;
            file.sync_all().map_err(unwritable)
        }
        None => all(engine, arguments.revision, &mut BufWriter::new(io::stdout().lock())),
    }
}

fn all(engine: &Engine, revision: Option<u64>, out: &mut dyn Write) -> Result<(), Unavailable> {
    let facts = engine.facts();
    let newest = facts.refresh()?;
    let state = facts.at(revision.unwrap_or(newest))?;
    let bundle = engine.bundle();
    export(&*state, bundle.schema.entity_types(), &mut |entity| writeln!(out, "{entity}").map_err(unwritable))?;
    out.flush().map_err(unwritable)
}

fn unwritable(error: io::Error) -> Unavailable {
    Unavailable(format!("the export cannot be written: {error}"))
}
