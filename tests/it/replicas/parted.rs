//! A database that has lost commits: nobody is answered from a past that is none any more.

use std::sync::Arc;

use mandat::facts::store::{Store, backup, postgres::PostgresStore, sqlite::SqliteStore};

use super::{How, change, cleo_reads, committed, list, seed, share, until};
use crate::{http::Server, store::cluster::Cluster, worlds::TempDir};

fn backup_of(url: &str) -> Vec<u8> {
    let store = PostgresStore::open(url).unwrap();
    let mut written = Vec::new();
    backup::backup(&store, &mut written).unwrap();
    written
}

/// Puts another database in the place of one, under whoever uses it.
fn restore(cluster: &Cluster, database: &str, from: &[u8]) {
    cluster.sql("postgres", &format!("drop database {database} with (force)")).unwrap();
    cluster.sql("postgres", &format!("create database {database}")).unwrap();
    backup::restore(&PostgresStore::open(&cluster.url(database)).unwrap(), &mut &from[..]).unwrap();
}

fn refuses(server: &Server) {
    until("it has noticed", || server.evaluate(&cleo_reads(&list(0), Some(1))).status == 503);
    for at_least in [None, Some(1), Some(3)] {
        let reply = server.evaluate(&cleo_reads(&list(0), at_least));
        assert_eq!(reply.status, 503, "{reply:?}");
    }
    assert_eq!(change(&server.client(), "more", &[share(&list(5), true)]).status, 503, "nothing is written either");
    let told = server.get("/readyz");
    assert_eq!(told.status, 503);
    assert!(told.json()["reason"].as_str().unwrap().contains("lost commits"), "{told:?}");
}

#[test]
fn a_database_restored_from_an_older_backup_is_not_answered_from() {
    let cluster = Cluster::shared();
    let database = cluster.database();
    let url = cluster.url(&database);
    // It does not look while the database is empty.
    let server = How::deaf().start(&url);
    seed(&server.client());
    let older = backup_of(&url);
    committed(&change(&server.client(), "share", &[share(&list(0), true)]));
    assert!(server.evaluate(&cleo_reads(&list(0), None)).decision());

    let whole = backup_of(&url);
    restore(cluster, &database, &whole);
    let changed = || change(&server.client(), "share-another", &[share(&list(1), true)]);
    until("the control: nothing is missing, and it goes on", || changed().status == 200);
    assert!(server.evaluate(&cleo_reads(&list(1), Some(3))).decision());

    restore(cluster, &database, &older);
    assert_eq!(server.evaluate(&cleo_reads(&list(0), Some(4))).status, 503, "who asks for more has it look");
    refuses(&server);
    let restarted = How::default().start(&url);
    assert!(!restarted.evaluate(&cleo_reads(&list(0), None)).decision(), "restarted, it answers from what there is");
}

/// The worst case: a copy that lagged behind took over, and others have written to it as much and more.
#[test]
fn a_database_that_has_counted_on_after_losing_commits_is_found_out() {
    for more in [1, 2, 5] {
        let cluster = Cluster::shared();
        let database = cluster.database();
        let url = cluster.url(&database);
        let server = How::deaf().start(&url);
        seed(&server.client());
        let older = backup_of(&url);
        committed(&change(&server.client(), "share", &[share(&list(0), true)]));
        committed(&change(&server.client(), "share-too", &[share(&list(1), true)]));
        assert!(server.evaluate(&cleo_reads(&list(0), None)).decision());
        restore(cluster, &database, &older);
        let other = How::default().start(&url);
        for number in 0..more {
            committed(&change(&other.client(), &format!("other-{number}"), &[share(&list(2 + number), true)]));
        }
        // Nobody has told this one; it looks because it is asked for something newer.
        let reply = server.evaluate(&cleo_reads(&list(0), Some(4)));
        assert_eq!(reply.status, 503, "{reply:?}");
        refuses(&server);
    }
}

#[test]
fn a_file_that_another_one_replaces_is_neither_read_nor_written() {
    let dir = TempDir::new();
    let [path, copy] = ["facts.db", "copy.db"].map(|name| dir.path().join(name));
    seed(&How::default().serve(Arc::new(SqliteStore::open(&copy).unwrap())).client());
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let server = How::default().serve(store.clone());
    seed(&server.client());
    committed(&change(&server.client(), "share", &[share(&list(0), true)]));
    assert_eq!(store.head().unwrap(), 2);
    std::fs::rename(&copy, &path).unwrap();
    let refused = store.head().unwrap_err().to_string();
    assert!(refused.contains("was replaced by another file"), "{refused}");
    assert_eq!(change(&server.client(), "more", &[share(&list(1), true)]).status, 503);
    assert_eq!(server.evaluate(&cleo_reads(&list(0), Some(3))).status, 503);
}
