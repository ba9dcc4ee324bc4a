//! Mutation: changed one thing at a time, the bundle is noticed by its scenarios and price cases.

mod campaign;
mod command;
mod equivalence;
mod shortcut;
mod since;

use mandat::{
    analysis::{
        mutation::{
            Fate, Kind, Tried,
            baseline::Baseline,
            policies::{Bench, Survivor, vocabulary::Vocabulary},
        },
        scenario::{Case, read_all},
    },
    bundle::{Bundle, Policy},
};

use crate::support::{programme, programme_dir};

/// The scenarios of the programme.
pub fn cases() -> Vec<Case> {
    read_all(&programme_dir().join("tests/scenarios")).unwrap()
}

/// What the unchanged programme answers to these cases.
pub fn baseline(bundle: &Bundle, cases: &[Case]) -> Baseline {
    Baseline::of(bundle, cases, &programme_dir(), &|| {}).unwrap_or_else(|wrong| panic!("{wrong}"))
}

pub fn policy<'b>(bundle: &'b Bundle, id: &str) -> &'b Policy {
    bundle.policies.iter().find(|policy| *policy.id == *id).unwrap()
}

/// Every mutant of one policy of the programme, held against these cases.
pub fn mutants(id: &str, cases: &[Case]) -> Vec<(Tried, Option<Survivor>)> {
    let bundle = programme();
    let baseline = baseline(&bundle, cases);
    Bench::new(&bundle, &baseline, Vocabulary::of(&bundle.shapes, cases)).run(&[policy(&bundle, id)], &|| {})
}

/// The fate of the one mutant of that kind whose lines become `after`.
pub fn fate(tried: &[(Tried, Option<Survivor>)], kind: Kind, after: &str) -> Fate {
    let found: Vec<&Fate> = tried
        .iter()
        .map(|(tried, _)| tried)
        .filter(|tried| tried.mutant.kind == kind && tried.mutant.after == after)
        .map(|tried| &tried.fate)
        .collect();
    assert_eq!(found.len(), 1, "one mutant becomes `{after}`: {tried:#?}");
    found[0].clone()
}
