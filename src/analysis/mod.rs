//! What authors and reviewers use: scenarios and what they cover, proofs.

pub mod codes;
pub mod coverage;
pub mod layout;
pub mod lint;
pub mod proofs;
pub mod prover;
pub mod scenario;
pub mod searches;
