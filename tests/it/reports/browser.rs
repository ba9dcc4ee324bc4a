//! Report pages in a real browser: axe, the keyboard, narrow screens, print. `tests/browser/check.mjs` drives it.

use std::{path::Path, process::Command};

use serde_json::Value;

use super::{Desk, FACTS, form::hostile};
use crate::{http::todo_dir, support::programme_dir};

/// What the browser finds wrong with pages, by their file names.
fn checked(pages: &[&Path]) -> Value {
    checked_for(&[], pages)
}

fn checked_for(what: &[&str], pages: &[&Path]) -> Value {
    let dir = programme_dir().join("tests/browser");
    assert!(dir.join("node_modules/axe-core").is_dir(), "axe is missing: run tests/needs.sh first");
    let output = Command::new("node").arg("check.mjs").args(what).args(pages).current_dir(&dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn strings(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

#[test]
fn everybody_can_read_the_reports() {
    let (desk, hostile_desk) = (Desk::new(), Desk::new());
    desk.written(&["tariffs", "--order", "tests/orders/bakery.json", "--facts", FACTS]);
    desk.written(&["access", "--on", "Organization::bakery", "--facts", FACTS]);
    desk.written(&["policy-book", "--bundle", &todo_dir().display().to_string()]);
    let log = desk.path().join("log.jsonl");
    let record = r#"{"kind":"decision","at":"2026-07-01T00:00:00Z","caller":"shop","question":{"action":{"name":"addClient"}},"decision":false,"code":"forbidden","policies":["clients.only-legal-representatives-add"],"rules":["CLI-02"]}"#;
    std::fs::write(&log, record).unwrap();
    desk.written(&["decisions", "--log", log.to_str().unwrap()]);
    hostile_desk.written(&strings(&hostile(&hostile_desk)));
    let page = |name: &str| desk.path().join(format!("{name}.html"));
    let code = hostile_desk.path().join("hostile.html");
    std::fs::rename(hostile_desk.path().join("access.html"), &code).unwrap();
    let pages = [page("tariffs"), page("access"), page("policy-book"), page("decisions"), code];
    let found = checked(&pages.iter().map(std::path::PathBuf::as_path).collect::<Vec<_>>());
    assert_eq!(found.as_object().unwrap().len(), pages.len());
    for (page, wrong) in found.as_object().unwrap() {
        assert_eq!(wrong.as_array().unwrap().len(), 0, "{page}: {wrong:#}");
    }
}

/// The matrix of the programme has more columns than any other table.
#[test]
fn paper_cuts_nothing_off() {
    let desk = Desk::new();
    desk.written(&["policy-book"]);
    let (page, upright) = (desk.path().join("policy-book.html"), desk.path().join("upright.html"));
    let text = std::fs::read_to_string(&page).unwrap();
    std::fs::write(&upright, text.replace(" wide crowded\"", "\"")).unwrap();
    let found = checked_for(&["--paper"], &[&page, &upright]);
    assert_eq!(found["policy-book.html"], serde_json::json!([]));
    // The control: on a page like any other it would be.
    assert!(found["upright.html"].to_string().contains("wider than the paper: Who may do what"), "{found:#}");
}

/// The control: what the check is there for, it finds.
#[test]
fn a_broken_page_is_noticed() {
    let desk = Desk::new();
    let page = desk.path().join("broken.html");
    let broken = r##"<!doctype html><html lang="en"><head><title>Broken</title></head><body>
<h1>Broken</h1><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<p style="color:#bbb;background:#ccc">hardly to be read</p>
<div style="width:2000px">wide</div>
<table style="width:900px"><caption>cut off</caption><tr><td>a</td></tr></table>
<a href="#a" style="outline:none">a link that does not show its focus</a>
<a href="#b" tabindex="-1">a link that the keyboard does not reach</a>
<script>document.title = "changed"</script></body></html>"##;
    std::fs::write(&page, broken).unwrap();
    let found = checked(&[&page]);
    let wrong: Vec<&str> = found["broken.html"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for what in [
        "axe image-alt",
        "axe color-contrast",
        "wider than a screen of 400",
        "wider than the paper: cut off",
        "not reached",
        "do not show",
        "script:",
        "policy:",
    ] {
        assert!(wrong.iter().any(|one| one.contains(what)), "{what}: {wrong:#?}");
    }
}
