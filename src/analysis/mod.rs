//! What authors and reviewers use: scenarios and what they cover, proofs, the access matrix, the difference between two
//! bundles.

pub mod asking;
pub mod coverage;
pub mod difference;
pub mod matrix;
pub mod prover;
pub mod scenario;
pub mod searches;
