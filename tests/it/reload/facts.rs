//! Facts stay readable: a schema that they do not fit is refused, and one that they fit is theirs at once.

use std::{
    fs,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use cedar_policy::{Entity, Schema};
use jiff::Timestamp;
use mandat::{
    engine::{
        Engine, Moment,
        reload::Refused,
        transact::{Attempt, Transaction},
    },
    facts::{
        Facts, Snapshot, Unavailable,
        store::{Commit, Record, Revision, Store},
    },
    http::{answer::Detail, reload::Reloads, transaction_answer},
    problem::Problem,
    request::{Circumstances, Party, Properties, Request},
};
use serde_json::{Value, json};

use super::{Ground, edit, load, other_edition, refused, reloaded, todo};
use crate::{
    http::{Server, allowed, todo_facts},
    transactions::{Home, committed, delete, put, send, set, uid, unused_key},
    worlds::{TempDir, noon},
};

const SCHEMA: &str = "schemas/todo.cedarschema";

/// The to-do list on a store that holds its facts.
fn stored() -> (Ground, Home) {
    let (dir, home) = (unasked(), Home::in_a_file());
    let server = Server::reloading(Reloads::of(dir.path(), false));
    server.service.activate(home.engine(load(dir.path()))).unwrap();
    let ground = Ground { dir, server };
    let facts: Vec<Value> = serde_json::from_str(&fs::read_to_string(todo_facts()).unwrap()).unwrap();
    change(&ground, &facts.into_iter().map(|entity| json!({ "put": entity })).collect::<Vec<_>>());
    (ground, home)
}

fn change(ground: &Ground, changes: &[Value]) {
    let body = json!({ "evaluations": [], "changes": changes });
    assert!(committed(&send(&ground.server.client(), &unused_key(), &body)));
}

/// Says something else of lists.
fn list_has(ground: &Ground, before: &str, now: &str) {
    ground.edit(SCHEMA, &format!("archived: Bool,{before}"), &format!("archived: Bool,{now}"));
}

fn misfits(ground: &Ground) -> String {
    let reply = ground.reload();
    let problems = refused(&reply);
    assert_eq!(reply.json()["type"], "urn:mandat:problem:unfitting-facts", "{reply:?}");
    assert!(problems[0]["help"].as_str().unwrap().contains("change these facts first"));
    problems[0]["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_schema_that_facts_do_not_fit_is_refused_whatever_keeps_them() {
    let (stored, _home) = stored();
    for ground in [Ground::on(unasked()), stored] {
        list_has(&ground, "", " title: String,");
        let message = misfits(&ground);
        assert!(message.starts_with("the facts hold 2 entities of type `List` that the new schema does not allow"));
        assert!(message.contains("the first is `groceries`") && message.contains("title"), "{message}");
        assert!(ground.server.evaluate(&allowed()).decision());
        list_has(&ground, " title: String,", " title?: String,");
        reloaded(&ground.reload());
        assert!(ground.server.evaluate(&allowed()).decision(), "the control: a schema that they fit");
    }
}

#[test]
fn an_attribute_becomes_required_once_all_facts_have_it() {
    let (ground, _home) = stored();
    list_has(&ground, "", " title?: String,");
    reloaded(&ground.reload());
    change(&ground, &[set("List::groceries", "title", "Groceries")]);
    list_has(&ground, " title?: String,", " title: String,");
    assert!(misfits(&ground).contains("1 entity of type `List`"));
    change(&ground, &[set("List::last-year", "title", "Last year")]);
    reloaded(&ground.reload());
    list_has(&ground, " title: String,", " title?: Long,");
    assert!(misfits(&ground).contains("2 entities of type `List`"), "of another kind");
    list_has(&ground, " title?: Long,", "");
    assert!(misfits(&ground).contains("2 entities of type `List`"), "not there any more");
}

#[test]
fn a_type_goes_once_no_fact_is_of_it_and_a_parent_once_nobody_is_in_it() {
    let (ground, _home) = stored();
    let types = "entity Shelf;\nentity Box in [Shelf];\n";
    ground.edit(SCHEMA, "entity Team;", &format!("entity Team;\n{types}"));
    reloaded(&ground.reload());
    let boxed = json!({ "put": { "uid": uid("Box::b"), "attrs": {}, "parents": [uid("Shelf::s")] } });
    change(&ground, &[put("Shelf::s", json!({})), boxed]);
    ground.edit(SCHEMA, types, "entity Shelf;\nentity Box;\n");
    assert!(misfits(&ground).contains("1 entity of type `Box`"));
    ground.edit(SCHEMA, "entity Shelf;\nentity Box;\n", "");
    assert_eq!(refused(&ground.reload()).len(), 2, "both types");
    change(&ground, &[delete("Box::b"), delete("Shelf::s")]);
    reloaded(&ground.reload());
}

/// The to-do list without its scenarios: their facts are the first that do not fit.
fn unasked() -> TempDir {
    let dir = todo();
    fs::remove_dir_all(dir.path().join("tests")).unwrap();
    dir
}

/// Puts renaming into a group of actions, and has the policy ask for the group.
fn group(dir: &TempDir) {
    edit(dir, SCHEMA, "action readList, renameList", "action change;\naction renameList in [change]");
    edit(
        dir,
        SCHEMA,
        "action shareList",
        "action readList appliesTo { principal: Person, resource: List };\naction shareList",
    );
    let rename = "action == Action::\"renameList\", resource is List)\nwhen {";
    edit(dir, "policies/lists.cedar", rename, "action, resource is List)\nwhen { action in Action::\"change\" &&");
}

#[test]
fn groups_of_actions_that_a_new_schema_makes_are_known_to_its_policies_at_once() {
    let (stored, home) = stored();
    for ground in [Ground::todo(), stored] {
        group(&ground.dir);
        reloaded(&ground.reload());
        assert!(ground.server.evaluate(&allowed()).decision());
    }
    // The control: under the facts of the old schema the policy does not match, and nobody would see why.
    let (old, new) = (todo(), todo());
    group(&new);
    let facts = home.engine(load(old.path())).facts();
    let renames = Request {
        principal: Party::new("Person", "ada"),
        action: "renameList".to_owned(),
        action_properties: Properties::new(),
        resource: Party::new("List", "groceries"),
        context: Properties::new(),
    };
    let bundle = Arc::new(load(new.path()));
    let stale = Moment::new(bundle.clone(), facts.snapshot().unwrap());
    assert!(!stale.decide(&renames, &noon()).unwrap().decision.allowed());
    let fresh = Moment::new(bundle.clone(), facts.under(&bundle.schema).unwrap().snapshot().unwrap());
    assert!(fresh.decide(&renames, &noon()).unwrap().decision.allowed());
}

/// What happens to facts.
type Happening = Box<dyn Fn(&dyn Facts) + Send + Sync>;

/// Facts with which something happens right after they were looked at, once.
struct Raced {
    facts: Arc<dyn Facts>,
    armed: Arc<AtomicBool>,
    happens: Happening,
}

impl Facts for Raced {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>, Unavailable> {
        let snapshot = self.facts.snapshot()?;
        if self.armed.swap(false, Ordering::SeqCst) {
            (self.happens)(&*self.facts);
        }
        Ok(snapshot)
    }

    fn at(&self, revision: Revision) -> Result<Arc<dyn Snapshot>, Unavailable> {
        self.facts.at(revision)
    }

    fn refresh(&self) -> Result<Revision, Unavailable> {
        self.facts.refresh()
    }

    fn under(&self, schema: &Schema) -> Result<Arc<dyn Facts>, Problem> {
        self.facts.under(schema)
    }

    fn store(&self) -> Option<Arc<dyn Store>> {
        self.facts.store()
    }
}

/// A list as the schema has it before it has titles.
fn write(store: &dyn Store) {
    let list = json!({"uid": uid("List::late"), "attrs": {
        "owner": {"__entity": uid("Person::ada")}, "readers": [], "teams": [], "archived": false,
    }, "parents": []});
    let record = Record::of(&Entity::from_json_value(list, None).unwrap()).unwrap();
    let mut writing = store.begin().unwrap();
    let why = Commit { at: Timestamp::UNIX_EPOCH, who: "a racer".to_owned(), why: "{}".to_owned() };
    writing.revise(&why).unwrap();
    writing.put(&[record], "a schema").unwrap();
    writing.commit().unwrap();
}

#[test]
fn what_is_written_while_facts_are_held_against_a_schema_is_held_against_it_too() {
    for racing in [false, true] {
        let (dir, home, armed) = (unasked(), Home::in_a_file(), Arc::new(AtomicBool::new(false)));
        let happens = |facts: &dyn Facts| {
            write(&*facts.store().unwrap());
            facts.refresh().unwrap();
        };
        let facts =
            Raced { facts: home.engine(load(dir.path())).facts(), armed: armed.clone(), happens: Box::new(happens) };
        let engine = Engine::new(load(dir.path()), facts);
        edit(&dir, SCHEMA, "archived: Bool,", "archived: Bool, title: String,");
        armed.store(racing, Ordering::SeqCst);
        let outcome = engine.reload(dir.path(), &|_| Ok(()), &|| noon().now);
        assert!(!armed.load(Ordering::SeqCst), "it was looked at");
        match outcome {
            Err(Refused::Misfits { misfits, .. }) => assert_eq!((racing, &*misfits[0].id), (true, "late")),
            other => assert!(!racing && other.is_ok(), "{racing}: {other:?}"),
        }
    }
}

/// What is written under a new bundle can be of a kind that only its schema knows.
#[test]
fn a_moment_never_has_the_old_bundle_and_facts_of_the_new_ones_time() {
    let (dir, home, armed) = (todo(), Home::in_a_file(), Arc::new(AtomicBool::new(false)));
    let engine: Arc<OnceLock<Engine>> = Arc::default();
    let (reloading, place) = (engine.clone(), dir.path().to_owned());
    let happens = move |_: &dyn Facts| {
        let engine = reloading.get().unwrap();
        assert!(engine.reload(&place, &|_| Ok(()), &|| noon().now).is_ok());
    };
    let facts =
        Raced { facts: home.engine(load(dir.path())).facts(), armed: armed.clone(), happens: Box::new(happens) };
    assert!(engine.set(Engine::new(load(dir.path()), facts)).is_ok());
    let engine = engine.get().unwrap();
    other_edition(&dir);
    armed.store(true, Ordering::SeqCst);
    let moment = engine.moment().unwrap();
    assert!(!armed.load(Ordering::SeqCst), "another bundle came into force in the middle");
    assert_eq!(moment.bundle.digest, load(dir.path()).digest);
}

#[test]
fn a_transaction_is_settled_and_named_by_one_bundle_even_if_another_comes_into_force_meanwhile() {
    // In a file, whoever keeps a bundle waits for the transaction to end.
    let (dir, home) = (todo(), Home::in_postgres());
    let engine = home.engine(load(dir.path()));
    let before = engine.bundle();
    other_edition(&dir);
    let transaction = Transaction { evaluations: Vec::new(), changes: Vec::new(), if_revision: None };
    let circumstances = Circumstances { now: Timestamp::UNIX_EPOCH, trust_caller_clock: false };
    let why = "{}".to_owned();
    let attempt = Attempt { caller: "panel", key: "k", digest: [0; 32], transaction: &transaction, why, circumstances };
    let settled = engine.transact(&attempt, &|outcome, revision, bundle| {
        assert!(engine.reload(dir.path(), &|_| Ok(()), &|| noon().now).is_ok());
        assert_eq!(bundle.digest, before.digest);
        transaction_answer::text(outcome, revision, Detail::Full)
    });
    assert_ne!(engine.bundle().digest, before.digest, "the control: another one is in force");
    assert_eq!(settled.map(|settled| settled.bundle.digest.clone()).unwrap(), before.digest);
}
