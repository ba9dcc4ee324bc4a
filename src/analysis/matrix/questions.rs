//! From the plan to single questions: every name bound, every change listed, one query for each cell.

use serde_json::Value;
use toml::Table;

use super::plan::{Ask, Group, Plan, Question, Role, Situation, merge, resolve};
use crate::{
    analysis::asking::Query,
    facts::changes::Change,
    request::{Party, Request},
};

/// What one cell stands for.
pub(super) struct Place<'p> {
    pub(super) situation: &'p Situation,
    pub(super) ask: &'p Ask,
    pub(super) question: &'p Question,
    pub(super) group: &'p Group,
    pub(super) role: &'p Role,
}

impl Place<'_> {
    /// The question of a cell. The time and the common context are the plan's.
    ///
    /// # Errors
    /// A name that nothing is bound to, a change that is none, a time that is none.
    pub(super) fn query(&self, plan: &Plan, open: &[String]) -> Result<Query, String> {
        let bound = merge([&self.situation.bind, &self.ask.bind, &self.group.bind, &self.role.bind]);
        let request = Request {
            principal: party(&self.role.who, &bound)?,
            action: self.question.action.clone(),
            action_properties: serde_json::Map::new(),
            resource: party(&self.question.resource, &bound)?,
            context: self.context(plan, open, &bound)?,
        };
        Ok(Query {
            facts: plan.facts.clone(),
            changes: self.changes(&bound)?,
            now: plan.now.parse().map_err(|error| format!("`now`: {error}"))?,
            request,
        })
    }

    fn context(&self, plan: &Plan, open: &[String], bound: &Table) -> Result<serde_json::Map<String, Value>, String> {
        let mut common = self.situation.context.as_ref().unwrap_or(&plan.context).clone();
        common.retain(|name, _| !self.question.without.iter().any(|left_out| left_out == name));
        let mut context = merge([&common, &self.question.context, &self.role.context]);
        context.retain(|name, _| !open.iter().any(|left_open| left_open == name));
        context.iter().map(|(name, value)| Ok((name.clone(), resolve(value, bound)?))).collect()
    }

    fn changes(&self, bound: &Table) -> Result<Vec<Change>, String> {
        let lists = [&self.situation.changes, &self.ask.changes, &self.role.changes, &self.question.changes];
        let change = |written: &toml::Value| {
            let resolved = resolve(written, bound)?;
            let told = resolved.to_string();
            serde_json::from_value(resolved).map_err(|error| format!("the change {told} cannot be read: {error}"))
        };
        lists.into_iter().flatten().map(change).collect()
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
