//! Several machines: replicas of the service on one PostgreSQL, each with a store, a cache and a socket of its own
//! (threats T05, T34).
//!
//! Ada's lists of `tests/bundles/todo` are shared with Cleo and taken away from her again, through one replica; the
//! others are asked whether Cleo reads them.

mod batches;
mod fresh;
mod link;
mod outage;
mod parted;
mod restarts;
mod waiting;

use std::{sync::Arc, time::Duration};

use mandat::{
    bundle::Bundle,
    config::ServerSettings,
    engine::Engine,
    facts::{
        store::{
            Store,
            postgres::{Options, PostgresStore},
        },
        stored::{Keeping, Stored},
    },
};
use serde_json::{Value, json};

use crate::{
    http::{Client, Reply, Server, asks, todo_dir, todo_facts},
    store::cluster::Cluster,
};

/// How a replica learns of what others commit.
#[derive(Clone)]
pub struct How {
    pub options: Options,
    pub keeping: Keeping,
    pub settings: ServerSettings,
}

impl Default for How {
    /// As the settings have it, but that a busy machine makes nothing stale.
    fn default() -> Self {
        let hour = Duration::from_secs(3_600);
        Self {
            options: Options { connections: 4, ..Options::default() },
            keeping: Keeping { memory: 1 << 20, poll: Duration::from_millis(100), max_staleness: hour },
            settings: ServerSettings { revision_wait_ms: 20_000, deadline_ms: 20_000, ..ServerSettings::default() },
        }
    }
}

impl How {
    /// Nobody tells the replica anything, and it hardly ever looks.
    pub fn deaf() -> Self {
        let mut how = Self::default();
        how.options.notices = false;
        how.keeping.poll = Duration::from_secs(3_600);
        how
    }

    /// A replica on the database of a URL.
    pub fn start(&self, url: &str) -> Server {
        self.serve(Arc::new(PostgresStore::open_with(url, self.options.clone()).unwrap()))
    }

    /// A replica on a store.
    pub fn serve(&self, store: Arc<dyn Store>) -> Server {
        let server = Server::without_bundle(self.settings.clone(), false);
        let bundle = Bundle::load(&todo_dir()).unwrap();
        let facts = Stored::open(store, &bundle.schema, self.keeping).unwrap();
        server.service.activate(Engine::new(bundle, facts)).unwrap();
        server
    }
}

/// So many replicas on a new database that holds the to-do list.
pub fn replicas(cluster: &Cluster, count: usize, how: &How) -> Vec<Server> {
    let url = cluster.url(&cluster.database());
    let first = how.start(&url);
    seed(&first.client());
    std::iter::once(first).chain((1..count).map(|_| how.start(&url))).collect()
}

/// Puts the facts of the to-do list, and ten lists of Ada's that nobody else reads; the revision.
pub fn seed(client: &Client) -> u64 {
    let facts: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(todo_facts()).unwrap()).unwrap();
    let lists = (0..10).map(|n| {
        let owner = json!({"type": "Person", "id": "ada"});
        let attributes = json!({"owner": owner, "readers": [], "teams": [], "archived": false});
        json!({"uid": {"type": "List", "id": list(n)}, "attrs": attributes, "parents": []})
    });
    let changes: Vec<Value> = facts.into_iter().chain(lists).map(|entity| json!({"put": entity})).collect();
    committed(&change(client, "seed", &changes))
}

/// One of Ada's lists.
pub fn list(number: usize) -> String {
    format!("list-{number}")
}

/// Changes facts.
pub fn change(client: &Client, key: &str, changes: &[Value]) -> Reply {
    try_change(client, key, changes).unwrap()
}

/// The same, of a service that may break off.
pub fn try_change(client: &Client, key: &str, changes: &[Value]) -> Result<Reply, ureq::Error> {
    let body = json!({"evaluations": [], "changes": changes}).to_string();
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    client.try_send("/v1/transactions", &headers, body.as_bytes())
}

/// The revision that a change made.
pub fn committed(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    assert_eq!(answer["committed"], true, "{answer}");
    answer["revision"].as_u64().unwrap()
}

/// Cleo becomes a reader of the list, or is one no more.
pub fn share(list: &str, with_cleo: bool) -> Value {
    let verb = if with_cleo { "add" } else { "remove" };
    let list = json!({"type": "List", "id": list});
    json!({verb: {"entity": list, "attribute": "readers", "value": {"type": "Person", "id": "cleo"}}})
}

/// May Cleo read the list?
pub fn cleo_reads(list: &str, at_least: Option<u64>) -> Value {
    let mut question = asks("cleo", "readList", "List", list);
    if let Some(revision) = at_least {
        question["options"] = json!({"at_least_revision": revision});
    }
    question
}

/// The revision that an answer names.
pub fn revision(reply: &Reply) -> u64 {
    reply.header("x-mandat-revision").unwrap_or_else(|| panic!("no revision in {reply:?}")).parse().unwrap()
}

/// How often something is tried: few times in each run of the tests, or as often as a variable says.
pub fn times(variable: &str, few: usize) -> usize {
    std::env::var(variable).ok().and_then(|times| times.parse().ok()).unwrap_or(few)
}

/// Asks until the answer is as wanted; a service that never gives it ends the test.
pub fn until(what: &str, mut wanted: impl FnMut() -> bool) {
    for _ in 0..1_500 {
        if wanted() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("not within 30 s: {what}");
}
