//! mandat: who may act for whom, and on what terms.
//!
//! A *bundle* of policies, schema and tariffs, together with the *facts*, gives *decisions* that explain
//! themselves. The rooms of this crate stand one above the other; a room uses only what is below it:
//! [`cli`], [`http`], [`engine`], [`analysis`], [`explanation`], [`decision`], [`bundle`], [`facts`], [`pricing`]
//! beside [`audit`], and at the bottom [`request`], [`config`], [`telemetry`] and [`problem`]. Start reading at [`engine`].
#![forbid(unsafe_code)]

pub mod analysis;
pub mod audit;
pub mod bundle;
pub mod cli;
pub mod config;
mod database;
pub mod decision;
pub mod engine;
pub mod explanation;
pub mod facts;
pub mod http;
pub mod pricing;
pub mod problem;
pub mod request;
pub mod telemetry;
