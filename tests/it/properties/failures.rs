//! Where a forbid fails, nothing is ever allowed (threat T04).

use std::cell::Cell;

use cedar_policy::{AuthorizationError, Decision as CedarDecision, Effect, Response};
use mandat::bundle::Bundle;
use proptest::prop_assert;

use super::{CASES, of_worlds, tape};
use crate::support::programme;

/// Whether Cedar reports that a forbid failed.
pub(super) fn forbid_failed(bundle: &Bundle, response: &Response) -> bool {
    response.diagnostics().errors().any(|error| {
        let AuthorizationError::PolicyEvaluationError(error) = error;
        bundle.policy(error.policy_id()).unwrap().effect == Effect::Forbid
    })
}

#[test]
fn a_failing_forbid_of_the_programme_never_allows() {
    let (failed, allowed_by_cedar) = (Cell::new(0), Cell::new(0));
    let bundle = programme();
    tape::holds(
        CASES,
        of_worlds(&bundle, |_, world, request, _| {
            if world.question(request).is_none() {
                return Ok(());
            }
            let raw = world.raw(request);
            if forbid_failed(&world.bundle, &raw) {
                failed.set(failed.get() + 1);
                allowed_by_cedar.set(allowed_by_cedar.get() + usize::from(raw.decision() == CedarDecision::Allow));
                prop_assert!(!world.decide(request).allowed(), "{:?}", request);
            }
            Ok(())
        }),
    );
    assert!(failed.get() > 5, "forbids failed only {} times", failed.get());
    assert!(allowed_by_cedar.get() > 0, "the control: Cedar alone would have allowed some of {}", failed.get());
}
