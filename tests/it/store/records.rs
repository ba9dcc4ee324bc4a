//! What the tests write: entities of a few types, by short words.

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid};
use mandat::facts::store::{Commit, Placed, Revision, Store, Stored, record::Record};
use serde_json::{Value, json};

/// The schema that everything is said to be checked against.
pub const SCHEMA: &str = "sha256:schema";

pub fn kind(name: &str) -> EntityTypeName {
    name.parse().unwrap()
}

pub fn uid(entity_type: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind(entity_type), EntityId::new(id))
}

pub fn doc(id: &str) -> EntityUid {
    uid("Doc", id)
}

pub fn to(uid: &EntityUid) -> Value {
    json!({ "__entity": { "type": uid.type_name().to_string(), "id": uid.id().unescaped() } })
}

pub fn record(uid: &EntityUid, attributes: Value, parents: &[&EntityUid]) -> Record {
    let parents: Vec<Value> = parents.iter().map(|parent| to(parent)["__entity"].clone()).collect();
    let entity = json!({ "uid": to(uid)["__entity"], "attrs": attributes, "parents": parents });
    Record::of(&Entity::from_json_value(entity, None).unwrap()).unwrap()
}

/// A document that says something.
pub fn text(id: &str, text: &str) -> Record {
    record(&doc(id), json!({ "text": text }), &[])
}

/// A document that refers to others.
pub fn refers(id: &str, others: &[&str]) -> Record {
    let others: Vec<Value> = others.iter().map(|other| to(&doc(other))).collect();
    record(&doc(id), json!({ "about": others }), &[])
}

pub fn commit() -> Commit {
    let at = jiff::Timestamp::from_millisecond(1_790_000_000_123).unwrap();
    Commit { at, who: "tests".to_owned(), why: "{\"why\":\"a test\"}".to_owned() }
}

/// One commit that puts some and deletes others.
pub fn change(store: &dyn Store, put: &[Record], delete: &[EntityUid]) -> Revision {
    let mut writing = store.begin().unwrap();
    let revision = writing.revise(&commit()).unwrap();
    writing.put(put, SCHEMA).unwrap();
    writing.delete(delete).unwrap();
    writing.commit().unwrap();
    revision
}

pub fn put(store: &dyn Store, records: &[Record]) -> Revision {
    change(store, records, &[])
}

/// The text of a document at a revision.
pub fn says(store: &dyn Store, id: &str, at: Revision) -> Option<String> {
    let found = store.read(&[doc(id)], at).unwrap();
    found.first().map(|stored| Record::of(&stored.entity).unwrap().text)
}

pub fn names(placed: &[Placed]) -> Vec<String> {
    placed.iter().map(|placed| placed.uid.id().unescaped().to_owned()).collect()
}

/// Names and texts in a fixed order.
pub fn texts(found: &[Stored]) -> Vec<(EntityUid, String, Revision)> {
    let text = |stored: &Stored| {
        let record = Record::of(&stored.entity).unwrap();
        (record.uid, record.text, stored.since)
    };
    let mut texts: Vec<_> = found.iter().map(text).collect();
    texts.sort();
    texts
}
