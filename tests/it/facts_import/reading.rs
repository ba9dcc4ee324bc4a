//! What is read straight by the schema is what Cedar reads; what is not plain or wrong is left to Cedar.

use cedar_policy::{Entity, Schema};
use mandat::{
    bundle::Bundle,
    facts::{reading::plain, store::Record},
};
use proptest::prop_assert_eq;
use serde_json::{Value, json};

use crate::{
    properties::{CASES, programme_ground, tape},
    support::programme,
};

/// Both readings of an entity: ours where it is plain, and Cedar's where it fits the schema.
fn both(entity: &Value, schema: &Schema) -> (Option<Record>, Option<Record>) {
    let of = |entity: Entity| Record::of(&entity).unwrap();
    let cedars = Entity::from_json_value(entity.clone(), Some(schema)).ok();
    (plain(entity, schema).map(of), cedars.map(of))
}

#[test]
fn plain_entities_are_read_as_cedar_reads_them() {
    let bundle = programme();
    tape::holds(CASES, |mut tape| {
        let mut ground = programme_ground(&bundle);
        ground.change(&mut tape);
        for entity in &ground.entities {
            let (ours, cedars) = both(entity, &bundle.schema);
            prop_assert_eq!(ours.as_ref(), cedars.as_ref(), "{}", entity);
            // What a store wrote out is read the same way.
            let written = ours.unwrap().json().unwrap();
            prop_assert_eq!(both(&written, &bundle.schema).1, cedars);
        }
        Ok(())
    });
}

/// Damaged somewhere: never read as something that Cedar would refuse.
#[test]
fn nothing_is_read_that_cedar_would_refuse() {
    let bundle = programme();
    let damaged: [fn(&mut Value); 13] = [
        |entity| entity["attrs"]["kind"] = json!(1),
        |entity| drop(entity["attrs"].as_object_mut().unwrap().remove("kind")),
        |entity| entity["attrs"]["colour"] = json!("red"),
        |entity| entity["attrs"]["activeWebsite"] = json!("true"),
        |entity| entity["attrs"]["legalRepresentatives"] = json!({"type": "User", "id": "u-ada"}),
        |entity| entity["attrs"]["legalRepresentatives"] = json!([{"type": "Organization", "id": "clinic"}]),
        |entity| entity["attrs"]["legalRepresentatives"] = json!([{"__entity": {"type": "User"}}]),
        |entity| entity["attrs"]["kind"] = json!({"__extn": {"fn": "datetime", "arg": "2026-01-01"}}),
        |entity| entity["parents"] = json!([{"type": "User", "id": "u-ada"}]),
        |entity| entity["parents"] = json!([{"type": "Nothing", "id": "u-ada"}]),
        |entity| entity["uid"] = json!({"type": "Nothing", "id": "clinic"}),
        |entity| entity["uid"] = json!({"type": "Action", "id": "addClient"}),
        |entity| entity["tags"] = json!({"colour": "red"}),
    ];
    for damage in damaged {
        let mut entity = organization(&bundle);
        damage(&mut entity);
        let (ours, cedars) = both(&entity, &bundle.schema);
        assert!(ours.is_none() && cedars.is_none(), "{entity}");
    }
    // The control: undamaged, both read it.
    let (ours, cedars) = both(&organization(&bundle), &bundle.schema);
    assert!(ours.is_some() && ours == cedars);
}

/// The first organisation of the sample facts.
fn organization(bundle: &Bundle) -> Value {
    programme_ground(bundle).entities.into_iter().find(|entity| entity["uid"]["type"] == "Organization").unwrap()
}
