//! What authors and reviewers use: scenarios and what they cover; proofs and differences are to come.

pub mod codes;
pub mod coverage;
pub mod layout;
pub mod lint;
pub mod scenario;
pub mod searches;
