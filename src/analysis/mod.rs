//! What authors and reviewers use: scenarios, price cases and what they cover, mutants, proofs.

pub mod coverage;
pub mod mutation;
pub mod prices;
pub mod prover;
pub mod scenario;
pub mod searches;
