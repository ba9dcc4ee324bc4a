//! Two hundred reloads under load, half of them broken: no request fails, and no answer is mixed from two bundles.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use super::{Ground, Stop, edit, load, other_edition, refused, reload, reloaded, todo};
use crate::{
    http::{Client, Reply, allowed, denied},
    support::copy,
    worlds::TempDir,
};

const RELOADS: usize = 200;
const ITEMS: usize = 20;

/// A batch that asks the same two questions again and again.
fn batch() -> Value {
    let questions = [allowed(), denied()];
    let items: Vec<&Value> = questions.iter().cycle().take(ITEMS).collect();
    json!({"evaluations": items, "options": {"explain": true}})
}

/// What each bundle answers to the two questions, by its digest.
struct Truth(HashMap<String, [bool; 2]>);

impl Truth {
    /// What is wrong with the answer to [`batch`], if anything is.
    fn fault(&self, status: u16, digest: Option<&str>, body: &Value) -> Option<String> {
        if status != 200 {
            return Some(format!("status {status}"));
        }
        let (Some(digest), Some(answers)) = (digest, body["evaluations"].as_array()) else {
            return Some("no digest, or no answers".to_owned());
        };
        let Some(expected) = self.0.get(digest) else { return Some(format!("a bundle that never was: {digest}")) };
        if answers.len() != ITEMS {
            return Some(format!("{} answers", answers.len()));
        }
        let wrong = answers.iter().zip(expected.iter().cycle()).position(|(answer, expected)| {
            answer["decision"] != *expected || answer["context"]["bundle"].as_str() != Some(digest)
        });
        wrong.map(|place| format!("answer {place} is not of {digest}: {}", answers[place]))
    }

    fn fault_of(&self, reply: &Reply) -> Option<String> {
        let body = serde_json::from_str(&reply.text).unwrap_or(Value::Null);
        self.fault(reply.status, reply.header("x-mandat-bundle"), &body)
    }
}

/// Both editions of the list, each in a directory, and what they answer.
fn editions() -> ([TempDir; 2], [String; 2], Truth) {
    let editions = [todo(), todo()];
    other_edition(&editions[1]);
    let digests = [0, 1].map(|edition| load(editions[edition].path()).digest);
    let truth = Truth(HashMap::from([(digests[0].clone(), [true, false]), (digests[1].clone(), [false, true])]));
    (editions, digests, truth)
}

/// A way to break a bundle.
type Break = fn(&TempDir);

const BROKEN: [Break; 6] = [
    |dir| edit(dir, "policies/lists.cedar", "permit (", "permi ("),
    |dir| edit(dir, "policies/lists.cedar", "resource.owner", "resource.ownr"),
    |dir| edit(dir, "policies/tasks.cedar", "context.now >= resource.dueAt", "context.now < resource.dueAt"),
    |dir| std::fs::remove_file(dir.path().join("schemas/todo.cedarschema")).unwrap(),
    |dir| dir.write("policies/tasks.cedar", ""),
    |dir| dir.write("mandat.toml", "[policies]\nlevel = 99\n"),
];

/// Puts an edition into the service's directory, whole, with one thing broken or not.
fn put(ground: &Ground, edition: &TempDir, broken: Option<Break>) {
    copy(edition.path(), ground.dir.path());
    if let Some(spoil) = broken {
        spoil(&ground.dir);
    }
}

/// Asks until told to stop; what was wrong, and which bundles have answered.
fn ask(client: &Client, truth: &Truth, stop: &AtomicBool, asked: &AtomicUsize) -> (Vec<String>, Vec<String>) {
    let (batch, mut faults, mut seen) = (batch(), Vec::new(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let reply = client.post("/access/v1/evaluations", &batch);
        faults.extend(truth.fault_of(&reply));
        let digest = reply.header("x-mandat-bundle").unwrap_or_default().to_owned();
        if !seen.contains(&digest) {
            seen.push(digest);
        }
        asked.fetch_add(1, Ordering::Relaxed);
    }
    (faults, seen)
}

#[test]
fn under_load_no_request_fails_and_no_answer_is_mixed() {
    let (editions, digests, truth) = editions();
    let ground = Ground::todo();
    let (stop, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4)
            .map(|_| {
                let client = ground.server.client();
                let (truth, stop, asked) = (&truth, &stop, &asked);
                scope.spawn(move || ask(&client, truth, stop, asked))
            })
            .collect();
        let (client, stopping) = (ground.server.client(), Stop(&stop));
        let mut in_force = 0;
        for round in 0..RELOADS / 2 {
            let before = asked.load(Ordering::Relaxed);
            put(&ground, &editions[in_force], Some(BROKEN[round % BROKEN.len()]));
            assert!(!refused(&reload(&client)).is_empty());
            in_force = 1 - in_force;
            put(&ground, &editions[in_force], None);
            assert_eq!(reloaded(&reload(&client)), digests[in_force]);
            // Somebody is answered between any two reloads, or this would show nothing.
            while asked.load(Ordering::Relaxed) < before + 4 {
                std::thread::yield_now();
            }
        }
        drop(stopping);
        for asking in asking {
            let (faults, seen) = asking.join().unwrap();
            assert!(faults.is_empty(), "{} faults, first {}", faults.len(), faults[0]);
            assert_eq!(seen.len(), 2, "both bundles have answered");
        }
    });
    let metrics = ground.server.get("/metrics").text;
    for (result, count) in [("replaced", RELOADS / 2), ("refused", RELOADS / 2), ("unchanged", 0)] {
        let series = format!("mandat_bundle_reloads_total{{result=\"{result}\"}} {count}\n");
        assert!(metrics.contains(&series), "{series} in\n{metrics}");
    }
    assert_eq!(metrics.matches("mandat_bundle_info{").count(), 1, "bundles that were are no series");
}

/// The control: answers put together of two bundles are noticed, whatever digest they go by.
#[test]
fn an_answer_that_is_mixed_of_two_bundles_is_noticed() {
    let (editions, digests, truth) = editions();
    let ground = Ground::todo();
    let before = ground.server.evaluate_all(&batch());
    assert_eq!(truth.fault_of(&before), None);
    put(&ground, &editions[1], None);
    reloaded(&ground.reload());
    let after = ground.server.evaluate_all(&batch());
    assert_eq!(truth.fault_of(&after), None);
    let (first, second) = (before.json(), after.json());
    for half in [1, ITEMS / 2, ITEMS - 1] {
        let mut mixed = first.clone();
        for place in half..ITEMS {
            mixed["evaluations"][place] = second["evaluations"][place].clone();
        }
        for digest in &digests {
            assert!(truth.fault(200, Some(digest), &mixed).is_some(), "{half} of the first under {digest}");
        }
    }
    assert!(truth.fault(200, Some(&digests[1]), &first).is_some(), "whole, under the other's name");
    assert!(truth.fault(200, Some("sha256:0"), &first).is_some(), "under nobody's name");
    assert!(truth.fault(503, Some(&digests[0]), &first).is_some(), "failed");
}

#[test]
fn who_began_before_a_reload_is_dressed_as_it_began_and_so_is_everybody_else() {
    let ground = Ground::todo();
    let active = ground.server.service.active().unwrap();
    let before = active.moment().unwrap();
    other_edition(&ground.dir);
    reloaded(&ground.reload());
    let after = active.moment().unwrap();
    let moments = [&before, &after];
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for turn in 0..20_000 {
                    let moment = moments[(thread + turn) % 2];
                    assert_eq!(active.dress(moment).digest.to_str().unwrap(), moment.bundle.digest);
                }
            });
        }
    });
    assert_ne!(before.bundle.digest, after.bundle.digest);
    assert!(ground.server.get("/metrics").text.contains(&after.bundle.digest), "the newest is named");
}

#[test]
fn reloads_at_once_come_one_after_the_other() {
    let (editions, digests, _) = editions();
    let ground = Ground::todo();
    put(&ground, &editions[1], None);
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let reloading: Vec<_> = (0..8).map(|_| scope.spawn(|| ground.reload())).collect();
        reloading.into_iter().map(|reloading| reloading.join().unwrap()).collect()
    });
    assert!(replies.iter().all(|reply| reply.json()["bundle"] == *digests[1]), "{replies:?}");
    let replaced = replies.iter().filter(|reply| reply.json()["reloaded"] == true).count();
    assert_eq!(replaced, 1, "the first has done it, the others find it done");
}
