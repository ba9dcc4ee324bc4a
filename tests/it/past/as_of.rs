//! Decisions as of an earlier time, over real sockets on both stores.
//!
//! Bob, an administrator of alpenhost, wants to enter the florist's account. First the florist has not accepted, then it
//! has, then it ends the partnership; at last the policies change so that he enters where it has ended.

use jiff::Timestamp;
use mandat::{
    bundle::archive,
    facts::store::Activation,
    http::{Service, reload::Reloads, wire},
    request::Circumstances,
};
use serde_json::{Value, json};

use crate::{
    callers::{bearer, keep, token},
    http::{
        Reply, Server, allowed,
        process::{Process, mandat},
        todo_dir, todo_facts,
    },
    reload::{edit, load, reload, reloaded},
    support::{copy_programme, programme_dir},
    transactions::{
        Home, PLACES, accepts_full, asks, committed, full_access, sample_home_in, send, set, unset, unused_key,
    },
    worlds::{self, TempDir},
};

const PARTNERSHIP: &str = "Partnership::florist:alpenhost";

/// A service on a store, whose bundle lies in a directory of its own.
struct Ground {
    dir: TempDir,
    home: Home,
    server: Server,
}

impl Ground {
    fn in_(home: Home) -> Self {
        let dir = TempDir::new();
        copy_programme(dir.path());
        // Scenarios would refuse what is changed here.
        std::fs::remove_dir_all(dir.path().join("tests")).unwrap();
        let (home, server) = (sample_home_in(home), Server::reloading(Reloads::of(dir.path(), false)));
        server.service.activate(home.engine(load(dir.path()))).unwrap();
        Self { dir, home, server }
    }

    fn change(&self, questions: &[Value], changes: &[Value]) {
        let body = json!({ "evaluations": questions, "changes": changes });
        let reply = send(&self.server.client(), &unused_key(), &body);
        assert!(committed(&reply), "{reply:?}");
    }

    fn ask(&self, options: &Value) -> Reply {
        self.server.evaluate(&question(options))
    }
}

fn question(options: &Value) -> Value {
    let mut question = asks("u-bob", "enterClientAccount", PARTNERSHIP, json!({}));
    question["options"] = options.clone();
    question
}

fn ends() -> Vec<Value> {
    vec![set(PARTNERSHIP, "status", "ended"), unset("Organization::florist", "fullPartnership")]
}

/// A moment between what was before and what comes: times are kept to the millisecond.
pub(super) fn pause() -> Timestamp {
    let pause = std::time::Duration::from_millis(5);
    std::thread::sleep(pause);
    let now = mandat::cli::input::now();
    std::thread::sleep(pause);
    now
}

/// Bob enters where the partnership has ended.
fn turn_around(dir: &TempDir) {
    let status = "resource.partner.administrators.contains(principal)) &&\n  resource.status == \"active\"";
    edit(dir, "policies/partnerships.cedar", status, &status.replace("== \"active\"", "== \"ended\""));
}

/// Every time with the bundle in force then and whether Bob may.
fn story(ground: &Ground) -> [(Timestamp, String, bool); 4] {
    let digest = || ground.server.service.active().unwrap().bundle().digest.clone();
    let before = (pause(), digest(), false);
    ground.change(&[accepts_full(PARTNERSHIP)], &full_access(PARTNERSHIP));
    let accepted = (pause(), digest(), true);
    ground.change(&[], &ends());
    let ended = (pause(), digest(), false);
    turn_around(&ground.dir);
    let other = reloaded(&reload(&ground.server.client()));
    assert_ne!(other, ended.1);
    [before, accepted, ended, (pause(), other, true)]
}

#[test]
fn each_time_is_answered_by_the_facts_and_the_bundle_of_then() {
    for place in PLACES {
        let ground = Ground::in_(place());
        let first_of_all = pause_before(&ground);
        let times = story(&ground);
        let before = ground.ask(&json!({ "as_of": first_of_all }));
        assert_eq!(before.status, 400, "{before:?}");
        assert!(before.message().starts_with("options.as_of: no bundle was in force at"), "{before:?}");
        // Twice, since the first time loads the bundle; and the newest first, so that nothing goes on from before.
        for (at, bundle, allowed) in times.iter().rev().chain(&times) {
            let reply = ground.ask(&json!({ "as_of": at }));
            assert_eq!(reply.decision(), *allowed, "{at}: {reply:?}");
            let revision = reply.json()["context"]["historical"]["revision"].clone();
            let historical = json!({ "as_of": at, "bundle": bundle, "revision": revision });
            assert_eq!(reply.json()["context"], json!({ "historical": historical }), "and nothing else unasked");
            assert_eq!(reply.header("x-mandat-as-of"), Some(&*at.to_string()));
            assert_eq!(reply.header("x-mandat-bundle"), Some(&**bundle));
            assert_eq!(reply.header("x-mandat-revision"), Some(&*revision.to_string()));
        }
        let now = ground.ask(&json!({}));
        assert_eq!((now.decision(), now.json()["context"].is_null()), (true, true), "the control: now");
        assert!(now.header("x-mandat-as-of").is_none());
        let answers: Vec<bool> = times.iter().map(|(_, _, allowed)| *allowed).collect();
        assert!(answers.contains(&true) && answers.contains(&false), "the control: the answers differ");
    }
}

/// A time before the service has started on the store.
fn pause_before(ground: &Ground) -> Timestamp {
    let digest = ground.server.service.active().unwrap().bundle().digest.clone();
    let store = ground.home.store();
    let hour = jiff::SignedDuration::from_hours(1);
    let earlier = mandat::cli::input::now().checked_sub(hour).unwrap();
    assert_eq!(store.bundle_at(mandat::cli::input::now()).unwrap(), Some(digest), "the start was kept");
    earlier
}

#[test]
fn an_earlier_answer_explains_itself_and_a_batch_is_of_one_time() {
    let ground = Ground::in_(Home::in_a_file());
    let [(before, ..), (accepted, ..), ..] = story(&ground);
    let reply = ground.ask(&json!({ "as_of": before, "explain": true }));
    let context = &reply.json()["context"];
    assert_eq!(context["code"], "not_permitted", "{reply:?}");
    assert_eq!(context["near_misses"][0]["missing"][0]["found"], "\"requested\"", "{reply:?}");
    assert_eq!(context["bundle"], context["historical"]["bundle"]);
    let unknown = asks("u-bob", "enterClientAcount", PARTNERSHIP, json!({}));
    let batch = json!({
        "evaluations": [question(&json!({ "as_of": before })), unknown], "options": { "as_of": accepted },
    });
    let reply = ground.server.evaluate_all(&batch);
    let answers = reply.json()["evaluations"].clone();
    assert_eq!((&answers[0]["decision"], &answers[1]["decision"]), (&json!(true), &json!(false)), "{reply:?}");
    assert_eq!(answers[1]["context"]["error"]["status"], 400);
    assert_eq!(answers[1]["context"]["historical"]["as_of"], json!(accepted));
}

/// Rosa granted the support access until 8 October; her facts are from noon of the first.
#[test]
fn the_time_asked_about_is_what_policies_see_as_now() {
    let (home, bundle) = (sample_home_in(Home::in_a_file()), load(&programme_dir()));
    let activation = Activation { at: worlds::noon().now, bundle: bundle.digest.clone() };
    home.store().keep_bundle(&activation, &archive::text(&bundle.files)).unwrap();
    let engine = home.engine(bundle);
    let asked = json!({ "subject": {"type": "SupportAgent", "id": "agent-selma"}, "action": {"name": "useSupportAccess"},
        "resource": {"type": "SupportGrant", "id": "rosa-mail"}, "context": {"service": "mail"} });
    let request = wire::request(wire::evaluation(asked).unwrap()).unwrap();
    let may = |time: &str| {
        let now: Timestamp = time.parse().unwrap();
        let moment = engine.as_of(now, "2026-11-01T00:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(moment.revision(), 1);
        moment.decide(&request, &Circumstances { now, trust_caller_clock: false }).unwrap().decision.allowed()
    };
    assert_eq!(
        ["2026-10-01T12:00:00Z", "2026-10-08T11:59:59.999Z", "2026-10-08T12:00:00Z"].map(may),
        [true, true, false]
    );
    let (noon, later) = (worlds::noon().now, "2026-11-01T00:00:00Z".parse().unwrap());
    assert!(engine.as_of(later, later).is_ok() && engine.as_of(later, noon).is_err(), "what is to come is not known");
}

#[test]
fn what_has_no_past_is_refused_and_says_why() {
    let ground = Ground::in_(Home::in_a_file());
    let refused = |options: Value, expected: &str| {
        let reply = ground.ask(&options);
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.message().contains(expected), "{reply:?}");
    };
    refused(json!({ "as_of": "2999-01-01T00:00:00Z" }), "is in the future");
    refused(json!({ "as_of": pause(), "at_least_revision": 1 }), "cannot go together with `at_least_revision`");
    for wrong in [json!("yesterday"), json!("2026-10-01"), json!(1_790_000_000)] {
        refused(json!({ "as_of": wrong }), "options.as_of: expected a time");
    }
    assert_eq!(ground.ask(&json!({ "as_of": pause() })).status, 200, "the control");
    let search = json!({ "subject": {"type": "User"}, "action": {"name": "enterClientAccount"},
        "resource": {"type": "Partnership", "id": "bakery:alpenhost"}, "options": {"as_of": pause()} });
    let reply = ground.server.client().post("/access/v1/search/subject", &search);
    assert!(reply.status == 400 && reply.message().contains("answered on the facts of now"), "{reply:?}");
    let in_memory = Server::start();
    let mut question = allowed();
    question["options"] = json!({ "as_of": pause() });
    let reply = in_memory.evaluate(&question);
    assert!(reply.status == 400 && reply.message().contains("come from a file"), "{reply:?}");
}

#[test]
fn only_who_may_read_decisions_asks_about_the_past() {
    let ground = Ground::in_(Home::in_a_file());
    let roles: [(&[&str], u16, u16); 4] = [
        (&["enforcer"], 403, 200),
        (&["auditor"], 200, 403),
        (&["enforcer", "auditor"], 200, 200),
        (&["registrar"], 403, 403),
    ];
    let tokens = roles.map(|(roles, past, now)| (token(roles), past, now));
    tokens.iter().for_each(|((known, _), ..)| keep(&*ground.home.store(), known));
    ground.server.service.active().unwrap().callers.refresh();
    let at = pause();
    for ((known, secret), past, now) in &tokens {
        let ask = |path: &str, options: Value| {
            let bearer = bearer(secret);
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
            ground.server.client().send(path, &headers, question(&options).to_string().as_bytes())
        };
        for path in ["/access/v1/evaluation", "/access/v1/evaluations"] {
            let reply = ask(path, json!({ "as_of": at }));
            assert_eq!(reply.status, *past, "{:?}: {reply:?}", known.roles);
            if reply.status == 403 && known.roles == ["enforcer"] {
                assert!(reply.message().contains("do not permit `readDecisions`"), "{reply:?}");
                assert!(reply.header("www-authenticate").unwrap().contains("insufficient_scope"));
            }
            assert_eq!(ask(path, json!({})).status, *now, "{:?}", known.roles);
        }
    }
}

/// What a caller may see is for the bundle of now to say: a role that saw facts then may not any more.
#[test]
fn a_bundle_of_the_past_gives_nobody_rights() {
    let ground = Ground::in_(Home::in_a_file());
    let (known, secret) = token(&["auditor"]);
    keep(&*ground.home.store(), &known);
    ground.server.service.active().unwrap().callers.refresh();
    let explained = || {
        let bearer = bearer(&secret);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = question(&json!({ "as_of": at_first(&ground), "explain": true })).to_string();
        ground.server.client().send("/access/v1/evaluation", &headers, body.as_bytes()).json()["context"].clone()
    };
    let _ = pause();
    assert!(explained()["near_misses"].is_array(), "the control: an auditor sees facts");
    let sees = "action in [Action::\"readDecisions\", Action::\"readFacts\", Action::\"search\"]";
    edit(&ground.dir, "policies/engine-access.cedar", sees, &sees.replace("Action::\"readFacts\", ", ""));
    let service: &Service = &ground.server.service;
    assert!(
        service.active().unwrap().engine().reload(ground.dir.path(), &|_| Ok(()), &mandat::cli::input::now).is_ok()
    );
    let context = explained();
    assert_eq!((&context["code"], &context["near_misses"]), (&json!("not_permitted"), &Value::Null), "{context}");
}

/// Right after the start.
fn at_first(ground: &Ground) -> Timestamp {
    let mut at = None;
    let store = ground.home.store();
    store
        .history(store.head().unwrap(), &mut |past| {
            if let mandat::facts::store::Past::Activation(activation) = past {
                at.get_or_insert(activation.at);
            }
            Ok(())
        })
        .unwrap();
    at.unwrap()
}

#[test]
fn a_bundle_that_cannot_be_kept_comes_into_force_neither_at_the_start_nor_later() {
    let ground = Ground::in_(Home::in_postgres());
    let before = ground.server.service.active().unwrap().bundle().digest.clone();
    let deny = "create function no() returns trigger language plpgsql as 'begin raise exception ''the disk is full''; end'; \
                create trigger no before insert on activations for each statement execute function no()";
    let (_, database) = ground.home.place.rsplit_once('/').unwrap();
    let sql = |sql: &str| crate::store::cluster::Cluster::shared().sql(database, sql).unwrap();
    sql(deny);
    turn_around(&ground.dir);
    let reply = reload(&ground.server.client());
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(ground.server.service.active().unwrap().bundle().digest, before);
    let other = Server::reloading(Reloads::of(ground.dir.path(), false));
    let refused = other.service.activate(ground.home.engine(load(ground.dir.path()))).unwrap_err().to_string();
    assert!(refused.contains("cannot be kept, so nothing is answered under it"), "{refused}");
    assert_eq!(other.evaluate(&question(&json!({}))).status, 503);
    sql("drop trigger no on activations");
    assert_eq!(reload(&ground.server.client()).status, 200, "the control");
}

#[test]
fn the_command_line_asks_about_the_past_too() {
    let (dir, store) = (TempDir::new(), TempDir::new());
    let place = store.path().join("facts.db").display().to_string();
    dir.write("request.json", &allowed().to_string());
    let request = dir.path().join("request.json").display().to_string();
    let decide = |arguments: &[&str]| {
        let mut command = mandat();
        command.args(["decide", &request, "--bundle"]).arg(todo_dir()).args(arguments);
        let output = command.output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap(), text)
    };
    let before = pause().to_string();
    let mut command = mandat();
    command.args(["serve", "--store", &place, "--seed"]).arg(todo_facts());
    drop(Process::start(command));
    let at = pause().to_string();
    let (code, text) = decide(&["--store", &place, "--as-of", &at]);
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with(&format!("Allow\nas of {at}, by the bundle sha256:")), "{text}");
    let (code, text) = decide(&["--store", &place, "--as-of", &at, "--json", "--explain"]);
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &answer["context"]["historical"]["revision"]), (0, &json!(1)), "{answer}");
    for (time, expected) in [(before.as_str(), "no bundle was in force"), ("2999-01-01T00:00:00Z", "in the future")] {
        let (code, text) = decide(&["--store", &place, "--as-of", time]);
        assert!(code == 3 && text.contains(expected), "{code} {text}");
    }
    let facts = todo_facts().display().to_string();
    assert_eq!(decide(&["--facts", &facts, "--as-of", &at]).0, 3);
    assert_eq!(decide(&["--as-of", &at]).0, 3, "without a store");
}
