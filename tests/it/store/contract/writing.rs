//! The one writer: what it sees, that it is alone, and that it writes all or nothing.

use std::{sync::mpsc, time::Duration};

use crate::store::{
    places::on_both,
    records::{SCHEMA, commit, doc, names, put, refers, says, text, texts},
};

#[test]
fn a_writer_reads_what_it_has_written_and_nobody_else_does() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", "1"), text("b", "1")]);
        let mut writing = store.begin().unwrap();
        assert_eq!(writing.base(), 1);
        assert!(writing.written(0, 9).unwrap().is_empty());
        assert_eq!(writing.revise(&commit()).unwrap(), 2);
        writing.put(&[text("a", "2"), text("c", "1")], SCHEMA).unwrap();
        writing.delete(&[doc("b"), doc("none")]).unwrap();
        let found = texts(&writing.read(&[doc("a"), doc("b"), doc("c")]).unwrap());
        assert_eq!(
            found.iter().map(|(uid, _, since)| (uid.clone(), *since)).collect::<Vec<_>>(),
            [(doc("a"), 2), (doc("c"), 2)]
        );
        let written = writing.written(0, 9).unwrap();
        assert_eq!(names(&written), ["a", "b", "c"]);
        assert_eq!(writing.written(written[0].position, 1).unwrap(), written[1..2]);
        assert_eq!((store.head().unwrap(), store.count(store.head().unwrap()).unwrap()), (1, 2));
        writing.commit().unwrap();
        assert_eq!((store.head().unwrap(), store.count(2).unwrap()), (2, 2));
    });
}

#[test]
fn of_an_entity_put_twice_in_one_revision_the_last_text_counts() {
    on_both(|place| {
        let store = place.open();
        let mut writing = store.begin().unwrap();
        writing.revise(&commit()).unwrap();
        writing.put(&[text("a", "1"), text("b", "1"), text("a", "2")], SCHEMA).unwrap();
        writing.put(&[text("b", "2")], SCHEMA).unwrap();
        writing.delete(&[doc("a")]).unwrap();
        writing.put(&[text("a", "3")], SCHEMA).unwrap();
        writing.commit().unwrap();
        assert!(says(&*store, "a", 1).unwrap().contains("\"3\"") && says(&*store, "b", 1).unwrap().contains("\"2\""));
        assert_eq!(store.count(1).unwrap(), 2);
    });
}

#[test]
fn a_writing_that_is_dropped_wrote_nothing() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", "1"), refers("r", &["a"])]);
        let mut writing = store.begin().unwrap();
        writing.revise(&commit()).unwrap();
        writing.put(&[text("a", "2"), text("b", "1")], SCHEMA).unwrap();
        writing.delete(&[doc("r")]).unwrap();
        drop(writing);
        assert_eq!(put(&*store, &[text("c", "1")]), 2, "the number was not used up");
        assert!(says(&*store, "a", 2).unwrap().contains("\"1\""));
        assert_eq!((says(&*store, "b", 2), store.count(2).unwrap()), (None, 3));
    });
}

#[test]
fn nothing_is_put_or_deleted_before_a_revision_is_open() {
    on_both(|place| {
        let store = place.open();
        let mut writing = store.begin().unwrap();
        assert!(writing.put(&[text("a", "1")], SCHEMA).unwrap_err().to_string().contains("no revision is open"));
        assert!(writing.delete(&[doc("a")]).unwrap_err().to_string().contains("no revision is open"));
    });
}

#[test]
fn a_second_writer_waits_for_the_first_and_builds_on_it() {
    on_both(|place| {
        let (store, other) = (place.open(), place.open());
        for second in [store.clone(), other] {
            let before = store.head().unwrap();
            let mut first = store.begin().unwrap();
            first.revise(&commit()).unwrap();
            let (began, waits) = mpsc::channel();
            let thread = std::thread::spawn(move || {
                let writing = second.begin().unwrap();
                began.send(writing.base()).unwrap();
            });
            assert!(waits.recv_timeout(Duration::from_millis(300)).is_err(), "it must not begin yet");
            first.commit().unwrap();
            assert_eq!(waits.recv_timeout(Duration::from_secs(9)).unwrap(), before + 1);
            thread.join().unwrap();
        }
    });
}

#[test]
fn a_writer_that_waits_too_long_is_told_so_and_may_try_again() {
    on_both(|place| {
        let (store, other) = (place.open(), place.open());
        let first = store.begin().unwrap();
        let told = |refused: Result<_, mandat::facts::Unavailable>| refused.map(|_| ()).unwrap_err().to_string();
        for second in [&store, &other] {
            let told = told(second.begin());
            assert!(told.contains("another writer") || told.contains("locked"), "{told}");
        }
        assert_eq!(store.head().unwrap(), 0, "readers wait for nobody");
        drop(first);
        assert_eq!([put(&*store, &[text("a", "1")]), put(&*other, &[text("a", "2")])], [1, 2]);
    });
}

#[test]
fn writers_that_compete_count_up_without_a_gap() {
    on_both(|place| {
        let stores = [place.open(), place.open()];
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let store = &stores[thread % 2];
                scope.spawn(move || {
                    for _ in 0..10 {
                        put(&**store, &[text(&format!("t{thread}"), "x")]);
                    }
                });
            }
        });
        assert_eq!((stores[0].head().unwrap(), stores[1].count(40).unwrap()), (40, 4));
    });
}
