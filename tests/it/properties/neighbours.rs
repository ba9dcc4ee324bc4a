//! Facts about another, unrelated organization change no decision.

use std::{cell::Cell, sync::Arc};

use mandat::{bundle::Bundle, request::Request};
use proptest::prop_assert_eq;
use serde_json::{Value, json};

use super::{
    CASES, Print, QUESTIONS, Seen, programme_ground,
    tape::{self, Tape},
};
use crate::{support::programme, worlds::World};

fn entity(entity_type: &str, id: &str) -> Value {
    json!({"type": entity_type, "id": format!("foreign-{id}")})
}

fn organization(id: &str, people: &[Value; 3], tape: &mut Tape) -> Value {
    let partner_status = tape.pick(&["active", "none", "ended"]);
    let mut attrs = json!({
        "kind": "company", "country": "CH", "activeWebsite": true, "resellerTermsAccepted": true, "affiliate": false,
        "partnerStatus": partner_status, "listedInDirectory": true, "tenderTypes": ["website"], "premiumSupport": true,
        "legalRepresentatives": [people[0]], "administrators": [people[1]], "billingUsers": [people[2]], "limitedPartnerships": [],
    });
    if id == "client" {
        attrs["fullPartnership"] = entity("Partnership", "client:partner");
    }
    json!({"uid": entity("Organization", id), "attrs": attrs, "parents": []})
}

/// Two organizations with their people, a partnership, a product, an invoice and a token: all among themselves.
fn foreign(tape: &mut Tape) -> Vec<Value> {
    let people: Vec<Value> = (0..6).map(|number| entity("User", &number.to_string())).collect();
    let of = |side: usize| [people[3 * side].clone(), people[3 * side + 1].clone(), people[3 * side + 2].clone()];
    let (client, partner) = (entity("Organization", "client"), entity("Organization", "partner"));
    let status = tape.pick(&["active", "requested", "invited", "ended"]);
    let mode = tape.pick(&["client", "partner"]);
    let mut facts: Vec<Value> = people
        .iter()
        .enumerate()
        .map(|(number, uid)| json!({"uid": uid, "attrs": {}, "parents": [if number < 3 { &client } else { &partner }]}))
        .collect();
    facts.push(organization("client", &of(0), tape));
    facts.push(organization("partner", &of(1), tape));
    facts.push(json!({"uid": entity("Partnership", "client:partner"), "attrs": {
        "client": client, "partner": partner, "status": status, "access": "full", "paymentMode": mode, "products": [], "collaborators": [people[5]],
    }, "parents": []}));
    facts.push(json!({"uid": entity("Product", "site"), "attrs": {
        "organization": client, "family": "domain", "owner": people[0], "payer": partner, "collaborators": [people[2]], "workGroups": [],
        "partnerCollaborators": [people[4]], "tags": [],
    }, "parents": []}));
    facts.push(json!({"uid": entity("Invoice", "first"), "attrs": {"organization": client, "client": client, "issuedAt": "2026-01-01"}, "parents": []}));
    facts.push(json!({"uid": entity("ApiToken", "key"), "attrs": {"user": people[0], "scopes": ["products"], "lastUsedAt": "2026-09-01", "revoked": false}, "parents": []}));
    facts
}

/// How many decisions differ between a world and the same with what `add` adds for a question.
fn differing(
    bundle: &Arc<Bundle>,
    seen: &Seen,
    must_not: bool,
    add: impl Fn(&mut Vec<Value>, &Request, &mut Tape),
) -> usize {
    let differing = Cell::new(0);
    tape::holds(CASES, |mut tape| {
        let mut ground = programme_ground(bundle);
        ground.change(&mut tape);
        let world = World::new(bundle.clone(), &ground.document());
        let requests: Vec<Request> = (0..QUESTIONS).map(|_| ground.request(&mut tape)).collect();
        add(&mut ground.entities, &requests[0], &mut tape);
        let larger = World::new(bundle.clone(), &ground.document());
        for request in requests {
            let (before, after) = (Print::of(&world.decide(&request)), Print::of(&larger.decide(&request)));
            seen.note(&before);
            differing.set(differing.get() + usize::from(before != after));
            if must_not {
                prop_assert_eq!(before, after, "{:?}", request);
            }
        }
        Ok(())
    });
    differing.get()
}

#[test]
fn an_unrelated_organization_changes_no_decision() {
    let seen = Seen::default();
    differing(&programme(), &seen, true, |facts, _, tape| facts.extend(foreign(tape)));
    seen.expect(&[("permitted", 100), ("forbidden", 100), ("not_permitted", 100)]);
}

/// The control: the same comparison sees an organization that is related.
#[test]
fn a_related_organization_does() {
    let differing = differing(&programme(), &Seen::default(), false, |facts, request, _| {
        for organization in facts.iter_mut().filter(|entity| entity["uid"]["type"] == "Organization") {
            let people = organization["attrs"]["legalRepresentatives"].as_array_mut().unwrap();
            people.push(json!({"type": "User", "id": request.principal.id}));
        }
    });
    assert!(differing > 10, "{differing}");
}
