//! The floors of the house: a room uses only what stands below it.
//!
//! `ARCHITECTURE.md` says which room stands where. These tests read the sources: `crate::` paths for who
//! uses whom, names of clocks and files for what the inner rooms must not touch, and Cedar's crates for
//! where they may be named.

use std::{fs, path::Path};

use crate::support::programme_dir;

/// From the top floor down; rooms of one floor stand side by side and may use each other.
const FLOORS: [&[&str]; 12] = [
    &["main"],
    &["cli"],
    &["http"],
    &["engine"],
    &["analysis"],
    &["explanation"],
    &["decision"],
    &["bundle"],
    &["facts"],
    &["pricing", "audit"],
    &["database"],
    &["request", "config", "telemetry", "problem"],
];

/// Decisions depend on nothing but what is passed in.
const PURE: [&str; 4] = ["request", "decision", "explanation", "pricing"];
const IMPURE: [&str; 9] =
    ["std::fs", "std::net", "std::env", "std::process", "std::io", "tokio", "SystemTime", "Instant", "Timestamp::now"];

const CEDARS_ROOMS: [&str; 5] = ["bundle", "facts", "decision", "explanation", "analysis"];

/// A source file of ours: its room, its name, its text.
struct Unit {
    room: String,
    name: String,
    text: String,
}

impl Unit {
    fn new(name: &str, text: &str) -> Self {
        let room = name.split(['/', '.']).next().unwrap_or(name);
        Self { room: room.to_owned(), name: name.to_owned(), text: text.to_owned() }
    }

    fn floor(&self) -> Option<usize> {
        FLOORS.iter().position(|floor| floor.contains(&&*self.room))
    }

    /// Lines that are code, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn units() -> Vec<Unit> {
    let mut units = Vec::new();
    collect(&programme_dir().join("src"), "", &mut units);
    assert!(units.len() > 30, "the sources were found");
    units
}

fn collect(dir: &Path, prefix: &str, units: &mut Vec<Unit>) {
    for entry in fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_name().expect("a name").to_string_lossy().into_owned();
        if entry.is_dir() {
            collect(&entry, &format!("{prefix}{name}/"), units);
        } else if name.ends_with(".rs") && format!("{prefix}{name}") != "lib.rs" {
            units.push(Unit::new(&format!("{prefix}{name}"), &fs::read_to_string(&entry).expect("text")));
        }
    }
}

/// Rooms that a file uses: what follows `crate::`, in groups too.
fn uses(unit: &Unit) -> Vec<String> {
    let code: String = unit.code().map(|(_, line)| format!("{line}\n")).collect();
    let mut rooms = Vec::new();
    for (at, marker) in code.match_indices("crate::").chain(code.match_indices("mandat::")) {
        let rest = &code[at + marker.len()..];
        match rest.strip_prefix('{') {
            Some(group) => rooms.extend(group_members(group)),
            None => rooms.push(first_name(rest)),
        }
    }
    rooms
}

/// The first names of a `{…}` group, whatever is nested in it.
fn group_members(group: &str) -> Vec<String> {
    let (mut depth, mut members, mut start) = (0, Vec::new(), 0);
    for (index, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(first_name(group[start..index].trim()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(first_name(group[start..index].trim()));
                start = index + 1;
            }
            _ => {}
        }
    }
    members.retain(|member| !member.is_empty());
    members
}

fn first_name(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn climbs(unit: &Unit) -> Vec<String> {
    let Some(own) = unit.floor() else {
        return vec![format!("{}: the room `{}` stands on no floor", unit.name, unit.room)];
    };
    let upwards =
        |room: &String| FLOORS.iter().position(|floor| floor.contains(&room.as_str())).is_some_and(|floor| floor < own);
    uses(unit)
        .into_iter()
        .filter(upwards)
        .map(|room| format!("{} uses `{room}`, which stands above it", unit.name))
        .collect()
}

fn impurities(unit: &Unit) -> Vec<String> {
    let touched = |line: &str| IMPURE.iter().find(|name| line.contains(*name)).copied();
    let found = unit.code().filter_map(|(number, line)| Some((number, touched(line)?)));
    found
        .filter(|_| PURE.contains(&&*unit.room))
        .map(|(number, name)| format!("{}:{number} touches `{name}`", unit.name))
        .collect()
}

fn cedar_outside(unit: &Unit) -> Vec<String> {
    let named = unit.code().find(|(_, line)| line.contains("cedar_policy"));
    named
        .filter(|_| !CEDARS_ROOMS.contains(&&*unit.room))
        .map(|(number, _)| format!("{}:{number} names Cedar's types", unit.name))
        .into_iter()
        .collect()
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_room_uses_only_what_stands_below_it() {
    assert_none(&units().iter().flat_map(climbs).collect::<Vec<_>>());
}

#[test]
fn request_decision_explanation_and_pricing_read_no_clock_and_no_file() {
    assert_none(&units().iter().flat_map(impurities).collect::<Vec<_>>());
}

#[test]
fn cedar_is_named_only_where_policies_and_facts_are() {
    assert_none(&units().iter().flat_map(cedar_outside).collect::<Vec<_>>());
}

#[test]
fn every_file_opens_with_its_story_and_stays_small() {
    let faults: Vec<String> = units()
        .iter()
        .filter(|unit| !unit.text.starts_with("//!") || unit.text.lines().count() > 400)
        .map(|unit| format!("{} does not open with `//!`, or is longer than 400 lines", unit.name))
        .collect();
    assert_none(&faults);
}

#[test]
fn a_room_that_climbs_or_looks_at_the_clock_is_noticed() {
    let climbing = Unit::new("decision/mod.rs", "use crate::{\n    facts::Slice,\n    http::{wire, answer},\n};\n");
    assert_eq!(climbs(&climbing), ["decision/mod.rs uses `http`, which stands above it"]);
    assert_eq!(climbs(&Unit::new("facts/mod.rs", "let x = crate::bundle::Bundle::load();")).len(), 1);
    assert_eq!(climbs(&Unit::new("cellar.rs", "")).len(), 1);
    assert_eq!(impurities(&Unit::new("explanation/mod.rs", "let now = SystemTime::now();")).len(), 1);
    assert_eq!(cedar_outside(&Unit::new("http/mod.rs", "use cedar_policy::Entity;")).len(), 1);
    assert!(climbs(&Unit::new("engine.rs", "use crate::decision::Decision;\n// crate::http is above\n")).is_empty());
}
