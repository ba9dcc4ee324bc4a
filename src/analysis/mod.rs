//! What authors and reviewers use: scenarios and what they cover, proofs.

pub mod asking;
pub mod coverage;
pub mod matrix;
pub mod prover;
pub mod scenario;
pub mod searches;
