//! placeholder
#[derive(Debug, clap::Args)]
pub struct Arguments {}
pub fn run(_: &Arguments) -> super::Exit { super::Exit::Success }
