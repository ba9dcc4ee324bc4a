//! Random facts and requests for any bundle, drawn from its schema's shapes and from facts as they stand.
//!
//! Pure chance would hardly ever ask something that is allowed: of a hundred people two or three have to
//! do with a given product. So most principals and most entities of a context are looked for around the
//! resource, a few references away, and strings come from the words that the schema's comments list.

use std::collections::BTreeSet;

use mandat::{
    bundle::{
        Bundle,
        shape::{Fields, Shape},
    },
    facts::document::{Document, reference},
    problem::Source,
    request::{Party, Properties, Request},
};
use serde_json::{Map, Value, json};

use super::tape::Tape;

/// The words that an attribute or context entry of that name may hold.
pub type Words = fn(&str) -> &'static [&'static str];

/// Facts that change, and the shapes of what can be asked about them.
pub struct Ground<'b> {
    pub bundle: &'b Bundle,
    pub words: Words,
    pub entities: Vec<Value>,
}

/// An id that no facts have.
const NOBODY: &str = "nobody";

const MOMENTS: [&str; 8] = [
    "2026-10-01T12:00:00.000Z",
    "2026-10-01T11:59:59.999Z",
    "2026-10-02T00:00:00Z",
    "2025-10-01T12:00:00.000Z",
    "2025-10-01T12:00:00.001Z",
    "1970-01-01",
    "9998-12-31T23:59:59.999Z",
    "9999-12-31T23:59:59.999Z",
];

const NUMBERS: [i64; 7] = [0, 1, 30, 62, 63, -1, i64::MAX];

impl Ground<'_> {
    /// The facts as they stand now.
    pub fn document(&self) -> Document {
        let text = Value::from(self.entities.clone()).to_string();
        Document::parse(Source::new("facts.json", text)).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// A few random changes: attributes, memberships, now and then an entity that is gone.
    pub fn change(&mut self, tape: &mut Tape) {
        for _ in 0..tape.below(12) {
            let at = tape.below(self.entities.len());
            match tape.below(10) {
                0 => drop(self.entities.remove(at)),
                1 | 2 => self.change_parents(at, tape),
                _ => self.change_attribute(at, tape),
            }
        }
    }

    fn change_attribute(&mut self, at: usize, tape: &mut Tape) {
        let (entity_type, id) = name(&self.entities[at]);
        let fields = &self.bundle.shapes.entity_types[&entity_type].attributes;
        if fields.is_empty() {
            return;
        }
        let (attribute, field) = fields.iter().nth(tape.below(fields.len())).unwrap();
        let around = self.around(&entity_type, &id);
        let value = if field.optional && tape.chance(30) {
            None
        } else {
            Some(self.value(attribute, &field.shape, &around, tape))
        };
        let attributes = self.entities[at]["attrs"].as_object_mut().unwrap();
        match value {
            Some(value) => attributes.insert(attribute.clone(), value),
            None => attributes.remove(attribute),
        };
    }

    /// In or out of a group: one that another entity of the same type is in, so that the schema allows it.
    fn change_parents(&mut self, at: usize, tape: &mut Tape) {
        let (entity_type, id) = name(&self.entities[at]);
        let like = self.entities.iter().filter(|entity| name(entity).0 == entity_type);
        let groups: Vec<Value> = like.flat_map(|entity| entity["parents"].as_array().unwrap().clone()).collect();
        if groups.is_empty() {
            return;
        }
        let group = tape.pick(&groups).clone();
        let parents = self.entities[at]["parents"].as_array_mut().unwrap();
        match parents.iter().position(|parent| *parent == group) {
            Some(position) => drop(parents.remove(position)),
            // Groups of groups: no entity may become its own ancestor.
            None if entity_type != "Team" && entity_type != "Folder" && group["id"] != id.as_str() => {
                parents.push(group)
            }
            None => {}
        }
    }

    /// A random request that the schema allows.
    pub fn request(&self, tape: &mut Tape) -> Request {
        let mut names: Vec<&String> = self.bundle.shapes.actions.keys().collect();
        names.sort();
        self.request_for(names[tape.below(names.len())], tape)
    }

    /// A random request for that action.
    pub fn request_for(&self, action_name: &str, tape: &mut Tape) -> Request {
        let action = &self.bundle.shapes.actions[action_name];
        let resource_type = tape.pick(&action.resources).to_string();
        let resource = self.entity(&resource_type, &BTreeSet::new(), tape);
        let around = self.around(&resource_type, &resource);
        let principal_type = tape.pick(&action.principals).to_string();
        let principal = self.entity(&principal_type, &around, tape);
        let mut near = around;
        near.extend(self.beside(&principal_type, &principal));
        let context = self.context(&action.context, &(resource_type.clone(), resource.clone()), &near, tape);
        Request {
            principal: Party::new(principal_type, principal),
            action: action_name.to_owned(),
            action_properties: Properties::new(),
            resource: Party::new(resource_type, resource),
            context,
        }
    }

    fn context(
        &self,
        fields: &Fields,
        resource: &(String, String),
        near: &BTreeSet<(String, String)>,
        tape: &mut Tape,
    ) -> Properties {
        let mut context = Properties::new();
        for (name, field) in fields.iter().filter(|(name, _)| *name != "now") {
            // Channels are rare in life; given half of the time they would deny nearly everything.
            let percent = if name == "token" || name == "applicationPassword" { 5 } else { 70 };
            if field.optional && !tape.chance(percent) {
                continue;
            }
            let value = if name == "before" {
                self.before(&field.shape, resource, near, tape)
            } else {
                self.value(name, &field.shape, near, tape)
            };
            context.insert(name.clone(), value);
        }
        context
    }

    /// What the resource was before a change: as it stands, but for an attribute or two.
    fn before(
        &self,
        shape: &Shape,
        (entity_type, id): &(String, String),
        near: &BTreeSet<(String, String)>,
        tape: &mut Tape,
    ) -> Value {
        let (Shape::Record(fields), Some(stored)) = (shape, self.stored(entity_type, id)) else {
            return self.value("before", shape, near, tape);
        };
        let mut record = stored["attrs"].clone();
        for _ in 0..tape.below(3) {
            let (name, field) = fields.iter().nth(tape.below(fields.len())).unwrap();
            record[name] = self.value(name, &field.shape, near, tape);
        }
        record
    }

    /// Attributes that a caller might claim of an entity of that type.
    pub fn claims(&self, entity_type: &str, tape: &mut Tape) -> Properties {
        let near = self.entities.iter().map(name).collect();
        let fields = &self.bundle.shapes.entity_types[entity_type].attributes;
        let chosen: Vec<_> = fields.iter().filter(|_| tape.chance(70)).collect();
        chosen.into_iter().map(|(name, field)| (name.clone(), self.value(name, &field.shape, &near, tape))).collect()
    }

    fn value(&self, name: &str, shape: &Shape, near: &BTreeSet<(String, String)>, tape: &mut Tape) -> Value {
        match shape {
            Shape::Bool => json!(tape.chance(60)),
            Shape::Long => json!(tape.pick(&NUMBERS)),
            Shape::String => json!(tape.pick((self.words)(name))),
            Shape::Entity(entity_type) => {
                let entity_type = entity_type.to_string();
                json!({"type": entity_type, "id": self.entity(&entity_type, near, tape)})
            }
            Shape::Set(element) => {
                let items: Vec<Value> = (0..tape.below(4)).map(|_| self.value(name, element, near, tape)).collect();
                let distinct = items.iter().enumerate().filter(|(at, item)| !items[..*at].contains(item));
                distinct.map(|(_, item)| item.clone()).collect()
            }
            Shape::Record(fields) => {
                let given = fields.iter().filter(|(_, field)| !field.optional || tape.chance(50)).collect::<Vec<_>>();
                given
                    .into_iter()
                    .map(|(name, field)| (name.clone(), self.value(name, &field.shape, near, tape)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            Shape::Extension(_) => json!(tape.pick(&MOMENTS)),
        }
    }

    /// The id of an entity of that type: mostly one of those near, seldom one that nobody knows.
    fn entity(&self, entity_type: &str, near: &BTreeSet<(String, String)>, tape: &mut Tape) -> String {
        let fitting = |(other, id): &(String, String)| (other == entity_type).then(|| id.clone());
        let close: Vec<String> = near.iter().filter_map(fitting).collect();
        let all: Vec<String> = self.entities.iter().map(name).filter_map(|entity| fitting(&entity)).collect();
        match tape.below(100) {
            0..70 if !close.is_empty() => tape.pick(&close).clone(),
            0..97 if !all.is_empty() => tape.pick(&all).clone(),
            _ => NOBODY.to_owned(),
        }
    }

    fn stored(&self, entity_type: &str, id: &str) -> Option<&Value> {
        self.entities.iter().find(|entity| name(entity) == (entity_type.to_owned(), id.to_owned()))
    }

    /// An entity, what it refers to and what refers to it.
    fn beside(&self, entity_type: &str, id: &str) -> BTreeSet<(String, String)> {
        let entity = (entity_type.to_owned(), id.to_owned());
        let mut found: BTreeSet<_> =
            self.entities.iter().filter(|other| mentions(&other["attrs"], &entity)).map(name).collect();
        if let Some(stored) = self.stored(entity_type, id) {
            references(&stored["attrs"], &mut found);
            references(&stored["parents"], &mut found);
        }
        found.insert(entity);
        found
    }

    /// What can be reached from an entity in three steps, itself included.
    fn around(&self, entity_type: &str, id: &str) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::from([(entity_type.to_owned(), id.to_owned())]);
        let mut edge = found.clone();
        for _ in 0..3 {
            let mut next = BTreeSet::new();
            for entity in edge.iter().filter_map(|(entity_type, id)| self.stored(entity_type, id)) {
                references(&entity["attrs"], &mut next);
                references(&entity["parents"], &mut next);
            }
            edge = next.difference(&found).cloned().collect();
            found.extend(next);
        }
        found
    }
}

/// Whether a value names that entity anywhere.
fn mentions(value: &Value, entity: &(String, String)) -> bool {
    let mut found = BTreeSet::new();
    references(value, &mut found);
    found.contains(entity)
}

/// Type and id of an entity.
pub fn name(entity: &Value) -> (String, String) {
    let (entity_type, id) = reference(&entity["uid"]).unwrap();
    (entity_type.to_owned(), id.to_owned())
}

fn references(value: &Value, found: &mut BTreeSet<(String, String)>) {
    if let Some((entity_type, id)) = reference(value) {
        found.insert((entity_type.to_owned(), id.to_owned()));
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| references(field, found)),
        _ => {}
    }
}
