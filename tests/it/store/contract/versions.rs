//! Versions, revisions and walks.

use std::sync::Arc;

use cedar_policy::EntityUid;
use mandat::facts::store::{Store, Walk};

use crate::store::{
    places::on_both,
    records::{SCHEMA, change, commit, doc, kind, names, put, record, refers, says, text, texts, uid},
};

#[test]
fn revisions_count_up_from_an_empty_store() {
    on_both(|place| {
        let store = place.open();
        assert_eq!((store.head().unwrap(), store.count(0).unwrap()), (0, 0));
        assert_eq!([put(&*store, &[text("a", "1")]), put(&*store, &[text("a", "2")])], [1, 2]);
        assert_eq!(store.head().unwrap(), 2);
    });
}

#[test]
fn every_earlier_revision_can_still_be_read() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", "first"), text("b", "stays")]);
        put(&*store, &[text("a", "second")]);
        change(&*store, &[], &[doc("a")]);
        put(&*store, &[text("a", "again")]);
        let told = |at| says(&*store, "a", at).map(|text| text.split('"').nth(5).unwrap().to_owned());
        assert_eq!(
            (0..=4).map(told).collect::<Vec<_>>(),
            [None, Some("first".to_owned()), Some("second".to_owned()), None, Some("again".to_owned())]
        );
        assert_eq!((0..=4).map(|at| store.count(at).unwrap()).collect::<Vec<_>>(), [0, 2, 2, 1, 2]);
        let both = texts(&store.read(&[doc("b"), doc("a"), doc("none")], 4).unwrap());
        assert_eq!(both.iter().map(|(_, _, since)| *since).collect::<Vec<_>>(), [4, 1]);
    });
}

#[test]
fn an_entity_asked_for_twice_is_told_at_least_once_and_the_same() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", "1")]);
        let found = texts(&store.read(&[doc("a"), doc("a")], 1).unwrap());
        assert!(!found.is_empty() && found.iter().all(|one| *one == found[0]));
    });
}

#[test]
fn what_is_put_is_read_back_with_all_its_values() {
    on_both(|place| {
        let store = place.open();
        let attributes = serde_json::json!({
            "long": i64::MIN, "yes": true, "text": "\u{0} \\ \" 'é' 🦀", "set": [1, 2, [3]],
            "record": { "a b": { "c": { "__entity": { "type": "Doc", "id": "x" } } } },
            "when": { "__extn": { "fn": "datetime", "arg": "2026-01-01" } },
        });
        let record = record(&doc("a"), attributes, &[&uid("Folder", "f")]);
        put(&*store, std::slice::from_ref(&record));
        assert_eq!(says(&*store, "a", 1), Some(record.text));
    });
}

#[test]
fn walks_go_page_by_page_in_one_order_that_never_changes() {
    on_both(|place| {
        let store = place.open();
        let ids: Vec<String> = (0..25).map(|n| format!("d{}", n * 7 % 25)).collect();
        put(&*store, &ids.iter().map(|id| text(id, "1")).collect::<Vec<_>>());
        put(&*store, &[record(&uid("Other", "o"), serde_json::json!({}), &[])]);
        let all = walked(&store, Walk::All(&kind("Doc")), 2, 4);
        assert_eq!(all.len(), 25);
        assert_eq!(all, walked(&store, Walk::All(&kind("Doc")), 2, 100), "pages make no difference");
        change(&*store, &[text("d3", "2"), text("new", "1")], &[doc("d4")]);
        let kept: Vec<_> = all.iter().filter(|id| *id != "d4").cloned().chain(["new".to_owned()]).collect();
        assert_eq!(kept, walked(&store, Walk::All(&kind("Doc")), 3, 4), "what stays keeps its place");
        assert_eq!(all, walked(&store, Walk::All(&kind("Doc")), 2, 4), "an earlier revision is as it was");
        assert!(walked(&store, Walk::All(&kind("Nothing")), 3, 4).is_empty());
    });
}

/// All of a walk, in pages.
fn walked(store: &Arc<dyn Store>, walk: Walk, at: u64, page: usize) -> Vec<String> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let found = store.walk(walk, after, page, at).unwrap();
        assert!(found.len() <= page && found.windows(2).all(|pair| pair[0].position < pair[1].position));
        let Some(last) = found.last() else { return all };
        assert!(found[0].position > after);
        after = last.position;
        all.extend(names(&found));
    }
}

#[test]
fn a_walk_by_reference_finds_who_refers_to_any_of_several_each_once() {
    on_both(|place| {
        let store = place.open();
        let many: Vec<_> =
            (0..12).map(|n| refers(&format!("r{n}"), if n % 2 == 0 { &["a", "b"] } else { &["b"] })).collect();
        put(&*store, &[vec![text("a", ""), text("b", "")], many].concat());
        let (docs, folders) = (kind("Doc"), kind("Folder"));
        let referring =
            |to: &[EntityUid], at| walked(&store, Walk::Referring { entity_type: &docs, path: "about", to }, at, 5);
        assert_eq!(referring(&[doc("a")], 1).len(), 6);
        assert_eq!(referring(&[doc("a"), doc("b"), doc("none")], 1).len(), 12);
        change(&*store, &[refers("r0", &["b"])], &[doc("r2")]);
        assert_eq!(referring(&[doc("a")], 2).len(), 4);
        assert_eq!(referring(&[doc("a")], 1).len(), 6, "as of the revision before");
        assert!(referring(&[], 2).is_empty());
        let a = [doc("a")];
        let elsewhere = |entity_type, path| Walk::Referring { entity_type, path, to: &a };
        assert!(store.walk(elsewhere(&docs, "other"), 0, 9, 2).unwrap().is_empty(), "by another attribute");
        assert!(store.walk(elsewhere(&folders, "about"), 0, 9, 2).unwrap().is_empty(), "of another type");
    });
}

#[test]
fn places_are_those_of_the_walk_and_only_of_what_existed() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("b", ""), text("a", ""), refers("c", &["later"])]);
        let walk = store.walk(Walk::All(&kind("Doc")), 0, 9, 1).unwrap();
        let asked = [doc("c"), doc("none"), doc("a"), doc("later"), doc("b"), doc("a")];
        assert_eq!(store.places(&asked, 1).unwrap(), walk);
        assert!(store.places(&asked, 0).unwrap().is_empty());
    });
}

#[test]
fn what_changed_between_two_revisions_is_told_unless_it_is_too_much() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", "1"), text("b", "1")]);
        put(&*store, &[text("a", "2")]);
        change(&*store, &[text("c", "1"), text("a", "3")], &[doc("b"), doc("none")]);
        let changed = |after, through, limit| {
            store.changed(after, through, limit).unwrap().map(|mut uids| {
                uids.sort();
                uids
            })
        };
        assert_eq!(changed(1, 2, 10), Some(vec![doc("a")]));
        assert_eq!(changed(0, 3, 3), Some(vec![doc("a"), doc("b"), doc("c")]), "each once");
        assert_eq!(changed(0, 3, 2), None, "three are more than two");
        assert_eq!(changed(3, 3, 0), Some(vec![]));
    });
}

#[test]
fn a_store_that_is_opened_again_has_everything() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", "1"), refers("b", &["a"])]);
        let token = crate::store::contract::keeping::token("t", 1);
        let mut writing = store.begin().unwrap();
        writing.revise(&commit()).unwrap();
        writing.put(&[text("c", "1")], SCHEMA).unwrap();
        writing.keep_token(&token).unwrap();
        writing.commit().unwrap();
        drop(store);
        let store = place.open();
        assert_eq!((store.head().unwrap(), store.count(2).unwrap()), (2, 3));
        assert_eq!(store.tokens().unwrap(), [token]);
        let walk = Walk::Referring { entity_type: &kind("Doc"), path: "about", to: &[doc("a")] };
        assert_eq!(names(&store.walk(walk, 0, 9, 2).unwrap()), ["b"]);
    });
}
