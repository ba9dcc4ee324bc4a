//! Searches while facts change, and how much of them a page reads.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use cedar_policy::{Entity, EntityUid};
use mandat::{
    bundle::Bundle,
    config::ServerSettings,
    decision::search::Side,
    engine::{
        Engine, Moment,
        search::{Found, Page},
    },
    facts::{
        Facts, Slice, Snapshot, Unavailable,
        document::Document,
        memory::MemoryFacts,
        store::{Placed, Position, Revision, Walk},
    },
    problem::Source,
    request::{Party, Request},
};
use serde_json::{Value, json};

use crate::{
    http::{Server, todo_dir, todo_facts},
    worlds::{asks, noon, office},
};

/// A state of facts under a revision; counts the entities that searches read.
struct State {
    inner: Arc<dyn Snapshot>,
    revision: Revision,
    read: AtomicUsize,
}

impl State {
    fn new(bundle: &Bundle, entities: &Value, revision: Revision) -> Arc<Self> {
        let document = Document::parse(Source::new("facts.json", entities.to_string())).unwrap();
        let inner = MemoryFacts::build(&document, &bundle.schema).unwrap().snapshot().unwrap();
        Arc::new(Self { inner, revision, read: AtomicUsize::new(0) })
    }

    fn count(&self, placed: Vec<Placed>) -> Vec<Placed> {
        self.read.fetch_add(placed.len(), Ordering::Relaxed);
        placed
    }
}

impl Snapshot for State {
    fn revision(&self) -> u64 {
        self.revision
    }

    fn get(&self, uid: &EntityUid) -> Result<Option<Entity>, Unavailable> {
        self.inner.get(uid)
    }

    fn slice(&self, roots: &[EntityUid], supplied: Vec<Entity>, level: u32) -> Result<Slice, Unavailable> {
        self.inner.slice(roots, supplied, level)
    }

    fn walk(&self, walk: Walk, after: Position, limit: usize) -> Result<Vec<Placed>, Unavailable> {
        self.inner.walk(walk, after, limit).map(|placed| self.count(placed))
    }

    fn places(&self, uids: &[EntityUid]) -> Result<Vec<Placed>, Unavailable> {
        self.inner.places(uids).map(|placed| self.count(placed))
    }
}

/// Facts that keep their states; the last is the newest.
#[derive(Clone, Default)]
struct History(Arc<Mutex<Vec<Arc<State>>>>);

impl History {
    fn push(&self, bundle: &Bundle, entities: &Value) {
        let mut states = self.0.lock().unwrap();
        let revision = 1 + states.len() as u64;
        states.push(State::new(bundle, entities, revision));
    }
}

impl Facts for History {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Unavailable> {
        Ok(self.0.lock().unwrap().last().unwrap().clone())
    }

    fn at(&self, revision: Revision) -> Result<Arc<dyn Snapshot>, Unavailable> {
        let states = self.0.lock().unwrap();
        let state = states.iter().find(|state| state.revision == revision).cloned();
        Ok(state.ok_or_else(|| Unavailable(format!("revision {revision} is gone")))?)
    }
}

/// The household, where these people read the list "groceries" besides Ada.
fn household(readers: &[&str]) -> Value {
    let mut entities: Value = serde_json::from_str(&std::fs::read_to_string(todo_facts()).unwrap()).unwrap();
    let people: Vec<Value> = readers.iter().map(|id| json!({"type": "Person", "id": id})).collect();
    let list = entities.as_array_mut().unwrap().iter_mut().find(|entity| entity["uid"]["id"] == "groceries").unwrap();
    list["attrs"]["readers"] = people.into();
    list["attrs"]["teams"] = json!([]);
    entities
}

#[test]
fn pages_are_stable_while_facts_change_and_fail_where_their_state_is_gone() {
    let bundle = Bundle::load(&todo_dir()).unwrap();
    let history = History::default();
    history.push(&bundle, &household(&["bob", "cleo"]));
    let server = Server::without_bundle(ServerSettings::default(), false);
    let schema_of = Bundle::load(&todo_dir()).unwrap();
    server.service.activate(Engine::new(bundle, history.clone())).unwrap();
    let ask = |page: Value| {
        let body = json!({
            "subject": {"type": "Person"}, "action": {"name": "readList"},
            "resource": {"type": "List", "id": "groceries"}, "page": page,
        });
        server.client().post("/access/v1/search/subject", &body)
    };
    let first = ask(json!({"limit": 2}));
    assert_eq!(first.header("x-mandat-revision"), Some("1"));
    let token = first.json()["page"]["next_token"].clone();
    history.push(&schema_of, &household(&[]));
    let later = ask(json!({"token": token}));
    assert_eq!(later.header("x-mandat-revision"), Some("1"));
    assert_eq!(later.json()["results"], json!([{"type": "Person", "id": "cleo"}]));
    let anew = ask(json!({}));
    assert_eq!(anew.header("x-mandat-revision"), Some("2"), "the control: a new search sees the change");
    assert_eq!(anew.json()["results"], json!([{"type": "Person", "id": "ada"}]));
    history.0.lock().unwrap().remove(0);
    assert_eq!(ask(json!({"token": token})).status, 503);
}

const MANY: usize = 5_000;

/// Documents of which Bob owns three, far apart, and Ada all others.
fn archive() -> Value {
    let mut entities: Vec<Value> = serde_json::from_str(include_str!("../worlds/office.json")).unwrap();
    entities.extend((0..MANY).map(|number| {
        let owner = if number % 2_000 == 7 { "bob" } else { "ada" };
        json!({"uid": {"type": "Document", "id": format!("d{number:05}")}, "parents": [], "attrs": {
            "owner": {"type": "Person", "id": owner}, "readers": [], "teams": [], "state": "open", "size": 1,
        }})
    }));
    entities.into()
}

/// How many results the first page of 50 has, and how many entities were read for it.
fn read(policies: &str, person: &str) -> (usize, usize) {
    let bundle = Arc::new(office(policies).unwrap());
    let state = State::new(&bundle, &archive(), 1);
    let moment = Moment::new(bundle, state.clone());
    let request = asks(&format!("Person::\"{person}\""), "view", "Document::\"\"", json!({}));
    let page = Page { after: 0, limit: 50, may_go_on: &mut || true };
    let found = moment.search(Side::Resource, &request, &noon(), page).unwrap();
    (found.results.len(), state.read.load(Ordering::Relaxed))
}

#[test]
fn a_page_reads_no_more_than_it_shows_and_a_little() {
    let by_reference =
        "@id(\"a\") permit (principal is Person, action, resource) when { resource.owner == principal };";
    let (found, read_for_few) = read(by_reference, "bob");
    assert_eq!((found, read_for_few), (4, 4), "Bob's three and the memo");
    let (found, read_for_many) = read(by_reference, "ada");
    assert!(found == 50 && read_for_many <= 150, "of {MANY}, {read_for_many} were read");
    let by_nothing = "@id(\"a\") permit (principal is Person, action, resource is Document)
        when { resource.size < 2 && principal.level < 2 && resource.owner.level < 2 };";
    let (found, read_for_all) = read(by_nothing, "bob");
    assert!(found == 3 && read_for_all > MANY, "the control: a condition that leads nowhere looks at everything");
}

#[test]
fn a_page_that_must_stop_goes_on_where_it_stopped() {
    let permit =
        "@id(\"a\") permit (principal is Person, action, resource is Document) when { resource.owner == principal };";
    let bundle = Arc::new(office(permit).unwrap());
    let moment = Moment::new(bundle.clone(), State::new(&bundle, &archive(), 1));
    let request: Request = asks("Person::\"bob\"", "view", "Document::\"\"", json!({}));
    let (mut all, mut after) = (Vec::<Party>::new(), 0);
    for _ in 0..4 {
        let page = Page { after, limit: 50, may_go_on: &mut || false };
        let Found { results, next } = moment.search(Side::Resource, &request, &noon(), page).unwrap();
        assert_eq!(results.len(), 1, "one candidate is always decided");
        all.extend(results);
        after = next.unwrap_or_default();
    }
    assert_eq!(after, 0, "the end");
    assert_eq!(all.iter().map(|party| party.id.as_str()).collect::<Vec<_>>(), ["d00007", "d02007", "d04007", "memo"]);
}
