//! What is written is read again, by whoever comes next; what fails leaves nothing.

use std::collections::BTreeSet;

use mandat::audit::{
    ledger::{About, Entry, Sealed, about},
    line,
    people::Person,
    query::{Query, page},
};
use uuid::Uuid;

use super::{begin, check, fill, homes::on_all, lines_of, record, recorder};

#[test]
fn what_is_written_is_read_back_and_gone_on_with() {
    on_all(|home| {
        fill(&home.open(), begin(), 30);
        fill(&home.open(), begin(), 12);
        let ledger = home.open();
        assert_eq!(ledger.writers().unwrap(), [1], "whoever comes next goes on with the chain");
        let lines = lines_of(&*ledger, 1);
        assert_eq!(lines.len(), 42);
        for (line, number) in lines.iter().zip(1_u64..) {
            let id = line::id(line.as_bytes()).unwrap();
            assert_eq!(ledger.find(id).unwrap().as_deref(), Some(line.as_bytes()));
            assert_eq!(line::Place::of(line.as_bytes()).unwrap().sequence, number);
        }
        assert_eq!(ledger.find(Uuid::nil()).unwrap(), None);
        let mut some = Vec::new();
        let mut keep = |line: &[u8]| {
            some.push(String::from_utf8_lossy(line).into_owned());
            Ok(true)
        };
        ledger.lines(1, 7..=9, &mut keep).unwrap();
        assert_eq!(some, lines[6..9]);
        let report = check(&*ledger, &[]);
        assert!(report.is_sound() && report.lines() == 42, "{report:?}");
    });
}

#[test]
fn records_are_told_newest_first_page_by_page() {
    on_all(|home| {
        let (one, other) = (recorder(home.open(), None), recorder(home.open(), None));
        for turn in 0..6 {
            let at = begin() + jiff::SignedDuration::from_mins(turn);
            record(if turn % 2 == 0 { &one } else { &other }, at, 20);
        }
        let ledger = home.open();
        let query = Query::default();
        let (mut after, mut told) = (None, Vec::new());
        loop {
            let page = page(&*ledger, &query, after, 7, &mut || true).unwrap();
            told.extend(page.lines);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let names: Vec<_> = told.iter().map(|line| line::id(line.as_bytes()).unwrap()).collect();
        assert_eq!(names.len(), 120, "those of both chains");
        assert!(names.is_sorted_by(|newer, older| newer > older));
        let user = Person { entity_type: "User".to_owned(), id: "u-3".to_owned() };
        let of_user = Query { subject: Some(user.clone()), ..Query::default() };
        let found = page(&*ledger, &of_user, None, 100, &mut || true).unwrap().lines;
        assert_eq!(found.len(), 6, "by its pseudonym");
        // A hint may lead to more than is looked for, never to less, and to nothing twice.
        let shown = about("User", &ledger.pseudonym(&user).unwrap().unwrap().to_string());
        let mut hinted = Vec::new();
        let mut keep = |line: &[u8]| {
            hinted.push(line::id(line));
            Ok(true)
        };
        ledger.newest(None, About::Subject([shown, shown]), &mut keep).unwrap();
        assert!(found.iter().all(|line| hinted.contains(&line::id(line.as_bytes()))));
        assert_eq!(hinted.iter().collect::<BTreeSet<_>>().len(), hinted.len());
    });
}

#[test]
fn two_writers_at_once_take_two_chains() {
    on_all(|home| {
        let (one, other) = (home.open().chain().unwrap(), home.open().chain().unwrap());
        assert_eq!([one.writer(), other.writer()], [1, 2]);
        drop(one);
        assert_eq!(home.open().chain().unwrap().writer(), 1, "what is given back is taken again");
    });
}

#[test]
fn an_append_that_fails_leaves_nothing() {
    on_all(|home| {
        fill(&home.open(), begin(), 5);
        let ledger = home.open();
        let before = (lines_of(&*ledger, 1), ledger.checkpoints(1).unwrap());
        let entry = |sequence: u64| Entry {
            sequence,
            id: Uuid::from_u128(u128::from(sequence) << 32 | 7),
            subject: None,
            resource: None,
            line: format!("{{\"line\":{sequence}}}"),
        };
        let sealed = Sealed { first: 1, last: 7, text: "{\"first\":1}".to_owned() };
        // The second line has the place of one that is there.
        let mut chain = ledger.chain().unwrap();
        assert!(chain.append(&[entry(6), entry(3)], &sealed).is_err());
        drop(chain);
        assert_eq!((lines_of(&*ledger, 1), ledger.checkpoints(1).unwrap()), before);
        fill(&ledger, begin(), 5);
        let report = check(&*ledger, &[]);
        assert!(report.is_sound() && report.lines() == 10, "{report:?}");
        // The control: lines that fit are written.
        assert!(ledger.chain().unwrap().append(&[entry(11)], &Sealed { first: 1, last: 11, ..sealed }).is_ok());
        assert_eq!(lines_of(&*ledger, 1).len(), 11);
    });
}

#[test]
fn a_log_that_is_written_is_sound_at_any_moment() {
    on_all(|home| {
        let recorder = recorder(home.open(), None);
        let ledger = home.open();
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| (0..60).for_each(|turn| record(&recorder, begin(), 1 + turn % 40)));
            while !writing.is_finished() {
                let report = check(&*ledger, &[]);
                assert!(report.is_sound(), "{report:?}");
            }
        });
    });
}
