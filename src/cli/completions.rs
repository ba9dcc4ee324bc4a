//! `mandat completions SHELL`: the script that completes our words in a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Arguments as Root, Exit};

/// Arguments of `mandat completions`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The shell to complete in.
    shell: Shell,
}

/// Prints the script.
pub fn run(arguments: &Arguments) -> Exit {
    clap_complete::generate(arguments.shell, &mut Root::command(), "mandat", &mut std::io::stdout());
    Exit::Success
}
