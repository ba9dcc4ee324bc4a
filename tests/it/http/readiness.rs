//! Alive at once, ready with a bundle, and no decision without facts.

use std::sync::Arc;

use mandat::{
    bundle::Bundle,
    config::ServerSettings,
    engine::Engine,
    facts::{
        Facts, Snapshot, Unavailable,
        store::{Placed, Position, Walk},
    },
};
use serde_json::json;

use super::{Server, allowed, todo_dir, todo_engine};

#[test]
fn a_service_is_alive_at_once_and_ready_with_its_bundle() {
    let server = Server::without_bundle(ServerSettings::default(), false);
    assert_eq!(server.get("/healthz").status, 200);
    let reply = server.get("/readyz");
    assert_eq!((reply.status, reply.json()), (503, json!({"reason": "no bundle is active yet"})));
    server.service.activate(todo_engine()).unwrap();
    let reply = server.get("/readyz");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["revision"], 0);
    assert_eq!(reply.json()["bundle"].as_str(), server.evaluate(&allowed()).header("x-mandat-bundle"));
}

#[test]
fn without_a_bundle_nothing_is_decided() {
    let server = Server::without_bundle(ServerSettings::default(), false);
    let batch = json!({"evaluations": [allowed()]});
    for reply in [server.evaluate(&allowed()), server.evaluate_all(&batch)] {
        assert_eq!((reply.status, reply.message().as_str()), (503, "no bundle is active yet"));
    }
    assert_eq!(server.get("/.well-known/authzen-configuration").status, 200);
    server.service.activate(todo_engine()).unwrap();
    assert!(server.evaluate(&allowed()).decision());
}

/// Facts whose place cannot be reached after the first look.
struct Unreachable(std::sync::atomic::AtomicBool);

struct Empty;

impl Facts for Unreachable {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Unavailable> {
        if self.0.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return Err(Unavailable("the place of u-canary cannot be reached".to_owned()));
        }
        Ok(Arc::new(Empty))
    }
}

impl Snapshot for Empty {
    fn revision(&self) -> u64 {
        0
    }

    fn get(&self, _: &cedar_policy::EntityUid) -> Result<Option<cedar_policy::Entity>, Unavailable> {
        Ok(None)
    }

    fn slice(
        &self,
        _: &[cedar_policy::EntityUid],
        _: Vec<cedar_policy::Entity>,
        _: u32,
    ) -> Result<mandat::facts::Slice, Unavailable> {
        Err(Unavailable("the place of u-canary cannot be reached".to_owned()))
    }

    fn walk(&self, _: Walk, _: Position, _: usize) -> Result<Vec<Placed>, Unavailable> {
        Ok(Vec::new())
    }

    fn places(&self, _: &[cedar_policy::EntityUid]) -> Result<Vec<Placed>, Unavailable> {
        Ok(Vec::new())
    }
}

#[test]
fn facts_that_cannot_be_read_are_503_and_never_an_allow() {
    let server = Server::without_bundle(ServerSettings::default(), false);
    let facts = Unreachable(std::sync::atomic::AtomicBool::new(false));
    server.service.activate(Engine::new(Bundle::load(&todo_dir()).unwrap(), facts)).unwrap();
    let batch = json!({"evaluations": [allowed(), allowed()]});
    for reply in [server.evaluate(&allowed()), server.evaluate_all(&batch)] {
        assert_eq!((reply.status, reply.message().as_str()), (503, "the facts cannot be read at the moment"));
    }
    let reply = server.get("/readyz");
    assert_eq!((reply.status, reply.json()), (503, json!({"reason": "the facts cannot be read at the moment"})));
    assert_eq!(server.get("/healthz").status, 200);
}
