//! What `mandat check` finds in a directory: problems that refuse the bundle, or the bundle and what is worth a look.

use std::path::Path;

use super::{
    Finding,
    meaning::{self, Meaning, Memory},
};
use crate::{
    analysis::prover::{
        Lock, Prover,
        solver::{self, HELP, NONE},
    },
    bundle::{Bundle, Policy, files},
    problem::{Problem, Problems},
};

/// A bundle as it was found.
#[derive(Debug, Default)]
pub struct Report {
    /// The bundle, where nothing refuses it.
    pub bundle: Option<Bundle>,
    /// What refuses it, and what keeps proofs from being looked at.
    pub problems: Problems,
    /// What is worth a look; nothing where the bundle is refused.
    pub warnings: Problems,
    /// How many policies' meaning was not looked at, and why.
    pub unknown: Option<(usize, String)>,
    of_text: Vec<Finding>,
}

impl Report {
    /// Reads and checks the bundle in a directory; what was proved before is in the memory.
    pub fn of(dir: &Path, memory: &Memory) -> Self {
        let mut report = Self::read(dir);
        report.prove(dir, memory);
        report
    }

    /// Reads and checks the bundle in a directory as far as that needs no proofs.
    pub fn read(dir: &Path) -> Self {
        let checked = files::read(dir).and_then(|files| Ok((Bundle::from_files(files.clone())?, files)));
        match checked {
            Ok((bundle, files)) => {
                let of_text = super::of_text(&bundle, &files);
                let unknown = bundle.policies.iter().collect::<Vec<_>>();
                let warnings = warnings(&bundle, of_text.clone(), &unknown);
                Self { of_text, warnings, bundle: Some(bundle), ..Self::default() }
            }
            Err(problems) => Self { problems, ..Self::default() },
        }
    }

    /// Looks at what policies and clauses mean too.
    pub fn prove(&mut self, dir: &Path, memory: &Memory) {
        let Some(bundle) = &self.bundle else { return };
        let meaning = match prover(dir) {
            Ok(Some(prover)) => meaning::look(bundle, dir, &prover, memory),
            Ok(None) => nothing_known(bundle, format!("{NONE}, and `policies/proofs.lock` has no verdicts; {HELP}")),
            Err(problem) => {
                let reason = problem.message().to_owned();
                self.problems.push(problem.code("E208"));
                nothing_known(bundle, reason)
            }
        };
        let Meaning { findings, unknown, reason, .. } = meaning;
        self.warnings = warnings(bundle, self.of_text.iter().cloned().chain(findings).collect(), &unknown);
        self.unknown = reason.map(|reason| (unknown.len(), reason));
    }

    /// Problems first, then warnings.
    pub fn all(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().chain(self.warnings.iter())
    }

    /// One line about what was not looked at, if anything was not.
    pub fn not_looked_at(&self) -> Option<String> {
        let (policies, reason) = self.unknown.as_ref()?;
        let policies = if *policies == 1 { "1 policy".to_owned() } else { format!("{policies} policies") };
        Some(format!("not looked at: whether {policies} can match and change anything ({reason})"))
    }
}

/// Those of loading, and those that nobody has allowed.
fn warnings(bundle: &Bundle, findings: Vec<Finding>, unknown: &[&Policy]) -> Problems {
    let mut warnings = bundle.warnings.clone();
    warnings.extend(super::allow::silence(bundle, findings, unknown));
    warnings.sorted()
}

/// The prover, if it could settle anything.
fn prover(dir: &Path) -> Result<Option<Prover>, Problem> {
    let lock = Lock::read(dir)?;
    let solver = solver::find()?;
    let able = solver.is_some() || lock.verdicts().next().is_some();
    Ok(able.then(|| Prover::new(solver, &lock)))
}

fn nothing_known(bundle: &Bundle, reason: String) -> Meaning<'_> {
    Meaning { unknown: bundle.policies.iter().collect(), reason: Some(reason), ..Meaning::default() }
}
