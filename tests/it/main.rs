//! The one integration binary: what mandat promises, shown from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod coverage;
mod http;
mod other_domain;
mod support;
