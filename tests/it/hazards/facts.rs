//! Facts that are made to hurt (threat T10): a long chain of parents keeps Cedar busy for seconds, long
//! sets and deep nesting are as easily written. They are refused by counting, before Cedar sees them.

use cedar_policy::Entities;
use mandat::{
    decision::question::Question,
    facts::{document::Document, limits, memory},
    problem::{Problems, Source},
    request::Request,
};
use serde_json::{Value, json};

use crate::worlds::{TempDir, World, ada_edits, asks, noon, office};

fn parse(facts: &Value) -> Result<Document, Problems> {
    Document::parse(Source::new("facts.json", facts.to_string()))
}

fn refusal(facts: &Value) -> String {
    parse(facts).map(|_| "accepted".to_owned()).unwrap_or_else(|problems| problems.to_string())
}

fn team(id: &str, parents: &[String]) -> Value {
    let parents: Vec<Value> = parents.iter().map(|id| json!({"type": "Team", "id": id})).collect();
    json!({"uid": {"type": "Team", "id": id}, "attrs": {}, "parents": parents})
}

/// A team with that many teams above it, one above the other.
fn chain(length: usize) -> Value {
    (0..=length)
        .map(|at| team(&at.to_string(), &if at < length { vec![(at + 1).to_string()] } else { vec![] }))
        .collect()
}

/// A person with these attributes besides the required ones.
fn person(attributes: Value) -> Value {
    let mut attrs = json!({"level": 1, "name": "Ada", "home": {"type": "Folder", "id": "root"}});
    for (name, value) in attributes.as_object().unwrap() {
        attrs[name] = value.clone();
    }
    json!([{"uid": {"type": "Person", "id": "ada"}, "attrs": attrs, "parents": []}])
}

#[test]
fn chains_of_ancestors_are_bounded() {
    assert_eq!(refusal(&chain(limits::MAX_ANCESTOR_DEPTH)), "accepted");
    for length in [limits::MAX_ANCESTOR_DEPTH + 1, 1_000, 4_000, 100_000] {
        assert_eq!(refusal(&chain(length)), "facts.json:1:2: its chain of ancestors is longer than 32", "{length}");
    }
    let long = chain(400);
    assert!(
        Entities::from_json_value(long, None).is_ok(),
        "the control: Cedar takes any chain, and its time grows with the cube"
    );
}

#[test]
fn an_entity_that_is_its_own_ancestor_is_refused() {
    for ring in
        [json!([team("a", &["a".to_owned()])]), json!([team("a", &["b".to_owned()]), team("b", &["a".to_owned()])])]
    {
        assert!(refusal(&ring).contains("longer than 32"), "{}", refusal(&ring));
    }
    let below = json!([team("c", &["a".to_owned()]), team("a", &["b".to_owned()]), team("b", &["a".to_owned()])]);
    assert!(refusal(&below).starts_with("facts.json:1:2: "), "{}", refusal(&below));
}

#[test]
fn every_spelling_of_a_parent_counts() {
    let mut escaped = chain(400);
    for entity in escaped.as_array_mut().unwrap() {
        for parent in entity["parents"].as_array_mut().unwrap() {
            *parent = json!({"__entity": parent.clone()});
        }
    }
    assert!(refusal(&escaped).contains("longer than 32"));
    for other in [
        json!("Team::\"b\""),
        json!({"__expr": "Team::\"b\""}),
        json!(["Team", "b"]),
        json!({"__entity": ["Team", "b"]}),
        json!(1),
    ] {
        let facts = json!([{"uid": {"type": "Team", "id": "a"}, "attrs": {}, "parents": [other]}]);
        assert!(refusal(&facts).contains("is no entity with `type` and `id`"), "{facts}");
    }
    let listed = json!([{"uid": {"type": "Team", "id": "a"}, "attrs": {}, "parents": [["Team", "b"]]}]);
    let entities = Entities::from_json_value(listed, None).unwrap();
    let names: Vec<String> = ["a", "b"].map(|id| format!("Team::\"{id}\"")).into();
    let [member, group] = [names[0].parse().unwrap(), names[1].parse().unwrap()];
    assert!(entities.is_ancestor_of(&group, &member), "the control: Cedar takes a list for an entity too");
}

#[test]
fn ancestors_and_parents_are_bounded() {
    let crowd = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>();
    let teams = |count| crowd(count).iter().map(|id| team(id, &[])).collect::<Vec<_>>();
    let member = |parents: &[String]| team("member", parents);
    let mut broad = teams(limits::MAX_PARENTS);
    broad.push(member(&crowd(limits::MAX_PARENTS)));
    assert_eq!(refusal(&json!(broad)), "accepted");
    let mut broader = teams(limits::MAX_PARENTS + 1);
    broader.push(member(&crowd(limits::MAX_PARENTS + 1)));
    assert!(
        refusal(&json!(broader)).contains("the entity has 65 parents, more than 64"),
        "{}",
        refusal(&json!(broader))
    );
    // Layers of 64 teams, each in all of the next: short and narrow, but every further layer adds ancestors to all.
    let layers = |count: usize| -> Value {
        let layer = |number: usize| (0..64).map(move |at| format!("{number}/{at}"));
        let parents = |number: usize| if number + 1 < count { layer(number + 1).collect() } else { vec![] };
        (0..count).flat_map(|number| layer(number).map(move |id| team(&id, &parents(number)))).collect()
    };
    assert_eq!(refusal(&layers(5)), "accepted");
    assert!(refusal(&layers(6)).contains("it has more than 256 ancestors"), "{}", refusal(&layers(6)));
    assert!(refusal(&layers(32)).contains("it has more than 256 ancestors"));
}

#[test]
fn values_are_bounded() {
    let (string, elements, keys) = (limits::MAX_STRING, limits::MAX_ELEMENTS, limits::MAX_KEYS);
    let set = |count: usize| (0..count).map(|at| json!({"type": "Person", "id": at.to_string()})).collect::<Value>();
    let record = |count: usize| (0..count).map(|at| (at.to_string(), json!(1))).collect::<serde_json::Map<_, _>>();
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    // An entity's own object and its `attrs` are two levels.
    let values = [
        (json!("x".repeat(string)), json!("x".repeat(string + 1)), "a string of 4097 bytes is longer than 4096"),
        (set(elements), set(elements + 1), "a set of 1001 elements is larger than 1000"),
        (json!(record(keys)), json!(record(keys + 1)), "a record of 1001 keys is larger than 1000"),
        (nested(limits::MAX_DEPTH - 3), nested(limits::MAX_DEPTH - 2), "the value nests deeper than 32"),
        (json!(1), nested(100), "the value nests deeper than 32"),
    ];
    for (within, beyond, message) in values {
        assert_eq!(refusal(&person(json!({"value": within}))), "accepted", "{message}");
        let refusal = refusal(&person(json!({"value": beyond})));
        assert_eq!(refusal, format!("facts.json:1:2: {message}"));
    }
}

#[test]
fn json_that_nests_without_end_is_refused() {
    let deep = format!("[{{\"uid\": {}", "[".repeat(200_000));
    let text = |text: &str| Document::parse(Source::new("facts.json", text)).map(|_| ()).unwrap_err().to_string();
    assert!(text(&deep).starts_with("facts.json:1:"), "{}", text(&deep));
    let closed = format!(
        "[{{\"uid\": {{\"type\": \"Team\", \"id\": \"a\"}}, \"attrs\": {{\"a\": {}{}}}}}]",
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    assert!(text(&closed).contains("recursion limit"), "{}", text(&closed));
}

#[test]
fn a_file_too_large_or_none_at_all_is_refused_by_looking_at_it() {
    let dir = TempDir::new();
    let refused = |name: &str| memory::read_source(&dir.path().join(name)).unwrap_err().to_string();
    let huge = std::fs::File::create(dir.path().join("huge.json")).unwrap();
    huge.set_len(limits::MAX_FILE + 1).unwrap();
    assert!(refused("huge.json").contains("no regular file of at most 1073741824 bytes"), "{}", refused("huge.json"));
    super::fifo(&dir.path().join("pipe.json"));
    assert!(refused("pipe.json").contains("no regular file"), "{}", refused("pipe.json"));
    assert!(refused("missing.json").contains("cannot read facts"), "{}", refused("missing.json"));
}

#[test]
fn every_entity_beyond_the_limits_is_reported_at_its_place() {
    let text = format!(
        "[\n{},\n{},\n{}\n]",
        team("a", &[]),
        json!({"uid": "a"}),
        json!({"uid": {"type": "Team", "id": "x".repeat(5_000)}})
    );
    let problems = Document::parse(Source::new("facts.json", text)).unwrap_err();
    let found: Vec<String> =
        problems.iter().map(|problem| format!("{} {}", problem.location().unwrap(), problem.message())).collect();
    assert_eq!(
        found,
        [
            "facts.json:3:1 the entity has no `uid` with `type` and `id`",
            "facts.json:4:1 a string of 5000 bytes is longer than 4096"
        ]
    );
}

#[test]
fn what_a_caller_sends_is_bounded_too() {
    let world = World::office("@id(\"all\") permit (principal, action, resource);");
    let refused = |request: &Request| {
        let asked = Question::ask(&world.bundle, &*world.snapshot, request, &noon());
        asked.map(|_| "accepted".to_owned()).unwrap_or_else(|error| error.to_string())
    };
    let long = "x".repeat(limits::MAX_STRING + 1);
    let people = |count: usize| (0..count).map(|at| json!({"type": "Person", "id": at.to_string()})).collect::<Value>();
    let described = |value: Value| {
        let mut request = asks("Person::\"ada\"", "edit", "Document::\"new\"", json!({}));
        request.resource.properties.insert("readers".to_owned(), value);
        request
    };
    assert_eq!(refused(&ada_edits()), "accepted");
    assert_eq!(refused(&described(people(1_000))), "accepted");
    for (request, message) in [
        (
            asks(&format!("Person::\"{long}\""), "edit", "Document::\"lease\"", json!({})),
            "principal.id: longer than 4096 bytes",
        ),
        (
            asks("Person::\"ada\"", "edit", "Document::\"lease\"", json!({"badge": long})),
            "context.badge: longer than 4096 bytes",
        ),
        (
            asks("Person::\"ada\"", "edit", "Document::\"lease\"", json!({"guest": {"type": "Person", "id": long}})),
            "context.guest: longer than 4096 bytes",
        ),
        (described(people(1_001)), "resource.properties.readers: a list of more than 1000 elements"),
    ] {
        assert_eq!(refused(&request), message);
    }
    assert!(office("@id(\"all\") permit (principal, action, resource);").is_ok());
}
