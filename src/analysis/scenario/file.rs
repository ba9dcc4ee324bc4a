//! Scenario files, from TOML to cases.
//!
//! Values are TOML; an entity is written as in a policy, `'User::"u-ada"'`. A `but` inherits everything
//! of its scenario: what it states replaces, `changes` are added, `context` is merged entry by entry and
//! `without` takes entries away.

use std::{path::Path, sync::Arc};

use serde::Deserialize;
use serde_json::{Value, json};
use toml::Spanned;

use super::{Case, Expected};
use crate::{
    bundle::files::read_regular,
    config::toml_problem,
    facts::changes::Change,
    problem::{Problem, Problems, Source},
    request::{Party, Properties, Request},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    facts: String,
    now: String,
    #[serde(default)]
    changes: Vec<toml::Value>,
    #[serde(default)]
    scenario: Vec<Said>,
}

/// What a scenario or a `but` says.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    name: Option<Spanned<String>>,
    #[serde(default)]
    rules: Vec<String>,
    facts: Option<String>,
    now: Option<String>,
    #[serde(default)]
    changes: Vec<toml::Value>,
    subject: Option<toml::Value>,
    action: Option<String>,
    resource: Option<toml::Value>,
    #[serde(default)]
    context: toml::Table,
    #[serde(default)]
    without: Vec<String>,
    expect: Option<String>,
    determining: Option<Vec<String>>,
    code: Option<String>,
    obligations: Option<Vec<String>>,
    advice: Option<Vec<String>>,
    missing: Option<Vec<String>>,
    #[serde(default)]
    but: Vec<Said>,
}

/// Reads a scenario file.
///
/// # Errors
/// Every scenario that cannot be read, with its place.
pub fn read(path: &Path, name: &str) -> Result<Vec<Case>, Problems> {
    let text = read_regular(path).map_err(|reason| Problem::new(format!("cannot read `{name}`: {reason}")))?;
    parse(&Source::new(name, text))
}

/// Reads the text of a scenario file.
///
/// # Errors
/// Every scenario that cannot be read, with its place.
pub fn parse(source: &Source) -> Result<Vec<Case>, Problems> {
    let file: File = toml::from_str(&source.text).map_err(|error| toml_problem(source, &error))?;
    let mut problems = Problems::default();
    let mut cases = Vec::new();
    for scenario in &file.scenario {
        collect(source, &file, scenario, String::new(), &mut cases, &mut problems);
        for but in &scenario.but {
            let prefix = scenario.name.as_ref().map(|name| format!("{}, but ", name.get_ref())).unwrap_or_default();
            collect(source, &file, &inherit(scenario, but), prefix, &mut cases, &mut problems);
        }
    }
    problems.into_result(cases)
}

fn collect(source: &Source, file: &File, said: &Said, prefix: String, cases: &mut Vec<Case>, problems: &mut Problems) {
    let span = said.name.as_ref().map_or(0..0, Spanned::span);
    match case(source, file, said, prefix) {
        Ok(case) => cases.push(case),
        Err(reason) => problems.push(Problem::at(source, (span.start, span.len()), reason)),
    }
}

/// A `but` over its scenario. What the scenario expects is not inherited: a `but` is there to differ.
fn inherit(base: &Said, but: &Said) -> Said {
    let mut context = base.context.clone();
    context.extend(but.context.clone());
    context.retain(|name, _| !but.without.iter().any(|left_out| left_out == name));
    Said {
        facts: but.facts.clone().or_else(|| base.facts.clone()),
        now: but.now.clone().or_else(|| base.now.clone()),
        changes: base.changes.iter().chain(&but.changes).cloned().collect(),
        subject: but.subject.clone().or_else(|| base.subject.clone()),
        action: but.action.clone().or_else(|| base.action.clone()),
        resource: but.resource.clone().or_else(|| base.resource.clone()),
        expect: but.expect.clone().or_else(|| Some("deny".to_owned())),
        rules: if but.rules.is_empty() { base.rules.clone() } else { but.rules.clone() },
        context,
        ..but.clone()
    }
}

fn case(source: &Source, file: &File, said: &Said, prefix: String) -> Result<Case, String> {
    if !prefix.is_empty() && !said.but.is_empty() {
        return Err("a `but` cannot have a `but` of its own".to_owned());
    }
    let name = said.name.as_ref().ok_or("a scenario has no `name`")?;
    let action = said.action.clone().ok_or("the scenario asks for no `action`")?;
    let allowed = match said.expect.as_deref() {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err("`expect` must be \"allow\" or \"deny\"".to_owned()),
    };
    let now = said.now.as_ref().unwrap_or(&file.now);
    let context = said.context.iter().map(|(key, value)| (key.clone(), json_of(value))).collect();
    Ok(Case {
        name: format!("{prefix}{}", name.get_ref()),
        at: source.location(name.span().start),
        rules: said.rules.clone(),
        facts: Arc::from(said.facts.as_deref().unwrap_or(&file.facts)),
        changes: file.changes.iter().chain(&said.changes).map(change).collect::<Result<_, _>>()?,
        now: now.parse().map_err(|error| format!("`now`: {error}"))?,
        request: Request {
            principal: party("subject", said.subject.as_ref())?,
            action,
            action_properties: super::no_properties(),
            resource: party("resource", said.resource.as_ref())?,
            context,
        },
        expected: Expected {
            allowed,
            determining: said.determining.clone(),
            code: said.code.clone(),
            obligations: said.obligations.clone(),
            advice: said.advice.clone(),
            missing: said.missing.clone(),
        },
    })
}

fn change(change: &toml::Value) -> Result<Change, String> {
    serde_json::from_value(json_of(change)).map_err(|error| format!("a change cannot be read: {error}"))
}

/// A subject or resource: `'User::"u-ada"'`, or a table with `entity` and `properties`.
fn party(field: &str, value: Option<&toml::Value>) -> Result<Party, String> {
    let value = json_of(value.ok_or_else(|| format!("the scenario has no `{field}`"))?);
    let (entity, properties) = match value.get("entity") {
        Some(entity) => {
            (entity.clone(), value.get("properties").and_then(Value::as_object).cloned().unwrap_or_default())
        }
        None => (value, Properties::new()),
    };
    let text = |key: &str| entity.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    match (text("type"), text("id")) {
        (Some(entity_type), Some(id)) => Ok(Party { entity_type, id, properties }),
        _ => Err(format!("`{field}` is no entity; write 'Type::\"id\"'")),
    }
}

/// TOML as JSON, with entities written as in a policy turned into `{"type", "id"}`.
fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => entity_literal(text).unwrap_or_else(|| json!(text)),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
        toml::Value::Datetime(moment) => json!(moment.to_string()),
        toml::Value::Array(items) => items.iter().map(json_of).collect(),
        toml::Value::Table(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), json_of(value))).collect())
        }
    }
}

fn entity_literal(text: &str) -> Option<Value> {
    let (entity_type, quoted) = text.split_once("::\"")?;
    let id = quoted.strip_suffix('"')?;
    let named = !entity_type.is_empty() && entity_type.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ':');
    named.then(|| json!({"type": entity_type, "id": id}))
}
