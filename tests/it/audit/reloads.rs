//! Another bundle comes into force, or is refused: one record, whoever wanted it and however it came out.

use std::process::Stdio;

use mandat::audit::ledger;
use serde_json::{Value, json};

use super::lines;
use crate::{
    http::{
        allowed,
        process::{Process, mandat},
        todo_facts,
    },
    reload::{edit, load, other_edition, refused, reload, reloaded, todo},
    replicas::until,
    worlds::TempDir,
};

/// A service on a bundle that tests change, and where its log is.
struct Ground {
    bundle: TempDir,
    home: TempDir,
    process: Process,
}

impl Ground {
    fn begin(arguments: &[&str]) -> Self {
        let (bundle, home) = (todo(), TempDir::new());
        let mut command = mandat();
        // From a terminal, SIGHUP would mean that the terminal is gone.
        command.stdin(Stdio::null()).args(["serve", "--facts"]).arg(todo_facts()).args(arguments);
        command.arg("--audit").arg(home.path().join("log.db"));
        let process = Process::start_on(bundle.path(), command);
        Self { bundle, home, process }
    }

    fn digest(&self) -> String {
        load(self.bundle.path()).digest
    }

    fn last(&self) -> Value {
        self.process.client().get("/readyz").json()["last_reload"]["result"].clone()
    }

    /// What the log has, once the service has ended.
    fn records(self) -> Vec<Value> {
        let Self { home, process, .. } = self;
        assert_eq!(process.stop("-TERM").0, Some(0));
        let ledger = ledger::open_existing(home.path().join("log.db").to_str().unwrap()).unwrap();
        lines(&*ledger).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// What a record says of a reload: who wanted it, how it came out, and the bundles before and since.
fn told(record: &Value) -> [Value; 5] {
    ["kind", "by", "outcome", "before", "bundle"].map(|field| record[field].clone())
}

#[test]
fn whoever_wants_it_a_reload_is_one_record() {
    let ground = Ground::begin(&[]);
    let client = ground.process.client();
    let first = ground.digest();
    assert!(client.post("/access/v1/evaluation", &allowed()).decision());
    other_edition(&ground.bundle);
    let second = reloaded(&reload(&client));
    assert_eq!(second, ground.digest());
    edit(&ground.bundle, "policies/lists.cedar", "resource.owner", "resource.ownr");
    assert!(!refused(&reload(&client)).is_empty());
    edit(&ground.bundle, "policies/lists.cedar", "resource.ownr", "resource.owner");
    ground.process.signal("-HUP");
    until("the signal is heard", || ground.last() == "unchanged");
    let records = ground.records();
    assert_eq!(records[0]["kind"], "decision");
    assert_eq!(records[0]["bundle"], *first);
    let expected = [
        [json!("reload"), json!("request"), json!("replaced"), json!(first), json!(second)],
        [json!("reload"), json!("request"), json!("refused"), Value::Null, json!(second)],
        [json!("reload"), json!("signal"), json!("unchanged"), Value::Null, json!(second)],
    ];
    assert_eq!(records[1..].iter().map(told).collect::<Vec<_>>(), expected);
    assert_eq!(records[1]["caller"], "anonymous");
}

#[test]
fn what_is_taken_up_because_it_was_saved_is_recorded_too() {
    let ground = Ground::begin(&["--watch"]);
    let first = ground.digest();
    other_edition(&ground.bundle);
    until("the other edition is in force", || ground.last() == "replaced");
    edit(&ground.bundle, "policies/lists.cedar", "resource.owner", "resource.ownr");
    until("the mistake is seen", || ground.last() == "refused");
    let records = ground.records();
    let second = &records[0]["bundle"];
    let expected = [
        [json!("reload"), json!("watch"), json!("replaced"), json!(first), second.clone()],
        [json!("reload"), json!("watch"), json!("refused"), Value::Null, second.clone()],
    ];
    assert_eq!(records.iter().map(told).collect::<Vec<_>>(), expected);
}
