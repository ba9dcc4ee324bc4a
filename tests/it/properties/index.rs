//! The index leaves out what cannot matter and nothing else: it decides as Cedar's full scan does.

use cedar_policy::Decision as CedarDecision;
use mandat::decision::{decide, decide_by_full_scan};
use proptest::prop_assert_eq;

use super::{Print, Seen, for_programme};

#[test]
fn the_index_decides_the_programme_as_the_full_scan_does() {
    let seen = Seen::default();
    let bundle = crate::support::programme();
    for_programme(|world, request, _| {
        let Some((question, entities)) = world.question(request) else { return Ok(()) };
        let by_index = Print::of(&decide(&world.bundle, &question, &entities));
        let by_scan = Print::of(&decide_by_full_scan(&world.bundle, &question, &entities));
        seen.note(&by_scan);
        prop_assert_eq!(by_index, by_scan, "{:?}", request);
        Ok(())
    });
    eprintln!("{:?} {} of {}", seen.codes.borrow(), seen.policies.borrow().len(), bundle.policies.len());
    for p in &bundle.policies { if !seen.policies.borrow().contains(&*p.id) { eprintln!("unseen {}", p.id); } }
}
