//! Lints: what is valid and still most likely not meant.
//!
//! Cedar's validator asks whether a policy can be evaluated. An author's next questions are others: does this policy
//! say who may, can anybody trace it to a rule, is a letter in it not the one that is read, is it laid out as all the
//! others, and does it decide anything at all? Each lint answers one of them, under a code that
//! `mandat check --explain` explains:
//! 1. [`annotations`]: titles, rules, reasons of backstops;
//! 2. [`principal`]: permits that do not say who may;
//! 3. [`characters`]: what deceives the eye, in every file;
//! 4. [`unformatted`]: text that `mandat fmt` would change;
//! 5. [`meaning`]: policies that never match, that change nothing, backstops that decide; by proof;
//! 6. [`clauses`]: those that always come out the same, by scenarios and proof;
//! 7. [`allow`] takes away what an author has allowed with a reason.
//!
//! Proofs need a solver, or verdicts that are known. Where there are neither, the report says of how many policies the
//! meaning was not looked at.
//!
//! Lints are warnings. They are looked at when the bundle is valid; what is refused is told first, by itself.

pub mod allow;
pub mod annotations;
pub mod characters;
mod clauses;
pub mod meaning;
pub mod principal;
pub mod report;
pub mod unformatted;

use std::sync::Arc;

use crate::{
    bundle::{Bundle, Policy, files::Files},
    problem::Problem,
};

/// A warning, and the id of the policy it is about where it is about one.
#[derive(Debug, Clone)]
pub struct Finding {
    policy: Option<Arc<str>>,
    problem: Problem,
}

impl Finding {
    fn of(policy: &Policy, problem: Problem) -> Self {
        Self { policy: Some(policy.id.clone()), problem }
    }
}

/// What a valid bundle's text and annotations are worth a look for.
fn of_text(bundle: &Bundle, files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    annotations::look(bundle, &mut findings);
    principal::look(bundle, &mut findings);
    characters::look(files, &mut findings);
    unformatted::look(files, &mut findings);
    findings
}
