//! No room on the disk: an error answer, reads go on, and the store is whole afterwards.
//!
//! A bound on the size of files makes a write fail inside SQLite with an I/O error, for whoever runs the tests. Whoever may
//! mount a file system gets a small one, which really has no room left.

use std::{path::Path, process::Command};

use serde_json::json;

use super::{found, integrity, open, serve, serve_by, twins};
use crate::{
    http::{asks, process::mandat, todo_dir},
    replicas::try_change,
    worlds::TempDir,
};

/// `mandat`, whose files may grow to so many blocks of 512 bytes.
pub(crate) fn bounded(blocks: u64) -> Command {
    let plain = mandat();
    let mut command = Command::new("sh");
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let bound = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    command.args(["-c", &bound]).arg(plain.get_program());
    command
}

/// A file system in memory, of so many megabytes; gone when it is dropped.
struct Disk(TempDir);

impl Disk {
    fn of(megabytes: u32) -> Option<Self> {
        let disk = Self(TempDir::new());
        disk.mount(&format!("size={megabytes}m")).then_some(disk)
    }

    fn mount(&self, options: &str) -> bool {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(self.0.path()).output();
        mount.is_ok_and(|done| done.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

#[test]
fn an_io_error_is_an_error_and_nothing_is_half_written() {
    let dir = TempDir::new();
    nothing_is_half_written(bounded(1_200), &dir.path().join("facts.db"), || {});
}

#[test]
fn a_full_disk_is_an_error_and_nothing_is_half_written() {
    let Some(disk) = Disk::of(6) else {
        eprintln!("no file system may be mounted here; the test of I/O errors stands for this one");
        return;
    };
    nothing_is_half_written(mandat(), &disk.0.path().join("facts.db"), || {
        assert!(disk.mount("remount,size=64m"), "the disk gets more room");
    });
}

/// Writes until there is no room, looks at what is left, and goes on when there is room again.
fn nothing_is_half_written(command: Command, path: &Path, make_room: impl FnOnce()) {
    let process = serve_by(command, path);
    let client = process.client();
    let text = "a".repeat(4_000);
    let mut acknowledged = Vec::new();
    let refused = loop {
        let key = format!("write-{}", acknowledged.len());
        let reply = try_change(&client, &key, &twins(&key, &text)).unwrap();
        if reply.status != 200 {
            break reply;
        }
        acknowledged.push((key, reply.json()["revision"].as_u64()));
        assert!(acknowledged.len() < 10_000, "the bound does not hold");
    };
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (503, Some("application/problem+json")),
        "{refused:?}"
    );
    assert!(!acknowledged.is_empty());

    let question = asks(&format!("ada{text}"), "renameList", "List", "write-0");
    let read = client.post("/access/v1/evaluation", &question);
    assert!(read.decision(), "reads go on");
    assert_eq!(client.get("/readyz").status, 200);
    let again = try_change(&client, "write-0", &twins("write-0", &text)).unwrap();
    assert_eq!((again.status, again.json()["revision"].as_u64()), (200, acknowledged[0].1), "answers are remembered");
    process.kill();
    make_room();

    assert_eq!(integrity(path), "ok");
    let store = open(path);
    for (key, revision) in &acknowledged {
        assert_eq!(found(&*store, key), [*revision; 2], "{key}");
    }
    let key = format!("write-{}", acknowledged.len());
    assert_eq!(found(&*store, &key), [None; 2], "what was refused is not there, not by half either");
    assert_eq!(store.head().unwrap(), acknowledged.len() as u64);
    drop(store);

    let process = serve(path);
    let reply = try_change(&process.client(), &key, &twins(&key, &text)).unwrap();
    assert_eq!(reply.status, 200, "with room on the disk the same write goes through: {reply:?}");
}

fn facts_of(number: usize) -> String {
    let person = |n: usize| json!({"uid": {"type": "Person", "id": format!("p{n}-{}", "x".repeat(200))}, "attrs": {}, "parents": []});
    (0..number).map(|n| person(n).to_string() + "\n").collect()
}

fn import(mut command: Command, store: &Path, file: &Path) -> (Option<i32>, String) {
    command.args(["facts", "import"]).arg(file).arg("--store").arg(store).arg("--bundle").arg(todo_dir());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_import_that_does_not_fit_imports_nothing() {
    let dir = TempDir::new();
    dir.write("facts.jsonl", &facts_of(20_000));
    let [path, file] = ["facts.db", "facts.jsonl"].map(|name| dir.path().join(name));
    drop(open(&path));
    let (code, errors) = import(bounded(4_000), &path, &file);
    assert_eq!(code, Some(1), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    assert_eq!((open(&path).head().unwrap(), open(&path).count(9).unwrap()), (0, 0), "nothing was imported");
    assert_eq!(integrity(&path), "ok");
    let (code, errors) = import(mandat(), &path, &file);
    assert_eq!(code, Some(0), "the control: {errors}");
    assert_eq!((open(&path).head().unwrap(), open(&path).count(1).unwrap()), (1, 20_000));
}
