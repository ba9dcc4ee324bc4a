//! Faults under the embedded store, with the binary itself: what was acknowledged is kept, once, and what cannot be
//! kept is an error (threat T25).

mod beside;
pub(crate) mod disk;
mod kill;
mod opening;

use std::{path::Path, process::Command, sync::Arc};

use mandat::facts::store::{Store, sqlite::SqliteStore};
use serde_json::{Value, json};

use crate::{
    http::process::{Process, mandat},
    store::records::uid,
};

/// `mandat serve` on a store in a file.
fn serve(store: &Path) -> Process {
    serve_by(mandat(), store)
}

/// The same, by a command that was prepared.
fn serve_by(mut command: Command, store: &Path) -> Process {
    // What is shown here is the store. A log that cannot be written stops answers, which is its own tests' concern.
    command.args(["serve", "--audit", "off", "--store"]).arg(store);
    Process::start(command)
}

fn open(store: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(store).unwrap())
}

/// One write that is whole only with both: a task of a name, and its twin.
fn twins(name: &str, text: &str) -> Vec<Value> {
    let put = |id: String| {
        let owner = json!({"type": "Person", "id": format!("ada{text}")});
        let attributes = json!({"owner": owner, "readers": [], "teams": [], "archived": false});
        json!({"put": {"uid": {"type": "List", "id": id}, "attrs": attributes, "parents": []}})
    };
    vec![
        json!({"put": {"uid": {"type": "Person", "id": format!("ada{text}")}, "attrs": {}, "parents": []}}),
        put(name.to_owned()),
        put(format!("{name}-twin")),
    ]
}

/// The revisions that wrote the twins, where they are there.
fn found(store: &dyn Store, name: &str) -> [Option<u64>; 2] {
    let head = store.head().unwrap();
    [name.to_owned(), format!("{name}-twin")]
        .map(|id| store.read(&[uid("List", &id)], head).unwrap().first().map(|stored| stored.since))
}

/// What SQLite itself says of the file.
fn integrity(store: &Path) -> String {
    let connection = rusqlite::Connection::open(store).unwrap();
    connection.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap()
}
