//! Links: who refers to whom, and what leads nowhere.

use mandat::facts::store::{Dangling, Walk};

use crate::store::{
    places::on_both,
    records::{SCHEMA, change, commit, doc, kind, names, put, record, refers, text, to, uid},
};

#[test]
fn parents_are_links_without_a_path_and_nested_records_have_a_path_of_names() {
    on_both(|place| {
        let store = place.open();
        let folder = uid("Folder", "f");
        let nested = serde_json::json!({ "meta": { "owner": to(&uid("User", "u")) } });
        put(&*store, &[record(&doc("a"), nested, &[&folder])]);
        let walk = |path, target| {
            let found =
                store.walk(Walk::Referring { entity_type: &kind("Doc"), path, to: &[target] }, 0, 9, 1).unwrap();
            names(&found)
        };
        assert_eq!(walk("", folder.clone()), ["a"]);
        assert_eq!(walk("meta.owner", uid("User", "u")), ["a"]);
        assert!(walk("meta", uid("User", "u")).is_empty());
        assert!(walk("", uid("User", "u")).is_empty());
    });
}

#[test]
fn referrers_are_told_with_what_is_written_so_far() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", ""), refers("r1", &["a"]), refers("r2", &["a"]), refers("r3", &["r1"])]);
        let mut writing = store.begin().unwrap();
        writing.revise(&commit()).unwrap();
        writing.put(&[refers("r2", &[]), refers("r4", &["a", "r1"])], SCHEMA).unwrap();
        let mut found = writing.referrers(&[doc("a")], 9).unwrap();
        found.sort();
        assert_eq!(found, [doc("r1"), doc("r4")]);
        assert_eq!(writing.referrers(&[doc("a"), doc("r1")], 9).unwrap().len(), 3, "each once");
        assert_eq!(writing.referrers(&[doc("a"), doc("r1")], 2).unwrap().len(), 2, "no more than asked for");
        writing.delete(&[doc("r1")]).unwrap();
        assert_eq!(writing.referrers(&[doc("a")], 9).unwrap(), [doc("r4")], "what is deleted refers to nothing");
        assert!(writing.referrers(&[doc("none")], 9).unwrap().is_empty());
    });
}

#[test]
fn an_entity_that_refers_by_many_attributes_hides_no_other_referrer() {
    on_both(|place| {
        let store = place.open();
        let a = to(&doc("a"));
        let many = serde_json::json!({ "p": a, "q": a, "r": { "s": a, "t": [a] } });
        put(&*store, &[text("a", ""), record(&doc("x"), many.clone(), &[&doc("a")]), record(&doc("y"), many, &[])]);
        let mut writing = store.begin().unwrap();
        let mut found = writing.referrers(&[doc("a")], 2).unwrap();
        found.sort();
        assert_eq!(found, [doc("x"), doc("y")]);
    });
}

#[test]
fn a_reference_that_leads_nowhere_is_found_from_either_end() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", ""), refers("old", &["a"])]);
        let mut writing = store.begin().unwrap();
        writing.revise(&commit()).unwrap();
        assert!(writing.dangling(9).unwrap().is_empty());
        writing.put(&[refers("new", &["a", "missing"])], SCHEMA).unwrap();
        let dangles = |from: &str, to: &str| Dangling { from: doc(from), path: "about".to_owned(), to: doc(to) };
        assert_eq!(writing.dangling(9).unwrap(), [dangles("new", "missing")]);
        writing.put(&[text("missing", "")], SCHEMA).unwrap();
        assert!(writing.dangling(9).unwrap().is_empty(), "it leads somewhere now");
        writing.delete(&[doc("a")]).unwrap();
        let mut found = writing.dangling(9).unwrap();
        found.sort_by_key(|dangling| dangling.from.clone());
        assert_eq!(found, [dangles("new", "a"), dangles("old", "a")]);
        assert_eq!(writing.dangling(1).unwrap().len(), 1);
        writing.put(&[text("a", "")], SCHEMA).unwrap();
        assert!(writing.dangling(9).unwrap().is_empty());
    });
}

#[test]
fn links_follow_an_entity_that_is_written_several_times_in_one_revision() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", ""), text("b", ""), refers("r", &["a"])]);
        let mut writing = store.begin().unwrap();
        writing.revise(&commit()).unwrap();
        for others in [&["b"][..], &["a"], &[], &["a", "b"]] {
            writing.put(&[refers("r", others)], SCHEMA).unwrap();
        }
        writing.delete(&[doc("r")]).unwrap();
        writing.put(&[refers("r", &["b"])], SCHEMA).unwrap();
        writing.commit().unwrap();
        let walk = |target: &str, at| {
            let walk = Walk::Referring { entity_type: &kind("Doc"), path: "about", to: &[doc(target)] };
            store.walk(walk, 0, 9, at).unwrap().len()
        };
        assert_eq!([walk("a", 1), walk("b", 1), walk("a", 2), walk("b", 2)], [1, 0, 0, 1]);
        change(&*store, &[refers("r", &["a"])], &[]);
        assert_eq!([walk("a", 2), walk("a", 3), walk("b", 3)], [0, 1, 0]);
    });
}
