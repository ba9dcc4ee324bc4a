//! The one integration binary: what mandat promises, shown from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod audit;
mod authoring;
mod bundles;
mod callers;
mod check;
mod command_line;
mod coverage;
mod difference;
mod explanations;
mod facts_import;
mod faults;
mod floors;
mod golden;
mod hazards;
pub mod http;
mod matrix;
mod mutation;
mod other_domain;
mod past;
mod prices;
mod pricing;
mod proofs;
mod properties;
mod readme;
mod reload;
mod replicas;
mod reports;
mod reviewing;
mod scenarios;
mod search;
mod store;
mod support;
mod transactions;
mod worlds;
