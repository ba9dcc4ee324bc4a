//! What scenarios cover: which policies decided, which clauses came out which way, and what is told of it.

mod alone;
mod clauses;
mod forms;
mod programme;
mod reach;
