//! `mandat facts export` and `get`: what is stored, in the form that an import takes.

use serde_json::{Value, json};

use super::{Desk, entities, entity};
use crate::transactions::uid;

#[test]
fn what_is_exported_can_be_imported_and_is_the_same() {
    let desk = Desk::sample();
    let file = desk.path("out.jsonl");
    assert_eq!(desk.facts(&["export", "--out", &file]).code, Some(0));
    let done = desk.facts(&["import", &file]);
    assert_eq!(done.out, "137 entities, 137 of them as they were; the store is at revision 1\n");
    assert_eq!(desk.facts_on("copy.db", &["import", &file]).code, Some(0));
    assert!(desk.sorted("facts.db", "1") == desk.sorted("copy.db", "1"));
}

#[test]
fn standard_output_has_one_entity_a_line_type_by_type() {
    let desk = Desk::sample();
    let exported = desk.exported("facts.db");
    assert_eq!(exported.len(), 137);
    let types: Vec<&str> = exported.iter().map(|entity| entity["uid"]["type"].as_str().unwrap()).collect();
    assert!(types.is_sorted());
}

#[test]
fn an_earlier_revision_is_exported_as_it_was() {
    let desk = Desk::sample();
    let first = desk.exported("facts.db");
    let visitor = entity("Visitor::second", json!({}));
    assert_eq!(desk.import(&[visitor]).code, Some(0));
    let at = |revision: &str| desk.facts(&["export", "--revision", revision]);
    assert!(entities(&at("1").out) == first);
    assert_eq!(entities(&at("2").out).len(), 138);
    assert_eq!(at("0").out, "", "the empty store");
    let future = at("3");
    assert_eq!(future.code, Some(1), "{future:?}");
    assert!(future.err.contains("revision 3 is not known"), "{future:?}");
}

#[test]
fn one_entity_is_printed_by_its_name() {
    let desk = Desk::sample();
    for words in [&["get", "Organization::\"clinic\""][..], &["get", "Organization", "clinic"]] {
        let done = desk.facts(words);
        let printed: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((done.code, &printed["uid"]), (Some(0), &uid("Organization::clinic")));
    }
    let none = desk.facts(&["get", "Organization", "nowhere"]);
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(none.err.contains("the facts have no Organization::\"nowhere\""), "{none:?}");
    assert_eq!(desk.facts(&["get", "clinic"]).code, Some(3));
}
