//! Logs: one event a line, a sentence with fields, for people or for programs.
//!
//! What callers send never stands in a sentence, only in a field, and both forms escape what would break
//! out of its line (threat T19). At the level of every day, `info`, no field names a person.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs: a JSON object a line.
    Json,
}

/// Sends events of the whole process to standard error; `filter` says how much, such as `info` or
/// `mandat=debug`.
///
/// # Errors
/// The filter cannot be read.
pub fn init(format: Format, filter: &str) -> Result<(), String> {
    let filter = EnvFilter::builder().parse(filter).map_err(|error| error.to_string())?;
    // An event that cannot be written is lost. Told on the same standard error, as is the default, it would end in a panic:
    // of a request, or of the whole service.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).log_internal_errors(false);
    let set = match format {
        Format::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        Format::Json => log.json().flatten_event(true).try_init(),
    };
    set.map_err(|error| error.to_string())?;
    std::panic::set_hook(Box::new(report_panic));
    Ok(())
}

/// A panic is a bug; it is told in the form of every other event. What it says could name a person.
fn report_panic(panic: &std::panic::PanicHookInfo) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(panic.place = place, "a bug: the program panicked");
    tracing::debug!(panic.message = panic.payload_as_str(), "what the panic says");
}
