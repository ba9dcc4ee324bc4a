//! Logs in each of the three places, and ways to get at them that no ledger offers.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use mandat::audit::ledger::{self, Ledger, files::FilesLedger};

use crate::{store::cluster::Cluster, support::copy, worlds::TempDir};

/// Segments in these tests take no further span when they have so many bytes.
pub const SEGMENT: u64 = 1 << 20;

/// Where a log is.
pub enum Home {
    Sqlite(TempDir),
    Files(TempDir),
    Postgres(String),
}

/// Runs a test on each of the three places.
pub fn on_all(test: impl Fn(&Home)) {
    for home in [Home::sqlite(), Home::files(), Home::postgres()] {
        eprintln!("on {}", home.place());
        test(&home);
    }
}

fn database(template: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("log_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    // Sessions that were closed may take a moment to be gone, and a template must have none.
    for _ in 0..200 {
        if Cluster::shared().sql("postgres", &format!("create database {name} template {template}")).is_ok() {
            return name;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{template} cannot be copied");
}

impl Home {
    pub fn sqlite() -> Self {
        Self::Sqlite(TempDir::new())
    }

    pub fn files() -> Self {
        Self::Files(TempDir::new())
    }

    pub fn postgres() -> Self {
        Self::Postgres(database("template1"))
    }

    /// Its name for `--audit`.
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite(dir) => dir.path().join("log.db").display().to_string(),
            Self::Files(dir) => dir.path().join("log").display().to_string(),
            Self::Postgres(name) => Cluster::shared().url(name),
        }
    }

    /// Opens it, with small segments.
    pub fn open(&self) -> Arc<dyn Ledger> {
        match self {
            Self::Files(_) => Arc::new(FilesLedger::open_with(Path::new(&self.place()), SEGMENT).unwrap()),
            _ => ledger::open(&self.place()).unwrap(),
        }
    }

    /// The same log somewhere else. Nobody may have it open.
    pub fn copied(&self) -> Self {
        let copied = |dir: &TempDir| {
            let other = TempDir::new();
            copy(dir.path(), other.path());
            other
        };
        match self {
            Self::Sqlite(dir) => Self::Sqlite(copied(dir)),
            Self::Files(dir) => Self::Files(copied(dir)),
            Self::Postgres(name) => Self::Postgres(database(name)),
        }
    }

    /// Runs SQL past the ledger, `records` being the table of lines with the columns `writer` and `sequence`, whose
    /// triggers are gone.
    fn sql(&self, sql: &str) {
        match self {
            Self::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.place()).unwrap();
                let free = "drop trigger if exists records_stay; drop trigger if exists records_last;";
                connection
                    .execute_batch(&format!("{free} {}", sql.replace("sequence", "(key & 1099511627775)")))
                    .unwrap();
            }
            Self::Postgres(name) => {
                let free = "set client_min_messages = error; alter table audit_records disable trigger all;";
                let sql = sql.replace("records", "audit_records").replace("checkpoints", "audit_checkpoints");
                Cluster::shared().sql(name, &format!("{free} {sql}")).unwrap();
            }
            Self::Files(_) => unreachable!("files have no SQL"),
        }
    }

    /// The segments of chain 1 with their lines.
    fn segments(&self) -> Vec<(u64, PathBuf, Vec<String>)> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(Path::new(&self.place()).join("1")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if let Some(first) = name.strip_suffix(".jsonl").and_then(|name| name.parse().ok()) {
                let lines = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
                segments.push((first, path, lines));
            }
        }
        segments.sort_unstable();
        segments
    }

    /// Changes the lines of the segment with a line of chain 1, which stands in it in this place.
    fn edit(&self, line: u64, edit: impl FnOnce(&mut Vec<String>, usize)) {
        let mut segments = self.segments();
        let (first, path, lines) = segments.iter_mut().rev().find(|(first, ..)| *first <= line).unwrap();
        edit(lines, usize::try_from(line - *first).unwrap());
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(path, text).unwrap();
    }

    /// Puts another line in the place of one.
    pub fn change(&self, line: u64, text: &str) {
        match self {
            Self::Files(_) => self.edit(line, |lines, at| lines[at] = text.to_owned()),
            _ => self.sql(&format!("update records set line = '{}' where sequence = {line}", text.replace('\'', "''"))),
        }
    }

    /// Takes a line out.
    pub fn remove(&self, line: u64) {
        match self {
            Self::Files(_) => self.edit(line, |lines, at| drop(lines.remove(at))),
            _ => self.sql(&format!("delete from records where sequence = {line}")),
        }
    }

    /// Puts a line in before another.
    pub fn insert(&self, before: u64, text: &str) {
        let text = text.replace('\'', "''");
        match self {
            Self::Files(_) => self.edit(before, |lines, at| lines.insert(at, text)),
            Self::Sqlite(_) => self.sql(&format!(
                "update records set key = key + 1000000 where sequence >= {before};
                 update records set key = key - 999999 where sequence >= 1000000;
                 insert into records (key, id, line) values ((1 << 40) + {before}, randomblob(16), '{text}')"
            )),
            Self::Postgres(_) => self.sql(&format!(
                "update records set sequence = sequence + 1000000 where sequence >= {before};
                 update records set sequence = sequence - 999999 where sequence >= 1000000;
                 insert into records (writer, sequence, id, line) values (1, {before}, gen_random_uuid(), '{text}')"
            )),
        }
    }

    /// Takes out all lines behind one.
    pub fn cut(&self, after: u64) {
        match self {
            Self::Files(_) => {
                for (first, path, _) in self.segments() {
                    if first > after + 1 {
                        fs::remove_file(path).unwrap();
                    }
                }
                self.edit(after + 1, |lines, at| lines.truncate(at));
            }
            _ => self.sql(&format!("delete from records where sequence > {after}")),
        }
    }

    /// Takes out all lines up to one; of files only whole segments.
    pub fn cut_before(&self, line: u64) {
        match self {
            Self::Files(_) => {
                let segments = self.segments();
                for ((_, path, _), (next, ..)) in segments.iter().zip(&segments[1..]) {
                    if *next <= line + 1 {
                        fs::remove_file(path).unwrap();
                    }
                }
            }
            _ => self.sql(&format!("delete from records where sequence <= {line}")),
        }
    }

    /// Puts these checkpoints of chain 1 in the place of what is there.
    pub fn set_checkpoints(&self, texts: &[String]) {
        if let Self::Files(_) = self {
            let text: String = texts.iter().map(|text| format!("{text}\n")).collect();
            return fs::write(Path::new(&self.place()).join("1/checkpoints.jsonl"), text).unwrap();
        }
        let mut sql = "delete from checkpoints;".to_owned();
        for (at, text) in texts.iter().enumerate() {
            // By its place, since only the signed text counts.
            sql.push_str(&format!("insert into checkpoints values (1, {}, {}, '{text}');", at + 1, at + 1));
        }
        self.sql(&sql);
    }

    /// All that the place holds, as bytes.
    pub fn dump(&self) -> Vec<u8> {
        match self {
            Self::Sqlite(dir) | Self::Files(dir) => dump(dir.path()),
            Self::Postgres(name) => {
                let tables = [
                    "select encode(person, 'hex'), encode(type, 'escape'), encode(id, 'escape'), encode(key, 'hex'), \
                     pseudonym from audit_people",
                    "select * from audit_records",
                    "select * from audit_checkpoints",
                ];
                tables.map(|table| Cluster::shared().sql(name, table).unwrap()).concat().into_bytes()
            }
        }
    }
}

fn dump(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(if path.is_dir() { dump(&path) } else { fs::read(&path).unwrap() });
    }
    bytes
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Self::Postgres(name) = self {
            let _ = Cluster::shared().sql("postgres", &format!("drop database {name} with (force)"));
        }
    }
}
