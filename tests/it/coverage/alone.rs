//! Every permit of the partner programme is once allowed, each of its conditions once flipped alone, every forbid applied.

use mandat::analysis::{
    coverage::alone::Alone,
    scenario::{read_all, run::Runner},
};

use crate::support::{programme, programme_dir};

/// Conditions that no facts can flip alone, each with the reason.
const IMPOSSIBLE: [&str; 0] = [];

#[test]
fn every_permit_condition_and_forbid_has_its_case() {
    let bundle = programme();
    let cases = read_all(&programme_dir().join("tests/scenarios")).expect("the scenarios can be read");
    let mut runner = Runner::new(&bundle, &programme_dir());
    let mut coverage = Alone::default();
    for case in &cases {
        match runner.run(case) {
            Ok(outcome) => coverage.add(&bundle, case, &outcome),
            Err(reason) => panic!("{} ({}): {reason}", case.name, case.at),
        }
    }
    let gaps: Vec<String> =
        coverage.gaps(&bundle).into_iter().filter(|gap| !IMPOSSIBLE.iter().any(|known| gap.contains(known))).collect();
    assert!(gaps.is_empty(), "{} gaps:\n{}", gaps.len(), gaps.join("\n"));
}
