//! What authors and reviewers use: scenarios and price cases and what they cover, lints and layout, mutants, proofs,
//! the access matrix, the difference between two bundles, recorded questions asked again.

pub mod asking;
pub mod codes;
pub mod condition;
pub mod coverage;
pub mod difference;
pub mod layout;
pub mod lint;
pub mod matrix;
pub mod mutation;
pub mod prices;
pub mod proofs;
pub mod prover;
pub mod reach;
pub mod replay;
pub mod scenario;
pub mod searches;
