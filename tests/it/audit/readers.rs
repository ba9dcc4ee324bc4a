//! Other processes read the log while the service writes it, and take nothing from it.

use std::process::Command;

use mandat::{audit::recorder::Settings, config::audit::Mode};

use super::{Logged, adds, signing};
use crate::{
    http::process::mandat,
    transactions::{bundle, sample_home},
    worlds::TempDir,
};

/// Whether another process may take the write-ahead log away when it closes the file, SQLite sees from locks, and any handle of the
/// file that this process closes ends them.
#[test]
fn what_is_recorded_after_another_process_has_read_the_log_is_there() {
    let dir = TempDir::new();
    for (name, file) in [("one.db", "one.db"), ("many", "many/people.db")] {
        let place = dir.path().join(name).display().to_string();
        let settings = Settings { mode: Mode::Strict, limit: 100, key: signing(), keep: None };
        let logged = Logged::kept_at(&place, TempDir::new(), sample_home(), settings, bundle());
        let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
                      print(c.execute('select count(*) from sqlite_master').fetchall()); c.close()";
        let read = || Command::new("python3").args(["-c", script]).arg(dir.path().join(file)).output().unwrap().status;
        for (asked, user) in ["u-ada", "u-bob", "u-beat", "u-carl"].into_iter().enumerate() {
            assert_eq!(logged.client().post("/access/v1/evaluation", &adds(user, "museum")).status, 200);
            assert!(read().success());
            let found =
                mandat().args(["audit", "list", "--subject", &format!("User::{user}"), "--log", &place]).output();
            let found = String::from_utf8(found.unwrap().stdout).unwrap();
            assert!(found.contains(&format!("User::{user:?} addClient")), "{place}, question {asked}: {found}");
        }
    }
}
