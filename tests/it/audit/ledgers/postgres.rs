//! What only a database server does or suffers.

use mandat::audit::ledger::{self, postgres::PostgresLedger};

use super::{begin, check, fill, homes::Home, lines_of, record, recorder};
use crate::{replicas::until, store::cluster::Cluster};

fn sql(home: &Home, sql: &str) -> Result<String, String> {
    let Home::Postgres(name) = home else { panic!("not in PostgreSQL") };
    Cluster::shared().sql(name, sql)
}

/// Ends all sessions of the service.
const END: &str = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()";

#[test]
fn after_a_lost_session_another_replica_goes_on_and_no_line_is_lost_or_doubled() {
    let home = Home::postgres();
    let one = recorder(home.open(), None);
    record(&one, begin(), 10);
    sql(&home, END).unwrap();
    until("the chain is free", || {
        sql(&home, "select count(*) from pg_locks where locktype = 'advisory'").unwrap() == "0"
    });
    let other = recorder(home.open(), None);
    record(&other, begin(), 10);
    // The first one's next commit fails, and with it its answers; then it takes another chain.
    let masks = std::sync::Arc::default();
    let lost = mandat::audit::record::Record::of_log(one.id(begin()), begin(), super::decision(1));
    assert!(one.submit(lost, masks).wait().is_err(), "what is not on the disk is not acknowledged");
    record(&one, begin(), 10);
    record(&other, begin(), 10);
    let ledger = home.open();
    assert_eq!(ledger.writers().unwrap(), [1, 2]);
    assert_eq!([lines_of(&*ledger, 1).len(), lines_of(&*ledger, 2).len()], [30, 10]);
    assert!(check(&*ledger, &[]).is_sound());
}

/// Should two ever go on with one chain, as behind a proxy that mixes sessions.
#[test]
fn the_key_refuses_a_line_in_a_place_that_is_taken() {
    let home = Home::postgres();
    let recorder = recorder(home.open(), None);
    record(&recorder, begin(), 3);
    let line = "insert into audit_records (writer, sequence, id, line) values (1, 4, gen_random_uuid(), '{}')";
    sql(&home, line).unwrap();
    let refused = mandat::audit::record::Record::of_log(recorder.id(begin()), begin(), super::decision(1));
    assert!(recorder.submit(refused, std::sync::Arc::default()).wait().is_err());
    assert_eq!(lines_of(&*home.open(), 1).len(), 4);
    // The control: where nobody has taken it, the same record goes there.
    sql(
        &home,
        "insert into audit_dropped values (1, 4); delete from audit_records where sequence = 4;
                delete from audit_dropped",
    )
    .unwrap();
    record(&recorder, begin(), 1);
    assert!(check(&*home.open(), &[]).is_sound());
}

#[test]
fn a_commit_is_on_the_disk_whatever_the_database_is_set_to() {
    let home = Home::postgres();
    drop(home.open());
    let Home::Postgres(name) = &home else { unreachable!() };
    sql(&home, &format!("alter database {name} set synchronous_commit = off")).unwrap();
    sql(
        &home,
        "create table told (setting text); create function tell() returns trigger language plpgsql as \
                'begin insert into told values (current_setting(''synchronous_commit'')); return null; end'; \
                create trigger tell after insert on audit_records execute function tell(); \
                create trigger tell after insert on audit_people execute function tell()",
    )
    .unwrap();
    fill(&home.open(), begin(), 1);
    assert_eq!(sql(&home, "select distinct setting from told").unwrap(), "on");
    assert_eq!(sql(&home, "show synchronous_commit").unwrap(), "off", "the control");
}

#[test]
fn lines_are_only_ever_added() {
    let home = Home::postgres();
    fill(&home.open(), begin(), 3);
    for change in ["update audit_records set line = ''", "delete from audit_records", "truncate audit_records"] {
        assert!(sql(&home, change).unwrap_err().contains("append-only"), "{change}");
    }
    assert_eq!(lines_of(&*home.open(), 1).len(), 3);
    sql(&home, "insert into audit_dropped values (1, 2)").unwrap();
    assert!(sql(&home, "delete from audit_records where sequence <= 2").is_ok(), "the control: what retention noted");
}

#[test]
fn a_newer_form_is_refused_and_replicas_make_the_tables_once() {
    let home = Home::postgres();
    let url = home.place();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| PostgresLedger::open(&url).unwrap());
        }
    });
    sql(&home, "insert into audit_version values (2)").unwrap();
    let refused = PostgresLedger::open(&url).map(|_| ()).unwrap_err();
    assert!(refused.0.contains("newer mandat"), "{refused}");
}

#[test]
fn a_password_is_in_no_error_and_in_no_name() {
    let port = Cluster::shared().port();
    for url in [
        format!("postgresql://someone:hunter2@127.0.0.1:{port}/no_such_database"),
        format!("postgresql://someone:hunter2@127.0.0.1:{port}/db?sslmode=require"),
        "postgresql://someone:hunter2@127.0.0.1:1/db".to_owned(),
        "mysql://someone:hunter2@127.0.0.1/db".to_owned(),
    ] {
        let error = ledger::open(&url).map(|_| ()).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
    let home = Home::postgres();
    let url = home.place().replace("postgres@", "postgres:hunter2@");
    let ledger = ledger::open(&url).unwrap();
    assert!(!ledger.name().contains("hunter2"));
    sql(&home, "drop table audit_records").unwrap();
    let mut nothing = |_: &[u8]| Ok(true);
    let error = ledger.lines(1, 1..=2, &mut nothing).unwrap_err().to_string();
    assert!(error.contains("PostgreSQL at") && !error.contains("hunter2"), "{error}");
}
