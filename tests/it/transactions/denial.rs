//! What is denied or refused changes nothing, and says why.

use serde_json::{Value, json};

use super::{
    House, accepts_full, add, asks, broken, committed, delete, full_access, problem, put, set, uid, unused_key,
};

/// Nothing of it is stored.
fn assert_untouched(house: &House) {
    assert_eq!(house.revision(), 1);
    assert_eq!(house.attribute("Partnership::florist:alpenhost", "status"), "requested");
    assert!(house.attribute("Organization::florist", "fullPartnership").is_null());
}

#[test]
fn what_is_allowed_is_changed_and_names_its_revision() {
    let house = House::sample();
    let request = "Partnership::florist:alpenhost";
    let reply = house.guarded(&[accepts_full(request)], &full_access(request));
    assert!(committed(&reply), "{reply:?}");
    let answer = reply.json();
    assert_eq!((&answer["revision"], &answer["evaluations"]), (&json!(2), &json!([{ "decision": true }])));
    assert_eq!(reply.header("x-mandat-revision"), Some("2"));
    assert!(reply.header("x-mandat-bundle").unwrap().starts_with("sha256:"));
    assert_eq!(house.attribute(request, "status"), "active");
}

#[test]
fn obligations_of_all_decisions_come_once_and_only_with_a_commit() {
    let house = House::sample();
    let change = |access: &str, confirmed: bool| {
        let context = json!({ "access": access, "paymentMode": "partner", "confirmed": confirmed });
        asks("u-rosa", "changeAccess", "Partnership::bakery:alpenhost", context)
    };
    let changes = [set("Partnership::bakery:alpenhost", "paymentMode", "partner")];
    let denied = house.guarded(&[change("full", true), change("full", false)], &changes);
    assert!(!committed(&denied));
    assert_eq!(denied.json()["obligations"], json!([]), "nothing happened, so nothing is owed");
    let done = house.guarded(&[change("full", true), change("full", true)], &changes);
    assert_eq!(done.json()["obligations"], json!(["notifyPartnerOfPaymentMode"]));
}

#[test]
fn one_denial_among_several_questions_and_nothing_changes() {
    let house = House::sample();
    let request = "Partnership::florist:alpenhost";
    let sven = json!({ "access": "full", "paymentMode": "client", "products": [] });
    let denied = asks("u-sven", "acceptRequest", request, sven);
    let reply = house.guarded(&[accepts_full(request), denied, accepts_full(request)], &full_access(request));
    assert!(!committed(&reply), "{reply:?}");
    let answer = reply.json();
    let decisions: Vec<&Value> =
        answer["evaluations"].as_array().unwrap().iter().map(|each| &each["decision"]).collect();
    assert_eq!(decisions, [true, false, true]);
    assert_eq!(answer["evaluations"][1]["context"]["code"], "not_permitted", "the denial explains itself");
    assert!(!answer["evaluations"][1]["context"]["near_misses"].as_array().unwrap().is_empty());
    assert_eq!((&answer["revision"], reply.header("x-mandat-revision")), (&json!(1), Some("1")));
    assert_untouched(&house);
}

#[test]
fn a_broken_invariant_names_the_policy_and_nothing_changes() {
    let house = House::sample();
    let request = "Partnership::florist:alpenhost";
    let unnamed = &full_access(request)[..3];
    let reply = house.guarded(&[accepts_full(request)], unnamed);
    assert_eq!(broken(&reply), [("facts.partnerships.full-is-named".to_owned(), request.to_owned())]);
    let problem = reply.json();
    assert!(problem["detail"].as_str().unwrap().contains("is the one that its client names"), "{problem}");
    assert_eq!(problem["broken"][0]["explanation"]["code"], "forbidden");
    assert_untouched(&house);
}

#[test]
fn a_reference_that_leads_nowhere_is_refused() {
    let house = House::sample();
    for change in [
        add("Organization::florist", "administrators", uid("User::u-nobody")),
        set("Product::florist-site", "payer", uid("Organization::nowhere")),
        json!({ "join": { "member": uid("User::u-nora"), "of": uid("Organization::nowhere") } }),
        put("TenderLink::new", json!({ "tender": uid("Tender::none") })),
    ] {
        let reply = house.change(&[change]);
        assert_eq!(problem(&reply, 422), "dangling-reference");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("which would not exist") && detail.contains(" refers to "), "{detail}");
    }
    assert_untouched(&house);
}

#[test]
fn a_reference_to_what_the_same_transaction_puts_is_good_in_any_order() {
    let house = House::sample();
    let member = json!({ "uid": uid("User::u-new"), "attrs": {}, "parents": [uid("Organization::florist")] });
    let changes = [add("Organization::florist", "administrators", uid("User::u-new")), json!({ "put": member })];
    assert!(committed(&house.change(&changes)));
}

#[test]
fn what_others_refer_to_is_not_deleted() {
    let house = House::sample();
    for name in ["User::u-rita", "Organization::florist", "Tender::website-open", "Partnership::bakery:alpenhost"] {
        let reply = house.change(&[delete(name)]);
        assert_eq!(problem(&reply, 422), "dangling-reference", "{name}");
        assert!(house.fact(name).is_some());
    }
    let both = [delete("TenderLink::link-website-open"), delete("Tender::website-open")];
    assert!(committed(&house.change(&both)), "together with what refers to it, it is");
    assert!(house.fact("Tender::website-open").is_none());
}

#[test]
fn a_refusal_leaves_the_writer_free_for_the_next() {
    let house = House::sample();
    for _ in 0..20 {
        let reply = house.change(&[delete("User::u-rita")]);
        assert_eq!(problem(&reply, 422), "dangling-reference");
    }
    assert!(committed(&house.change(&[set("Organization::florist", "listedInDirectory", true)])));
    assert_eq!(house.revision(), 2, "refusals made no revision");
}

#[test]
fn a_revision_that_has_passed_refuses_and_the_newest_does_not() {
    let house = House::sample();
    let send = |seen: u64| {
        let changes = [set("Organization::florist", "listedInDirectory", true)];
        house.send(&unused_key(), &json!({ "evaluations": [], "changes": changes, "if_revision": seen }))
    };
    for passed in [0, 2, 99] {
        let reply = send(passed);
        assert_eq!(problem(&reply, 409), "revision-passed");
        assert_eq!(reply.json()["field"], "if_revision");
    }
    assert!(committed(&send(1)));
    assert_eq!(problem(&send(1), 409), "revision-passed", "it has passed now");
    assert!(committed(&send(2)));
}
