//! Stores: SQLite and PostgreSQL, both real, held to the same behaviour by one suite.
//!
//! [`contract`] runs each test on both, [`model`] holds both against a store of a few lines, and [`postgres`]
//! tests what only a server can do or suffer. [`cluster`] gives a server to whoever needs one.

pub mod cluster;
mod contract;
mod kept;
mod model;
pub mod places;
mod postgres;
pub mod records;
