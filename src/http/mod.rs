//! HTTP: the service's edge, AuthZEN 1.0 on the wire.
//!
//! A panel of the hosting provider posts "may Ada add a client?". The way of that request:
//! 1. [`connection`] takes the connection in, with limits on time, size and number, over [`tls`] where there are
//!    certificates;
//! 2. [`front`] keeps the caller's request id, counts, and turns a panic into a plain 500;
//! 3. [`router`] finds the handler; [`callers`] lets the panel's token through to it, or answers 401 or 403 before
//!    anything of the body is read; [`body`] reads what was sent within its bounds ([`json`]), and
//!    [`wire`] turns it into the engine's words;
//! 4. [`inquiry`] takes one moment of bundle and facts and asks the engine until the deadline;
//! 5. [`answer`] puts the decision, or [`error`] the message, on the wire.
//!
//! Facts change in [`transactions`] and are read in [`facts`]. Everything that is answered is
//! recorded before it leaves ([`recording`]); auditors read that in [`decisions`]. Prices and searches take the same way ([`quotes`],
//! [`quote_answer`], [`search`]). Bundles come into force by [`reload`]. Errors of our own routes are [`problem_details`].
//!
//! Denials are answers with status 200. Whatever cannot be decided is an error, never an Allow. This is
//! the one room, beside the command line, that reads the clock.

pub mod active;
pub mod answer;
pub mod authzen;
pub mod body;
pub mod callers;
pub mod connection;
pub mod decisions;
pub mod error;
pub mod facts;
pub mod front;
pub mod health;
pub mod inquiry;
pub mod json;
pub mod metadata;
pub mod meters;
pub mod openapi;
pub mod problem_details;
pub mod quote_answer;
pub mod quotes;
pub mod recording;
pub mod reload;
pub mod router;
pub mod search;
pub mod service;
pub mod tls;
pub mod trace;
pub mod transaction_answer;
pub mod transactions;
pub mod wire;

pub use self::{connection::serve, service::Service};
