//! What each mode promises when the log cannot be written, shown on a log that really cannot.

use std::time::{Duration, Instant};

use mandat::config::audit::Mode;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::{Logged, ada_adds, lines};
use crate::transactions::bundle;

fn rename(connection: &Connection, from: &str, to: &str) {
    connection.execute_batch(&format!("alter table {from} rename to {to}")).unwrap();
}

#[test]
fn strict_answers_nothing_that_it_cannot_record_and_goes_on_when_it_can_again() {
    let logged = Logged::strict();
    let client = logged.client();
    let ask = || client.post("/access/v1/evaluation", &ada_adds("museum"));
    assert!(ask().decision());
    let disk = Connection::open(logged.path()).unwrap();
    rename(&disk, "records", "gone");
    let refused = ask();
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.message().contains("could not be recorded"));
    assert!(!refused.text.contains("true"));
    rename(&disk, "gone", "records");
    assert!(ask().decision());
    assert_eq!(logged.records().len(), 2, "what was not answered is not recorded");
    logged.assert_sound();
}

/// The control: the same log, and the answer leaves.
#[test]
fn available_answers_all_the_same_and_records_it_later() {
    let logged = Logged::with(Mode::Available, 1_000, bundle());
    let client = logged.client();
    let ask = || client.post("/access/v1/evaluation", &ada_adds("museum"));
    let disk = Connection::open(logged.path()).unwrap();
    rename(&disk, "records", "gone");
    assert!(ask().decision());
    std::thread::sleep(Duration::from_millis(50));
    rename(&disk, "gone", "records");
    wait_for(&logged, 1);
    logged.assert_sound();
}

/// A mask that fails drops the field; what it would have hidden is never recorded as it came (threat T20).
#[test]
fn whoever_can_be_given_no_pseudonym_is_left_out_of_the_record() {
    let logged = Logged::strict();
    let ask = || assert!(logged.client().post("/access/v1/evaluation", &ada_adds("museum")).decision());
    let disk = Connection::open(logged.path()).unwrap();
    rename(&disk, "people", "gone");
    ask();
    rename(&disk, "gone", "people");
    // The control: the same question when there are pseudonyms.
    ask();
    let text = lines(logged.ledger()).join("\n");
    assert!(!text.contains("u-ada"), "{text}");
    let records = logged.records();
    let told = |record: &Value| (record["masked"].clone(), record["dropped"].clone());
    assert_eq!(told(&records[0]), (Value::Null, json!(["subject.id"])));
    assert_eq!(records[0]["question"]["subject"], json!({"type": "User", "id": ""}));
    assert_eq!(told(&records[1]), (json!(["subject.id"]), Value::Null));
    assert!(records[1]["question"]["subject"]["id"].as_str().unwrap().starts_with('~'));
    logged.assert_sound();
}

#[test]
fn what_finds_no_room_is_counted_and_the_count_is_recorded() {
    let logged = Logged::with(Mode::Available, 5, bundle());
    let client = logged.client();
    let disk = Connection::open(logged.path()).unwrap();
    disk.execute_batch("begin immediate").unwrap();
    let asked = 40;
    for _ in 0..asked {
        assert!(client.post("/access/v1/evaluation", &ada_adds("museum")).decision());
    }
    disk.execute_batch("rollback").unwrap();
    drop(disk);
    // The next answer brings what was lost to the disk.
    wait_for(&logged, 1);
    assert!(client.post("/access/v1/evaluation", &ada_adds("museum")).decision());
    logged.recorder.close();
    let records = logged.records();
    let lost: u64 =
        records.iter().filter(|record| record["kind"] == "lost").map(|lost| lost["count"].as_u64().unwrap()).sum();
    let kept = records.iter().filter(|record| record["kind"] == "decision").count() as u64;
    assert!(lost > 0, "{records:#?}");
    assert_eq!(lost + kept, asked + 1, "every answer is recorded or counted");
    let metrics = client.get("/metrics").text;
    assert!(metrics.contains(&format!("mandat_audit_lost_total {lost}\n")), "{metrics}");
    logged.assert_sound();
}

fn wait_for(logged: &Logged, many: usize) {
    let until = Instant::now() + Duration::from_secs(20);
    while logged.records().len() < many {
        assert!(Instant::now() < until, "nothing was recorded");
        std::thread::sleep(Duration::from_millis(10));
    }
}
