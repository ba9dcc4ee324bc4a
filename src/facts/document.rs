//! Facts as a document: Cedar's entity JSON, a list of `{"uid", "attrs", "parents"}`.
//!
//! Reading goes in two steps. [`Document::parse`] splits the file into entities, each with its place, and
//! checks the limits; [`Document::build`] has Cedar read every entity against the schema. Whatever is
//! wrong is reported at the entity it is in, all at once. Between the steps a scenario may change facts
//! ([`super::changes`]).

use std::collections::HashMap;

use cedar_policy::{Entities, Entity, EntityUid, Schema};
use serde_json::{Value, value::RawValue};

use super::limits::{self, Excess};
use crate::problem::{Problem, Problems, Source, describe};

/// The entities of a facts file, in its order.
#[derive(Debug, Clone)]
pub struct Document {
    source: Source,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    offset: usize,
    length: usize,
    json: Value,
}

/// `{"type", "id"}` of an entity reference in any of the forms Cedar's JSON allows.
pub fn reference(value: &Value) -> Option<(&str, &str)> {
    let inner = value.get("__entity").unwrap_or(value);
    Some((inner.get("type")?.as_str()?, inner.get("id")?.as_str()?))
}

impl Document {
    /// Splits a facts file into its entities.
    ///
    /// # Errors
    /// Text that is not a JSON list of entities, and every entity beyond the limits, each with its place.
    pub fn parse(source: Source) -> Result<Self, Problems> {
        let raw: Vec<&RawValue> = serde_json::from_str(&source.text).map_err(|error| json_problem(&source, &error))?;
        let mut problems = Problems::default();
        let mut entries = Vec::with_capacity(raw.len());
        for item in raw {
            let offset = item.get().as_ptr() as usize - source.text.as_ptr() as usize;
            let length = item.get().len();
            match serde_json::from_str::<Value>(item.get()).map_err(|error| error.to_string()).and_then(checked) {
                Ok(json) => entries.push(Entry { offset, length, json }),
                Err(reason) => problems.push(Problem::at(&source, (offset, length.min(80)), reason)),
            }
        }
        problems.into_result(Self { source, entries })?.check_hierarchy()
    }

    /// Has Cedar read every entity against the schema; `actions` are the schema's own entities, without
    /// which `action in …` would silently never match.
    ///
    /// # Errors
    /// Every entity that does not fit the schema, with its place and what is wrong.
    pub fn build(&self, schema: &Schema, actions: &Entities) -> Result<Entities, Problems> {
        let mut problems = Problems::default();
        let mut seen: HashMap<EntityUid, usize> = HashMap::new();
        let mut entities: Vec<Entity> = actions.iter().cloned().collect();
        for entry in &self.entries {
            match Entity::from_json_value(entry.json.clone(), Some(schema)) {
                Ok(entity) if seen.insert(entity.uid(), entry.offset).is_some() => {
                    problems.push(self.problem(entry, format!("`{}` is listed twice", entity.uid())));
                }
                Ok(entity) => entities.push(entity),
                Err(error) => problems.push(self.problem(entry, describe(&error))),
            }
        }
        let entities = problems.into_result(entities)?;
        Entities::from_entities(entities, Some(schema))
            .map_err(|error| Problem::at(&self.source, (0, 0), describe(&error)).into())
    }

    /// The JSON of the entity with that name.
    pub fn get_mut(&mut self, entity_type: &str, id: &str) -> Option<&mut Value> {
        self.entries.iter_mut().map(|entry| &mut entry.json).find(|json| named(json, entity_type, id))
    }

    /// Adds an entity or replaces the one of the same name.
    pub fn put(&mut self, entity: Value) {
        if let Some((entity_type, id)) = entity.get("uid").and_then(reference) {
            let (entity_type, id) = (entity_type.to_owned(), id.to_owned());
            self.delete(&entity_type, &id);
        }
        self.entries.push(Entry { offset: 0, length: 0, json: entity });
    }

    /// Takes an entity out; whether there was one.
    pub fn delete(&mut self, entity_type: &str, id: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| !named(&entry.json, entity_type, id));
        self.entries.len() < before
    }

    fn problem(&self, entry: &Entry, message: String) -> Problem {
        let first_line = self.source.text[entry.offset..entry.offset + entry.length].lines().next().unwrap_or("");
        Problem::at(&self.source, (entry.offset, first_line.len()), message)
    }

    fn check_hierarchy(self) -> Result<Self, Problems> {
        let positions: HashMap<(&str, &str), usize> = self
            .entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| Some((entry.json.get("uid").and_then(reference)?, index)))
            .collect();
        let parents = |entry: &Entry| {
            let list = entry.json.get("parents").and_then(Value::as_array)?;
            Some(list.iter().filter_map(|parent| positions.get(&reference(parent)?).copied()).collect())
        };
        let parents: Vec<Vec<usize>> = self.entries.iter().map(|entry| parents(entry).unwrap_or_default()).collect();
        let Some((position, excess)) = limits::first_excess(&parents) else { return Ok(self) };
        let message = match excess {
            Excess::Depth => format!("its chain of ancestors is longer than {}", limits::MAX_ANCESTOR_DEPTH),
            Excess::Count => format!("it has more than {} ancestors", limits::MAX_ANCESTORS),
        };
        let problem = self.problem(&self.entries[position], message);
        Err(problem.help("flatten the hierarchy, or look for an entity that is its own ancestor").into())
    }
}

fn named(json: &Value, entity_type: &str, id: &str) -> bool {
    json.get("uid").and_then(reference) == Some((entity_type, id))
}

fn checked(json: Value) -> Result<Value, String> {
    limits::check_value(&json)?;
    if json.get("uid").and_then(reference).is_none() {
        return Err("the entity has no `uid` with `type` and `id`".to_owned());
    }
    let parents = json.get("parents").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if parents.len() > limits::MAX_PARENTS {
        return Err(format!("the entity has {} parents, more than {}", parents.len(), limits::MAX_PARENTS));
    }
    // Cedar reads `["Team", "a"]` too; a parent that is not counted could be one of a long chain.
    if let Some(other) = parents.iter().find(|parent| reference(parent).is_none()) {
        return Err(format!("the parent `{other}` is no entity with `type` and `id`"));
    }
    Ok(json)
}

fn json_problem(source: &Source, error: &serde_json::Error) -> Problem {
    let line_start: usize = source.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let offset = (line_start + error.column().saturating_sub(1)).min(source.text.len());
    Problem::at(source, (offset, usize::from(offset < source.text.len())), error.to_string())
        .help("facts are a JSON list of entities: [{\"uid\": {\"type\", \"id\"}, \"attrs\": {…}, \"parents\": [{\"type\", \"id\"}]}]")
}
