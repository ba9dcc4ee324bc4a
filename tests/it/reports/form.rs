//! What facts say stays text, in the page and in the spreadsheet; and the same in gives the same out.

use super::{Desk, FACTS};
use crate::http::todo_dir;

/// Ids that would be code, in the to-do list's facts.
pub(super) fn hostile(desk: &Desk) -> Vec<String> {
    let facts = desk.path().join("hostile.json");
    let household = std::fs::read_to_string(todo_dir().join("tests/facts/household.json")).unwrap();
    let household = household
        .replace("\"ada\"", "\"<img src=x onerror=alert(1)>\"")
        .replace("\"cleo\"", "\"=HYPERLINK(\\\"http://a\\\")\"")
        .replace("\"groceries\"", "\"@lists\\\" onfocus=\\\"alert(2)\"");
    std::fs::write(&facts, household).unwrap();
    let words = ["access", "--on", "List::@lists\" onfocus=\"alert(2)", "--facts"];
    let bundle = todo_dir();
    let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
    words.extend([facts.display().to_string(), "--bundle".to_owned(), bundle.display().to_string()]);
    words
}

#[test]
fn an_id_that_would_be_code_stays_text() {
    let desk = Desk::new();
    let words = hostile(&desk);
    desk.written(&words.iter().map(String::as_str).collect::<Vec<_>>());
    let html = desk.read("access.html");
    assert!(!html.contains("<img"), "the id was written as it is");
    assert!(html.contains("&#60;img src=x onerror=alert(1)&#62;"), "the id is there, as text");
    // Every `onerror` and `onfocus` stands in text or inside the quotes of a value: no tag has such an attribute.
    for tag in html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let unquoted: String = tag.split('"').step_by(2).collect();
        assert!(!unquoted.contains("onerror") && !unquoted.contains("onfocus"), "{tag}");
    }
    let csv = desk.read("access.csv");
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let cells: Vec<String> =
        reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(cells.iter().any(|cell| cell.contains("HYPERLINK")));
    assert!(!cells.iter().any(|cell| cell.starts_with(['=', '+', '-', '@'])), "a cell would be computed");
}

#[test]
fn a_page_is_one_file_without_script_and_with_a_policy_that_lets_none_in() {
    let desk = Desk::new();
    desk.written(&["tariffs"]);
    let html = desk.read("tariffs.html");
    let style = html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let digest = {
        use base64::Engine as _;
        use sha2::Digest as _;
        base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style))
    };
    let policy = format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'");
    assert!(html.contains(&format!("content=\"{policy}\"")), "{policy}");
    for outside in ["<script", "<link", "<iframe", "src=", "url(", "@import", "http://", "https://", "style=\""] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn the_same_in_gives_the_same_out() {
    let (first, second) = (Desk::new(), Desk::new());
    for desk in [&first, &second] {
        desk.written(&["tariffs", "--order", "tests/orders/bakery.json", "--facts", FACTS]);
        desk.written(&["access", "--on", "Organization::museum", "--facts", FACTS]);
        let todo = todo_dir().display().to_string();
        desk.written(&["policy-book", "--bundle", &todo]);
    }
    for name in ["tariffs", "access", "policy-book"] {
        for ending in ["html", "csv"] {
            let file = format!("{name}.{ending}");
            assert_eq!(first.read(&file), second.read(&file), "{file}");
        }
    }
}
