//! What only a server can do or suffer: notices, restarts, TLS, URLs with passwords, calls from other runtimes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mandat::facts::store::{
    Store, Walk,
    postgres::{Options, PostgresStore},
};

use super::{
    cluster::Cluster,
    records::{SCHEMA, commit, doc, kind, put, refers, says, text},
};

fn open(options: Options) -> (String, PostgresStore) {
    let url = Cluster::shared().url(&Cluster::shared().database());
    let store = PostgresStore::open_with(&url, options).unwrap();
    (url, store)
}

/// Whether news arrive long before the time is over.
fn hears(store: &dyn Store) -> bool {
    let began = Instant::now();
    store.await_news(Duration::from_secs(20));
    began.elapsed() < Duration::from_secs(10)
}

#[test]
fn a_commit_is_announced_to_whoever_waits() {
    let (url, reader) = open(Options::default());
    let writer = PostgresStore::open_with(&url, Options { notices: false, ..Options::default() }).unwrap();
    assert!(hears(&reader), "that it listens from now on is news, too: what was announced before was not heard");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| hears(&reader));
        put(&writer, &[text("a", "1")]);
        assert!(waiting.join().unwrap());
    });
    put(&writer, &[text("a", "2")]);
    assert!(hears(&reader), "what came while nobody waited is not lost");
}

#[test]
fn without_notices_waiting_just_takes_its_time() {
    let (url, reader) = open(Options { notices: false, ..Options::default() });
    let writer = PostgresStore::open(&url).unwrap();
    put(&writer, &[text("a", "1")]);
    let (began, at_most) = (Instant::now(), Duration::from_millis(300));
    reader.await_news(at_most);
    assert!(began.elapsed() >= at_most);
    assert_eq!(reader.head().unwrap(), 1, "and the commit is there all the same");
}

#[test]
fn a_restart_of_the_server_is_survived() {
    let cluster = Cluster::new(&[]);
    let store = PostgresStore::open(&cluster.url("postgres")).unwrap();
    put(&store, &[text("a", "1")]);
    assert!(hears(&store));
    for stop in [Cluster::crash, Cluster::stop] {
        let before = store.head().unwrap();
        let mut writing = store.begin().unwrap();
        writing.revise(&commit()).unwrap();
        writing.put(&[text("lost", "1")], SCHEMA).unwrap();
        stop(&cluster);
        assert!(writing.commit().is_err(), "what the server never heard of is not acknowledged");
        let down = store.head().unwrap_err().to_string();
        assert!(down.contains("PostgreSQL at 127.0.0.1"), "{down}");
        assert!(store.begin().is_err());
        cluster.start();
        assert_eq!(store.head().unwrap(), before, "the first question afterwards is answered");
        assert_eq!(says(&store, "lost", before), None);
        assert_eq!(put(&store, &[text("a", "2")]), before + 1);
        assert!(hears(&store) && says(&store, "a", before + 1).is_some());
    }
    cluster.crash();
    cluster.start();
    assert_eq!(put(&store, &[text("a", "3")]), 4, "a writer may be the first to come, too");
}

#[test]
fn a_password_is_in_no_error_and_in_no_name() {
    let port = Cluster::shared().port();
    for url in [
        format!("postgresql://someone:hunter2@127.0.0.1:{port}/no_such_database"),
        format!("postgresql://someone:hunter2@127.0.0.1:{port}/db?sslmode=require"),
        format!("postgresql://someone:hunter2@127.0.0.1:{port}/db?sslmode=require&sslrootcert=/no/such/file"),
        format!("postgresql://someone:hunter2@127.0.0.1:{port}/db?hunter2=1"),
        format!("postgresql://someone:a?hunter2@127.0.0.1:{port}/db"),
        "postgresql://someone:hunter2@127.0.0.1:1/db".to_owned(),
        "postgresql://someone:hunter2@no.such.host.invalid/db".to_owned(),
        "postgresql://someone:hunter2@127.0.0.1:port/db".to_owned(),
        "postgresql://someone:hunter2%ZZ@127.0.0.1/db?sslrootcert=%Z".to_owned(),
        "mysql://someone:hunter2@127.0.0.1/db".to_owned(),
    ] {
        let error = PostgresStore::open(&url).map(|_| ()).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
    let name = Cluster::shared().database();
    let store = PostgresStore::open(&format!("postgresql://postgres:hunter2@127.0.0.1:{port}/{name}")).unwrap();
    assert_eq!(store.name(), format!("PostgreSQL at 127.0.0.1:{port}/{name}"));
}

#[test]
fn required_tls_is_checked_against_the_roots_that_are_named() {
    let cluster = Cluster::new(&[]);
    let certificate = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let elsewhere = rcgen::generate_simple_self_signed(vec!["elsewhere".to_owned()]).unwrap();
    let file = |name: &str, text: &str| {
        let path = cluster.data().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (own, stranger) = (file("root.pem", &certificate.cert.pem()), file("other.pem", &other.cert.pem()));
    let misnamed = file("elsewhere.pem", &elsewhere.cert.pem());
    let open = |parameters: &str| {
        let opened = PostgresStore::open(&format!("{}?{parameters}", cluster.url("postgres")));
        opened.map(|_| ()).map_err(|error| error.to_string())
    };
    assert!(open("sslmode=require").unwrap_err().contains("sslrootcert"));
    assert!(open(&format!("sslmode=require&sslrootcert={own}")).is_err(), "the server has no TLS yet");
    assert!(open(&format!("sslmode=prefer&sslrootcert={own}")).is_ok());
    cluster.use_tls(&certificate.cert.pem(), &certificate.signing_key.serialize_pem());
    let encoded = own.replace('/', "%2F");
    for parameters in
        [format!("sslmode=require&sslrootcert={own}"), format!("sslrootcert={encoded}&sslmode=verify-full")]
    {
        assert_eq!(open(&parameters), Ok(()));
    }
    assert!(open(&format!("sslmode=require&sslrootcert={stranger}")).is_err(), "another root");
    assert_eq!(open("sslmode=disable"), Ok(()));
    cluster.use_tls(&elsewhere.cert.pem(), &elsewhere.signing_key.serialize_pem());
    assert!(open(&format!("sslmode=require&sslrootcert={misnamed}")).is_err(), "the right root, another name");
}

#[test]
fn calls_may_come_from_a_thread_of_any_runtime() {
    let store = Arc::new(open(Options::default()).1);
    put(&*store, &[text("a", "1")]);
    let ask = |store: Arc<PostgresStore>| async move {
        for _ in 0..300 {
            assert_eq!(store.head().unwrap(), 1);
        }
        drop(store.begin().unwrap());
    };
    let mut many = tokio::runtime::Builder::new_multi_thread();
    many.enable_all().build().unwrap().block_on(async { tokio::spawn(ask(store.clone())).await.unwrap() });
    let mut one = tokio::runtime::Builder::new_current_thread();
    // The last owner goes inside the runtime: that must not end the process, either.
    one.enable_all().build().unwrap().block_on(async move { ask(store).await });
}

#[test]
fn replicas_that_start_together_make_the_tables_once() {
    let url = Cluster::shared().url(&Cluster::shared().database());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| PostgresStore::open(&url).unwrap());
        }
    });
    assert_eq!(PostgresStore::open(&url).unwrap().head().unwrap(), 0);
}

#[test]
fn a_commit_is_on_the_disk_whatever_the_database_is_set_to() {
    let name = Cluster::shared().database();
    Cluster::shared().sql("postgres", &format!("alter database {name} set synchronous_commit = off")).unwrap();
    let store = PostgresStore::open(&Cluster::shared().url(&name)).unwrap();
    let told = "create table told (setting text); create function tell() returns trigger language plpgsql as \
                'begin insert into told values (current_setting(''synchronous_commit'')); return null; end'; \
                create trigger tell after insert on revisions execute function tell()";
    Cluster::shared().sql(&name, told).unwrap();
    put(&store, &[text("a", "1")]);
    assert_eq!(Cluster::shared().sql(&name, "select setting from told").unwrap(), "on");
    assert_eq!(Cluster::shared().sql(&name, "show synchronous_commit").unwrap(), "off", "the control");
}

/// Rows that were looked at in a database so far, in tables and in indexes.
fn looked_at(database: &str) -> u64 {
    // The counters of a connection arrive when it ends, and a moment later.
    std::thread::sleep(Duration::from_secs(2));
    let read = "select (select sum(seq_tup_read) from pg_stat_user_tables)
                     + (select sum(idx_tup_read) from pg_stat_user_indexes)";
    Cluster::shared().sql(database, read).unwrap().parse().unwrap()
}

#[test]
fn walks_and_reads_look_at_no_more_than_they_tell() {
    let name = Cluster::shared().database();
    let open = || PostgresStore::open(&Cluster::shared().url(&name)).unwrap();
    let records: Vec<_> = (0..20_000).map(|n| refers(&format!("d{n}"), &[&format!("d{}", n % 10)])).collect();
    put(&open(), &records);
    let before = looked_at(&name);
    let store = open();
    let (docs, uids): (_, Vec<_>) = (kind("Doc"), (0..10).map(|n| doc(&format!("d{}", n * 7))).collect());
    assert_eq!(store.read(&uids, 1).unwrap().len(), 10);
    for walk in [Walk::All(&docs), Walk::Referring { entity_type: &docs, path: "about", to: &uids }] {
        assert_eq!(store.walk(walk, 500, 50, 1).unwrap().len(), 50);
    }
    assert_eq!(store.begin().unwrap().referrers(&uids, 50).unwrap().len(), 50);
    drop(store);
    let after = looked_at(&name);
    assert!(after - before < 2_500, "{} rows were looked at", after - before);
    Cluster::shared().sql(&name, "select count(*) from versions where text = ''").unwrap();
    assert!(looked_at(&name) - after >= 20_000, "the control: what no index answers is noticed");
}
