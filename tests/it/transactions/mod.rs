//! Transactions over real sockets, on a real store: decisions guard changes, invariants hold, and nothing
//! happens by halves or twice.
//!
//! Most tests begin with the sample facts (`tests/facts/README.md` says who is who).

mod concurrency;
mod denial;
mod fact;
mod form;
mod hierarchy;
mod history;
mod idempotency;
mod identity;
mod keepers;
mod random;
mod recipes;

use std::{
    any::Any,
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use mandat::{
    bundle::Bundle,
    config::ServerSettings,
    engine::Engine,
    facts::{
        import::{Form, Import, import},
        store::{self, Commit, Past, Store, backup},
        stored::{Keeping, Stored},
    },
};
use serde_json::{Value, json};

use crate::{
    http::{Client, Reply, Server},
    store::cluster::Cluster,
    support::programme_dir,
};

/// A new place for a store; what was made for it goes away with it.
pub(crate) struct Home {
    /// As `--store` takes it.
    pub(crate) place: String,
    _kept: Box<dyn Any + Send>,
}

impl Home {
    /// The path of a file that is not there yet.
    pub(crate) fn in_a_file() -> Self {
        let dir = Directory::new();
        Self { place: dir.0.join("facts.db").display().to_string(), _kept: Box::new(dir) }
    }

    /// A database of its own on the PostgreSQL server that tests share.
    pub(crate) fn in_postgres() -> Self {
        let server = Cluster::shared();
        Self { place: server.url(&server.database()), _kept: Box::new(()) }
    }

    pub(crate) fn store(&self) -> std::sync::Arc<dyn Store> {
        store::open(&self.place).unwrap()
    }

    /// An engine on it.
    pub(crate) fn engine(&self, bundle: Bundle) -> Engine {
        let keeping = Keeping {
            memory: 64 << 20,
            poll: Duration::from_millis(20),
            // Tests load the machine; how old an answer may be is another test's concern.
            max_staleness: Duration::from_secs(60),
        };
        let facts = Stored::open(self.store(), &bundle.schema, keeping).unwrap_or_else(|error| panic!("{error}"));
        Engine::new(bundle, facts)
    }
}

/// Every kind of place that a store can have.
pub(crate) const PLACES: [fn() -> Home; 2] = [Home::in_a_file, Home::in_postgres];

/// A directory of a test's own, removed when it is dropped.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("mandat-facts-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The partner programme, loaded anew: an engine owns its bundle.
pub(crate) fn bundle() -> Bundle {
    Bundle::load(&programme_dir()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A service on a store.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) home: Home,
}

impl House {
    /// The programme on an empty store.
    pub(crate) fn empty(home: Home) -> Self {
        Self::with(home, bundle())
    }

    /// The programme on the sample facts.
    pub(crate) fn sample() -> Self {
        Self::sample_with(|_| {})
    }

    /// The programme on the sample facts, in that place.
    pub(crate) fn sample_in(home: Home) -> Self {
        Self::with(filled(home), bundle())
    }

    /// The same, with something of the bundle changed.
    pub(crate) fn sample_with(change: impl FnOnce(&mut Bundle)) -> Self {
        let home = sample_home();
        let mut bundle = bundle();
        change(&mut bundle);
        Self::with(home, bundle)
    }

    /// A bundle on whatever the store holds.
    pub(crate) fn with(home: Home, bundle: Bundle) -> Self {
        let engine = home.engine(bundle);
        let settings = ServerSettings { deadline_ms: 60_000, ..ServerSettings::default() };
        let server = Server::without_bundle(settings, false);
        server.service.activate(engine).unwrap();
        Self { server, home }
    }

    /// The service ends and another begins on the same store.
    pub(crate) fn restarted(self) -> Self {
        let Self { server, home } = self;
        drop(server);
        Self::empty(home)
    }

    pub(crate) fn client(&self) -> Client {
        self.server.client()
    }

    /// Sends a transaction under a key.
    pub(crate) fn send(&self, key: &str, body: &Value) -> Reply {
        send(&self.client(), key, body)
    }

    /// Sends changes without questions, under a key that nobody else uses.
    pub(crate) fn change(&self, changes: &[Value]) -> Reply {
        self.send(&unused_key(), &json!({ "evaluations": [], "changes": changes }))
    }

    /// Sends a question and changes.
    pub(crate) fn guarded(&self, questions: &[Value], changes: &[Value]) -> Reply {
        self.send(&unused_key(), &json!({ "evaluations": questions, "changes": changes }))
    }

    /// The entity as it is stored; nothing where there is none.
    pub(crate) fn fact(&self, name: &str) -> Option<Value> {
        let uid = uid(name);
        let (kind, id) = (uid["type"].as_str().unwrap(), uid["id"].as_str().unwrap());
        let reply = self.client().get(&format!("/v1/facts/{kind}/{id}"));
        (reply.status == 200).then(|| reply.json())
    }

    pub(crate) fn attribute(&self, name: &str, attribute: &str) -> Value {
        self.fact(name).unwrap_or_else(|| panic!("no {name}"))["attrs"][attribute].clone()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.home.store().head().unwrap()
    }

    /// Every commit with its number.
    pub(crate) fn commits(&self) -> Vec<(u64, Commit)> {
        let mut commits = Vec::new();
        let store = self.home.store();
        let head = store.head().unwrap();
        store
            .history(head, &mut |past| {
                if let Past::Commit { revision, commit } = past {
                    commits.push((revision, commit));
                }
                Ok(())
            })
            .unwrap();
        commits
    }
}

/// A store with the sample facts.
pub(crate) fn sample_home() -> Home {
    filled(Home::in_a_file())
}

/// The same in that place.
pub(crate) fn sample_home_in(home: Home) -> Home {
    filled(home)
}

/// Fills a new store with the sample facts, from a backup that is made once.
fn filled(home: Home) -> Home {
    static SAMPLE: OnceLock<Vec<u8>> = OnceLock::new();
    let backup = SAMPLE.get_or_init(|| {
        let home = Home::in_a_file();
        import_sample(&home);
        let mut file = Vec::new();
        backup::backup(&*home.store(), &mut file).unwrap();
        file
    });
    backup::restore(&*home.store(), &mut &backup[..]).unwrap();
    home
}

fn import_sample(home: &Home) {
    let bundle = bundle();
    let (schema, actions, digest) = (bundle.schema.clone(), bundle.actions.clone(), bundle.digest.clone());
    let engine = home.engine(bundle);
    let file = std::fs::read(programme_dir().join("tests/facts/programme.json")).unwrap();
    let how = Import {
        schema: &schema,
        actions: &actions,
        digest: &digest,
        level: 4,
        invariants: None,
        commit: Commit {
            at: "2026-10-01T12:00:00Z".parse().unwrap(),
            who: "the sample".to_owned(),
            why: "{}".to_owned(),
        },
        threads: 1,
        progress: &AtomicU64::new(0),
    };
    import(&*engine.facts(), &*home.store(), &file[..], Form::List, &how).unwrap();
}

/// A key that no other transaction of this process has.
pub(crate) fn unused_key() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("k-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Sends a transaction under a key.
pub(crate) fn send(client: &Client, key: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    client.send("/v1/transactions", &headers, body.to_string().as_bytes())
}

/// `Type::id` as the wire names it.
pub(crate) fn uid(name: &str) -> Value {
    let (kind, id) = name.split_once("::").unwrap_or_else(|| panic!("`{name}` is no Type::id"));
    json!({ "type": kind, "id": id })
}

/// May that user do that?
pub(crate) fn asks(user: &str, action: &str, resource: &str, context: Value) -> Value {
    json!({
        "subject": { "type": "User", "id": user }, "action": { "name": action },
        "resource": uid(resource), "context": context,
    })
}

pub(crate) fn set(entity: &str, attribute: &str, value: impl Into<Value>) -> Value {
    json!({ "set": { "entity": uid(entity), "attribute": attribute, "value": value.into() } })
}

pub(crate) fn unset(entity: &str, attribute: &str) -> Value {
    json!({ "unset": { "entity": uid(entity), "attribute": attribute } })
}

pub(crate) fn add(entity: &str, attribute: &str, value: impl Into<Value>) -> Value {
    json!({ "add": { "entity": uid(entity), "attribute": attribute, "value": value.into() } })
}

pub(crate) fn remove(entity: &str, attribute: &str, value: impl Into<Value>) -> Value {
    json!({ "remove": { "entity": uid(entity), "attribute": attribute, "value": value.into() } })
}

pub(crate) fn put(entity: &str, attributes: Value) -> Value {
    json!({ "put": { "uid": uid(entity), "attrs": attributes, "parents": [] } })
}

pub(crate) fn delete(entity: &str) -> Value {
    json!({ "delete": uid(entity) })
}

/// Whether a transaction was committed; anything but a committed or denied one is a mistake of the test.
pub(crate) fn committed(reply: &Reply) -> bool {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["committed"].as_bool().unwrap()
}

/// The name of a problem, of that status.
pub(crate) fn problem(reply: &Reply, status: u16) -> String {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{reply:?}");
    let problem = reply.json();
    assert_eq!(problem["status"], status);
    problem["type"].as_str().unwrap().strip_prefix("urn:mandat:problem:").unwrap().to_owned()
}

/// The policies that a transaction would break, each with the entity that breaks it.
pub(crate) fn broken(reply: &Reply) -> Vec<(String, String)> {
    assert_eq!(problem(reply, 422), "broken-invariant");
    let problem = reply.json();
    let entities = problem["broken"].as_array().unwrap();
    let of_entity = |entity: &Value| {
        let name =
            format!("{}::{}", entity["entity"]["type"].as_str().unwrap(), entity["entity"]["id"].as_str().unwrap());
        let policies = entity["explanation"]["policies"].as_array().unwrap().clone();
        policies.into_iter().map(move |policy| (policy["id"].as_str().unwrap().to_owned(), name.clone()))
    };
    entities.iter().flat_map(of_entity).collect()
}

/// Rita accepts a request with full access: the question.
pub(crate) fn accepts_full(partnership: &str) -> Value {
    asks("u-rita", "acceptRequest", partnership, json!({ "access": "full", "paymentMode": "client", "products": [] }))
}

/// The florist and a partner with full access: what is changed then.
pub(crate) fn full_access(partnership: &str) -> Vec<Value> {
    vec![
        set(partnership, "status", "active"),
        set(partnership, "access", "full"),
        set(partnership, "paymentMode", "client"),
        set("Organization::florist", "fullPartnership", uid(partnership)),
    ]
}
