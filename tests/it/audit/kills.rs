//! Killed while it answers, again and again, on each of the three places: every answer that was given is in the log.
//!
//! A kill takes nothing that the operating system has already got; what is shown is that no answer leaves before its record
//! is written with its signature, and that whatever a commit leaves by half is found at the next start. Waiting for the disk
//! itself is shown by nobody who does not cut the power.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
    sync::Mutex,
    time::Duration,
};

use mandat::audit::{
    ledger::{self, Ledger},
    line::Place,
};
use serde_json::Value;

use super::{ledgers::homes::Home, lines};
use crate::{
    http::{
        Client, asks,
        process::{Process, mandat, run},
        todo_facts,
    },
    replicas::times,
    worlds::TempDir,
};

const CLIENTS: usize = 4;

/// `mandat serve` on a store in a directory, with the log somewhere; the first start brings the sample facts.
pub(super) fn serve(mut command: Command, dir: &Path, log: &str, mode: &str) -> Process {
    let store = dir.join("facts.db");
    let new = !store.exists();
    command.args(["serve", "--store"]).arg(store);
    if new {
        command.arg("--seed").arg(todo_facts());
    }
    command.args(["--audit", log, "--audit-mode", mode, "--audit-key"]).arg(dir.join("log.key"));
    Process::start(command)
}

/// Asks one question after the other until the service breaks off.
fn ask(client: &Client, name: &str, answered: &Mutex<BTreeSet<String>>) {
    let question = asks("cleo", "readList", "List", "groceries").to_string();
    for turn in 0.. {
        let request = format!("{name}-{turn}");
        let headers = [("content-type", "application/json"), ("x-request-id", &*request)];
        let Ok(reply) = client.try_send("/access/v1/evaluation", &headers, question.as_bytes()) else { return };
        assert_eq!(reply.status, 200, "{reply:?}");
        answered.lock().unwrap().insert(request);
    }
}

/// Starts, answers, and kills at some moment.
fn cycle(dir: &Path, log: &str, mode: &str, number: usize, answered: &Mutex<BTreeSet<String>>) {
    let process = serve(mandat(), dir, log, mode);
    let client = process.client();
    std::thread::scope(|scope| {
        for asking in 0..CLIENTS {
            let client = &client;
            scope.spawn(move || ask(client, &format!("k{number}-c{asking}"), answered));
        }
        // Some moment: the commits do not keep step with it.
        std::thread::sleep(Duration::from_millis(40 + (number as u64 * 37) % 250));
        process.kill();
    });
}

/// What is wrong with a log that should hold every answer that was given.
fn wrong(ledger: &dyn Ledger, answered: &BTreeSet<String>) -> Vec<String> {
    let (mut wrong, mut found) = (Vec::new(), BTreeMap::<String, u32>::new());
    let mut last = BTreeMap::<u32, u64>::new();
    for line in lines(ledger) {
        let place = Place::of(line.as_bytes()).unwrap();
        let before = last.insert(place.writer, place.sequence).unwrap_or(0);
        if place.sequence != before + 1 {
            wrong.push(format!("line {} of chain {} follows line {before}", place.sequence, place.writer));
        }
        let record: Value = serde_json::from_str(&line).unwrap();
        if let Some(request) = record["request"].as_str() {
            *found.entry(request.to_owned()).or_default() += 1;
        }
    }
    wrong.extend(answered.iter().filter(|request| !found.contains_key(*request)).map(|lost| format!("{lost} is lost")));
    wrong.extend(found.iter().filter(|(_, times)| **times > 1).map(|(twice, _)| format!("{twice} is there twice")));
    wrong
}

fn verify(dir: &Path, log: &str) -> (Option<i32>, String) {
    run(&["audit", "verify", "--log", log, "--key-file", dir.join("log.key").to_str().unwrap()])
}

fn killed(home: &Home, kills: usize) {
    let (dir, log, answered) = (TempDir::new(), home.place(), Mutex::new(BTreeSet::new()));
    for number in 0..kills {
        cycle(dir.path(), &log, "strict", number, &answered);
    }
    // What the last one left is found by whoever starts next.
    serve(mandat(), dir.path(), &log, "strict").kill();
    let answered = answered.into_inner().unwrap();
    let ledger = ledger::open(&log).unwrap();
    let aside = lines(&*ledger).iter().filter(|line| line.contains("\"kind\":\"lost\"")).count();
    eprintln!("{kills} kills on {log}: {} answers, {aside} times something was set aside", answered.len());
    assert!(answered.len() > kills, "{} answers show nothing", answered.len());
    assert_eq!(wrong(&*ledger, &answered), Vec::<String>::new());
    let (code, told) = verify(dir.path(), &log);
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn no_answer_is_lost_from_sqlite() {
    killed(&Home::sqlite(), times("MANDAT_LOG_KILLS", 20));
}

#[test]
fn no_answer_is_lost_from_files() {
    killed(&Home::files(), times("MANDAT_LOG_KILLS", 20));
}

#[test]
fn no_answer_is_lost_from_postgresql() {
    killed(&Home::postgres(), times("MANDAT_LOG_KILLS", 20));
}

/// The control: where answers do not wait for the log, the same kills take some of them, and the same check says which.
#[test]
fn answers_that_do_not_wait_for_the_log_are_lost() {
    let (home, dir, answered) = (Home::sqlite(), TempDir::new(), Mutex::new(BTreeSet::new()));
    for number in 0..10 {
        cycle(dir.path(), &home.place(), "available", number, &answered);
    }
    let (answered, ledger) = (answered.into_inner().unwrap(), ledger::open(&home.place()).unwrap());
    let lost = wrong(&*ledger, &answered);
    eprintln!("10 kills: {} of {} answers are lost", lost.len(), answered.len());
    assert!(!lost.is_empty() && lost.len() < answered.len(), "{} of {} are lost", lost.len(), answered.len());
    assert!(lost.iter().all(|wrong| wrong.ends_with("is lost")), "{lost:?}");
}
