//! Callers: who is served, who is not, and what a stranger learns (threat T01).
//!
//! Most tests ask about the to-do list of `tests/bundles/todo`, to which the programme's own policies on the engine's
//! access are added. Its facts are in memory and count how often they are read; its tokens are in a real store.

mod certificates;
mod command;
mod explanations;
mod lifetime;
mod matrix;
mod secrecy;
mod states;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use mandat::{
    bundle::Bundle,
    config::ServerSettings,
    engine::Engine,
    facts::{
        Facts, Snapshot, Unavailable,
        memory::MemoryFacts,
        store::{Store, sqlite::SqliteStore, token::Token},
    },
    http::callers::secret::Presented,
};

use crate::{
    http::{Server, todo_dir, todo_facts},
    support::programme_dir,
    worlds::TempDir,
};

/// What the to-do list's schema lacks for callers that are known.
const ENGINE: &str = "
entity Service = { roles: Set<String> };
entity Engine;
action evaluate, search, quote, readFacts, writeFacts, readDecisions, reloadBundle
  appliesTo { principal: Service, resource: Engine, context: { now: datetime } };
";

/// The to-do list with the programme's policies on the engine's access.
pub(crate) fn todo_with_access() -> TempDir {
    let dir = TempDir::new();
    for part in ["policies", "schemas"] {
        for entry in fs::read_dir(todo_dir().join(part)).unwrap() {
            let path = entry.unwrap().path();
            dir.write(&format!("{part}/{}", file_name(&path)), &fs::read_to_string(&path).unwrap());
        }
    }
    let access = programme_dir().join("policies/engine-access.cedar");
    dir.write("policies/engine-access.cedar", &fs::read_to_string(access).unwrap());
    dir.write("schemas/engine.cedarschema", ENGINE);
    let rules = fs::read_to_string(dir.path().join("policies/rules.toml")).unwrap();
    dir.write("policies/rules.toml", &format!("{rules}\n[unsourced]\n\"engine.*\" = \"the engine's own access\"\n"));
    dir
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Facts in memory, tokens in a store.
struct Watched {
    facts: MemoryFacts,
    store: Arc<dyn Store>,
    reads: Arc<AtomicUsize>,
}

impl Facts for Watched {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Unavailable> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.facts.snapshot()
    }

    fn store(&self) -> Option<Arc<dyn Store>> {
        Some(self.store.clone())
    }
}

/// A service and the store of its tokens.
pub(crate) struct Ground {
    pub(crate) server: Server,
    pub(crate) store: Arc<dyn Store>,
    reads: Arc<AtomicUsize>,
    dir: TempDir,
}

impl Ground {
    /// The to-do list with access, and these tokens from the beginning.
    pub(crate) fn with(tokens: &[&Token]) -> Self {
        Self::on(todo_with_access().path(), &todo_facts(), tokens)
    }

    /// Another bundle, or other facts.
    pub(crate) fn on(bundle: &Path, facts: &Path, tokens: &[&Token]) -> Self {
        let server = Server::without_bundle(ServerSettings::default(), false);
        Self::behind(server, bundle, facts, tokens)
    }

    /// The same, on a server that listens already.
    pub(crate) fn behind(server: Server, bundle: &Path, facts: &Path, tokens: &[&Token]) -> Self {
        let dir = TempDir::new();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&dir.path().join("tokens.db")).unwrap());
        tokens.iter().for_each(|token| keep(&*store, token));
        let bundle = Bundle::load(bundle).unwrap_or_else(|problems| panic!("{problems}"));
        let reads = Arc::new(AtomicUsize::new(0));
        let facts = MemoryFacts::read(facts, &bundle.schema).unwrap();
        let watched = Watched { facts, store: store.clone(), reads: reads.clone() };
        server.service.activate(Engine::new(bundle, watched)).unwrap();
        Self { server, store, reads, dir }
    }

    /// How often facts were read so far.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    pub(crate) fn keep(&self, token: &Token) {
        keep(&*self.store, token);
    }

    pub(crate) fn store_files(&self) -> Vec<PathBuf> {
        fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

pub(crate) fn keep(store: &dyn Store, token: &Token) {
    let mut writing = store.begin().unwrap();
    writing.keep_token(token).unwrap();
    writing.commit().unwrap();
}

/// A token of the service `panel` and how its bearer shows it.
pub(crate) fn token(roles: &[&str]) -> (Token, String) {
    let presented = Presented::new().unwrap();
    let token = Token {
        id: presented.id.clone(),
        digest: presented.digest(),
        service: "panel".to_owned(),
        roles: roles.iter().map(ToString::to_string).collect(),
        created_at: at("2026-01-01T00:00:00Z"),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    (token, presented.reveal())
}

pub(crate) fn bearer(secret: &str) -> String {
    format!("Bearer {secret}")
}

pub(crate) fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}
