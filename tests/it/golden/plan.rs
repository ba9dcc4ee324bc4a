//! What the access matrix asks: `tests/golden/access-matrix.toml`, as it is written.
//!
//! A *sheet* is a list of questions. A *situation* says how things stand (changes to the sample facts),
//! whom to ask for (groups of roles, one column each) and which sheets to ask. A question names what it is
//! about by `$name`; the situation, the sheet's use, the group or the role binds that name, the last of
//! these first. So one sheet serves every partnership, and one row may ask each column about its own
//! organisation.

use serde::Deserialize;
use serde_json::{Value, json};
use toml::Table;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// Said once, above all blocks.
    pub(super) preface: String,
    /// The facts file in `tests/facts/`.
    pub(super) facts: String,
    /// The time asked about.
    pub(super) now: String,
    /// Context of every question, unless a situation states another.
    pub(super) context: Table,
    pub(super) sheet: Vec<Sheet>,
    pub(super) situation: Vec<Situation>,
}

/// Questions that are asked together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) heading: String,
    pub(super) questions: Vec<Question>,
}

/// One question, for whoever a column stands for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    pub(super) action: String,
    /// What tells it from other questions about the same action.
    pub(super) label: Option<String>,
    pub(super) resource: String,
    #[serde(default)]
    pub(super) context: Table,
    /// Entries of the common context to leave out.
    #[serde(default)]
    pub(super) without: Vec<String>,
    #[serde(default)]
    pub(super) changes: Vec<toml::Value>,
}

/// How things stand, who is asked for, and what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Situation {
    pub(super) name: String,
    pub(super) about: String,
    /// In place of the common context.
    pub(super) context: Option<Table>,
    #[serde(default)]
    pub(super) changes: Vec<toml::Value>,
    #[serde(default)]
    pub(super) bind: Table,
    pub(super) ask: Vec<Ask>,
    pub(super) group: Vec<Group>,
}

/// The use of a sheet in a situation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    pub(super) sheet: String,
    /// In place of the sheet's own heading; an empty one is left out.
    pub(super) heading: Option<String>,
    /// Added to the label of each question.
    pub(super) label: Option<String>,
    #[serde(default)]
    pub(super) bind: Table,
    #[serde(default)]
    pub(super) changes: Vec<toml::Value>,
}

/// Roles that stand together, such as those of one organisation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: String,
    #[serde(default)]
    pub(super) bind: Table,
    pub(super) roles: Vec<Role>,
}

/// One column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    /// Few short words: each is a line of the column's heading.
    pub(super) name: String,
    pub(super) who: String,
    #[serde(default)]
    pub(super) bind: Table,
    /// Added to the context of each question.
    #[serde(default)]
    pub(super) context: Table,
    #[serde(default)]
    pub(super) changes: Vec<toml::Value>,
}

impl Plan {
    /// Reads the plan.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The sheet of that name.
    pub(super) fn sheet(&self, name: &str) -> Result<&Sheet, String> {
        self.sheet.iter().find(|sheet| sheet.name == name).ok_or_else(|| format!("there is no sheet `{name}`"))
    }
}

/// Several tables as one; of equal names the last counts.
pub(super) fn merge<'a>(tables: impl IntoIterator<Item = &'a Table>) -> Table {
    tables.into_iter().flat_map(|table| table.iter().map(|(name, value)| (name.clone(), value.clone()))).collect()
}

/// A value as JSON: `$name` is what the name is bound to, `'Type::"id"'` an entity.
pub(super) fn resolve(value: &toml::Value, bound: &Table) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => match text.strip_prefix('$') {
            Some(name) => resolve(bound.get(name).ok_or_else(|| format!("nothing is bound to `${name}`"))?, bound)?,
            None => entity(text).unwrap_or_else(|| json!(text)),
        },
        toml::Value::Array(items) => items.iter().map(|item| resolve(item, bound)).collect::<Result<_, _>>()?,
        toml::Value::Table(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), resolve(value, bound)?)))
                .collect::<Result<_, String>>()?,
        ),
        plain => serde_json::to_value(plain).map_err(|error| error.to_string())?,
    })
}

fn entity(text: &str) -> Option<Value> {
    let (entity_type, quoted) = text.split_once("::\"")?;
    Some(json!({"type": entity_type, "id": quoted.strip_suffix('"')?}))
}
