//! What `mandat test` says of coverage: the summary, the listing, lcov's tracefile, JSON.
//!
//! `--listing`, `--lcov` and `--strict` ask for coverage too. Gaps are told, and only with `--strict` do they make the
//! run fail: whoever runs some of the scenarios, or is writing the first ones, wants to see them without that.

use std::{
    fs,
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    analysis::{
        coverage::{
            json, lcov,
            listing::{self, Paint},
            proofs::{self, Proofs},
            report::Report,
            tally::Tally,
            text,
        },
        prover::{Lock, Prover, lock},
    },
    bundle::Bundle,
    problem::Problem,
};

/// How coverage is told.
#[derive(Debug, clap::Args)]
pub(super) struct Wishes {
    /// Tell which policies and clauses the scenarios cover.
    #[arg(long)]
    coverage: bool,
    /// Print the policies with what is covered in the margin.
    #[arg(long)]
    listing: bool,
    /// Write coverage to a tracefile of lcov.
    #[arg(long, value_name = "FILE")]
    lcov: Option<PathBuf>,
    /// End with 1 where a policy decides nothing, or a clause is never true or never false without proof.
    #[arg(long)]
    strict: bool,
    /// Keep what is proved of clauses in `policies/proofs.lock`, for machines without a solver.
    #[arg(long)]
    write: bool,
}

/// Coverage, ready to be printed.
pub(super) struct Covered {
    /// For people.
    pub(super) text: String,
    /// For programs.
    pub(super) json: Value,
    /// Whether the run may succeed.
    pub(super) enough: bool,
}

impl Wishes {
    pub(super) fn wanted(&self) -> bool {
        self.coverage || self.listing || self.strict || self.write || self.lcov.is_some()
    }

    /// Sums up, looks into what is missing, and writes the tracefile.
    ///
    /// # Errors
    /// The tracefile or the lock of proofs cannot be written; the lock cannot be read; the solver that `$CVC5` names is
    /// not there.
    pub(super) fn conclude(&self, dir: &Path, bundle: &Bundle, tally: &Tally) -> Result<Covered, Problem> {
        let prover = Prover::open(dir)?;
        let proofs = proofs::of(bundle, tally, &prover);
        if self.write {
            keep(dir, &proofs)?;
        }
        let report = Report::new(bundle, tally, proofs.known);
        if let Some(path) = &self.lcov {
            fs::write(path, lcov::tracefile(&report))
                .map_err(|error| Problem::new(format!("cannot write `{}`: {error}", path.display())))?;
        }
        let mut text = String::new();
        if self.listing {
            text = listing::listing(&report, paint()) + "\n";
        }
        text.push_str(&text::summary(&report));
        let enough = !self.strict || report.gaps().is_empty();
        Ok(Covered { text, json: json::report(&report), enough })
    }
}

fn keep(dir: &Path, proofs: &Proofs) -> Result<(), Problem> {
    let known = Lock::read(dir)?;
    let mut lock = known.clone();
    proofs.keep(&mut lock);
    if lock == known {
        return Ok(());
    }
    let written = fs::write(dir.join(lock::PATH), lock.text());
    written.map_err(|error| Problem::new(format!("cannot write `{}`: {error}", lock::PATH)))
}

/// Colours only where a person looks at them and has not asked for none (`NO_COLOR`).
fn paint() -> Paint {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|wish| !wish.is_empty());
    if std::io::stdout().is_terminal() && !refused { Paint::Colour } else { Paint::Plain }
}
