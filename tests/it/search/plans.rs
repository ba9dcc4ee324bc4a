//! Which searches are fast: how each environment of the programme finds its candidates, as text.
//!
//! `tests/golden/search-plans.txt` is never edited by hand: `just golden` writes it anew, and its diff goes with the
//! policy into review. A line `every Product` is a search that looks at all products.

use mandat::{
    analysis::searches,
    decision::search::{Environment, Side, plan},
};

use crate::support::{assert_golden, programme};

#[test]
fn the_plans_of_the_programme_are_as_reviewed() {
    assert_golden("tests/golden/search-plans.txt", &searches::text(&programme()));
}

/// Whoever may do something to a thing is found from the thing; so is each thing from a user, where a user may.
#[test]
fn no_search_for_users_or_from_users_looks_at_everything() {
    let bundle = programme();
    for (name, action) in &bundle.shapes.actions {
        for principal in action.principals.iter().filter(|principal| principal.to_string() == "User") {
            for resource in &action.resources {
                for side in [Side::Principal, Side::Resource] {
                    let environment = Environment { principal, action, resource };
                    let slow = plan(&bundle, environment, side).may_lead_nowhere();
                    let known = SLOW.contains(&(name.as_str(), side));
                    assert_eq!(slow, known, "{name} on {resource}, {side:?}");
                }
            }
        }
    }
}

/// Searches that look at every entity of the type: anybody may post a tender, and which tenders somebody may answer
/// depends on words, the tender's type and status.
const SLOW: [(&str, Side); 5] = [
    ("createTender", Side::Principal),
    ("createTender", Side::Resource),
    ("viewTenderExtract", Side::Resource),
    ("viewTender", Side::Resource),
    ("answerTender", Side::Resource),
];
