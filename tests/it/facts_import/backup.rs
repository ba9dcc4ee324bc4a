//! `mandat facts backup` and `restore`: the whole history, or nothing.

use mandat::facts::store::{Activation, Remembered, Store, backup, token::Token};
use serde_json::json;

use super::{Desk, entity, sorted};

/// A store with a past: three revisions, an answer, a token, two bundles.
fn with_a_past() -> Desk {
    let desk = Desk::sample();
    assert_eq!(desk.import(&[entity("Visitor::second", json!({}))]).code, Some(0));
    let store = desk.store("facts.db");
    let mut writing = store.begin().unwrap();
    let at = "2026-10-02T08:00:00Z".parse().unwrap();
    let commit = mandat::facts::store::Commit { at, who: "panel".to_owned(), why: "{\"a\":1}".to_owned() };
    writing.revise(&commit).unwrap();
    writing.delete(&["Visitor::\"second\"".parse().unwrap()]).unwrap();
    let answer = Remembered { digest: [7; 32], status: 200, answer: "{\"committed\":true}".to_owned(), revision: 3 };
    writing.remember("panel", "k-1", &answer).unwrap();
    writing.keep_token(&token()).unwrap();
    writing.commit().unwrap();
    for (second, bundle) in [(1, "a"), (2, "b"), (3, "a")] {
        let at = jiff::Timestamp::from_second(second).unwrap();
        let activation = Activation { at, bundle: bundle.to_owned() };
        store.keep_bundle(&activation, &format!("{{\"of\":\"{bundle}\"}}")).unwrap();
    }
    desk
}

fn token() -> Token {
    let at = |text: &str| text.parse().unwrap();
    Token {
        id: "t-1".to_owned(),
        digest: [9; 32],
        service: "panel".to_owned(),
        roles: vec!["enforcer".to_owned(), "registrar".to_owned()],
        created_at: at("2026-10-01T08:00:00Z"),
        expires_at: Some(at("2027-10-01T08:00:00Z")),
        last_used_at: None,
        revoked_at: None,
    }
}

fn backed_up(store: &dyn Store) -> Vec<u8> {
    let mut file = Vec::new();
    backup::backup(store, &mut file).unwrap();
    file
}

#[test]
fn a_restored_store_has_the_same_past_answers_and_tokens() {
    let desk = with_a_past();
    let file = desk.path("facts.backup");
    let done = desk.facts(&["backup", &file]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.starts_with("written: ") && done.out.ends_with("up to revision 3\n"), "{done:?}");
    let done = desk.facts_on("new.db", &["restore", &file]);
    assert_eq!(done.code, Some(0), "{done:?}");
    for revision in ["1", "2", "3"] {
        assert!(desk.sorted("facts.db", revision) == desk.sorted("new.db", revision), "revision {revision}");
    }
    let store = desk.store("new.db");
    assert_eq!(store.head().unwrap(), 3);
    assert_eq!(store.remembered("panel", "k-1").unwrap().unwrap().answer, "{\"committed\":true}");
    assert_eq!(store.tokens().unwrap(), [token()]);
    let in_force = |second| store.bundle_at(jiff::Timestamp::from_second(second).unwrap()).unwrap();
    assert_eq!([0, 1, 2, 3].map(in_force).map(Option::unwrap_or_default), ["", "a", "b", "a"]);
    assert_eq!(store.bundle("b").unwrap().unwrap(), "{\"of\":\"b\"}");
    let again = String::from_utf8(backed_up(&*store)).unwrap();
    let without_the_last = |text: &str| sorted(text.trim_end().rsplit_once('\n').unwrap().0);
    let first = std::fs::read_to_string(&file).unwrap();
    assert!(without_the_last(&again) == without_the_last(&first), "its backup holds the same");
}

#[test]
fn a_backup_overwrites_nothing() {
    let desk = Desk::sample();
    let file = desk.write("precious", "something else");
    let done = desk.facts(&["backup", &file]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "something else");
}

#[test]
fn a_store_that_is_not_empty_is_not_restored_into() {
    let desk = Desk::sample();
    let file = desk.path("facts.backup");
    assert_eq!(desk.facts(&["backup", &file]).code, Some(0));
    assert_eq!(
        desk.facts_on(
            "other.db",
            &["import", &desk.write("v.json", &json!([entity("Visitor::v", json!({}))]).to_string())]
        )
        .code,
        Some(0)
    );
    let done = desk.facts_on("other.db", &["restore", &file]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("the store is not empty"), "{done:?}");
    assert_eq!(desk.store("other.db").head().unwrap(), 1);
}

/// Restores bytes into a new store, which must stay empty where that fails.
fn restore(desk: &Desk, name: &str, bytes: &[u8]) -> Result<u64, String> {
    let store = desk.store(name);
    let restored = backup::restore(&*store, &mut &bytes[..]);
    let (head, count) = (store.head().unwrap(), store.count(store.head().unwrap()).unwrap());
    match restored {
        Ok(extent) => Ok(extent.revision),
        Err(error) => {
            assert_eq!((head, count), (0, 0), "nothing is kept of a backup that is refused");
            assert!(store.tokens().unwrap().is_empty() && store.remembered("panel", "k-1").unwrap().is_none());
            Err(error.0)
        }
    }
}

#[test]
fn a_store_on_which_a_service_has_started_is_not_restored_into() {
    let desk = with_a_past();
    let file = backed_up(&*desk.store("facts.db"));
    let other = desk.store("other.db");
    other.keep_bundle(&Activation { at: jiff::Timestamp::UNIX_EPOCH, bundle: "c".to_owned() }, "{}").unwrap();
    let refused = backup::restore(&*other, &mut &file[..]).unwrap_err().0;
    assert!(refused.contains("the store is not empty"), "{refused}");
}

/// As versions before bundles were kept have written them.
#[test]
fn a_backup_of_the_first_form_is_restored() {
    let desk = Desk::sample();
    let text = String::from_utf8(backed_up(&*desk.store("facts.db"))).unwrap();
    let first = text.replacen("\"form\":2", "\"form\":1", 1);
    assert_ne!(first, text);
    assert_eq!(restore(&desk, "first.db", first.as_bytes()), Ok(1));
}

#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let desk = with_a_past();
    let whole = backed_up(&*desk.store("facts.db"));
    assert_eq!(restore(&desk, "whole.db", &whole), Ok(3), "the control: the whole is taken");
    let ends: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(end, _)| end + 1).collect();
    let some = ends.iter().rev().skip(1).step_by(11).copied();
    for cut in some.chain([0, 1, ends[0] - 1, whole.len() - 1, whole.len() / 2]) {
        restore(&desk, "cut.db", &whole[..cut]).expect_err(&format!("cut at {cut}"));
    }
}

#[test]
fn what_is_altered_is_refused() {
    let desk = with_a_past();
    let text = String::from_utf8(backed_up(&*desk.store("facts.db"))).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let without_one = [&lines[..5], &lines[6..]].concat();
    let swapped = [&lines[..5], &[lines[6], lines[5]], &lines[7..]].concat();
    let after_the_end = [&lines[..], &[lines[5]]].concat();
    let cases = [
        ("an attribute", text.replacen("\"partnerStatus\":\"none\"", "\"partnerStatus\":\"active\"", 1)),
        ("the author", text.replacen("mandat facts import", "mandat facts imporT", 1)),
        ("an answer", text.replacen("\\\"committed\\\":true", "\\\"committed\\\":null", 1)),
        ("a role", text.replacen("enforcer\",\"registrar", "auditor\",\"registrar", 1)),
        ("a line left out", joined(&without_one)),
        ("two lines swapped", joined(&swapped)),
        ("a line after the last", joined(&after_the_end)),
        ("another form", text.replacen("\"form\":2", "\"form\":3", 1)),
        ("a bundle's files", text.replacen("\\\"of\\\":\\\"b", "\\\"of\\\":\\\"c", 1)),
        ("when it came into force", text.replacen("1970-01-01T00:00:02Z", "1970-01-01T00:00:03Z", 1)),
        ("no backup", "{}\n".to_owned()),
    ];
    for (what, altered) in cases {
        assert_ne!(altered, text, "{what}");
        restore(&desk, "altered.db", altered.as_bytes()).expect_err(what);
    }
}
