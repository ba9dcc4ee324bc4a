//! Two processes on one file: what the command line imports, the service answers from.

use std::fs;

use serde_json::{Value, json};

use super::serve;
use crate::{
    http::{asks, process::run, todo_dir, todo_facts},
    replicas::until,
    worlds::TempDir,
};

/// The to-do list, whose owner is somebody else.
fn owned_by(owner: &str) -> String {
    let mut facts: Vec<Value> = serde_json::from_str(&fs::read_to_string(todo_facts()).unwrap()).unwrap();
    let list = facts.iter_mut().find(|entity| entity["uid"]["id"] == "groceries").unwrap();
    list["attrs"]["owner"] = json!({"type": "Person", "id": owner});
    Value::from(facts).to_string()
}

#[test]
fn a_service_answers_from_what_another_process_has_imported() {
    let dir = TempDir::new();
    let path = dir.path().join("facts.db");
    let import = |name: &str, facts: &str| {
        dir.write(name, facts);
        let (file, bundle) = (dir.path().join(name), todo_dir());
        let [file, bundle, store] = [&file, &bundle, &path].map(|path| path.to_str().unwrap());
        let (code, errors) = run(&["facts", "import", file, "--store", store, "--bundle", bundle]);
        assert_eq!(code, Some(0), "{errors}");
    };
    import("ada.json", &owned_by("ada"));
    let process = serve(&path);
    let client = process.client();
    let renames = |who: &str, at_least: u64| {
        let mut question = asks(who, "renameList", "List", "groceries");
        question["options"] = json!({"at_least_revision": at_least});
        client.post("/access/v1/evaluation", &question).decision()
    };
    assert_eq!([renames("ada", 1), renames("bob", 1)], [true, false]);
    import("bob.json", &owned_by("bob"));
    assert_eq!([renames("ada", 2), renames("bob", 2)], [false, true], "at once for whoever names the revision");
    import("cleo.json", &owned_by("cleo"));
    until("it has looked by itself", || renames("cleo", 0));
    assert!(!renames("bob", 0));
}
