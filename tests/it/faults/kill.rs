//! Killed during writes, again and again: nothing acknowledged is lost, nothing is there twice or by half.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use mandat::facts::store::Store;

use super::{found, integrity, open, serve, twins};
use crate::{
    http::{Client, process::Process},
    replicas::{times, try_change},
    worlds::TempDir,
};

const WRITERS: usize = 4;

/// Keys that were sent: with the revision of the answer, or none where the service broke off before.
type Sent = BTreeMap<String, Option<u64>>;

/// Sends one write after the other until the service breaks off.
fn write(client: &Client, name: &str, sent: &Mutex<Sent>) {
    for turn in 0.. {
        let key = format!("{name}-{turn}");
        sent.lock().unwrap().insert(key.clone(), None);
        let Ok(reply) = try_change(client, &key, &twins(&key, "")) else { return };
        assert_eq!(reply.status, 200, "{reply:?}");
        sent.lock().unwrap().insert(key, reply.json()["revision"].as_u64());
    }
}

/// Starts, writes, and kills at some moment.
fn cycle(store: &Path, number: usize, sent: &Mutex<Sent>) {
    let process = serve(store);
    let client = process.client();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let client = &client;
            scope.spawn(move || write(client, &format!("c{number}-w{writer}"), sent));
        }
        // Some moment: the commits do not keep step with it.
        std::thread::sleep(Duration::from_millis(30 + (number as u64 * 37) % 120));
        process.kill();
    });
}

/// What is wrong with a store that should hold all that was acknowledged.
fn wrong(store: &dyn Store, sent: &Sent) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut revisions = 0;
    for (key, acknowledged) in sent {
        let found = found(store, key);
        revisions += u64::from(found[0].is_some());
        if found[0] != found[1] {
            wrong.push(format!("{key} is there by half: {found:?}"));
        }
        let remembered = store.remembered("anonymous", key).unwrap().map(|answer| answer.revision);
        if remembered != found[0] {
            wrong.push(format!("{key} is there as {found:?}, and its answer as {remembered:?}"));
        }
        if acknowledged.is_some() && *acknowledged != found[0] {
            wrong.push(format!("{key} was acknowledged as {acknowledged:?}, and is there as {found:?}"));
        }
    }
    // One commit for each write: more would be one that was made twice.
    if store.head().unwrap() != revisions {
        wrong.push(format!("{revisions} writes are there after {} commits", store.head().unwrap()));
    }
    wrong
}

/// The repetition of a write gets the answer that was given, or makes it now; never twice.
fn repeat(process: &Process, sent: &mut Sent) {
    let (before, client) = (sent.clone(), process.client());
    for (key, acknowledged) in before {
        let reply = try_change(&client, &key, &twins(&key, "")).unwrap();
        let revision = reply.json()["revision"].as_u64();
        assert!(reply.status == 200 && revision.is_some(), "{reply:?}");
        assert!(acknowledged.is_none_or(|one| Some(one) == revision), "{key}: {acknowledged:?}, then {reply:?}");
        sent.insert(key, revision);
    }
}

#[test]
fn killed_again_and_again_it_keeps_what_it_has_acknowledged() {
    let (dir, sent) = (TempDir::new(), Mutex::new(Sent::new()));
    let path = dir.path().join("facts.db");
    let cycles = times("MANDAT_KILLS", 10);
    for number in 0..cycles {
        cycle(&path, number, &sent);
        assert_eq!(wrong(&*open(&path), &sent.lock().unwrap()), Vec::<String>::new(), "after cycle {number}");
        assert_eq!(integrity(&path), "ok", "after cycle {number}");
    }
    let mut sent = sent.into_inner().unwrap();
    let unsure = sent.values().filter(|acknowledged| acknowledged.is_none()).count();
    let acknowledged = sent.len() - unsure;
    assert!(acknowledged > 0 && unsure > 0, "{acknowledged} acknowledged and {unsure} broken off show nothing");
    eprintln!("{cycles} kills: {acknowledged} writes acknowledged, {unsure} broken off");
    let process = serve(&path);
    repeat(&process, &mut sent);
    process.kill();
    assert_eq!(wrong(&*open(&path), &sent), Vec::<String>::new(), "after all was sent again");
}

/// The control: the same check on a store in which the last commit is missing, and on one that has one too many.
#[test]
fn a_write_that_was_dropped_is_noticed() {
    let (dir, sent) = (TempDir::new(), Mutex::new(Sent::new()));
    let [path, older] = ["facts.db", "older.db"].map(|name| dir.path().join(name));
    cycle(&path, 0, &sent);
    drop(open(&path));
    std::fs::copy(&path, &older).unwrap();
    let process = serve(&path);
    let reply = try_change(&process.client(), "last", &twins("last", "")).unwrap();
    process.kill();
    let mut sent = sent.into_inner().unwrap();
    sent.insert("last".to_owned(), reply.json()["revision"].as_u64());
    let store: Arc<dyn Store> = open(&path);
    assert_eq!(wrong(&*store, &sent), Vec::<String>::new());
    let missing = wrong(&*open(&older), &sent);
    assert!(missing.len() == 1 && missing[0].contains("last was acknowledged"), "{missing:?}");
    sent.remove("last");
    assert!(!wrong(&*store, &sent).is_empty(), "one commit too many");
}
