//! What only files do: segments, what a kill leaves behind, and who may read them.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use jiff::SignedDuration;
use mandat::{
    audit::{
        ledger::{self, Ledger as _, files::FilesLedger},
        recorder::{Recorder, Settings},
    },
    config::audit::Mode,
};
use serde_json::{Value, json};

use super::{
    begin, check, fill,
    homes::{Home, SEGMENT},
    lines_of, record, recorder,
    tampering::spans,
};
use crate::{
    audit::{kills, signing},
    faults::disk::bounded,
    http::{
        asks,
        process::{Process, mandat},
    },
    worlds::TempDir,
};

fn of(home: &Home) -> PathBuf {
    Path::new(&home.place()).join("1")
}

fn segments(home: &Home) -> Vec<u64> {
    let names = fs::read_dir(of(home)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut firsts: Vec<u64> = names.filter_map(|name| name.strip_suffix(".jsonl")?.parse().ok()).collect();
    firsts.sort_unstable();
    firsts
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn last_segment(home: &Home) -> PathBuf {
    of(home).join(format!("{:012}.jsonl", segments(home).last().unwrap()))
}

#[test]
fn a_segment_ends_where_a_span_does_and_takes_superseded_checkpoints_along() {
    let home = Home::files();
    for _ in 0..4 {
        fill(&home.open(), begin(), 5_000);
    }
    let (firsts, spans) = (segments(&home), spans(&home));
    assert!(firsts.len() > 2 && firsts[0] == 1, "{firsts:?}");
    assert!(firsts[1..].iter().all(|first| spans.iter().any(|span| span.last + 1 == *first)), "{firsts:?}");
    for first in &firsts[..firsts.len() - 1] {
        let about = fs::metadata(of(&home).join(format!("{first:012}.jsonl"))).unwrap();
        assert!(about.len() >= SEGMENT, "a segment is left when it is full");
    }
    let kept = fs::read_to_string(of(&home).join("checkpoints.jsonl")).unwrap().lines().count();
    assert!(kept >= spans.len());
    let report = check(&*home.open(), &[]);
    assert!(report.is_sound() && report.lines() == 20_000, "{report:?}");
    // Lines are found in whichever segment they are, by one who reads on and by one who comes anew.
    let ledger = home.open();
    let lines = lines_of(&*ledger, 1);
    for line in lines.iter().step_by(1_999) {
        let id = mandat::audit::line::id(line.as_bytes()).unwrap();
        assert_eq!(ledger.find(id).unwrap().as_deref(), Some(line.as_bytes()));
        assert_eq!(home.open().find(id).unwrap().as_deref(), Some(line.as_bytes()));
    }
}

#[test]
fn only_the_owner_reads_it() {
    let home = Home::files();
    fill(&home.open(), begin(), 5);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let root = PathBuf::from(home.place());
    assert_eq!((mode(&root), mode(&of(&home))), (0o700, 0o700));
    for entry in fs::read_dir(of(&home)).unwrap().chain(fs::read_dir(&root).unwrap()) {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn what_nobody_signed_is_set_aside_and_that_is_recorded() {
    let home = Home::files();
    fill(&home.open(), begin(), 20);
    let rubbish = "{\"writer\":1,\"sequence\":21,\"previous\":\"…\"}\n{\"writer\":1,\"sequence\":22}\n{\"wri";
    append(&last_segment(&home), rubbish);
    append(&of(&home).join("checkpoints.jsonl"), "{\"writer\":1,\"first\":1,\"la");
    let report = check(&*home.open(), &[]);
    assert_eq!(report.chains[0].flaw.as_ref().unwrap().line, 21, "until somebody takes the chain it shows");
    // Taken by two who end before they write anything: what was set aside is still not forgotten.
    for _ in 0..2 {
        assert_eq!(home.open().chain().unwrap().set_aside(), 3);
    }
    fill(&home.open(), begin(), 1);
    let lines = lines_of(&*home.open(), 1);
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!((&last["kind"], &last["count"], &last["reason"]), (&"lost".into(), &3.into(), &"unsigned".into()));
    assert_eq!(lines.len(), 22, "the record that came, and the one about it");
    assert!(check(&*home.open(), &[]).is_sound());
    assert_eq!(fs::read_to_string(of(&home).join("unsigned-000000000021.jsonl")).unwrap(), rubbish);
    assert_eq!(home.open().chain().unwrap().set_aside(), 0, "and it is recorded once");
}

/// Killed between any two bytes of a commit: whatever the files hold then, the log goes on, and says how much was set aside.
#[test]
fn a_commit_that_broke_off_anywhere_is_gone_on_from() {
    let home = Home::files();
    fill(&home.open(), begin(), 20);
    let before = home.copied();
    let recorder = recorder(home.open(), None);
    record(&recorder, begin(), 1);
    recorder.close();
    let text = |home: &Home, name: &str| fs::read_to_string(of(home).join(name)).unwrap();
    let [line, checkpoint] = ["000000000001.jsonl", "checkpoints.jsonl"]
        .map(|name| text(&home, name)[text(&before, name).len()..].to_owned());
    for at in (0..=line.len() + checkpoint.len()).step_by(13).chain([line.len(), line.len() - 1]) {
        let broken = before.copied();
        append(&last_segment(&broken), &line[..at.min(line.len())]);
        append(&of(&broken).join("checkpoints.jsonl"), &checkpoint[..at.saturating_sub(line.len())]);
        fill(&broken.open(), begin(), 3);
        let report = check(&*broken.open(), &[]);
        // The line that came, if nobody signed it, is told of in a record.
        let aside = u64::from(at > 0 && at < line.len() + checkpoint.len());
        let written = u64::from(at == line.len() + checkpoint.len());
        assert!(report.is_sound() && report.lines() == 23 + aside + written, "at {at}: {report:?}");
    }
}

#[test]
fn behind_an_end_that_was_changed_nothing_is_moved_and_nothing_written() {
    let home = Home::files();
    fill(&home.open(), begin(), 20);
    home.change(20, &lines_of(&*home.open(), 1)[0]);
    append(&last_segment(&home), "{\"writer\":1}\n");
    let before = fs::read(last_segment(&home)).unwrap();
    let settings = Settings { mode: Mode::Strict, limit: 10, key: signing(), keep: None };
    let refused = Recorder::start(home.open(), settings).map(|_| ()).unwrap_err();
    assert!(refused.0.contains("chain 1 was changed"), "{refused}");
    assert_eq!(fs::read(last_segment(&home)).unwrap(), before);
}

#[test]
fn a_segment_that_is_needed_in_part_stays_and_the_record_says_so() {
    let dir = TempDir::new();
    let open = || std::sync::Arc::new(FilesLedger::open(dir.path()).unwrap());
    for day in [0, 5, 6] {
        let recorder = recorder(open(), Some(2));
        record(&recorder, begin() + SignedDuration::from_hours(24 * day), 5_000);
        recorder.close();
    }
    let ledger = open();
    assert_eq!(ledger.droppable(1, 5_000).unwrap(), None, "all is in one segment");
    let lines = lines_of(&*ledger, 1);
    assert!(lines.len() == 15_000 && !lines.iter().any(|line| line.contains("retention")));
    assert!(check(&*ledger, &[]).is_sound());
}

/// A bound on the size of files makes a commit fail in the middle, in the real binary.
#[test]
fn where_the_disk_takes_no_more_answers_are_errors_and_nothing_is_half_written() {
    let (dir, home) = (TempDir::new(), Home::files());
    let serve = |command: Command| kills::serve(command, dir.path(), &home.place(), "strict");
    let question = asks("cleo", "readList", "List", "groceries");
    let ask = |process: &Process, name: &str| {
        let headers = [("content-type", "application/json"), ("x-request-id", name)];
        let questions = json!({"evaluations": vec![&question; 50]}).to_string();
        process.client().send("/access/v1/evaluations", &headers, questions.as_bytes()).status
    };
    let process = serve(bounded(1_200));
    let mut statuses = Vec::new();
    while statuses.iter().filter(|status| **status != 200).count() < 3 {
        statuses.push(ask(&process, &format!("b-{}", statuses.len())));
        assert!(statuses.len() < 500, "the bound is never reached");
    }
    process.kill();
    assert!(statuses[0] == 200 && statuses.iter().all(|status| [200, 503].contains(status)), "{statuses:?}");
    let process = serve(mandat());
    statuses.push(ask(&process, "last"));
    process.kill();
    let ledger = home.open();
    let lines = lines_of(&*ledger, 1);
    for (at, status) in statuses.iter().enumerate() {
        let name = if at + 1 == statuses.len() { "last".to_owned() } else { format!("b-{at}") };
        let there = lines.iter().filter(|line| line.contains(&format!("\"request\":\"{name}\""))).count();
        // Of an answer that was not given, what went into an earlier commit is recorded.
        assert!(if *status == 200 { there == 50 } else { there < 50 }, "{there} of {name}, {statuses:?}");
    }
    let key = mandat::audit::key::open(&dir.path().join("log.key")).unwrap().verifying_key();
    let report = mandat::audit::verify::verify(&*ledger, &[key], &[], 2).unwrap();
    assert!(report.is_sound(), "{report:?}");
}

#[test]
fn a_place_is_a_file_or_a_directory_by_its_name_and_by_what_is_there() {
    let dir = TempDir::new();
    let place = |name: &str| dir.path().join(name);
    for name in ["log.db", "log", "deep/down/log"] {
        ledger::open(place(name).to_str().unwrap()).unwrap().chain().unwrap();
    }
    assert!(place("log.db").is_file() && place("log").is_dir() && place("deep/down/log").is_dir());
    fs::rename(place("log.db"), place("file")).unwrap();
    ledger::open(place("file").to_str().unwrap()).unwrap();
    assert!(ledger::open_existing(place("none").to_str().unwrap()).is_err());
}
