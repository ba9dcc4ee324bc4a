//! Which words are used for the same thing, and which attributes could stand in each other's place.
//!
//! `"limited"` and `"full"` are both compared with `access`, in policies or in the context of scenarios;
//! `legalRepresentatives` and `administrators` are both sets of users of an organisation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    analysis::scenario::Case,
    bundle::{
        Shapes,
        shape::{Fields, Shape},
    },
};

/// What can stand instead of a word or an attribute.
#[derive(Debug, Default)]
pub struct Vocabulary {
    words: BTreeMap<String, BTreeSet<String>>,
    attributes: BTreeMap<String, BTreeSet<String>>,
}

impl Vocabulary {
    /// The schema's attributes and the scenarios' words; those of policies come by [`Vocabulary::learn`].
    pub fn of(shapes: &Shapes, cases: &[Case]) -> Self {
        let mut vocabulary = Self::default();
        for entity in shapes.entity_types.values() {
            vocabulary.fields(&entity.attributes);
        }
        for action in shapes.actions.values() {
            vocabulary.fields(&action.context);
        }
        for (key, value) in cases.iter().flat_map(|case| &case.request.context) {
            vocabulary.context(key, value);
        }
        vocabulary
    }

    /// Takes in which literals a policy compares with what.
    pub fn learn(&mut self, literals: Vec<(String, String)>) {
        for (thing, word) in literals {
            self.words.entry(thing).or_default().insert(word);
        }
    }

    /// The words for a thing, in alphabetical order.
    pub fn words(&self, thing: &str) -> impl Iterator<Item = &str> {
        self.words.get(thing).into_iter().flatten().map(String::as_str)
    }

    /// The attributes that stand beside one of that name somewhere in the schema and have its type.
    pub fn beside(&self, attribute: &str) -> Vec<String> {
        self.attributes.get(attribute).into_iter().flatten().cloned().collect()
    }

    fn fields(&mut self, fields: &Fields) {
        for (name, field) in fields {
            let alike = fields.iter().filter(|(other, beside)| *other != name && beside.shape == field.shape);
            self.attributes.entry(name.clone()).or_default().extend(alike.map(|(other, _)| other.clone()));
            if let Shape::Record(inner) = &field.shape {
                self.fields(inner);
            }
        }
    }

    fn context(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(word) => {
                self.words.entry(key.to_owned()).or_default().insert(word.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| self.context(key, item)),
            _ => {}
        }
    }
}
