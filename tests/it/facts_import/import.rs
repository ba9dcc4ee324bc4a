//! `mandat facts import`: all of a file or nothing of it, and every problem with its place.

use std::io::Write as _;

use serde_json::{Value, json};

use super::{Desk, Done, entity, sample, sample_entities};
use crate::{http::process::mandat, support::programme_dir, transactions::uid};

/// Refused as a whole, for these reasons.
fn refused(desk: &Desk, done: &Done, reasons: &[&str]) {
    assert_eq!(done.code, Some(3), "{done:?}");
    for reason in reasons {
        assert!(done.err.contains(reason), "`{reason}` is not in {}", done.err);
    }
    assert_eq!(desk.revision(), 0, "nothing of it is stored");
}

#[test]
fn a_list_and_the_same_entities_one_a_line_are_the_same_facts() {
    let desk = Desk::new();
    let lines: String = sample_entities().iter().map(|entity| format!("{entity}\n\n")).collect();
    let lines = desk.write("lines.jsonl", &lines);
    let list = desk.facts_on("list.db", &["import", sample().to_str().unwrap()]);
    let lines = desk.facts_on("lines.db", &["import", &lines]);
    let expected = "137 entities, 0 of them as they were; the store is at revision 1\n";
    assert_eq!((list.code, list.out.as_str()), (Some(0), expected), "{list:?}");
    assert_eq!((lines.code, lines.out.as_str()), (Some(0), expected), "{lines:?}");
    assert!(desk.exported("list.db") == desk.exported("lines.db"));
}

#[test]
fn standard_input_is_taken_and_programs_get_json() {
    let desk = Desk::new();
    let mut command = mandat();
    command
        .args(["facts", "import", "-", "--json", "--store", &desk.path("facts.db"), "--bundle"])
        .arg(programme_dir());
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(entity("Visitor::v", json!({})).to_string().as_bytes()).unwrap();
    let answer: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(answer, json!({ "entities": 1, "unchanged": 0, "revision": 1 }));
}

#[test]
fn every_problem_is_told_with_its_place() {
    let desk = Desk::new();
    let wrong = [
        entity("Visitor::good", json!({})),
        entity("Visitor::bad", json!({ "colour": "red" })),
        entity("Robot::r", json!({})),
        entity("Visitor::zero\u{200B}width", json!({})),
        entity("TenderLink::l", json!({ "tender": uid("Tender::none") })),
    ];
    refused(&desk, &desk.import(&wrong), &["entity 2: ", "colour", "entity 3: ", "Robot", "entity 4: ", "U+200B"]);
    let lines: String = wrong.iter().map(|entity| format!("{entity}\n")).collect();
    let file = desk.write("lines.jsonl", &format!("\n{lines}{{\"uid\":\n"));
    refused(&desk, &desk.facts(&["import", &file]), &["line 3: ", "line 4: ", "line 5: ", "line 7: "]);
}

#[test]
fn a_file_that_is_cut_off_or_no_facts_is_refused() {
    let desk = Desk::new();
    let whole = Value::from(sample_entities()).to_string();
    for text in [&whole[..whole.len() / 2], &whole[..whole.len() - 1], "[1]", "[] []", "{", "\u{0}", "{} {}"] {
        let file = desk.write("cut.json", text);
        refused(&desk, &desk.facts(&["import", &file]), &["cut.json"]);
    }
    let done = desk.facts(&["import", &desk.path("none.json")]);
    refused(&desk, &done, &["none.json", "cannot be read"]);
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    let desk = Desk::new();
    let twice = [entity("Visitor::v", json!({})), entity("Visitor::w", json!({})), entity("Visitor::v", json!({}))];
    refused(&desk, &desk.import(&twice), &["entity 3: `Visitor::\"v\"` stands in the file twice"]);
}

#[test]
fn a_reference_that_leads_nowhere_is_refused_and_one_within_the_file_is_good_in_any_order() {
    let desk = Desk::new();
    let link = entity("TenderLink::l", json!({ "tender": uid("Tender::t") }));
    refused(&desk, &desk.import(std::slice::from_ref(&link)), &["TenderLink::\"l\" refers to Tender::\"t\" by tender"]);
    let tender = entity("Tender::t", json!({ "tenderType": "website", "status": "open" }));
    assert_eq!(desk.import(&[link, tender]).code, Some(0));
}

/// The sample facts with a client that no longer names its full partner.
fn unnamed() -> Vec<Value> {
    let mut entities = sample_entities();
    let bakery = entities.iter_mut().find(|entity| entity["uid"] == uid("Organization::bakery")).unwrap();
    bakery["attrs"].as_object_mut().unwrap().remove("fullPartnership");
    entities
}

#[test]
fn a_broken_invariant_is_refused_unless_nobody_is_to_ask() {
    let desk = Desk::new();
    let done = desk.import(&unnamed());
    let title = "An active partnership with full access is the one that its client names";
    refused(&desk, &done, &["Partnership::\"bakery:alpenhost\" would break: ", title]);
    let file = desk.path("in.json");
    let done = desk.facts(&["import", &file, "--unchecked"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.err.contains("the keep policies were not asked"), "{done:?}");
}

#[test]
fn an_invariant_of_one_entity_alone_is_asked_too() {
    let desk = Desk::new();
    let mut entities = sample_entities();
    let gallery = entities.iter_mut().find(|entity| entity["uid"] == uid("Organization::gallery")).unwrap();
    gallery["attrs"]["legalRepresentatives"] = json!([]);
    refused(&desk, &desk.import(&entities), &["An organisation always has a legal representative", "entity 9: "]);
}

#[test]
fn unchecked_facts_are_still_checked_for_form_and_references() {
    let desk = Desk::new();
    for (wrong, reason) in [
        (entity("Visitor::bad", json!({ "colour": "red" })), "colour"),
        (entity("TenderLink::l", json!({ "tender": uid("Tender::t") })), "refers to"),
        (entity("Visitor::cafe\u{301}", json!({})), "NFC"),
    ] {
        let file = desk.write("in.json", &json!([wrong]).to_string());
        refused(&desk, &desk.facts(&["import", &file, "--unchecked"]), &[reason]);
    }
}

#[test]
fn facts_that_are_stored_already_make_no_revision() {
    let desk = Desk::sample();
    let done = desk.facts(&["import", sample().to_str().unwrap()]);
    assert_eq!(done.out, "137 entities, 137 of them as they were; the store is at revision 1\n");
    let tender = entity("Tender::shop-open", json!({ "tenderType": "shop", "status": "cancelled" }));
    let done = desk.import(&[tender, entity("Visitor::anonymous", json!({}))]);
    assert_eq!(done.out, "2 entities, 1 of them as they were; the store is at revision 2\n", "{done:?}");
}

#[test]
fn an_import_into_stored_facts_keeps_to_what_they_were() {
    let desk = Desk::sample();
    let reopened = entity("Tender::website-cancelled", json!({ "tenderType": "website", "status": "open" }));
    let done = desk.import(&[reopened]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains("A cancelled tender is not reopened"), "{done:?}");
    let mut partnership =
        sample_entities().into_iter().find(|entity| entity["uid"] == uid("Partnership::museum:alpenhost")).unwrap();
    partnership["attrs"]["products"] = json!([]);
    let done = desk.import(&[partnership]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains("Product::\"museum-site\" would break"), "a stored product looks through it: {done:?}");
    assert_eq!(desk.revision(), 1);
}

#[test]
fn the_log_says_which_file_it_was() {
    let desk = Desk::sample();
    let mut log = Vec::new();
    let mut note = |past| {
        if let mandat::facts::store::Past::Commit { commit, .. } = past {
            log.push(commit);
        }
        Ok(())
    };
    desk.store("facts.db").history(1, &mut note).unwrap();
    assert_eq!((log.len(), log[0].who.as_str()), (1, "mandat facts import"));
    assert!(log[0].why.contains("programme.json"), "{:?}", log[0]);
}
