//! A batch and a search are answered from one state of the facts, whatever is written meanwhile (T34).

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::{How, change, cleo_reads, committed, list, replicas, revision, share};
use crate::{http::Client, store::cluster::Cluster};

/// Cleo reads one of two lists at any time: which one, or none or both where the answers disagree.
type Seen = (bool, bool, u64);

/// Moves Cleo from list to list through one replica while another is asked so many times.
fn watched(times: usize, ask: impl Fn(&Client) -> Seen) -> Vec<Seen> {
    let servers = replicas(Cluster::shared(), 2, &How::default());
    let (writer, reader) = (servers[0].client(), servers[1].client());
    assert_eq!(committed(&change(&writer, "begin", &[share(&list(0), true)])), 2);
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0.. {
                if enough.load(Ordering::SeqCst) {
                    return;
                }
                let (from, to) = (turn % 2, (turn + 1) % 2);
                let moves = [share(&list(from), false), share(&list(to), true)];
                committed(&change(&writer, &format!("move-{turn}"), &moves));
            }
        });
        super::until("the replica knows of the beginning", || ask(&reader).2 >= 2);
        let seen = (0..times).map(|_| ask(&reader)).collect();
        enough.store(true, Ordering::SeqCst);
        seen
    })
}

fn batch(client: &Client) -> Seen {
    let items = [cleo_reads(&list(0), None), cleo_reads(&list(1), None)];
    let reply = client.post("/access/v1/evaluations", &json!({"evaluations": items}));
    let decision = |item: usize| reply.json()["evaluations"][item]["decision"].as_bool().unwrap();
    (decision(0), decision(1), revision(&reply))
}

fn search(client: &Client) -> Seen {
    let search = json!({"subject": {"type": "Person", "id": "cleo"}, "action": {"name": "readList"},
        "resource": {"type": "List"}});
    let reply = client.post("/access/v1/search/resource", &search);
    let found = reply.json()["results"].as_array().unwrap().clone();
    let reads = |number| found.iter().any(|entity| entity["id"] == list(number).as_str());
    (reads(0), reads(1), revision(&reply))
}

fn singles(client: &Client) -> Seen {
    let ask = |number| client.post("/access/v1/evaluation", &cleo_reads(&list(number), None));
    let (first, second) = (ask(0), ask(1));
    (first.decision(), second.decision(), revision(&second))
}

#[test]
fn what_is_asked_together_is_answered_from_one_revision() {
    for ask in [batch, search] {
        let seen = watched(250, ask);
        for (first, second, revision) in &seen {
            // Revision 2 shared the first list; each one after it moves Cleo to the other.
            assert_eq!((*first, *second), (revision % 2 == 0, revision % 2 == 1), "at revision {revision}");
        }
        assert!(seen.first().unwrap().2 < seen.last().unwrap().2, "something was written meanwhile");
    }
    let disagree = watched(500, singles).iter().filter(|(first, second, _)| first == second).count();
    assert!(disagree > 0, "the control: asked one by one, nobody ever saw both or none, so the test shows nothing");
    eprintln!("asked one by one, {disagree} of 500 pairs disagreed");
}
