//! `mandat facts import FILE`: take facts over from elsewhere, all of them or none.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    thread::available_parallelism,
};

use serde_json::json;

use super::{invalid, progress, unavailable};
use crate::{
    cli::{
        Exit,
        input::{self, StorePlace},
    },
    decision::keeping::OfImports,
    engine::Engine,
    facts::{
        import::{Form, Import, Imported, Invariants, NotImported, import},
        store::Commit,
    },
    problem::{Problem, Problems},
};

/// Arguments of `mandat facts import`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Entities in Cedar's JSON: a list, or one a line; `-` is standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: StorePlace,
    /// Do not ask the `keep…` policies whether the facts keep the bundle's invariants. Schema, names, sizes,
    /// references and hierarchies are checked nevertheless.
    #[arg(long)]
    unchecked: bool,
    /// Answer for programs.
    #[arg(long)]
    json: bool,
}

/// Imports and says what was done.
pub fn run(arguments: &Arguments) -> Exit {
    let engine = match arguments.place.engine() {
        Ok(engine) => engine,
        Err(problems) => return invalid(&problems, arguments.json),
    };
    match import_file(&engine, &arguments.file, arguments.unchecked) {
        Ok(imported) => {
            tell(&imported, arguments);
            Exit::Success
        }
        Err(NotImported::Wrong(reasons)) => invalid(&problems(&arguments.file, reasons), arguments.json),
        Err(NotImported::Unavailable(error)) => unavailable(&error, arguments.json),
    }
}

fn tell(imported: &Imported, arguments: &Arguments) {
    let Imported { entities, unchanged, revision } = imported;
    if arguments.json {
        println!("{}", json!({ "entities": entities, "unchanged": unchanged, "revision": revision }));
    } else {
        println!("{entities} entities, {unchanged} of them as they were; the store is at revision {revision}");
    }
    if arguments.unchecked {
        eprintln!("the keep policies were not asked: stored facts may break the bundle's invariants");
    }
}

/// Imports a file into a store that is empty; a store that is not is left as it is.
///
/// # Errors
/// Everything that is wrong with the file, or a store that cannot be written.
pub fn seed(engine: &Engine, file: &Path) -> Result<(), Problems> {
    let revision = engine.facts().refresh().map_err(|error| Problem::new(error.to_string()))?;
    if revision > 0 {
        tracing::info!("the store has facts; the seed is not taken");
        return Ok(());
    }
    match import_file(engine, file, false) {
        Ok(_) => Ok(()),
        Err(NotImported::Wrong(reasons)) => Err(problems(file, reasons)),
        Err(NotImported::Unavailable(error)) => Err(Problem::new(error.to_string()).into()),
    }
}

fn problems(file: &Path, reasons: Vec<String>) -> Problems {
    let mut problems = Problems::default();
    problems.extend(reasons.into_iter().map(|reason| Problem::new(format!("{}: {reason}", file.display()))));
    problems
}

fn import_file(engine: &Engine, file: &Path, unchecked: bool) -> Result<Imported, NotImported> {
    let unreadable = |error: std::io::Error| NotImported::Wrong(vec![format!("cannot be read: {error}")]);
    if file == Path::new("-") {
        return import_from(engine, BufReader::with_capacity(1 << 20, std::io::stdin()), file, 0, unchecked);
    }
    let opened = File::open(file).map_err(unreadable)?;
    let size = opened.metadata().map_err(unreadable)?.len();
    import_from(engine, BufReader::with_capacity(1 << 20, opened), file, size, unchecked)
}

fn import_from(
    engine: &Engine,
    mut reader: impl BufRead + Send,
    file: &Path,
    size: u64,
    unchecked: bool,
) -> Result<Imported, NotImported> {
    let form = Form::of(&mut reader).map_err(|error| NotImported::Wrong(vec![format!("cannot be read: {error}")]))?;
    let now = input::now();
    let bundle = engine.bundle();
    let invariants = OfImports { bundle: &bundle, now };
    let store = engine
        .facts()
        .store()
        .ok_or_else(|| NotImported::Wrong(vec!["facts from a file cannot be changed".to_owned()]))?;
    let why = json!({ "import": file.display().to_string(), "unchecked": unchecked }).to_string();
    progress::shown("importing", size, |progress| {
        let how = Import {
            schema: &bundle.schema,
            actions: &bundle.actions,
            digest: &bundle.digest,
            level: bundle.settings.policies.level,
            invariants: (!unchecked).then_some(&invariants as &dyn Invariants),
            commit: Commit { at: now, who: "mandat facts import".to_owned(), why },
            threads: available_parallelism().map_or(1, usize::from),
            progress,
        };
        import(&*engine.facts(), &*store, reader, form, &how)
    })
}
