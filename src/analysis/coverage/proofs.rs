//! Proofs that a side which no scenario shows cannot come up at all.
//!
//! Only such sides are asked about. What is proved is kept in `policies/proofs.lock` under the kind [`KIND`], so that
//! machines without a solver know it too; many sides need no solver, since the types of an environment settle them.

use super::{
    report::{Known, Reach, Side, missing},
    tally::Tally,
};
use crate::{
    analysis::{
        prover::{Environment, Lock, Prover, Query, environment, parallel},
        reach::{self, Probes},
    },
    bundle::Bundle,
};

/// The first word of what these proofs are about, in the lock.
pub const KIND: &str = "clause";

/// What became of the sides that no scenario shows.
#[derive(Debug, Default)]
pub struct Proofs {
    /// What is known of each.
    pub known: Known,
    /// Questions that were proved, each with what it is about, for the lock.
    pub questions: Vec<(String, Query)>,
}

/// Looks into every side that no scenario shows.
pub fn of(bundle: &Bundle, tally: &Tally, prover: &Prover) -> Proofs {
    let sides = missing(tally);
    let environments = if sides.is_empty() { Vec::new() } else { environment::all(bundle) };
    let found = parallel::each(&sides, |side| look(bundle, tally, *side, &environments, prover));
    let mut proofs = Proofs::default();
    for (side, (reach, questions)) in sides.into_iter().zip(found) {
        proofs.known.insert(side, reach);
        proofs.questions.extend(questions);
    }
    proofs
}

impl Proofs {
    /// Puts what was proved into the lock, in place of what it held of clauses.
    pub fn keep(&self, lock: &mut Lock) {
        lock.forget(KIND);
        for (about, query) in &self.questions {
            if let Query::Asked { digest, .. } = query {
                lock.add(about, digest, true);
            }
        }
    }
}

fn look(
    bundle: &Bundle,
    tally: &Tally,
    side: Side,
    environments: &[Environment],
    prover: &Prover,
) -> (Reach, Vec<(String, Query)>) {
    let policy = &bundle.policies[side.policy];
    let condition = &tally.policies[side.policy].condition;
    let probes = Probes::of(policy, condition);
    match probes.reach(side.clause, side.value, environments, prover) {
        reach::Reach::Reachable(environment) => (Reach::Somewhere(environment), Vec::new()),
        reach::Reach::Unsettled(reason) => (Reach::Unsettled(reason), Vec::new()),
        reach::Reach::Unreachable(proofs) => {
            let cause = probes.cause(side.clause, side.value, environments);
            let names: Vec<&str> = proofs.iter().map(|(name, _)| &**name).collect();
            let words = words(&cause, &names);
            let about = |name: &str| format!("{KIND} {} {} {}: {name}", policy.id, side.clause, side.value);
            (Reach::Never(words), proofs.iter().map(|(name, query)| (about(name), query.clone())).collect())
        }
    }
}

/// After what, and where.
fn words(cause: &[(String, bool)], environments: &[&str]) -> String {
    let after: Vec<String> =
        cause.iter().map(|(text, value)| format!("{}`{text}`", if *value { "" } else { "not " })).collect();
    let after = if after.is_empty() { "at all".to_owned() } else { format!("after {}", after.join(", ")) };
    match environments {
        [only] => format!("{after}, proved for `{only}`"),
        _ => format!("{after}, proved for each of its policy's {} environments", environments.len()),
    }
}
