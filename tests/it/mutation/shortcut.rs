//! The short way (one policy read again, asked of the cases that it can matter to) against the long one: the changed
//! file, the whole bundle loaded from it, every case decided anew.

use cedar_policy::{Entities, Policy as CedarPolicy, PolicyId, Request};
use mandat::{
    analysis::{
        mutation::{
            Fate, Kind, Mutant,
            policies::{Bench, edits::Edit, span, vocabulary::Vocabulary},
        },
        scenario::run::Runner,
    },
    bundle::{Bundle, Policy, files},
    decision::{self, Decision},
    problem::Source,
};
use std::sync::Arc;

use super::{baseline, cases, policy};
use crate::support::{programme, programme_dir};

/// A policy of each kind: permits and forbids, all actions, a list of them, an entity in the scope, advice.
const SAMPLE: [(&str, usize); 6] = [
    ("channels.token.unused-for-a-year", 9),
    ("clients.add", 15),
    ("engine.as-enforcer", 8),
    ("invariants.full-partner-alone", 14),
    ("orders.rebill.mode-client", 17),
    ("terms.only-legal-representatives", 19),
];

type Asked = (Request, Arc<Entities>);

#[test]
fn what_is_killed_by_the_short_way_is_killed_by_the_long_one() {
    let (bundle, cases) = (programme(), cases());
    let mut runner = Runner::new(&bundle, &programme_dir());
    let asked: Vec<Asked> = cases
        .iter()
        .filter_map(|case| runner.run(case).unwrap().evidence)
        .map(|(question, slice)| (question.request, slice.entities))
        .collect();
    let before: Vec<Decision> =
        asked.iter().map(|(request, facts)| decision::decide(&bundle, request, facts)).collect();
    let baseline = baseline(&bundle, &cases);
    let bench = Bench::new(&bundle, &baseline, Vocabulary::of(&bundle.shapes, &cases));
    let (mut killed, mut others) = (0, 0);
    for (id, every) in SAMPLE {
        let policy = policy(&bundle, id);
        let tried = bench.run(&[policy], &|| {});
        for edit in bench.edits(policy).iter().step_by(every) {
            let mutant = shown(policy, edit);
            let (found, _) = tried.iter().find(|(tried, _)| tried.mutant == mutant).expect("the mutant was tried");
            let long = whole(policy, edit).map(|bundle| notices(&bundle, &asked, &before));
            let short = match &found.fate {
                Fate::Invalid => None,
                fate => Some(matches!(fate, Fate::Killed(_))),
            };
            assert_eq!(long, short, "{mutant:?}");
            if short == Some(true) { killed += 1 } else { others += 1 }
        }
    }
    assert!(killed > 5 && others > 3, "both kinds are compared: {killed} and {others}");
}

fn shown(policy: &Policy, edit: &Edit) -> Mutant {
    let start = span(policy).start;
    let range = start + edit.range.start..start + edit.range.end;
    Mutant::new(&policy.source, range, &edit.with, &policy.id, edit.kind)
}

/// The whole bundle with one policy changed in its file; none where it does not load.
fn whole(policy: &Policy, edit: &Edit) -> Option<Bundle> {
    let mut files = files::read(&programme_dir()).unwrap();
    let file = files.policies.iter_mut().find(|file| file.name == policy.source.name).unwrap();
    let place = span(policy);
    let changed = edit.apply(&file.text[place.clone()]);
    let text = format!("{}{changed}{}", &file.text[..place.start], &file.text[place.end..]);
    *file = Source::new(file.name.clone(), text);
    Bundle::from_files(files).ok()
}

fn notices(bundle: &Bundle, asked: &[Asked], before: &[Decision]) -> bool {
    let parts = |decision: &Decision| {
        (decision.code, decision.determining.clone(), decision.obligations.clone(), decision.advice.clone())
    };
    asked
        .iter()
        .zip(before)
        .any(|((request, facts), before)| parts(&decision::decide(bundle, request, facts)) != parts(before))
}

#[test]
fn every_change_is_a_policy_as_an_author_would_have_written_it() {
    let (bundle, cases) = (programme(), cases());
    let none = baseline(&bundle, &[]);
    let bench = Bench::new(&bundle, &none, Vocabulary::of(&bundle.shapes, &cases));
    let mut kinds = std::collections::BTreeSet::new();
    for policy in &bundle.policies {
        for edit in bench.edits(policy) {
            let text = edit.apply(&policy.source.text[span(policy)]);
            let parsed = CedarPolicy::parse(Some(PolicyId::new(&policy.id)), &text);
            assert!(parsed.is_ok(), "{}: {edit:?} makes\n{text}\n{parsed:?}", policy.id);
            kinds.insert(edit.kind);
        }
    }
    let needed = [
        Kind::Effect,
        Kind::Widen,
        Kind::Narrow,
        Kind::Drop,
        Kind::Negate,
        Kind::Connective,
        Kind::Comparison,
        Kind::Attribute,
        Kind::Value,
    ];
    assert!(needed.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}
