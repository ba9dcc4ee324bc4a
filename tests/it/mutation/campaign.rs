//! The whole campaign on the programme: no mutant survives, and the page says what came of them all.

use std::sync::{Mutex, PoisonError};

use mandat::analysis::{
    mutation::{
        Fate, Kind,
        campaign::{self, LOCKED, Progress, Selection},
        report,
    },
    prover::{Prover, lock::Lock},
};

use super::{cases, fate, mutants};
use crate::support::{assert_golden, programme, programme_dir};

#[test]
fn golden_no_mutant_of_the_programme_survives() {
    let (bundle, dir) = (programme(), programme_dir());
    let prover = Prover::open(&dir).unwrap();
    let steps = Steps::default();
    let report = campaign::run(&bundle, &dir, &Selection::default(), &prover, &steps).unwrap();
    let survivors: Vec<String> = report.survivors().map(|tried| tried.mutant.in_one_line()).collect();
    assert!(
        survivors.is_empty(),
        "write scenarios or price cases that notice these, or give a reason in tests/mutants.toml; {} of them may be \
         equivalent, which `mandat mutate --write` proves where a solver is:\n{}",
        report.unsettled,
        survivors.join("\n")
    );
    assert!(report.stale.is_empty(), "{}", report.stale);
    assert!(report.count(|fate| matches!(fate, Fate::Killed(_))) > 5_000, "all files are tried");
    assert_golden("docs/mutation.md", &report::markdown(&report));
    steps.all_done();

    let kept = Lock::read(&dir).unwrap();
    let mut anew = kept.clone();
    anew.forget(LOCKED);
    anew.take(&report.proved);
    assert!(kept == anew, "policies/proofs.lock is out of date; `mandat mutate --write` writes it");
}

#[test]
fn without_the_scenario_that_notices_it_a_mutant_survives() {
    let id = "tenders.only-partners-receive";
    let after = "action in [Action::\"viewTenderExtract\", Action::\"viewTender\"],";
    let mut cases = cases();
    assert!(matches!(fate(&mutants(id, &cases), Kind::Narrow, after), Fate::Killed(_)), "the control");
    cases.retain(|case| case.request.action != "answerTender");
    assert_eq!(fate(&mutants(id, &cases), Kind::Narrow, after), Fate::Survived);
}

/// Counts what was announced and done.
#[derive(Default)]
struct Steps(Mutex<Vec<(&'static str, usize, usize)>>);

impl Steps {
    fn all_done(&self) {
        let phases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(phases.len(), 4);
        for (what, announced, done) in &*phases {
            assert_eq!(announced, done, "{what}");
        }
    }
}

impl Progress for Steps {
    fn begin(&self, what: &'static str, steps: usize) {
        self.0.lock().unwrap().push((what, steps, 0));
    }

    fn step(&self) {
        if let Some((_, _, done)) = self.0.lock().unwrap().last_mut() {
            *done += 1;
        }
    }
}
