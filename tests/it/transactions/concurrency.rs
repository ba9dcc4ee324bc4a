//! Two partners of one client are accepted with full access in the same moment: exactly one succeeds.
//!
//! `MANDAT_ROUNDS` makes more rounds of it; `just soak` does.

use mandat::bundle::keepers::Keepers;
use serde_json::json;

use super::{House, PLACES, accepts_full, broken, committed, full_access, send, set, uid, unset, unused_key};
use crate::http::{Client, Reply};

const PARTNERS: [&str; 2] = ["Partnership::florist:alpenhost", "Partnership::florist:pixelwerk"];

fn rounds(usual: usize) -> usize {
    std::env::var("MANDAT_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

/// Rita accepts a request: the question and the changes are one transaction.
fn accepts(client: &Client, partnership: &str) -> Reply {
    let body = json!({ "evaluations": [accepts_full(partnership)], "changes": full_access(partnership) });
    send(client, &unused_key(), &body)
}

/// Both at once, on threads of their own.
fn both(house: &House, accept: impl Fn(&Client, &str) -> Reply + Sync) -> [Reply; 2] {
    let (accept, start) = (&accept, &std::sync::Barrier::new(2));
    std::thread::scope(|scope| {
        let accepting = PARTNERS.map(|partnership| {
            let client = house.client();
            scope.spawn(move || {
                start.wait();
                accept(&client, partnership)
            })
        });
        accepting.map(|accepting| accepting.join().unwrap())
    })
}

fn successes(replies: &[Reply]) -> usize {
    replies.iter().filter(|reply| reply.status == 200 && committed(reply)).count()
}

/// Back to two requests.
fn again(house: &House) {
    let mut changes = vec![unset("Organization::florist", "fullPartnership")];
    let ended = PARTNERS.into_iter().filter(|name| house.attribute(name, "status") == "active");
    changes.extend(ended.map(|name| set(name, "status", "ended")));
    assert!(committed(&house.change(&changes)));
    let asked = PARTNERS.into_iter().filter(|name| house.attribute(name, "status") == "ended");
    let asked: Vec<_> = asked.map(|name| set(name, "status", "requested")).collect();
    assert!(committed(&house.change(&asked)));
}

#[test]
fn exactly_one_of_two_acceptances_succeeds() {
    for (place, usual) in PLACES.into_iter().zip([200, 50]) {
        one_of_two(&House::sample_in(place()), rounds(usual));
    }
}

fn one_of_two(house: &House, rounds: usize) {
    for round in 0..rounds {
        let replies = both(house, accepts);
        assert_eq!(successes(&replies), 1, "round {round}: {replies:?}");
        let named = house.attribute("Organization::florist", "fullPartnership");
        let active: Vec<_> = PARTNERS.into_iter().filter(|name| house.attribute(name, "status") == "active").collect();
        assert_eq!(active.len(), 1, "round {round}");
        assert_eq!(named, json!({ "__entity": uid(active[0]) }));
        again(house);
    }
}

/// A service that decides first and changes later: both questions are asked before either change is made.
fn both_decided_early(house: &House) -> [Reply; 2] {
    let decided = &std::sync::Barrier::new(2);
    both(house, |client, partnership| {
        assert!(client.post("/access/v1/evaluation", &accepts_full(partnership)).decision());
        decided.wait();
        send(client, &unused_key(), &json!({ "evaluations": [], "changes": full_access(partnership) }))
    })
}

#[test]
fn the_decisions_alone_hold_it_where_they_are_part_of_the_transaction() {
    let house = House::sample_with(|bundle| bundle.keepers = Keepers::default());
    assert_eq!(successes(&both(&house, accepts)), 1);
}

#[test]
fn the_invariants_alone_hold_it_where_decisions_come_too_early() {
    let house = House::sample();
    let replies = both_decided_early(&house);
    assert_eq!(successes(&replies), 1);
    let refused = replies.iter().find(|reply| reply.status != 200).unwrap();
    assert!(broken(refused).iter().any(|(policy, _)| policy == "facts.organizations.full-partnership-stays-named"));
}

#[test]
fn the_control_with_neither_lets_both_through() {
    let house = House::sample_with(|bundle| bundle.keepers = Keepers::default());
    assert_eq!(successes(&both_decided_early(&house)), 2);
    assert_eq!(PARTNERS.map(|name| house.attribute(name, "status")), ["active", "active"]);
}
