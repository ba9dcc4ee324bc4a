//! The command line as scripts use it: exit codes, standard input, JSON.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::support::{copy, programme_dir};

const FACTS: &str = "tests/facts/programme.json";

pub(crate) fn mandat(arguments: &[&str], input: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_mandat"))
        .args(arguments)
        .current_dir(programme_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mandat runs");
    // A command that does not read its input may be gone already.
    let _ = process.stdin.take().expect("an input").write_all(input.as_bytes());
    process.wait_with_output().expect("mandat ends")
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("mandat is not killed")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("the answer is JSON")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn question(user: &str) -> String {
    format!(
        r#"{{"subject":{{"type":"User","id":"{user}"}},"action":{{"name":"addClient"}},
            "resource":{{"type":"Organization","id":"alpenhost"}},
            "context":{{"client":{{"type":"Organization","id":"gallery"}},"access":"limited"}}}}"#
    )
}

/// An empty directory that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("mandat-command-line-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a directory");
        Self(dir)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn allow_is_0_and_deny_is_2() {
    let allowed = mandat(&["decide", "-", "--facts", FACTS], &question("u-ada"));
    assert_eq!((code(&allowed), &*allowed.stdout), (0, &b"Allow\nobligation notifyClientOfRequest\n"[..]));
    let denied = mandat(&["decide", "-", "--facts", FACTS], &question("u-bob"));
    assert_eq!((code(&denied), &*denied.stdout), (2, &b"Deny\n"[..]));
}

#[test]
fn a_denial_is_explained_for_people_and_for_programs() {
    let text = mandat(&["decide", "-", "--facts", FACTS, "--explain"], &question("u-bob"));
    let text = String::from_utf8(text.stdout).expect("text");
    assert!(text.contains(r#"change `resource.legalRepresentatives` would have to contain User::"u-bob""#), "{text}");
    let answer = json(&mandat(&["decide", "-", "--facts", FACTS, "--explain", "--json"], &question("u-bob")));
    assert_eq!(answer["decision"], false);
    assert_eq!(answer["context"]["near_misses"][0]["missing"][0]["found"], r#"[User::"u-ada", User::"u-beat"]"#);
}

#[test]
fn what_cannot_be_asked_is_3_and_says_which_field() {
    for (request, field) in [
        (question("u-ada").replace("addClient", "addClinet"), "did you mean `addClient`?"),
        (question("u-ada").replace("\"User\"", "\"Usher\""), "subject.type"),
        (question("u-ada").replace("\"limited\"", "7"), "context.access"),
        ("{".to_owned(), "no JSON we take"),
        (question("u-bob").replacen("\"u-bob\"", "\"u-bob\",\"id\":\"u-ada\"", 1), "a key that stands twice"),
    ] {
        let output = mandat(&["decide", "-", "--facts", FACTS], &request);
        assert_eq!(code(&output), 3, "{request}");
        assert!(errors(&output).contains(field), "{}", errors(&output));
    }
    for arguments in
        [&["decide", "/nowhere.json"][..], &["decide", "-", "--facts", "/nowhere.json"], &["frobnicate"], &["decide"]]
    {
        assert_eq!(code(&mandat(arguments, &question("u-ada"))), 3, "{arguments:?}");
    }
}

#[test]
fn check_is_0_for_a_bundle_and_3_for_a_broken_one() {
    let good = mandat(&["check", "--json"], "");
    assert_eq!((code(&good), &json(&good)["problems"]), (0, &Value::Array(vec![])));
    let scratch = Scratch::new("check");
    for dir in ["policies", "schemas"] {
        fs::create_dir_all(scratch.path().join(dir)).expect("a directory");
    }
    fs::write(
        scratch.path().join("schemas/a.cedarschema"),
        "entity User;\naction see appliesTo { principal: User, resource: User };\n",
    )
    .expect("a file");
    fs::write(
        scratch.path().join("policies/a.cedar"),
        "permit (principal, action, resource)\nwhen { principal.age > 3 };\n",
    )
    .expect("a file");
    let dir = scratch.path().to_string_lossy().into_owned();
    let broken = mandat(&["check", &dir], "");
    assert_eq!(code(&broken), 3);
    assert!(errors(&broken).contains("policies/a.cedar:1:1") && errors(&broken).contains("@id"), "{}", errors(&broken));
    let listed = json(&mandat(&["check", &dir, "--json"], ""));
    assert_eq!(listed["problems"][0]["line"], 1);
}

#[test]
fn test_is_0_when_all_pass_1_when_one_fails_or_none_ran_and_3_when_unreadable() {
    assert_eq!(code(&mandat(&["test", "--only", "CLI-02"], "")), 0);
    assert_eq!(code(&mandat(&["test", "--only", "no such rule"], "")), 1);
    let todo = Scratch::new("test");
    copy(&programme_dir().join("tests/bundles/todo"), todo.path());
    let dir = todo.path().to_string_lossy().into_owned();
    assert_eq!(code(&mandat(&["test", &dir], "")), 0, "the control: with its own scenarios it passes");
    let scenarios = todo.path().join("tests/scenarios");
    fs::remove_dir_all(&scenarios).expect("the scenarios can be removed");
    assert_eq!(code(&mandat(&["test", &dir], "")), 3, "a bundle without scenarios");
    fs::create_dir_all(&scenarios).expect("a directory");
    fs::write(
        scenarios.join("typo.toml"),
        "facts = \"f.json\"\nnow = \"2026-10-01T12:00:00Z\"\n[[scenario]]\nnmae = \"x\"\n",
    )
    .expect("a file");
    let unreadable = mandat(&["test", &dir], "");
    assert_eq!(code(&unreadable), 3);
    assert!(errors(&unreadable).contains("typo.toml:4:1"), "{}", errors(&unreadable));
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let output = mandat(&["completions", shell], "");
        assert_eq!(code(&output), 0);
        assert!(String::from_utf8_lossy(&output.stdout).contains("decide"), "{shell}");
    }
}
