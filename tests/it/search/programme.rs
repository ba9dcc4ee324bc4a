//! The partner programme: random facts, random actions, both sides.

use mandat::decision::search::Side;

use super::{Keep, Tally, add, allowed, everybody, in_memory, listed, lists_what_is_allowed, looked_at, moment};
use crate::{
    properties::{CASES, programme_ground, tape},
    support::programme,
};

/// Searches in each world; each asks about every user besides.
const SEARCHES: usize = 4;

/// The property, for facts that are kept in any way.
pub(crate) fn search_agrees_with_asking_about_everybody(cases: u32, keep: Keep) {
    let (bundle, tally) = (programme(), Tally::default());
    tape::holds(cases, |mut tape| {
        let tape = &mut tape;
        let mut ground = programme_ground(&bundle);
        ground.change(tape);
        let document = ground.document();
        let (moment, facts) = (moment(&bundle, &document, keep), keep(&bundle, &document));
        for _ in 0..SEARCHES {
            let side = if tape.chance(50) { Side::Resource } else { Side::Principal };
            let mut request = ground.request(tape);
            let entity_type = side.sought(&mut request).entity_type.clone();
            let all = everybody(&bundle, &document, keep, &entity_type);
            let expected = allowed(&moment, side, &request, &all);
            let candidates = looked_at(&moment, &*facts, side, &request);
            let found = listed(&moment, side, &request, tape, &tally);
            add(&tally.searches, 1);
            add(&tally.results, found.len());
            add(&tally.narrow, usize::from(!found.is_empty() && candidates.len() < all.len()));
            lists_what_is_allowed(&found, &expected, &request)?;
        }
        Ok(())
    });
    let (searches, results, narrow) = (tally.searches.get(), tally.results.get(), tally.narrow.get());
    assert!(results * 4 > searches, "{searches} searches found only {results}");
    assert!(narrow * 10 > searches, "of {searches} searches only {narrow} did not look at all");
}

#[test]
fn a_search_of_the_programme_lists_what_asking_about_everybody_allows() {
    search_agrees_with_asking_about_everybody(CASES, &in_memory);
}
