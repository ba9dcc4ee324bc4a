//! The past: which bundle was in force when, decisions as of an earlier time, and recorded questions asked again.

mod archive;
mod as_of;
mod ground;
mod log;
mod recorded;
mod replay;
