//! What authors and reviewers use: scenarios and price cases and what they cover, lints and layout, mutants, proofs,
//! the access matrix, the difference between two bundles.

pub mod codes;
pub mod condition;
pub mod coverage;
pub mod layout;
pub mod lint;
pub mod mutation;
pub mod prices;
pub mod proofs;
pub mod prover;
pub mod reach;
pub mod scenario;
pub mod searches;
