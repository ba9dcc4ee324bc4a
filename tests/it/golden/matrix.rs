//! Asking: every question of a situation, for every column, on facts that stand as the situation says.
//!
//! The questions take the way of any request: checked against the schema, decided on the facts by the
//! policies that the index finds. Facts are built once for each list of changes.

use std::{collections::HashMap, sync::Arc};

use mandat::{
    bundle::Bundle,
    decision::{
        self, Decision,
        question::{Asked, Question as Checked},
    },
    facts::{Facts as _, Snapshot, changes::Change, document::Document, memory},
    request::{Circumstances, Party, Request},
};
use serde_json::Value;
use toml::Table;

use super::plan::{Ask, Group, Plan, Question, Role, Situation, merge, resolve};
use crate::support::programme_dir;

/// All answers.
pub(super) struct Matrix {
    pub(super) preface: String,
    pub(super) blocks: Vec<Block>,
}

/// The answers of one situation.
pub(super) struct Block {
    pub(super) name: String,
    pub(super) about: String,
    /// Names of groups with the names of their columns.
    pub(super) groups: Vec<(String, Vec<String>)>,
    /// Headings with their rows.
    pub(super) parts: Vec<(String, Vec<Row>)>,
}

/// The answers to one question, by group and column.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) cells: Vec<Vec<Decision>>,
}

impl Matrix {
    /// Asks all that the plan asks.
    ///
    /// # Errors
    /// A question that cannot be asked; an unknown name in the plan must not look like a denial.
    pub(super) fn ask(bundle: &Bundle, plan: &Plan) -> Result<Self, String> {
        let mut asker = Asker::new(bundle, plan)?;
        let blocks = plan.situation.iter().map(|situation| asker.block(situation)).collect::<Result<_, _>>()?;
        Ok(Self { preface: plan.preface.clone(), blocks })
    }

    /// Every cell.
    pub(super) fn cells(&self) -> impl Iterator<Item = &Decision> {
        self.blocks.iter().flat_map(Block::cells)
    }
}

impl Block {
    /// Every row.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.parts.iter().flat_map(|(_, rows)| rows)
    }

    /// Every cell.
    pub(super) fn cells(&self) -> impl Iterator<Item = &Decision> {
        self.rows().flat_map(|row| row.cells.iter().flatten())
    }
}

struct Asker<'a> {
    bundle: &'a Bundle,
    plan: &'a Plan,
    document: Document,
    circumstances: Circumstances,
    facts: HashMap<String, Arc<dyn Snapshot>>,
}

impl<'a> Asker<'a> {
    fn new(bundle: &'a Bundle, plan: &'a Plan) -> Result<Self, String> {
        let path = programme_dir().join("tests/facts").join(&plan.facts);
        let source = memory::read_source(&path).map_err(|problems| problems.to_string())?;
        let document = Document::parse(source).map_err(|problems| problems.to_string())?;
        let now = plan.now.parse().map_err(|error| format!("`now`: {error}"))?;
        let circumstances = Circumstances { now, trust_caller_clock: false };
        Ok(Self { bundle, plan, document, circumstances, facts: HashMap::new() })
    }

    fn block(&mut self, situation: &Situation) -> Result<Block, String> {
        let mut parts = Vec::new();
        for ask in &situation.ask {
            let sheet = self.plan.sheet(&ask.sheet)?;
            let rows =
                sheet.questions.iter().map(|question| self.row(situation, ask, question)).collect::<Result<_, _>>()?;
            parts.push((ask.heading.as_ref().unwrap_or(&sheet.heading).clone(), rows));
        }
        let names = |group: &Group| group.roles.iter().map(|role| role.name.clone()).collect();
        Ok(Block {
            name: situation.name.clone(),
            about: situation.about.clone(),
            groups: situation.group.iter().map(|group| (group.name.clone(), names(group))).collect(),
            parts,
        })
    }

    fn row(&mut self, situation: &Situation, ask: &Ask, question: &Question) -> Result<Row, String> {
        let words = [Some(&question.action), question.label.as_ref(), ask.label.as_ref()];
        let label = words.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        let mut cells = Vec::new();
        for group in &situation.group {
            let asked: Result<_, String> =
                group.roles.iter().map(|role| self.cell(situation, ask, question, group, role)).collect();
            cells.push(asked.map_err(|reason| format!("{}, {label}: {reason}", situation.name))?);
        }
        Ok(Row { label, cells })
    }

    fn cell(
        &mut self,
        situation: &Situation,
        ask: &Ask,
        question: &Question,
        group: &Group,
        role: &Role,
    ) -> Result<Decision, String> {
        let bound = merge([&situation.bind, &ask.bind, &group.bind, &role.bind]);
        let mut context = situation.context.as_ref().unwrap_or(&self.plan.context).clone();
        context.retain(|name, _| !question.without.iter().any(|left_out| left_out == name));
        let context = merge([&context, &question.context, &role.context]);
        let request = Request {
            principal: party(&role.who, &bound)?,
            action: question.action.clone(),
            action_properties: serde_json::Map::new(),
            resource: party(&question.resource, &bound)?,
            context: context
                .iter()
                .map(|(name, value)| Ok((name.clone(), resolve(value, &bound)?)))
                .collect::<Result<_, String>>()?,
        };
        let changes = situation.changes.iter().chain(&ask.changes).chain(&role.changes).chain(&question.changes);
        let changes = changes.map(|change| resolve(change, &bound)).collect::<Result<Vec<_>, _>>()?;
        let facts = self.facts(&changes)?;
        self.decide(&*facts, &request)
    }

    fn decide(&self, facts: &dyn Snapshot, request: &Request) -> Result<Decision, String> {
        let asked =
            Checked::ask(self.bundle, facts, request, &self.circumstances).map_err(|error| error.to_string())?;
        let Asked::Question(checked) = asked else { return Ok(Decision::not_applicable()) };
        let level = self.bundle.settings.policies.level;
        let slice = facts.slice(&checked.roots, checked.supplied, level).map_err(|error| error.to_string())?;
        Ok(decision::decide(self.bundle, &checked.request, &slice.entities))
    }

    fn facts(&mut self, changes: &[Value]) -> Result<Arc<dyn Snapshot>, String> {
        let key = Value::from(changes).to_string();
        if let Some(built) = self.facts.get(&key) {
            return Ok(built.clone());
        }
        let mut document = self.document.clone();
        for change in changes {
            let made = serde_json::from_value::<Change>(change.clone()).map_err(|error| error.to_string());
            made.and_then(|made| document.apply(&made))
                .map_err(|reason| format!("the change {change} cannot be made: {reason}"))?;
        }
        let facts =
            memory::MemoryFacts::build(&document, &self.bundle.schema).map_err(|problems| problems.to_string())?;
        let built = facts.snapshot().map_err(|error| error.to_string())?;
        self.facts.insert(key, built.clone());
        Ok(built)
    }
}

/// Who or what is asked about.
fn party(name: &str, bound: &Table) -> Result<Party, String> {
    let value = resolve(&toml::Value::String(name.to_owned()), bound)?;
    let text = |field: &str| value.get(field).and_then(Value::as_str);
    match (text("type"), text("id")) {
        (Some(entity_type), Some(id)) => Ok(Party::new(entity_type, id)),
        _ => Err(format!("`{name}` is no entity; write 'Type::\"id\"', or bind it")),
    }
}
