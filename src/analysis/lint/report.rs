//! What `mandat check` finds in a directory: problems that refuse the bundle, or the bundle and what is worth a look.

use std::path::Path;

use super::meaning::{self, Meaning, Memory};
use crate::{
    analysis::prover::{
        Lock, Prover,
        solver::{self, HELP, NONE},
    },
    bundle::{Bundle, files, files::Files},
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
}

impl Report {
    /// Reads and checks the bundle in a directory; what was proved before is in the memory.
    pub fn of(dir: &Path, memory: &Memory) -> Self {
        let checked = files::read(dir).and_then(|files| Ok((Bundle::from_files(files.clone())?, files)));
        match checked {
            Ok((bundle, files)) => Self::of_bundle(bundle, &files, dir, memory),
            Err(problems) => Self { problems, ..Self::default() },
        }
    }

    fn of_bundle(bundle: Bundle, files: &Files, dir: &Path, memory: &Memory) -> Self {
        let mut problems = Problems::default();
        let meaning = match prover(dir) {
            Ok(Some(prover)) => meaning::look(&bundle, dir, &prover, memory),
            Ok(None) => nothing_known(&bundle, format!("{NONE}, and `policies/proofs.lock` has no verdicts; {HELP}")),
            Err(problem) => {
                let reason = problem.message().to_owned();
                problems.push(problem.code("E208"));
                nothing_known(&bundle, reason)
            }
        };
        let Meaning { findings, unknown, reason, .. } = meaning;
        let findings = super::of_text(&bundle, files).into_iter().chain(findings).collect();
        let mut warnings = bundle.warnings.clone();
        warnings.extend(super::allow::silence(&bundle, findings, &unknown));
        let unknown = reason.map(|reason| (unknown.len(), reason));
        Self { warnings: warnings.sorted(), problems, unknown, bundle: Some(bundle) }
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
