//! What authors and reviewers use: scenarios and what they cover; proofs and differences are to come.

pub mod coverage;
pub mod mutation;
pub mod prices;
pub mod scenario;
pub mod searches;
