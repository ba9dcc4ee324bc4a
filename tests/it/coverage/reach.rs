//! Sides that can never come up are proved, others are not.
//!
//! With a solver each question is put to it, and `tests/golden/clauses.lock` must hold the same verdicts; without one the
//! lock alone answers, and a question that it does not know fails the test. Which of the two was done is printed.

use mandat::{
    analysis::{
        condition::Condition,
        coverage::{
            proofs::{self, Proofs},
            report::{self, Side},
            tally::Tally,
        },
        prover::{Environment, Lock, Prover, Query, Verdict, environment, solver},
        reach::{Probes, Reach},
    },
    problem::Source,
};

use super::clauses::policy;
use crate::{
    support::{assert_golden, programme_dir},
    worlds::World,
};

const LOCK: &str = "tests/golden/clauses.lock";

/// Conditions on one document, and the sides of their clauses that can never come up.
const CONDITIONS: [(&str, &[(&str, bool)]); 10] = [
    ("when { resource.size > 5 }", &[]),
    ("when { context has pin && context.pin > 1 }", &[]),
    ("when { resource.size > 10 && resource.size > 5 }", &[("resource.size > 5", false)]),
    ("when { resource.size > 5 && resource.size > 10 }", &[]),
    ("when { resource.size > 5 || resource.size > 10 }", &[("resource.size > 10", true)]),
    (
        "when { if resource.size > 10 then resource.size > 5 else resource.size > 20 }",
        &[("resource.size > 5", false), ("resource.size > 20", true)],
    ),
    ("unless { resource.size > 10 && !(resource.size > 5) }", &[("!(resource.size > 5)", true)]),
    ("when { resource.size > 10 } unless { resource.size > 5 }", &[("resource.size > 5", false)]),
    ("when { action == Action::\"view\" }", &[("action == Action::\"view\"", false)]),
    // What overflows is an error, and that is neither side.
    ("when { resource.size + 1 > resource.size }", &[("resource.size + 1 > resource.size", false)]),
];

/// The sides that are proved unreachable; every question and its verdict goes into a lock.
fn unreachable(conditions: &str, prover: &Prover, asked: &mut Lock) -> Vec<(String, bool)> {
    let world = World::office(&policy(conditions));
    let condition = Condition::of(&world.bundle.policies[0]);
    let probes = Probes::of(&world.bundle.policies[0], &condition);
    let environments = environment::all(&world.bundle);
    let here = environments.iter().find(|environment| environment.name == "Person view Document").unwrap();
    let mut never = Vec::new();
    for (number, clause) in condition.clauses.iter().enumerate() {
        for value in [true, false] {
            let (query, verdict) = probes.never(number, value, here, prover).unwrap();
            let about = format!("clause {} {value}: {conditions}", clause.text);
            assert!(!matches!(verdict, Verdict::Unsettled(_)), "{about}: {verdict:?}");
            if let Query::Asked { digest, .. } = &query {
                asked.add(&about, digest, verdict == Verdict::Holds);
            }
            let reach = probes.reach(number, value, &environments, prover);
            assert_eq!(matches!(reach, Reach::Unreachable(_)), verdict == Verdict::Holds, "one environment fits");
            never.extend((verdict == Verdict::Holds).then(|| (clause.text.clone(), value)));
        }
    }
    never
}

#[test]
fn what_can_never_come_up_is_told_from_what_only_has_not() {
    let solver = solver::find().unwrap();
    let known = match &solver {
        Some(solver) => {
            println!("proved by {}", solver.program.display());
            Lock::default()
        }
        None => {
            println!("no solver here: verdicts are those of {LOCK}");
            let text = std::fs::read_to_string(programme_dir().join(LOCK)).unwrap();
            Lock::parse(&Source::new(LOCK, text)).unwrap_or_else(|problem| panic!("{problem}"))
        }
    };
    let prover = Prover::new(solver, &known);
    let mut asked = Lock::default();
    for (conditions, expected) in CONDITIONS {
        let found = unreachable(conditions, &prover, &mut asked);
        let expected: Vec<(String, bool)> = expected.iter().map(|(text, value)| ((*text).to_owned(), *value)).collect();
        assert_eq!(found, expected, "{conditions}");
    }
    assert_golden(LOCK, &asked.text());
}

/// `resource.size > 5` after `resource.size > 10`, looked into by a prover that knows only what the lock says.
fn proved(lock: &Lock) -> Proofs {
    let world = World::office(&policy("when { resource.size > 10 && resource.size > 5 }"));
    proofs::of(&world.bundle, &Tally::new(&world.bundle), &Prover::new(None, lock))
}

#[test]
fn what_was_proved_elsewhere_is_known_from_the_lock() {
    let never_false = Side { policy: 0, clause: 1, value: false };
    let known = |proofs: &Proofs| proofs.known[&never_false].clone();
    let text = std::fs::read_to_string(programme_dir().join(LOCK)).unwrap();
    let proofs = proved(&Lock::parse(&Source::new(LOCK, text)).unwrap());
    assert!(matches!(known(&proofs), report::Reach::Never(_)), "{proofs:?}");
    let mut kept = Lock::default();
    proofs.keep(&mut kept);
    assert_eq!(kept.verdicts().count(), 1, "{}", kept.text());
    assert_eq!(known(&proved(&kept)), known(&proofs));
    let unknown = known(&proved(&Lock::default()));
    assert!(matches!(unknown, report::Reach::Unsettled(_)), "the control, an empty lock: {unknown:?}");
}

#[test]
fn what_never_comes_up_in_one_environment_may_in_another() {
    let world =
        World::office("@id(\"p\") @title(\"t\")\npermit (principal, action, resource) when { resource is Folder };");
    let condition = Condition::of(&world.bundle.policies[0]);
    let probes = Probes::of(&world.bundle.policies[0], &condition);
    let mut environments = environment::all(&world.bundle);
    let prover = Prover::new(None, &Lock::default());
    let never = |environments: &[Environment]| {
        [true, false].map(|value| matches!(probes.reach(0, value, environments, &prover), Reach::Unreachable(_)))
    };
    assert_eq!(never(&environments), [false, false]);
    environments.retain(|environment| environment.name.ends_with("Document"));
    assert_eq!(never(&environments), [true, false], "the control: a document is no folder");
    assert!(probes.probe(1, true).is_err(), "there is one clause only");
}

#[test]
fn a_proof_says_what_the_side_would_have_to_come_after() {
    let conditions =
        "when { resource.size > 3 && (action == Action::\"edit\" && context has pin || context has badge) }";
    let world = World::office(&policy(conditions));
    let condition = Condition::of(&world.bundle.policies[0]);
    let cause = Probes::of(&world.bundle.policies[0], &condition).cause(2, true, &environment::all(&world.bundle));
    assert_eq!(cause, [("action == Action::\"edit\"".to_owned(), true)]);
}
