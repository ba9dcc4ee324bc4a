//! PostgreSQL restarted under load: nothing acknowledged is lost, nothing is done twice, no answer is wrong.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;

use super::{How, change, cleo_reads, list, replicas, revision, share, times, until};
use crate::{
    http::{Client, Server},
    store::cluster::Cluster,
};

const WRITERS: usize = 3;
const READERS: usize = 3;

/// What each acknowledged revision did: which list, and whether Cleo reads it from then on.
type Model = BTreeMap<u64, (usize, bool)>;

/// An answer: the revision that it names, which list, and whether Cleo may read it.
type Answer = (u64, usize, bool);

/// A task that only this write makes, so that it is seen whether it was made.
fn task(name: &str, of: usize) -> serde_json::Value {
    let list = json!({"type": "List", "id": list(of)});
    json!({"put": {"uid": {"type": "Task", "id": name}, "attrs": {"list": list, "done": false}, "parents": []}})
}

/// Writes to one list until told to stop; each write is repeated under its key until it is acknowledged.
fn write(clients: &[Client], writer: usize, enough: &AtomicBool, model: &Mutex<Model>) {
    for turn in 0.. {
        if enough.load(Ordering::SeqCst) {
            return;
        }
        let (key, shared) = (format!("w{writer}-{turn}"), turn % 2 == 0);
        let changes = [task(&key, writer), share(&list(writer), shared)];
        let mut attempt = turn;
        let reply = loop {
            let reply = change(&clients[attempt % clients.len()], &key, &changes);
            if reply.status != 503 {
                break reply;
            }
            attempt += 1;
            std::thread::sleep(Duration::from_millis(20));
        };
        let before = model.lock().unwrap().insert(super::committed(&reply), (writer, shared));
        assert_eq!(before, None, "two writes were acknowledged with one revision");
    }
}

/// Asks about any list until told to stop.
fn read(client: &Client, reader: usize, enough: &AtomicBool) -> Vec<Answer> {
    let mut answers = Vec::new();
    for turn in reader.. {
        if enough.load(Ordering::SeqCst) {
            break;
        }
        let number = turn % WRITERS;
        let reply = client.post("/access/v1/evaluation", &cleo_reads(&list(number), None));
        match reply.status {
            200 => answers.push((revision(&reply), number, reply.decision())),
            503 => {}
            _ => panic!("{reply:?}"),
        }
        // Writers need their share of the machine.
        std::thread::sleep(Duration::from_millis(2));
    }
    answers
}

fn under_load(cluster: &Cluster, servers: &[Server], restarts: usize) -> (Model, Vec<Answer>) {
    let clients: Vec<Client> = servers.iter().map(Server::client).collect();
    let (enough, model) = (AtomicBool::new(false), Mutex::new(Model::new()));
    let answers = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn({
                let (clients, enough, model) = (&clients, &enough, &model);
                move || write(clients, writer, enough, model)
            });
        }
        let (clients, enough) = (&clients, &enough);
        let readers: Vec<_> =
            (0..READERS).map(|reader| scope.spawn(move || read(&clients[reader % 3], reader, enough))).collect();
        for restart in 0..restarts {
            std::thread::sleep(Duration::from_millis(700));
            if restart % 2 == 0 {
                cluster.crash()
            } else {
                cluster.stop()
            }
            std::thread::sleep(Duration::from_millis(300));
            cluster.start();
        }
        std::thread::sleep(Duration::from_millis(700));
        enough.store(true, Ordering::SeqCst);
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    });
    (model.into_inner().unwrap(), answers)
}

/// What was true of a list at a revision.
fn truth(model: &Model, number: usize, at: u64) -> bool {
    model.range(..=at).rev().find(|(_, (of, _))| *of == number).is_some_and(|(_, (_, shared))| *shared)
}

#[test]
fn a_restart_under_load_loses_nothing_and_makes_nothing_wrong() {
    let cluster = Cluster::new(&[]);
    let servers = replicas(&cluster, 3, &How::default());
    let (model, answers) = under_load(&cluster, &servers, times("MANDAT_RESTARTS", 3));
    until("all are ready again", || servers.iter().all(|server| server.get("/readyz").status == 200));
    let last = *model.keys().last().unwrap();
    let revisions: Vec<u64> = model.keys().copied().collect();
    assert_eq!(
        revisions,
        (2..=last).collect::<Vec<_>>(),
        "each revision is one acknowledged write, and none is missing"
    );
    for server in &servers {
        for number in 0..WRITERS {
            let reply = server.evaluate(&cleo_reads(&list(number), Some(last)));
            assert_eq!((revision(&reply), reply.decision()), (last, truth(&model, number, last)), "{}", list(number));
        }
    }
    let tasks = tasks_of_ada(&servers[0], last);
    assert_eq!(tasks, revisions.len(), "each write has made its task, once");
    let wrong: Vec<_> = answers.iter().filter(|(at, number, reads)| truth(&model, *number, *at) != *reads).collect();
    assert!(wrong.is_empty(), "{} of {} answers were never true: {wrong:?}", wrong.len(), answers.len());
    let differ = answers.iter().filter(|(at, number, reads)| truth(&model, *number, at.saturating_sub(3)) != *reads);
    assert!(differ.count() > 0, "the control: held against other revisions, answers are found to be wrong");
    eprintln!("{} writes and {} answers, all as they should be", revisions.len(), answers.len());
}

/// How many tasks there are that may be completed, counted page by page.
fn tasks_of_ada(server: &Server, at_least: u64) -> usize {
    let mut search = json!({"subject": {"type": "Person", "id": "ada"}, "action": {"name": "completeTask"},
        "resource": {"type": "Task"}, "options": {"at_least_revision": at_least}});
    let mut found = 0;
    loop {
        let reply = server.client().post("/access/v1/search/resource", &search);
        assert_eq!(reply.status, 200, "{reply:?}");
        let page = reply.json();
        found += page["results"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["id"].as_str().unwrap().starts_with('w'))
            .count();
        match page["page"]["next_token"].as_str() {
            None | Some("") => return found,
            Some(token) => search["page"] = json!({"token": token}),
        }
    }
}
