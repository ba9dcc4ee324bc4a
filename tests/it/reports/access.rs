//! The access report: exactly those who may, and since which facts.

use std::collections::BTreeSet;

use mandat::{
    engine::Engine,
    facts::memory::MemoryFacts,
    request::{Circumstances, Party, Properties, Request},
};
use serde_json::{Value, json};

use super::{AT, Desk, FACTS, having};
use crate::{
    facts_import::{Desk as Store, sample_entities},
    support::programme_dir,
};

fn bakery(desk: &Desk, place: &[&str]) -> Vec<std::collections::BTreeMap<String, String>> {
    desk.written(&[&["access", "--on", "Organization::\"bakery\""], place].concat());
    desk.rows("access.csv")
}

/// Held against every user asked about every action, one by one.
#[test]
fn rights_are_exactly_what_decisions_allow() {
    let desk = Desk::new();
    let rows = bakery(&desk, &["--facts", FACTS]);
    let bundle = mandat::bundle::Bundle::load(&programme_dir()).unwrap();
    let facts = MemoryFacts::read(&programme_dir().join(FACTS), &bundle.schema).unwrap();
    let engine = Engine::new(bundle, facts);
    let moment = engine.moment().unwrap();
    let circumstances = Circumstances { now: AT.parse().unwrap(), trust_caller_clock: false };
    let users: Vec<Party> = sample_entities()
        .iter()
        .filter(|entity| entity["uid"]["type"] == "User")
        .map(|entity| Party::new("User", entity["uid"]["id"].as_str().unwrap()))
        .collect();
    let resources: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row["resource"].clone(), row["belongs by"].clone())).collect();
    assert!(resources.len() > 3, "the bakery has products, invoices and a partnership: {resources:?}");
    let mut rights = 0;
    for (resource, _) in &resources {
        let (entity_type, id) = resource.split_once("::").unwrap();
        let asked: BTreeSet<&String> = rows
            .iter()
            .filter(|row| row["resource"] == *resource && !row["principal"].starts_with("(not asked"))
            .map(|row| &row["action"])
            .collect();
        for action in asked {
            for user in &users {
                let request = Request {
                    principal: user.clone(),
                    action: action.clone(),
                    action_properties: Properties::new(),
                    resource: Party::new(entity_type, id.trim_matches('"')),
                    context: Properties::new(),
                };
                let allowed = moment.decide(&request, &circumstances).unwrap().decision.allowed();
                let told =
                    having(&rows, &[("resource", resource), ("action", action), ("principal", &user.to_string())]);
                assert_eq!(allowed, told.len() == 1, "{user} {action} {resource}");
                rights += usize::from(allowed);
            }
        }
    }
    assert!(rights > 30, "{rights}");
}

#[test]
fn an_action_that_wants_more_context_is_told_as_not_asked_and_is_asked_with_it() {
    let desk = Desk::new();
    let words = ["access", "--on", "Organization::alpenhost", "--facts", FACTS];
    desk.written(&words);
    let rows = desk.rows("access.csv");
    let unasked = having(&rows, &[("action", "addClient")]);
    assert!(unasked[0]["principal"].starts_with("(not asked: context.access"), "{unasked:?}");
    let context = r#"{"client": {"type": "Organization", "id": "gallery"}, "access": "limited"}"#;
    desk.written(&[&words[..], &["--context", context]].concat());
    let rows = desk.rows("access.csv");
    let who: Vec<&str> =
        having(&rows, &[("action", "addClient")]).iter().map(|row| row["principal"].as_str()).collect();
    assert_eq!(who, ["User::\"u-ada\"", "User::\"u-beat\""]);
}

#[test]
fn a_right_names_its_policies_and_the_facts_they_looked_at() {
    let desk = Desk::new();
    let rows = bakery(&desk, &["--facts", FACTS]);
    let row = having(
        &rows,
        &[("resource", "Product::\"bakery-site\""), ("action", "manageProduct"), ("principal", "User::\"u-carl\"")],
    )[0];
    assert_eq!(row["policies"], "products.manage.full-partner-collaborator");
    for fact in ["Product::\"bakery-site\"", "Organization::\"bakery\"", "Partnership::\"bakery:alpenhost\""] {
        assert!(row["rests on"].contains(fact), "{fact}: {row:?}");
    }
    // Members of sets are never looked into, and neither is what other policies ask.
    assert!(!row["rests on"].contains("Invoice"), "{row:?}");
    assert_eq!(row["since revision"], "", "a file has no history");
    assert!(desk.read("access.html").contains("Since when a right stands is left out"));
}

/// A change of one fact dates the rights that rest on it, and no other.
#[test]
fn since_is_the_newest_revision_of_what_a_right_rests_on() {
    let store = Store::sample();
    let changed: Vec<Value> = sample_entities()
        .into_iter()
        .filter(|entity| entity["uid"] == json!({"type": "Partnership", "id": "bakery:alpenhost"}))
        .map(|mut entity| {
            entity["attrs"]["collaborators"] = json!([{"type": "User", "id": "u-carl"}]);
            entity
        })
        .collect();
    assert_eq!(store.import(&changed).code, Some(0));
    let desk = Desk::new();
    let rows = bakery(&desk, &["--store", &store.path("facts.db")]);
    // A permit without conditions rests on no fact.
    let rights = rows.iter().filter(|row| !row["policies"].is_empty() && !row["rests on"].is_empty());
    let (mut old, mut new) = (0, 0);
    for row in rights {
        let rests_on_it = row["rests on"].contains("Partnership::\"bakery:alpenhost\"");
        assert_eq!(row["since revision"], if rests_on_it { "2" } else { "1" }, "{row:?}");
        if rests_on_it { new += 1 } else { old += 1 }
    }
    assert!(old > 5 && new > 5, "{old} {new}");
    assert!(desk.read("access.html").contains("revision 2 of "));
}

#[test]
fn partners_and_clients_stand_on_their_sides_with_how_things_are() {
    let desk = Desk::new();
    bakery(&desk, &["--facts", FACTS]);
    let html = desk.read("access.html");
    assert!(html.contains("<td>partner</td><td><code>bakery:alpenhost</code></td>"), "the partner is on its side");
    assert!(html.contains("active, full, client"));
    let unknown = desk.report(&["access", "--on", "Organization::nobody", "--facts", FACTS]);
    assert_eq!(unknown.code, Some(3));
    assert!(unknown.err.contains("the facts have no Organization::\"nobody\""), "{unknown:?}");
}
