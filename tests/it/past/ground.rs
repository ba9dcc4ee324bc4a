//! Replays on the facts as they were and as they are, and what the command says.

use std::{collections::BTreeSet, path::Path, process::Stdio};

use mandat::{
    bundle::Bundle,
    facts::{Snapshot as _, passage::Passage},
};
use serde_json::{Value, json};

use super::{
    log::{Line, Log, of_scenarios},
    replay::{changed, widened},
};
use crate::{
    http::process::mandat,
    reload::load,
    store::{
        places::on_both,
        records::{change, doc, says, text},
    },
    support::{programme, programme_dir},
    transactions::{House, PLACES, accepts_full, committed, full_access, sample_home_in, set, unset},
    worlds,
};

const PARTNERSHIP: &str = "Partnership::florist:alpenhost";

fn replay(log: &Path, bundle: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = mandat();
    command.arg("replay").arg(log).arg("--bundle").arg(bundle).args(arguments);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn answer(log: &Path, bundle: &Path, arguments: &[&str]) -> Value {
    let (code, out, err) = replay(log, bundle, &[arguments, &["--json"]].concat());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// A store whose partnership was requested, active, and has ended; Bob asked to enter its account at every revision.
fn story(house: &House, bundle: &Bundle) -> Vec<Line> {
    let changes: [&dyn Fn(); 2] =
        [&|| assert!(committed(&house.guarded(&[accepts_full(PARTNERSHIP)], &full_access(PARTNERSHIP)))), &|| {
            let ends = [set(PARTNERSHIP, "status", "ended"), unset("Organization::florist", "fullPartnership")];
            assert!(committed(&house.change(&ends)));
        }];
    let enters = worlds::asks("User::\"u-bob\"", "enterClientAccount", "Partnership::\"florist:alpenhost\"", json!({}));
    let mut lines = Vec::new();
    for revision in 1..=3_u64 {
        let facts = house.server.service.active().unwrap().engine().facts();
        facts.refresh().unwrap();
        let facts = facts.at(revision).unwrap();
        lines.extend(Line::decided(lines.len(), bundle, &*facts, "2026-10-01T12:00:00Z", &enters));
        if let Some(change) = changes.get(lines.len() - 1) {
            change();
        }
    }
    let decisions: Vec<&Value> = lines.iter().map(|line| &line.0["decision"]).collect();
    assert_eq!(decisions, [false, true, false], "the control: the facts make the difference");
    lines
}

#[test]
fn each_record_is_decided_on_its_own_revision_or_all_on_the_newest() {
    for place in PLACES {
        let house = House::with(sample_home_in(place()), load(&programme_dir()));
        let lines = story(&house, &programme());
        // The order of the log is not that of the revisions.
        let log = Log::of(&[&lines[..], &lines[..2], &lines[1..]].concat());
        let store = ["--store", &*house.home.place];
        let were = answer(&log.file(), &programme_dir(), &store);
        assert_eq!((&were["replayed"], &were["samples"]), (&json!(7), &json!([])), "{were}");
        let now = answer(&log.file(), &programme_dir(), &[&store[..], &["--facts-as", "now"]].concat());
        assert_eq!(
            (&now["changes"]["newly_denied"], &now["changes"]["newly_allowed"]),
            (&json!(3), &json!(0)),
            "{now}"
        );
        let later = Log::of(&[lines[0].clone().with("revision", json!(9))]);
        let later = answer(&later.file(), &programme_dir(), &store);
        assert_eq!(later["left_out"][0], json!({ "reason": "its revision of the facts is not there", "count": 1 }));
    }
}

#[test]
fn the_command_tells_what_changes_and_fails_where_it_should() {
    let log = Log::of(&of_scenarios(&programme()));
    let facts = programme_dir().join("tests/facts/programme.json").display().to_string();
    let facts = ["--facts", facts.as_str()];
    let run = |bundle: &Path, gate: &str| replay(&log.file(), bundle, &[&facts[..], &["--fail-on", gate]].concat());
    for gate in ["newly-allowed", "newly-denied", "changed"] {
        let (code, out, err) = run(&programme_dir(), gate);
        assert_eq!((code, &*err), (0, ""), "{gate}: {out}");
        assert!(out.contains("all of them come out the same"), "{out}");
    }
    let wide = widened();
    let (code, out, err) = run(wide.path(), "newly-allowed,newly-denied");
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.starts_with("fails on newly-allowed: ") && !err.contains("newly-denied"), "{err}");
    for expected in ["newly allowed", "by action\n  enterClientAccount", "by policy\n  partnerships.enter-account.lead"]
    {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    assert!(out.contains(
        "    was deny (not_permitted)\n    is  allow by partnerships.enter-account.lead\n    | permitted by"
    ));
    assert_eq!(run(wide.path(), "newly-denied").0, 0, "nothing is");
    assert_eq!(run(wide.path(), "changed").0, 1);
    assert_eq!(run(wide.path(), "else").0, 3);
}

#[test]
fn a_replay_of_nothing_opens_no_gate() {
    let log = Log::of(&[Line(super::log::record(1, "2026-10-01T12:00:00Z", "reload", 0).into())]);
    let facts = programme_dir().join("tests/facts/programme.json").display().to_string();
    let (code, _, err) = replay(&log.file(), &programme_dir(), &["--facts", &facts, "--fail-on", "newly-allowed"]);
    assert_eq!((code, &*err), (1, "fails on newly-allowed: nothing was replayed, so nothing is known\n"));
    assert_eq!(replay(&log.file(), &programme_dir(), &["--facts", &facts]).0, 0, "the control");
}

#[test]
fn what_is_missing_is_said_before_anything_is_replayed() {
    let log = Log::of(&[]);
    let there = log.file().display().to_string();
    for (path, arguments, expected) in [
        (log.dir().join("nowhere"), vec!["--facts", "x"], "cannot read the log"),
        (log.file(), vec![], "no facts are named"),
        (log.file(), vec!["--store", "nowhere.db"], "there is no store `nowhere.db`"),
        (log.file(), vec!["--facts", &*there, "--facts-as", "then"], "invalid value"),
    ] {
        let (code, _, err) = replay(&path, &programme_dir(), &arguments);
        assert!(code == 3 && err.contains(expected), "{expected}: {err}");
    }
    assert!(!Path::new("nowhere.db").exists());
    let broken = changed("policies/partnerships.cedar", "permit (", "permits (");
    assert_eq!(replay(&log.file(), broken.path(), &["--facts", &there]).0, 3);
}

#[test]
fn a_passage_reads_at_every_revision_what_the_store_says() {
    on_both(|place| {
        let store = place.open();
        for number in 0..12_u64 {
            let put = [text(&format!("d{}", number % 3), &number.to_string()), text("e", &format!("{}", number / 4))];
            let deleted = if number % 4 == 3 { vec![doc("d0")] } else { Vec::new() };
            change(&*store, &put, &deleted);
        }
        let actions = std::sync::Arc::new(cedar_policy::Entities::empty());
        let mut passage = Passage::new(store.clone(), actions, 12);
        let mut states = BTreeSet::new();
        for step in 0..60 {
            let revision = (step * 7) % 13;
            passage.go_to(revision).unwrap();
            for id in ["d0", "d1", "d2", "e", "none"] {
                let found = passage.get(&doc(id)).unwrap();
                let found = found.map(|entity| mandat::facts::store::Record::of(&entity).unwrap().text);
                assert_eq!(found, says(&*store, id, revision), "{id} at {revision}");
                states.insert(found);
            }
        }
        assert!(states.len() > 10, "the control: the states differ");
    });
}
