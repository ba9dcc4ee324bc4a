//! What authors and reviewers use: scenarios and what they cover; proofs and differences are to come.

pub mod condition;
pub mod coverage;
pub mod scenario;
pub mod searches;
