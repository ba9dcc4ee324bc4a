//! What authors and reviewers use: scenarios and what they cover; proofs and differences are to come.

pub mod asking;
pub mod coverage;
pub mod matrix;
pub mod scenario;
pub mod searches;
