//! The forms in which coverage is told: summary, listing, lcov, JSON, and the exit code.

use std::fs;

use mandat::cli::Exit;
use serde_json::Value;

use crate::{
    command_line::{code, mandat},
    support::programme_dir,
    worlds::Scratch,
};
