//! What authors and reviewers use: scenarios and what they cover, proofs.

pub mod condition;
pub mod coverage;
pub mod proofs;
pub mod prover;
pub mod reach;
pub mod scenario;
pub mod searches;
