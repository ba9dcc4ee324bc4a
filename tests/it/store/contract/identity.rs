//! Names: two that differ in any byte are two entities, on both stores (threat T15).

use mandat::facts::store::Walk;

use crate::store::{
    places::on_both,
    records::{doc, kind, names, put, record, refers, says, text, uid},
};

/// Ids that some database or other would take for the same, or for SQL.
fn lookalikes() -> Vec<String> {
    let mut ids: Vec<String> = [
        "Foo",
        "foo",
        "FOO",
        "foo ",
        " foo",
        "foo  ",
        "caf\u{e9}",
        "cafe\u{301}",
        "stra\u{df}e",
        "strasse",
        "\u{130}",
        "i",
        "I",
        "\u{131}",
        "\u{430}",
        "a",
        "\u{e4}",
        "ae",
        "\u{fb01}",
        "fi",
        "o'brien",
        "o''brien",
        "\"",
        "\\",
        "\\\\",
        "\\x41",
        "A",
        "%",
        "_",
        "$1",
        "{a,b}",
        "NULL",
        "null",
        "🦀",
        "👩‍👧",
        "0",
        "00",
        "1e3",
        "1000",
        "'; drop table uids; --",
    ]
    .map(str::to_owned)
    .to_vec();
    // Longer than an index of PostgreSQL takes, and different only at the end; random, or it would compress.
    let mut state = 1_u32;
    let mut letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x4e00 + (state >> 16) % 20_000).unwrap()
    };
    let long: String = (0..1_364).map(&mut letter).collect();
    ids.extend([format!("{long}abc"), format!("{long}abC"), long[..3_999].to_owned(), "x".repeat(4_096)]);
    ids
}

#[test]
fn every_name_is_an_entity_of_its_own() {
    on_both(|place| {
        let store = place.open();
        let ids = lookalikes();
        for (number, id) in ids.iter().enumerate() {
            assert_eq!(says(&*store, id, number as u64), None, "{id:?} is another name than all before");
            put(&*store, &[text(id, &number.to_string())]);
        }
        let last = ids.len() as u64;
        for (number, id) in ids.iter().enumerate() {
            assert!(says(&*store, id, last).unwrap().contains(&format!("\"{number}\"")), "{id:?}");
        }
        assert_eq!(names(&store.walk(Walk::All(&kind("Doc")), 0, 99, last).unwrap()), ids);
        let all: Vec<_> = ids.iter().map(|id| doc(id)).collect();
        assert_eq!(names(&store.places(&all, last).unwrap()), ids);
    });
}

#[test]
fn a_reference_leads_to_the_very_name_it_holds() {
    on_both(|place| {
        let store = place.open();
        let ids = lookalikes();
        let records: Vec<_> = ids.iter().map(|id| text(id, "")).collect();
        put(&*store, &records);
        put(&*store, &ids.iter().map(|id| refers(&format!("to {id}"), &[id])).collect::<Vec<_>>());
        for id in &ids {
            let walk = Walk::Referring { entity_type: &kind("Doc"), path: "about", to: &[doc(id)] };
            assert_eq!(names(&store.walk(walk, 0, 9, 2).unwrap()), [format!("to {id}")]);
        }
    });
}

#[test]
fn types_are_part_of_the_name_byte_by_byte() {
    on_both(|place| {
        let store = place.open();
        let uids = [uid("Doc", "a"), uid("doc", "a"), uid("A::Doc", "a"), uid("A::doc", "a")];
        for one in &uids {
            put(&*store, &[record(one, serde_json::json!({}), &[])]);
        }
        assert_eq!(store.count(4).unwrap(), 4);
        for one in &uids {
            assert_eq!(store.walk(Walk::All(one.type_name()), 0, 9, 4).unwrap()[0].uid, *one);
        }
    });
}

#[test]
fn names_that_no_database_could_hold_are_not_there() {
    on_both(|place| {
        let store = place.open();
        put(&*store, &[text("a", "")]);
        let odd = [doc("a\0"), doc("\0"), doc(""), doc("\u{1}"), doc("a\u{1}")];
        assert!(store.read(&odd, 1).unwrap().is_empty());
        assert!(store.places(&odd, 1).unwrap().is_empty());
        let walk = Walk::Referring { entity_type: &kind("Doc"), path: "about", to: &odd };
        assert!(store.walk(walk, 0, 9, 1).unwrap().is_empty());
        assert!(store.remembered("a\0", "b\0").unwrap().is_none());
        assert_eq!(store.read(&[doc("\0"), doc("a")], 1).unwrap().len(), 1, "and hide no other");
    });
}
