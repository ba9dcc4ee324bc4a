//! A whole campaign: all changes, or those that a selection asks for, tried, proved, excused, counted.

use std::path::Path;

use super::{
    Fate, Tried,
    baseline::Baseline,
    policies::{self, equivalence, vocabulary::Vocabulary},
    reasons::Reasons,
    since::Changed,
    tariffs,
};
use crate::{
    analysis::{
        prices,
        prover::{Prover, environment, lock::Lock, parallel},
        scenario,
    },
    bundle::{Bundle, Policy, index::action_groups},
    problem::Problems,
};

/// The kind of questions in `policies/proofs.lock` that are about mutants.
pub const LOCKED: &str = "mutant";

/// What is tried.
#[derive(Debug, Default)]
pub struct Selection {
    /// Only what is in a file, policy or entry whose name contains this.
    pub only: Option<String>,
    /// Only what changed.
    pub changed: Option<Changed>,
}

/// How far a campaign is.
pub trait Progress: Sync {
    /// Something begins that has so many steps.
    fn begin(&self, what: &'static str, steps: usize);
    /// One step is done.
    fn step(&self);
}

/// Nobody looks.
#[derive(Debug)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _what: &'static str, _steps: usize) {}
    fn step(&self) {}
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// Every mutant, in the order of policies and tariffs.
    pub tried: Vec<Tried>,
    /// Reasons that are about nothing any more.
    pub stale: Problems,
    /// What was asked to prove equivalences: about what, and by which digest it is known.
    pub proved: Lock,
    /// How many survivors nobody could try to prove, since there is no solver.
    pub unsettled: usize,
}

/// Tries everything that is selected in the bundle of a directory.
///
/// # Errors
/// The scenarios or price cases cannot be read or fail; the reasons cannot be read.
pub fn run(
    bundle: &Bundle,
    dir: &Path,
    selection: &Selection,
    prover: &Prover,
    progress: &dyn Progress,
) -> Result<Report, Problems> {
    let cases = scenario::read_all(&dir.join("tests/scenarios"))?;
    let prices = prices::read_all(&dir.join("tests/prices"))?;
    let reasons = Reasons::read(dir)?;
    let mut report = Report::default();
    let chosen: Vec<&Policy> = bundle.policies.iter().filter(|policy| selection.takes_policy(policy)).collect();
    if !chosen.is_empty() {
        progress.begin("asking the scenarios", cases.len());
        let baseline = Baseline::of(bundle, &cases, dir, &|| progress.step())?;
        let bench = policies::Bench::new(bundle, &baseline, Vocabulary::of(&bundle.shapes, &cases));
        progress.begin("changing policies", chosen.len());
        let tried = bench.run(&chosen, &|| progress.step());
        progress.begin("proving", tried.iter().filter(|(_, survivor)| survivor.is_some()).count());
        report.prove(bundle, tried, prover, progress);
    }
    let bench = tariffs::Bench::new(&bundle.tariffs, &prices)?;
    let edits: Vec<_> = bench.edits().into_iter().filter(|edit| selection.takes(&bench.mutant(edit))).collect();
    progress.begin("changing tariffs", edits.len());
    report.tried.extend(bench.run(&edits, &|| progress.step()));
    for tried in report.tried.iter_mut().filter(|tried| tried.fate == Fate::Survived) {
        if let Some(reason) = reasons.of(&tried.mutant) {
            tried.fate = Fate::Reasoned(reason.to_owned());
        }
    }
    if selection.is_all() {
        report.stale.extend(reasons.stale());
    }
    Ok(report)
}

impl Report {
    /// How many mutants came to that.
    pub fn count(&self, test: impl Fn(&Fate) -> bool) -> usize {
        self.tried.iter().filter(|tried| test(&tried.fate)).count()
    }

    /// The mutants that nothing notices and nothing excuses.
    pub fn survivors(&self) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(|tried| tried.fate == Fate::Survived)
    }

    /// Sorts the survivors that change nothing from those that do.
    fn prove(
        &mut self,
        bundle: &Bundle,
        tried: Vec<(Tried, Option<policies::Survivor>)>,
        prover: &Prover,
        progress: &dyn Progress,
    ) {
        let (environments, groups) = (environment::all(bundle), action_groups(&bundle.schema));
        let find = |id: &str| bundle.policies.iter().find(|policy| *policy.id == *id);
        let proofs = parallel::each(&tried, |(tried, survivor)| {
            let (survivor, policy) = survivor.as_ref().zip(find(&tried.mutant.subject))?;
            let proof = equivalence::prove(prover, &environments, &groups, policy, survivor);
            progress.step();
            Some(proof)
        });
        for ((mut tried, _), proof) in tried.into_iter().zip(proofs) {
            match proof {
                Some(equivalence::Outcome::Proved(questions)) => {
                    for (environment, digest) in &questions {
                        let about = format!("{LOCKED} {}: {environment}", tried.mutant.in_one_line());
                        self.proved.add(&about, digest, true);
                    }
                    tried.fate = Fate::Proved(equivalence::words(&questions));
                }
                Some(equivalence::Outcome::Unsettled) => self.unsettled += 1,
                Some(equivalence::Outcome::Differs) | None => {}
            }
            self.tried.push(tried);
        }
    }
}

impl Selection {
    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        self.only.is_none() && self.changed.is_none()
    }

    fn takes_policy(&self, policy: &Policy) -> bool {
        let named = |only: &String| policy.id.contains(&**only) || policy.at.file.contains(&**only);
        let span = policies::span(policy);
        let last = policy.source.location(span.end).line;
        self.only.as_ref().is_none_or(named)
            && self.changed.as_ref().is_none_or(|changed| changed.touches(&policy.at.file, policy.at.line, last))
    }

    fn takes(&self, mutant: &super::Mutant) -> bool {
        let named = |only: &String| mutant.subject.contains(&**only) || mutant.at.file.contains(&**only);
        let (first, count) = (mutant.at.line, mutant.before.lines().count().max(1));
        self.only.as_ref().is_none_or(named)
            && self.changed.as_ref().is_none_or(|changed| changed.touches(&mutant.at.file, first, first + count - 1))
    }
}
