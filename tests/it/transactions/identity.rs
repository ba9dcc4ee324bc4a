//! Which ids may be written: nobody gets a second one that looks like the first (threat T15).

use serde_json::{Value, json};

use super::{House, committed, problem, put, uid};

/// An id and what the refusal says of it.
const REFUSED: [(&str, &str); 14] = [
    ("", "empty"),
    ("a\0b", "U+0000"),
    ("a\nb", "U+000A"),
    ("a\u{7F}b", "U+007F"),
    ("a\u{85}b", "U+0085"),
    ("u\u{202E}ada", "U+202E"),
    ("u\u{2066}ada", "U+2066"),
    ("u\u{200F}ada", "U+200F"),
    ("u\u{200B}ada", "U+200B"),
    ("u\u{2028}ada", "U+2028"),
    ("\u{FEFF}ada", "U+FEFF"),
    ("so\u{AD}ft", "U+00AD"),
    ("cafe\u{301}", "composed (NFC)"),
    ("\u{212B}ngstrom", "composed (NFC)"),
];

const TAKEN: [&str; 8] = ["café", "Ångstrom", "日本", "a b", "-", "u-ada@example.com", "🌻", "'; drop table uids; --"];

fn detail(reply: &crate::http::Reply) -> String {
    assert_eq!(problem(reply, 422), "impossible-change");
    reply.json()["detail"].as_str().unwrap().to_owned()
}

#[test]
fn an_id_that_looks_like_another_is_refused_as_a_name() {
    let house = House::sample();
    for (id, reason) in REFUSED {
        let reply = house.change(&[put(&format!("Visitor::{id}"), json!({}))]);
        assert!(detail(&reply).contains(reason), "{id:?}: {reply:?}");
    }
    assert_eq!(house.revision(), 1);
}

#[test]
fn and_in_a_reference_wherever_it_stands() {
    let house = House::sample();
    for (id, reason) in REFUSED {
        let person = json!({ "type": "User", "id": id });
        let parent =
            json!({ "uid": uid("User::u-new"), "attrs": {}, "parents": [{ "type": "Organization", "id": id }] });
        let changes: [Value; 3] = [
            super::add("Organization::florist", "administrators", person.clone()),
            super::set("Product::florist-site", "owner", person),
            json!({ "put": parent }),
        ];
        for change in changes {
            let reply = house.change(&[change]);
            assert!(detail(&reply).contains(reason), "{id:?}: {reply:?}");
        }
    }
    assert_eq!(house.revision(), 1);
}

#[test]
fn an_id_of_more_than_four_kibibytes_is_refused() {
    let house = House::sample();
    let id = |length: usize| format!("Visitor::{}", "é".repeat(length / 2));
    assert!(detail(&house.change(&[put(&id(4_098), json!({}))])).contains("longer than 4096"));
    assert!(committed(&house.change(&[put(&id(4_096), json!({}))])));
}

#[test]
fn other_ids_are_taken_and_found_again_byte_by_byte() {
    let house = House::sample();
    let names = TAKEN.map(|id| format!("Visitor::{id}"));
    let changes: Vec<Value> = names.iter().map(|name| put(name, json!({}))).collect();
    assert!(committed(&house.change(&changes)));
    let house = house.restarted();
    let again: Vec<Value> = names.iter().map(|name| super::delete(name)).collect();
    assert!(committed(&house.change(&again)));
}

#[test]
fn upper_and_lower_case_are_different_names() {
    let house = House::sample();
    assert!(house.fact("User::U-ADA").is_none());
    let reply = house.change(&[super::add("Organization::florist", "administrators", uid("User::U-Rita"))]);
    assert_eq!(problem(&reply, 422), "dangling-reference");
    let member = json!({ "uid": uid("User::U-Ada"), "attrs": {}, "parents": [uid("Organization::florist")] });
    assert!(committed(&house.change(&[json!({ "put": member })])));
    let manages = |user| {
        house
            .client()
            .post("/access/v1/evaluation", &super::asks(user, "manageTags", "Organization::alpenhost", json!({})))
            .decision()
    };
    assert!(manages("u-ada") && !manages("U-Ada"), "who is called nearly like Ada has none of her rights");
}
