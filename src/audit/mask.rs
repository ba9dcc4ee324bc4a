//! Masking: what of a question is recorded, and who is named in it.
//!
//! Clara asks for a token named "laptop". `[audit]` says that users are persons and that of `createToken` nothing but
//! the scope is kept: the record has a pseudonym in Clara's place and no name of the token, and states both (threat T20).
//!
//! What is not on the list is left out; so is an identifier for which no pseudonym can be had. Nothing is ever recorded as
//! it came because something failed.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::{people::Pseudonym, record::Record};
use crate::{
    config::audit::AuditSettings,
    request::{Party, Properties, Request},
};

/// Stands for every type, or every action.
const ALL: &str = "*";

/// The time that a caller states decides, and names nobody.
const NOW: &str = "context.now";

/// What is kept and who is a person, of one bundle's settings.
#[derive(Debug, Clone, Default)]
pub struct Masks {
    persons: HashSet<String>,
    keep: HashMap<String, HashSet<String>>,
}

impl Masks {
    /// As the settings say.
    pub fn of(settings: &AuditSettings) -> Self {
        let list = |(action, paths): (&String, &Vec<String>)| (action.clone(), paths.iter().cloned().collect());
        Self {
            persons: settings.persons.iter().cloned().collect(),
            keep: settings.keep.iter().collect::<BTreeMap<_, _>>().into_iter().map(list).collect(),
        }
    }

    /// Leaves out what is not to be kept.
    pub fn cut(&self, record: &mut Record) {
        let mut dropped = Vec::new();
        for (place, request) in record.event.questions_mut() {
            self.cut_question(&place, request, &mut dropped);
        }
        record.dropped.append(&mut dropped);
    }

    fn cut_question(&self, place: &str, request: &mut Request, dropped: &mut Vec<String>) {
        let action = request.action.clone();
        let keeps = |path: &str| {
            let listed = |key: &str| self.keep.get(key).is_some_and(|paths| paths.contains(path));
            path == NOW || listed(ALL) || listed(&action)
        };
        let cut = |part: &str, entries: &mut Properties| {
            let before = entries.len();
            entries.retain(|name, _| keeps(&format!("{part}.{name}")));
            before > entries.len()
        };
        // Names of properties may be the caller's own words: that some are gone is all that is said.
        let parts = [
            ("subject.properties", &mut request.principal.properties),
            ("action.properties", &mut request.action_properties),
            ("resource.properties", &mut request.resource.properties),
        ];
        for (part, entries) in parts {
            if cut(part, entries) {
                dropped.push(format!("{place}{part}"));
            }
        }
        // A question that was decided has no context but what the schema declares.
        request.context.retain(|name, _| {
            let path = format!("context.{name}");
            let kept = keeps(&path);
            if !kept {
                dropped.push(format!("{place}{path}"));
            }
            kept
        });
    }

    /// Tells type and id of each person that a record names.
    pub fn persons(&self, record: &mut Record, tell: &mut dyn FnMut(&str, &str)) {
        self.visit(record, &mut |_, entity_type, id| tell(entity_type, id));
    }

    /// Puts pseudonyms in the place of persons' ids; an id without one is left out.
    pub fn apply(&self, record: &mut Record, pseudonyms: &dyn Fn(&str, &str) -> Option<Pseudonym>) {
        let (mut masked, mut dropped) = (Vec::new(), Vec::new());
        self.visit(record, &mut |path, entity_type, id| match pseudonyms(entity_type, id) {
            Some(pseudonym) => {
                *id = pseudonym.to_string();
                masked.push(path());
            }
            None => {
                id.clear();
                dropped.push(path());
            }
        });
        record.masked.append(&mut masked);
        record.dropped.append(&mut dropped);
    }

    fn visit(&self, record: &mut Record, see: &mut See<'_>) {
        for (place, request) in record.event.questions_mut() {
            self.visit_party(&|| format!("{place}subject"), &mut request.principal, see);
            self.visit_party(&|| format!("{place}resource"), &mut request.resource, see);
            for (name, value) in &mut request.context {
                self.visit_value(&|| format!("{place}context.{name}"), value, see);
            }
            for (name, value) in &mut request.action_properties {
                self.visit_value(&|| format!("{place}action.properties.{name}"), value, see);
            }
        }
        for (path, named) in record.event.names_mut() {
            self.see(&|| path.clone(), &named.entity_type, &mut named.id, see);
        }
    }

    fn visit_party(&self, path: Path<'_>, party: &mut Party, see: &mut See<'_>) {
        for (name, value) in &mut party.properties {
            self.visit_value(&|| format!("{}.properties.{name}", path()), value, see);
        }
        // A search names no one on the side that it looks for.
        if !party.id.is_empty() {
            self.see(&|| format!("{}.id", path()), &party.entity_type, &mut party.id, see);
        }
    }

    fn visit_value(&self, path: Path<'_>, value: &mut Value, see: &mut See<'_>) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.visit_value(path, item, see)),
            Value::Object(members) => {
                if let Some(Value::String(entity_type)) = members.get("type").cloned()
                    && let Some(Value::String(id)) = members.get_mut("id")
                {
                    self.see(path, &entity_type, id, see);
                }
                members.values_mut().for_each(|member| self.visit_value(path, member, see));
            }
            _ => {}
        }
    }

    fn see(&self, path: Path<'_>, entity_type: &str, id: &mut String, see: &mut See<'_>) {
        if self.persons.contains(entity_type) || (self.persons.contains(ALL) && !entity_type.is_empty()) {
            see(path, entity_type, id);
        }
    }
}

/// Where something stands; put together only where it is recorded.
type Path<'a> = &'a dyn Fn() -> String;

/// Who sees each person: where, its type, and the id to replace.
type See<'a> = dyn FnMut(Path<'_>, &str, &mut String) + 'a;
