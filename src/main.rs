//! The `mandat` command.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    mandat::cli::run()
}
