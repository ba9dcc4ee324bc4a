//! `mandat mutate` as authors and pipelines use it, on copies of the to-do list.

use std::{fs, process::Command};

use serde_json::Value;

use crate::{
    command_line::{code, mandat},
    http::todo_dir,
    reload::edit,
    support::copy,
    worlds::TempDir,
};

fn todo() -> TempDir {
    let dir = TempDir::new();
    copy(&todo_dir(), dir.path());
    dir
}

/// Runs `mandat mutate` on a directory: exit code, standard output, standard error.
fn mutate(dir: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let path = dir.path().to_str().unwrap();
    let output = mandat(&[&["mutate", path], arguments].concat(), "");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (code(&output), text(&output.stdout), text(&output.stderr))
}

fn git(dir: &TempDir, arguments: &[&str]) {
    let who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"];
    let status = Command::new("git").arg("-C").arg(dir.path()).args(who).args(arguments).output().expect("git runs");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
}

#[test]
fn survivors_are_shown_with_their_place_and_both_lines() {
    let (code, text, _) = mutate(&todo(), &["--only", "lists.archived"]);
    assert_eq!(code, 1, "{text}");
    let (kept, dropped) = ("  action in [Action::\"renameList\"", ", Action::\"shareList\"");
    let policies = fs::read_to_string(todo_dir().join("policies/lists.cedar")).unwrap();
    let line = policies.lines().position(|line| line.starts_with(&format!("{kept}{dropped}"))).unwrap() + 1;
    let shown = format!(
        "SURVIVED policies/lists.cedar:{line}:{}: narrower scope of `lists.archived`\n  - {}{dropped}, \
         Action::\"addTask\"],\n  + {}, Action::\"addTask\"],\n",
        kept.len() + 1,
        kept.trim(),
        kept.trim()
    );
    assert!(text.contains(&shown), "{text}");
}

#[test]
fn it_succeeds_where_nothing_survives() {
    let dir = todo();
    let policies = fs::read_to_string(todo_dir().join("policies/lists.cedar")).unwrap();
    let scope = policies.lines().find(|line| line.contains("action == Action::\"renameList\"")).unwrap().trim();
    let entry = format!("[[equivalent]]\nof = \"lists.rename\"\nwas = '{scope}'\nreason = \"told elsewhere\"\n");
    dir.write("tests/mutants.toml", &entry);
    let (code, text, _) = mutate(&dir, &["--only", "lists.rename"]);
    assert_eq!((code, text.contains(" 0 survived")), (0, true), "{text}");
}

#[test]
fn programs_read_survivors_as_json() {
    let (code, text, _) = mutate(&todo(), &["--only", "tasks.cedar", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 1);
    let survivors = report["survivors"].as_array().unwrap();
    assert_eq!(report["survived"], survivors.len());
    assert!(survivors.iter().all(|survivor| survivor["file"] == "policies/tasks.cedar"), "{report}");
    assert!(survivors.iter().any(|survivor| survivor["of"] == "tasks.at-most-a-day"), "{report}");
}

#[test]
fn a_reason_excuses_a_survivor_and_a_stale_one_is_an_error() {
    let dir = todo();
    let reason = |was: &str| {
        format!("[[equivalent]]\nof = \"tasks.at-most-a-day\"\nwas = '{was}'\nreason = \"nobody works that long\"\n")
    };
    let all = |dir: &TempDir| {
        let (code, text, _) = mutate(dir, &["--json"]);
        (code, serde_json::from_str::<Value>(&text).unwrap())
    };
    let (_, before) = all(&dir);
    dir.write(
        "tests/mutants.toml",
        &reason("when { context.action has minutes && context.action.minutes * 60 > 86400 };"),
    );
    let (_, excused) = all(&dir);
    let count = |report: &Value, name: &str| report[name].as_u64().unwrap();
    let fewer = count(&before, "survived") - count(&excused, "survived");
    assert!(fewer > 0 && fewer == count(&excused, "equivalent_by_reason"), "{excused}");
    assert_eq!(excused["stale_reasons"].as_array().unwrap().len(), 0);

    dir.write("tests/mutants.toml", &reason("when { something else };"));
    let (code, stale) = all(&dir);
    assert_eq!(code, 1);
    let problem = &stale["stale_reasons"][0];
    assert_eq!((problem["file"].as_str(), problem["line"].as_u64()), (Some("tests/mutants.toml"), Some(1)));
}

#[test]
fn an_entry_without_a_reason_is_refused() {
    let dir = todo();
    dir.write("tests/mutants.toml", "[[equivalent]]\nof = \"a\"\nwas = \"b\"\nreason = \" \"\n");
    let (code, _, errors) = mutate(&dir, &[]);
    assert!(code == 3 && errors.contains("gives no reason"), "{errors}");
}

#[test]
fn scenarios_that_fail_already_say_nothing_about_changes() {
    let dir = todo();
    edit(&dir, "tests/scenarios/lists.toml", "determining = [\"lists.rename\"]", "determining = [\"lists.share\"]");
    let (code, _, errors) = mutate(&dir, &[]);
    assert!(code == 3 && errors.contains("fails") && errors.contains("mandat test"), "{errors}");
}

#[test]
fn only_what_changed_since_a_revision_is_tried() {
    let dir = todo();
    git(&dir, &["init", "--quiet"]);
    git(&dir, &["add", "."]);
    git(&dir, &["commit", "--quiet", "-m", "all"]);
    let (code, text, _) = mutate(&dir, &["--since", "HEAD"]);
    assert_eq!(
        (code, &*text),
        (0, "0 mutants: 0 killed, 0 proved equivalent, 0 equivalent by reason, 0 survived; 0 more would not load\n")
    );

    edit(&dir, "policies/lists.cedar", "The owner shares the list with somebody else", "The owner shares the list");
    let (code, text, _) = mutate(&dir, &["--since", "HEAD", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 1);
    let survivors = report["survivors"].as_array().unwrap();
    assert!(!survivors.is_empty() && survivors.iter().all(|one| one["of"] == "lists.share"), "{report}");
}

#[test]
fn where_nobody_knows_what_changed_everything_is_tried() {
    let dir = todo();
    let (_, whole, _) = mutate(&dir, &[]);
    for prepare in [None, Some(["init", "--quiet"])] {
        prepare.iter().for_each(|arguments| git(&dir, arguments));
        let (code, text, errors) = mutate(&dir, &["--since", "origin/main"]);
        assert!(code == 1 && errors.contains("everything is tried"), "{errors}");
        assert_eq!(text, whole);
    }
}

#[test]
fn proofs_and_page_are_kept_where_that_is_asked_for() {
    let dir = todo();
    fs::create_dir(dir.path().join("docs")).unwrap();
    let (_, text, errors) = mutate(&dir, &["--write"]);
    let page = fs::read_to_string(dir.path().join("docs/mutation.md")).unwrap_or_else(|_| panic!("{text}{errors}"));
    assert!(page.contains("| `policies/lists.cedar` |") && page.contains("## Survivors\n\n- `"), "{page}");
    assert!(dir.path().join("policies/proofs.lock").is_file());
    let (code, ..) = mutate(&dir, &["--write", "--only", "lists"]);
    assert_eq!(code, 3, "a part says nothing about the whole");
}
