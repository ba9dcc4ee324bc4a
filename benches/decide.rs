//! Placeholder until the engine's benchmark is written.
fn main() {}
