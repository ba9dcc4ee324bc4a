//! The way to PostgreSQL, for the rooms that keep something there: facts, and the decision log.
//!
//! [`address`] reads a URL and sets up TLS, [`server`] holds connections and asks, [`migrate`] makes tables and brings them
//! up to date. What is kept, and by which statements, is known only above.

pub(crate) mod address;
pub(crate) mod migrate;
pub(crate) mod server;

/// PostgreSQL gave no answer, or refused. No credentials are in the text.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failed(pub(crate) String);
