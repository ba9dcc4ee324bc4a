//! What the access matrix asks: `tests/matrix.toml` of the bundle, as its author writes it.
//!
//! A *sheet* is a list of questions. A *situation* says how things stand (changes to the sample facts),
//! whom to ask for (groups of roles, one column each) and which sheets to ask. A question names what it is
//! about by `$name`; the situation, the sheet's use, the group or the role binds that name, the last of
//! these first. So one sheet serves every agreement, and one row may ask each column about its own
//! organisation.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use toml::Table;

use crate::{
    bundle::tree::Tree,
    config::toml_problem,
    problem::{Problem, Problems, Source},
};

/// Where it lies in the bundle.
pub const FILE: &str = "tests/matrix.toml";

/// Largest plan, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Most names that stand for one another in a row before a value is found.
const MAX_NAMES: usize = 32;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Said once, above all blocks.
    #[serde(default)]
    pub preface: String,
    /// The facts file in `tests/facts/`.
    pub facts: Arc<str>,
    /// The time asked about.
    pub now: String,
    /// Context of every question, unless a situation states another.
    #[serde(default)]
    pub context: Table,
    /// Lists of questions.
    pub sheet: Vec<Sheet>,
    /// How things stand, one block each.
    pub situation: Vec<Situation>,
}

/// Questions that are asked together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// What situations call it.
    pub name: String,
    /// Stands above its rows; none where it is empty.
    #[serde(default)]
    pub heading: String,
    /// One row each.
    pub questions: Vec<Question>,
}

/// One question, for whoever a column stands for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The action's name.
    pub action: String,
    /// What tells it from other questions about the same action.
    pub label: Option<String>,
    /// What is acted on.
    pub resource: String,
    /// Added to the common context.
    #[serde(default)]
    pub context: Table,
    /// Entries of the common context to leave out.
    #[serde(default)]
    pub without: Vec<String>,
    /// Made after those of the situation, the sheet's use and the role.
    #[serde(default)]
    pub changes: Vec<toml::Value>,
}

/// How things stand, who is asked for, and what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    /// Heads its block.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub about: String,
    /// In place of the common context.
    pub context: Option<Table>,
    /// What is different from the sample facts.
    #[serde(default)]
    pub changes: Vec<toml::Value>,
    /// What `$name` stands for.
    #[serde(default)]
    pub bind: Table,
    /// The sheets.
    pub ask: Vec<Ask>,
    /// The columns.
    pub group: Vec<Group>,
}

/// The use of a sheet in a situation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Its name.
    pub sheet: String,
    /// In place of the sheet's own heading; an empty one is left out.
    pub heading: Option<String>,
    /// Added to the label of each question.
    pub label: Option<String>,
    /// What `$name` stands for here.
    #[serde(default)]
    pub bind: Table,
    /// What is different for these questions.
    #[serde(default)]
    pub changes: Vec<toml::Value>,
}

/// Roles that stand together, such as those of one organisation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Stands above its columns.
    pub name: String,
    /// What `$name` stands for in these columns.
    #[serde(default)]
    pub bind: Table,
    /// One column each.
    pub roles: Vec<Role>,
}

/// One column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Few short words: each is a line of the column's heading.
    pub name: String,
    /// Who asks.
    pub who: String,
    /// What `$name` stands for in this column.
    #[serde(default)]
    pub bind: Table,
    /// Added to the context of each question.
    #[serde(default)]
    pub context: Table,
    /// What is different for this column.
    #[serde(default)]
    pub changes: Vec<toml::Value>,
}

impl Plan {
    /// Reads the plan of a bundle; none where it has none.
    ///
    /// # Errors
    /// The file cannot be read, or is no plan.
    pub fn of(tree: &dyn Tree) -> Result<Option<Self>, Problems> {
        let unreadable = |reason| Problem::new(format!("cannot read `{FILE}`: {reason}"));
        let text = tree.read(FILE, MAX_FILE).map_err(unreadable)?;
        text.map(|text| Self::parse(&Source::new(FILE, text))).transpose().map_err(Problems::from)
    }

    /// Reads the text of a plan.
    ///
    /// # Errors
    /// It is no plan, with the place of what is wrong.
    pub fn parse(source: &Source) -> Result<Self, Problem> {
        toml::from_str(&source.text).map_err(|error| toml_problem(source, &error))
    }

    /// The sheet of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn sheet(&self, name: &str) -> Result<&Sheet, String> {
        self.sheet.iter().find(|sheet| sheet.name == name).ok_or_else(|| format!("there is no sheet `{name}`"))
    }

    /// Names of actions in sheets that some situation asks.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        let used = |sheet: &&Sheet| {
            self.situation.iter().flat_map(|situation| &situation.ask).any(|ask| ask.sheet == sheet.name)
        };
        self.sheet.iter().filter(used).flat_map(|sheet| &sheet.questions).map(|question| &*question.action)
    }
}

/// Several tables as one; of equal names the last counts.
pub(super) fn merge<'a>(tables: impl IntoIterator<Item = &'a Table>) -> Table {
    tables.into_iter().flat_map(|table| table.iter().map(|(name, value)| (name.clone(), value.clone()))).collect()
}

/// A value as JSON: `$name` is what the name is bound to, `'Type::"id"'` an entity.
pub(super) fn resolve(value: &toml::Value, bound: &Table) -> Result<Value, String> {
    resolve_at(value, bound, MAX_NAMES)
}

fn resolve_at(value: &toml::Value, bound: &Table, left: usize) -> Result<Value, String> {
    let resolve = |value| resolve_at(value, bound, left);
    Ok(match value {
        toml::Value::String(text) => match text.strip_prefix('$') {
            Some(name) => {
                let left = left.checked_sub(1).ok_or_else(|| format!("`${name}` stands for itself"))?;
                resolve_at(bound.get(name).ok_or_else(|| format!("nothing is bound to `${name}`"))?, bound, left)?
            }
            None => entity(text).unwrap_or_else(|| json!(text)),
        },
        toml::Value::Array(items) => items.iter().map(resolve).collect::<Result<_, _>>()?,
        toml::Value::Table(fields) => Value::Object(
            fields.iter().map(|(name, value)| Ok((name.clone(), resolve(value)?))).collect::<Result<_, String>>()?,
        ),
        plain => serde_json::to_value(plain).map_err(|error| error.to_string())?,
    })
}

fn entity(text: &str) -> Option<Value> {
    let (entity_type, quoted) = text.split_once("::\"")?;
    Some(json!({"type": entity_type, "id": quoted.strip_suffix('"')?}))
}
