//! `--fail-on`: what a build fails on.

use super::Repository;

const LISTS: &str = "policies/lists.cedar";

/// Exit codes of every gate, in the order newly-allowed, newly-denied, price-up, price-down, any.
fn gates(repository: &Repository) -> [i32; 5] {
    ["newly-allowed", "newly-denied", "price-up", "price-down", "any"]
        .map(|gate| repository.diff(&["HEAD", "--by", "questions", "--fail-on", gate]).code())
}

#[test]
fn a_gate_is_shut_by_what_it_names_and_by_nothing_else() {
    let repository = Repository::todo();
    assert_eq!(gates(&repository), [0, 0, 0, 0, 0], "nothing has changed");
    repository.edit_policy(LISTS, "lists.read.own", "== principal }", "== principal && !resource.archived }");
    assert_eq!(gates(&repository), [0, 1, 0, 0, 1], "narrowed");
    repository.commit("narrowed");
    repository.edit_policy(LISTS, "lists.read.own", " && !resource.archived", "");
    assert_eq!(gates(&repository), [1, 0, 0, 0, 1], "widened");
}

#[test]
fn gates_are_told_apart_by_commas_and_what_shut_them_is_told() {
    let repository = Repository::todo();
    repository.edit(
        LISTS,
        "action in [Action::\"renameList\"",
        "action in [Action::\"readList\", Action::\"renameList\"",
    );
    let told = repository.diff(&["HEAD", "--by", "questions", "--json", "--fail-on", "newly-allowed,newly-denied"]);
    assert_eq!(told.code(), 1);
    assert_eq!(told.errors(), "fails on newly-denied: something is newly denied in 1 environments\n");
    let json: serde_json::Value = serde_json::from_str(&told.text()).unwrap();
    assert_eq!(json["fails_on"], serde_json::json!(["newly-denied"]));
    let unknown = repository.diff(&["HEAD", "--fail-on", "newly-alowed"]);
    assert_eq!(unknown.code(), 3);
    assert!(unknown.errors().contains("newly-allowed, newly-denied"), "{}", unknown.errors());
}

/// Facts that fit one schema only leave questions unasked; where nothing is proved either, nobody knows.
#[test]
fn questions_that_cannot_be_asked_shut_a_gate_where_nothing_is_proved() {
    let repository = Repository::todo();
    repository.edit("schemas/todo.cedarschema", "archived: Bool,", "archived: Bool,\n  colour: String,");
    repository.edit("tests/facts/household.json", "\"archived\":", "\"colour\": \"red\", \"archived\":");
    let told = repository.diff(&["HEAD", "--by", "questions", "--fail-on", "newly-allowed"]);
    assert_eq!(told.code(), 1, "{}", told.text());
    assert!(told.text().contains("could not be, such as"), "{}", told.text());
}
