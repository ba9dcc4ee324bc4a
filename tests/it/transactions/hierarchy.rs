//! Hierarchies are kept shallow when they are written (threat T10).
//!
//! The partner programme's is two levels deep. So these tests take the to-do list, with teams within teams.

use mandat::{bundle::Bundle, facts::limits::MAX_ANCESTOR_DEPTH};
use serde_json::{Value, json};

use super::{Directory, Home, House, committed, problem, uid};
use crate::http::todo_dir;

/// The to-do list, where a team can belong to another.
fn teams_in_teams() -> House {
    let copy = Directory::new();
    for dir in ["policies", "schemas"] {
        std::fs::create_dir_all(copy.0.join(dir)).unwrap();
        for entry in std::fs::read_dir(todo_dir().join(dir)).unwrap() {
            let entry = entry.unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let text = text.replace("entity Team;", "entity Team in [Team];");
            std::fs::write(copy.0.join(dir).join(entry.file_name()), text).unwrap();
        }
    }
    std::fs::copy(todo_dir().join("mandat.toml"), copy.0.join("mandat.toml")).unwrap();
    House::with(Home::in_a_file(), Bundle::load(&copy.0).unwrap())
}

fn team(number: usize, parents: &[usize]) -> Value {
    let parents: Vec<Value> = parents.iter().map(|number| uid(&format!("Team::{number}"))).collect();
    json!({ "put": { "uid": uid(&format!("Team::{number}")), "attrs": {}, "parents": parents } })
}

fn join(member: usize, of: usize) -> Value {
    json!({ "join": { "member": uid(&format!("Team::{member}")), "of": uid(&format!("Team::{of}")) } })
}

/// Teams from one number to another, each within the one before it.
fn chain(from: usize, to: usize) -> Vec<Value> {
    (from..=to).map(|number| if number == from { team(number, &[]) } else { team(number, &[number - 1]) }).collect()
}

fn refused(house: &House, changes: &[Value], reason: &str) {
    let before = house.revision();
    let reply = house.change(changes);
    assert_eq!(problem(&reply, 422), "impossible-change");
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(reason), "{detail}");
    assert_eq!(house.revision(), before);
}

#[test]
fn a_chain_of_ancestors_has_an_end() {
    let house = teams_in_teams();
    refused(&house, &chain(0, MAX_ANCESTOR_DEPTH + 1), "further away than 32");
    assert!(committed(&house.change(&chain(0, MAX_ANCESTOR_DEPTH))), "32 ancestors are taken");
    refused(&house, &[team(99, &[MAX_ANCESTOR_DEPTH])], "further away than 32");
    assert!(committed(&house.change(&[team(99, &[MAX_ANCESTOR_DEPTH - 1])])));
}

#[test]
fn neither_half_of_a_chain_is_put_above_the_other_where_both_together_are_too_long() {
    let house = teams_in_teams();
    assert!(committed(&house.change(&chain(0, 16))));
    assert!(committed(&house.change(&chain(100, 116))));
    refused(&house, &[join(100, 16)], "further away than 32");
    refused(&house, &[join(0, 116)], "further away than 32");
    assert!(committed(&house.change(&[join(100, 15)])), "one less is taken");
}

#[test]
fn nothing_becomes_its_own_ancestor() {
    let house = teams_in_teams();
    refused(&house, &[team(7, &[7])], "its own ancestor");
    assert!(committed(&house.change(&chain(0, 5))));
    refused(&house, &[join(0, 5)], "its own ancestor");
    refused(&house, &[team(10, &[11]), team(11, &[12]), team(12, &[10])], "its own ancestor");
    refused(&house, &[team(20, &[5]), join(0, 20)], "its own ancestor");
    let turned = [json!({ "leave": { "member": uid("Team::1"), "of": uid("Team::0") } }), join(0, 5)];
    assert!(committed(&house.change(&turned)), "a chain may be turned round");
}

#[test]
fn an_entity_has_so_many_ancestors_and_parents_at_most() {
    let house = teams_in_teams();
    let teams: Vec<Value> = (0..65).map(|number| team(number, &[])).collect();
    assert!(committed(&house.change(&teams)));
    let all: Vec<usize> = (0..65).collect();
    refused(&house, &[team(100, &all)], "65 parents are more than 64");
    assert!(committed(&house.change(&[team(100, &all[..64])])));
}
