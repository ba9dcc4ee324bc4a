//! The command line: one verb a file, exit codes that scripts can trust.
//!
//! Here the words are parsed and dispatched; each verb's file holds its arguments, what it does and how
//! it answers. People read text, programs add `--json`.

pub mod audit;
pub mod check;
pub mod completions;
pub mod decide;
pub mod diff;
pub mod facts;
pub mod fmt;
pub mod input;
pub mod log;
pub mod matrix;
pub mod mutate;
pub mod output;
pub mod prove;
pub mod quote;
pub mod replay;
pub mod report;
pub mod serve;
pub mod statement;
pub mod test;
pub mod token;
pub mod waterfall;
pub mod what_can;
pub mod who_can;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// Who may act for whom, and on what terms: a policy engine whose rules are files.
#[derive(Debug, Parser)]
#[command(version, after_help = "Exit codes: 0 success or Allow, 1 failure, 2 denied, 3 invalid input.")]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check a bundle: syntax, types, ids, annotations, rules, and what is worth a look.
    Check(check::Arguments),
    /// Lay policies and tariffs out.
    Fmt(fmt::Arguments),
    /// Decide one AuthZEN request.
    Decide(decide::Arguments),
    /// Compare two bundles: what is newly allowed and newly denied, whose prices change.
    Diff(diff::Arguments),
    /// Decide recorded questions again, under another bundle.
    Replay(replay::Arguments),
    /// Check the decision log, prove and look up what it holds.
    Audit(audit::Arguments),
    /// Import, export, back up facts.
    Facts(facts::Arguments),
    /// List who may do an action to a resource.
    WhoCan(who_can::Arguments),
    /// List what a principal may do.
    WhatCan(what_can::Arguments),
    /// Price an order.
    Quote(quote::Arguments),
    /// Run the scenarios of a bundle.
    Test(test::Arguments),
    /// Prove what must hold for every request and all facts.
    Prove(prove::Arguments),
    /// Change the bundle one thing at a time and see whether the scenarios notice.
    Mutate(mutate::Arguments),
    /// Show who may do what: role × action × situation.
    Matrix(matrix::Arguments),
    /// Write what reviewers read: a page and a CSV file.
    Report(report::Arguments),
    /// Settle the order lines of a month: credits, sums, refused rows.
    Statement(statement::Arguments),
    /// Answer over HTTP.
    Serve(serve::ServeArgs),
    /// Give services tokens, list them, take them back.
    Token(token::Arguments),
    /// Print a shell's completion script.
    Completions(completions::Arguments),
}

/// The bundle that a verb is about, as an argument or a flag.
#[derive(Debug, clap::Args)]
pub struct BundleDir {
    /// The bundle's directory, as an argument; before the flag and its variable.
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The bundle's directory.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE")]
    bundle: Option<PathBuf>,
}

impl BundleDir {
    /// The directory; the working directory where none is given.
    pub fn path(&self) -> PathBuf {
        self.dir.clone().or_else(|| self.bundle.clone()).unwrap_or_else(|| PathBuf::from("."))
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or Allow.
    Success,
    /// Something failed.
    Failure,
    /// The answer is Deny.
    Denied,
    /// The input is wrong.
    Invalid,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Denied => 2,
            Exit::Invalid => 3,
        })
    }
}

/// Parses the command line and runs its verb.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nothing can be done if the terminal is gone.
            let _ = error.print();
            return if error.use_stderr() { Exit::Invalid } else { Exit::Success }.into();
        }
    };
    match arguments.verb {
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Fmt(arguments) => fmt::run(&arguments),
        Verb::Decide(arguments) => decide::run(&arguments),
        Verb::Diff(arguments) => diff::run(&arguments),
        Verb::Replay(arguments) => replay::run(&arguments),
        Verb::Audit(arguments) => audit::run(&arguments),
        Verb::Facts(arguments) => facts::run(&arguments),
        Verb::WhoCan(arguments) => who_can::run(&arguments),
        Verb::WhatCan(arguments) => what_can::run(&arguments),
        Verb::Quote(arguments) => quote::run(&arguments),
        Verb::Test(arguments) => test::run(&arguments),
        Verb::Prove(arguments) => prove::run(&arguments),
        Verb::Mutate(arguments) => mutate::run(&arguments),
        Verb::Matrix(arguments) => matrix::run(&arguments),
        Verb::Report(arguments) => report::run(&arguments),
        Verb::Statement(arguments) => statement::run(&arguments),
        Verb::Serve(arguments) => serve::run(arguments),
        Verb::Token(arguments) => token::run(&arguments),
        Verb::Completions(arguments) => completions::run(&arguments),
    }
    .into()
}
