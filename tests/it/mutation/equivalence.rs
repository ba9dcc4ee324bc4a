//! What changes nothing is proved to, what changes something is not.

use cedar_policy::{Policy as CedarPolicy, PolicyId};
use mandat::{
    analysis::{
        mutation::policies::{
            Survivor,
            equivalence::{Outcome, prove},
            span,
        },
        prover::{Prover, environment, solver},
    },
    bundle::index::action_groups,
};

use super::policy;
use crate::support::programme;

/// What is known of a policy of the programme in which one text stands for another; `None` leaves it out.
fn known(id: &str, change: Option<(&str, &str)>) -> Outcome {
    let bundle = programme();
    let policy = policy(&bundle, id);
    let changed = change.map(|(from, to)| {
        let text = &policy.source.text[span(policy)];
        assert!(text.contains(from), "{from}");
        CedarPolicy::parse(Some(PolicyId::new(id)), text.replacen(from, to, 1)).unwrap()
    });
    let prover = Prover::afresh().unwrap();
    let (environments, groups) = (environment::all(&bundle), action_groups(&bundle.schema));
    prove(&prover, &environments, &groups, policy, &Survivor { policy: changed })
}

/// Whether there is a solver to ask; says so where there is none, since then less is shown.
fn solver() -> bool {
    let found = solver::find().unwrap().is_some();
    if !found {
        eprintln!("no solver here: only what needs none was shown (tools/solver/install)");
    }
    found
}

#[test]
fn clauses_in_another_order_are_the_same() {
    let order = "principal in resource && resource.partnerStatus == \"active\"";
    let other = "resource.partnerStatus == \"active\" && principal in resource";
    match known("programme.use-benefits", Some((order, other))) {
        Outcome::Proved(questions) => {
            assert!(questions.iter().all(|(name, _)| name == "User usePartnerBenefits Organization"));
        }
        Outcome::Unsettled if !solver() => {}
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn a_clause_that_matters_is_not_proved_away() {
    let without = Some((" && resource.partnerStatus == \"active\"", ""));
    let outcome = known("programme.use-benefits", without);
    assert!(outcome == Outcome::Differs || (outcome == Outcome::Unsettled && !solver()), "{outcome:?}");
}

#[test]
fn what_a_forbid_denies_anyway_makes_no_difference_to_a_permit() {
    let without = Some(("  resource.legalRepresentatives.contains(principal) &&\n", ""));
    match known("clients.add", without) {
        Outcome::Proved(questions) => assert_eq!(questions.len(), 1),
        Outcome::Unsettled if !solver() => {}
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn a_forbid_that_repeats_others_is_still_told() {
    // Denied all the same, but by one determining policy less.
    let outcome = known("clients.only-legal-representatives-add", None);
    assert!(outcome == Outcome::Differs || (outcome == Outcome::Unsettled && !solver()), "{outcome:?}");
}

#[test]
fn another_effect_is_never_the_same() {
    assert_eq!(known("programme.use-benefits", Some(("permit (", "forbid ("))), Outcome::Differs);
}
