//! Bundles exchanged under a running service: whole, checked, and between two questions (threats T07, T08).
//!
//! The bundle is a copy of the to-do list in a directory that each test changes. In the list as it is, the owner renames
//! a list and others do not; in its other edition ([`other_edition`]) it is the other way round.

mod access;
mod directory;
mod facts;
mod load;
mod refusal;
mod watch;

use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use mandat::{bundle::Bundle, engine::Engine, facts::memory::MemoryFacts, http::reload::Reloads};
use serde_json::{Value, json};

use crate::{
    http::{Client, Reply, Server, todo_dir, todo_facts},
    support::copy,
    worlds::TempDir,
};

/// A service and the directory that its bundles come from.
pub struct Ground {
    pub dir: TempDir,
    pub server: Server,
}

impl Ground {
    /// The to-do list on facts from a file.
    pub fn todo() -> Self {
        Self::on(todo())
    }

    /// Any bundle on these facts.
    pub fn on(dir: TempDir) -> Self {
        let server = Server::reloading(Reloads::of(dir.path(), false));
        let bundle = load(dir.path());
        let facts = MemoryFacts::read(&todo_facts(), &bundle.schema).unwrap();
        server.service.activate(Engine::new(bundle, facts)).unwrap();
        Self { dir, server }
    }

    /// Changes a file of the bundle: one text for another, which must be in it.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        edit(&self.dir, file, from, to);
    }

    pub fn reload(&self) -> Reply {
        reload(&self.server.client())
    }
}

/// Tells threads to stop when it goes, however the test ends.
pub struct Stop<'s>(pub &'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A copy of the to-do list; its one scenario holds in both editions.
pub fn todo() -> TempDir {
    let dir = TempDir::new();
    copy(&todo_dir(), dir.path());
    let scenarios = fs::read_to_string(todo_dir().join("tests/scenarios/lists.toml")).unwrap();
    let (head, cases) = scenarios.split_once("[[scenario]]").unwrap();
    let last = cases.rsplit("[[scenario]]").next().unwrap();
    dir.write("tests/scenarios/lists.toml", &format!("{head}[[scenario]]{last}"));
    dir
}

pub fn edit(dir: &TempDir, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(dir.path().join(file)).unwrap();
    assert!(text.contains(from), "`{from}` is not in {file}");
    dir.write(file, &text.replacen(from, to, 1));
}

/// Makes a copy of the to-do list the other edition: whoever does not own a list renames it.
pub fn other_edition(dir: &TempDir) {
    let rename = "action == Action::\"renameList\", resource is List)\nwhen { resource.owner == principal };";
    edit(dir, "policies/lists.cedar", rename, &rename.replace("owner == p", "owner != p"));
}

pub fn load(dir: &Path) -> Bundle {
    Bundle::load(dir).unwrap_or_else(|problems| panic!("{problems}"))
}

pub fn reload(client: &Client) -> Reply {
    client.send("/v1/bundle/reload", &[], b"")
}

/// The digest of the bundle that a reload has put into force.
pub fn reloaded(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["reloaded"], true, "{reply:?}");
    assert_eq!(reply.json()["bundle"].as_str(), reply.header("x-mandat-bundle"), "{reply:?}");
    reply.json()["bundle"].as_str().unwrap().to_owned()
}

/// The problems of a bundle that was refused.
pub fn refused(reply: &Reply) -> Vec<Value> {
    assert_eq!((reply.status, reply.header("content-type")), (422, Some("application/problem+json")), "{reply:?}");
    let body = reply.json();
    let problems = body["problems"].as_array().unwrap().clone();
    assert_eq!(body["count"], json!(problems.len()));
    problems
}
