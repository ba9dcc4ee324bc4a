//! Another bundle makes another product of it: nothing of the partner programme is in the binary.

use std::path::Path;

use serde_json::json;

use crate::http::{
    asks,
    process::{Process, mandat},
    todo_dir, todo_facts,
};

/// Runs a verb on the to-do list; its exit code and what it prints.
fn todo(arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let mut command = mandat();
    command.args(arguments).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_to_do_list_is_checked_and_tested_by_the_same_binary() {
    let dir = todo_dir();
    let dir = dir.to_str().unwrap();
    assert_eq!(todo(&["check", dir], "").0, Some(0));
    let (code, printed) = todo(&["test", dir], "");
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("7 passed, 0 failed"), "{printed}");
}

#[test]
fn the_to_do_list_is_decided_on_the_command_line() {
    let (dir, facts) = (todo_dir(), todo_facts());
    let decide = ["decide", "-", "--bundle", dir.to_str().unwrap(), "--facts", facts.to_str().unwrap()];
    let (code, printed) = todo(&decide, &asks("cleo", "readList", "List", "groceries").to_string());
    assert_eq!((code, printed.lines().next()), (Some(0), Some("Allow")));
    let (code, printed) = todo(&decide, &asks("cleo", "renameList", "List", "groceries").to_string());
    assert_eq!((code, printed.lines().next()), (Some(2), Some("Deny")));
    assert_eq!(todo(&decide, &asks("cleo", "addClient", "List", "groceries").to_string()).0, Some(3));
}

#[test]
fn the_to_do_list_is_decided_over_http() {
    let process = Process::serve(&[]);
    let client = process.client();
    let decided = |question| client.post("/access/v1/evaluation", &question).decision();
    assert!(decided(asks("bob", "readList", "List", "groceries")), "a member of the team");
    assert!(!decided(asks("dan", "readList", "List", "groceries")));
    assert!(decided(asks("ada", "completeTask", "Task", "milk")));
    assert!(!decided(asks("ada", "completeTask", "Task", "bread")), "done already");
    let unknown = client.post("/access/v1/evaluation", &json!({
        "subject": {"type": "User", "id": "u-ada"}, "action": {"name": "addClient"}, "resource": {"type": "Organization", "id": "alpenhost"},
    }));
    assert_eq!(unknown.status, 400, "the partner programme's names mean nothing here");
}

/// The names of the partner programme's schema that no English sentence about engines would hold.
const PROGRAMME: [&str; 6] =
    ["partnership", "legalRepresentative", "addClient", "paymentMode", "reseller", "SwissBackup"];

/// The one file and name that callers of quotes rely on: a field of the order.
const CONTRACT: (&str, &str) = ("http/wire/order.rs", "partnership");

fn assert_generic(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_generic(&path);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let contract = path.ends_with(CONTRACT.0);
        for (number, line) in code.enumerate() {
            let found = PROGRAMME.iter().find(|name| line.contains(*name) && !(contract && **name == CONTRACT.1));
            assert_eq!(found, None, "{}: code line {}: {line}", path.display(), number + 1);
        }
    }
}

#[test]
fn the_source_names_nothing_of_the_partner_programme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_generic(&root.join("src"));
    let schema = std::fs::read_to_string(root.join("schemas/mandat.cedarschema")).unwrap();
    for name in PROGRAMME {
        assert!(
            schema.to_lowercase().contains(&name.to_lowercase()),
            "the control: `{name}` is a name of the programme"
        );
    }
}
