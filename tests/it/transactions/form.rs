//! The form of a transaction: what is unknown, missing or too much is named, and nothing is changed.

use serde_json::{Value, json};

use super::{House, asks, committed, problem, put, set, uid, unset, unused_key};

fn harmless() -> Value {
    set("Organization::florist", "listedInDirectory", true)
}

/// Each is refused with 400 and names its field.
#[test]
fn what_cannot_be_read_names_its_field() {
    let house = House::sample();
    let asks = |user: Value| json!({ "subject": user, "action": { "name": "viewTags" }, "resource": uid("Product::florist-site") });
    let nobody = asks(json!({ "type": "User" }));
    let cases = [
        (json!({ "evaluations": [], "changes": [harmless()], "if_revison": 1 }), "body"),
        (json!({ "evaluations": [], "changes": [harmless()], "if_revision": "1" }), "if_revision"),
        (json!({ "evaluations": [], "changes": [harmless()], "if_revision": -1 }), "if_revision"),
        (json!({ "changes": [harmless()] }), "evaluations"),
        (json!({ "evaluations": {}, "changes": [harmless()] }), "evaluations"),
        (json!({ "evaluations": [] }), "changes"),
        (json!({ "evaluations": [], "changes": [] }), "changes"),
        (json!([]), "body"),
        (json!({ "evaluations": [nobody], "changes": [harmless()] }), "evaluations[0].subject.id"),
        (json!({ "evaluations": [asks(uid("Robot::r"))], "changes": [harmless()] }), "evaluations[0].subject.type"),
        (json!({ "evaluations": [], "changes": [harmless(), { "rename": {} }] }), "changes[1]"),
        (json!({ "evaluations": [], "changes": [harmless(), {}] }), "changes[1]"),
        (
            json!({ "evaluations": [], "changes": [{ "set": { "entity": uid("User::a"), "attribute": "a" } }] }),
            "changes[0]",
        ),
        (json!({ "evaluations": [], "changes": [{ "delete": "User::\"a\"" }] }), "changes[0]"),
        (json!({ "evaluations": [], "changes": [{ "put": { "attrs": {} } }] }), "changes[0]"),
        (
            json!({ "evaluations": [], "changes": [{ "set": { "entity": uid("User::a"), "attribute": "a", "value": 1, "valeu": 2 } }] }),
            "changes[0]",
        ),
    ];
    for (body, field) in cases {
        let reply = house.send(&unused_key(), &body);
        assert_eq!(problem(&reply, 400), "invalid-form", "{body}");
        assert_eq!(reply.json()["field"], field, "{body}: {reply:?}");
    }
    assert_eq!(house.revision(), 1);
}

/// Each is read, does not fit the facts or the schema, and names the change.
#[test]
fn what_cannot_be_changed_names_the_change() {
    let house = House::sample();
    let cases = [
        (set("Organization::nowhere", "country", "CH"), "there is no such entity"),
        (set("Robot::r", "country", "CH"), "there is no such entity"),
        (set("no type::r", "country", "CH"), "no such entity type"),
        (set("User ::u-rita", "country", "CH"), "no such entity type"),
        (
            set("Organization::florist", "colour", "red"),
            "attrs: a field that the schema does not declare; it declares activeWebsite",
        ),
        (set("Organization::florist", "country", 7), "attrs.country: expected"),
        (set("Organization::florist", "country", Value::Null), "attrs.country: expected"),
        (unset("Organization::florist", "country"), "attrs.country: missing"),
        (unset("Organization::florist", "vatNumber"), "is not set"),
        (super::add("Organization::florist", "country", "x"), "is no set"),
        (super::add("Organization::florist", "legalRepresentatives", uid("User::u-rita")), "already"),
        (super::remove("Organization::florist", "legalRepresentatives", uid("User::u-tom")), "does not contain"),
        (json!({ "leave": { "member": uid("User::u-rita"), "of": uid("Organization::bakery") } }), "does not contain"),
        (json!({ "join": { "member": uid("Organization::florist"), "of": uid("User::u-rita") } }), "ancestor"),
        (super::delete("User::u-nobody"), "there is no"),
        (put("Organization::new", json!({})), "attrs.activeWebsite: missing"),
        (put("Action::viewProduct", json!({})), "action"),
    ];
    for (change, reason) in cases {
        let reply = house.change(&[harmless(), change.clone()]);
        assert_eq!(problem(&reply, 422), "impossible-change", "{change}");
        let problem = reply.json();
        assert_eq!(problem["field"], "changes[1]", "{change}");
        assert!(
            problem["detail"].as_str().unwrap().to_lowercase().contains(&reason.to_lowercase()),
            "{change}: {problem}"
        );
    }
    assert_eq!(house.revision(), 1);
}

#[test]
fn too_much_is_refused_and_just_enough_is_not() {
    let house = House::sample();
    let (evaluations, changes) =
        (house.server.service.settings.batch_limit, house.server.service.settings.change_limit);
    let question = asks("u-rita", "viewTags", "Product::florist-site", json!({}));
    let send = |evaluations: usize, changes: usize| {
        let body = json!({ "evaluations": vec![question.clone(); evaluations], "changes": vec![harmless(); changes] });
        house.send(&unused_key(), &body)
    };
    for (body, field) in [(send(evaluations + 1, 1), "evaluations"), (send(1, changes + 1), "changes")] {
        assert_eq!(problem(&body, 400), "invalid-form");
        assert_eq!(body.json()["field"], field);
    }
    assert!(committed(&send(evaluations, changes)));
}

#[test]
fn a_key_is_needed_and_has_a_length() {
    let house = House::sample();
    let body = json!({ "evaluations": [], "changes": [harmless()] }).to_string();
    let json_form = ("content-type", "application/json");
    let reply = house.client().send("/v1/transactions", &[json_form], body.as_bytes());
    assert_eq!(problem(&reply, 400), "invalid-form");
    for key in ["", "   ", &"k".repeat(201)] {
        let reply = house.client().send("/v1/transactions", &[json_form, ("idempotency-key", key)], body.as_bytes());
        assert_eq!(problem(&reply, 400), "invalid-form", "{key:?}");
    }
    let reply =
        house.client().send("/v1/transactions", &[json_form, ("idempotency-key", &"k".repeat(200))], body.as_bytes());
    assert!(committed(&reply));
}

#[test]
fn facts_from_a_file_cannot_be_changed() {
    let server = crate::http::Server::start();
    let body = json!({ "evaluations": [], "changes": [{ "delete": uid("Task::milk") }] });
    let reply = super::send(&server.client(), "k", &body);
    assert_eq!(problem(&reply, 409), "read-only");
    assert_eq!(server.get("/v1/facts/Task/milk").status, 200);
}

#[test]
fn changes_are_made_one_after_the_other() {
    let house = House::sample();
    let changes = [
        set("Organization::florist", "country", "AT"),
        set("Organization::florist", "country", "FR"),
        put("Visitor::second", json!({})),
        super::delete("Visitor::second"),
        super::delete("TenderLink::link-website-open"),
        put("TenderLink::link-website-open", json!({ "tender": uid("Tender::shop-open") })),
    ];
    assert!(committed(&house.change(&changes)));
    assert_eq!(house.attribute("Organization::florist", "country"), "FR", "the last one counts");
    assert!(house.fact("Visitor::second").is_none(), "put and deleted again");
    assert_eq!(
        house.attribute("TenderLink::link-website-open", "tender"),
        json!({ "__entity": uid("Tender::shop-open") })
    );
}
