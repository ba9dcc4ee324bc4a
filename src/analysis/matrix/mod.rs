//! The access matrix: role × action × situation, with what stands behind each cell.
//!
//! A compliance reviewer wants to read who may do what, not the policies. The bundle's author says in
//! `tests/matrix.toml` ([`plan`]) which roles, questions and situations there are; every cell is then one question
//! ([`questions`]), decided like any other. A cell is
//! - *allow*: allowed, as the question stands;
//! - *forbid*: a policy rules it out, whatever else allows it;
//! - *conditional*: denied as the question stands, but the facts allow it; it depends on what the question leaves open
//!   in its context, and the conditions that remain are told ([`open`]);
//! - *none*: nothing allows it, whatever the context.
//!
//! It is shown as text ([`text`]), and as CSV for spreadsheets ([`csv`]).

pub mod csv;
pub mod detail;
mod open;
pub mod plan;
mod questions;
pub mod text;

use cedar_policy::PolicyId;

pub use self::{
    open::{Remaining, Written},
    plan::Plan,
};
use self::{
    plan::{Ask, Group, Question, Role, Situation},
    questions::Place,
};
use crate::{
    analysis::asking::{Asker, Query, Reply},
    bundle::{Bundle, Policy, tree::Tree},
    decision::{Code, Decision},
};

/// All answers.
#[derive(Debug)]
pub struct Matrix {
    /// Said once, above all blocks.
    pub preface: String,
    /// One for each situation.
    pub blocks: Vec<Block>,
}

/// The answers of one situation.
#[derive(Debug)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// For people.
    pub about: String,
    /// Names of groups with the names of their columns.
    pub groups: Vec<(String, Vec<String>)>,
    /// Headings with their rows.
    pub parts: Vec<(String, Vec<Row>)>,
}

/// The answers to one question, by group and column.
#[derive(Debug)]
pub struct Row {
    /// The action's name.
    pub action: String,
    /// What tells it from other rows about the same action; may be empty.
    pub label: String,
    /// One for each column.
    pub cells: Vec<Vec<Cell>>,
}

/// One answer.
#[derive(Debug)]
pub struct Cell {
    /// What was asked.
    pub query: Query,
    /// The decision as the question stands.
    pub decision: Decision,
    /// What it comes to.
    pub answer: Answer,
    /// Of a conditional cell: what remains before it would be allowed.
    pub remaining: Vec<Remaining>,
}

/// What a cell comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Allowed as the question stands.
    Allow,
    /// Denied, but the context could change that.
    Conditional,
    /// A forbid applies.
    Forbid,
    /// Nothing allows it.
    None,
    /// Principal, action and resource never go together.
    NotApplicable,
    /// Denied because a policy could not be evaluated.
    Error,
}

impl Answer {
    /// Its word in CSV and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Conditional => "conditional",
            Self::Forbid => "forbid",
            Self::None => "none",
            Self::NotApplicable => "not applicable",
            Self::Error => "error",
        }
    }
}

/// Which part of the matrix is asked for; what is empty leaves nothing out.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Actions by name.
    pub actions: Vec<String>,
    /// Texts of which one is in a role's name, its group's, or who it is; case does not matter.
    pub roles: Vec<String>,
    /// Texts of which one is in a situation's name; case does not matter.
    pub situations: Vec<String>,
    /// Context entries that every question leaves open.
    pub open: Vec<String>,
}

impl Matrix {
    /// Asks all that the plan asks, or the part of it that is wanted.
    ///
    /// # Errors
    /// A question that cannot be asked; an unknown name in the plan must not look like a denial.
    pub fn ask(bundle: &Bundle, tree: &dyn Tree, plan: &Plan, wanted: &Wanted) -> Result<Self, String> {
        let mut filling = Filling { bundle, plan, wanted, asker: Asker::new(bundle, tree) };
        let situations = plan.situation.iter().filter(|situation| any_in(&wanted.situations, &[&situation.name]));
        let blocks = situations.map(|situation| filling.block(situation)).collect::<Result<Vec<_>, _>>()?;
        let blocks = blocks.into_iter().filter(|block| block.cells().next().is_some()).collect();
        Ok(Self { preface: plan.preface.clone(), blocks })
    }

    /// Every question of the plan with its place in words, unasked.
    ///
    /// # Errors
    /// A question that cannot be built.
    pub fn queries(plan: &Plan) -> Result<Vec<(String, Query)>, String> {
        let mut queries = Vec::new();
        for situation in &plan.situation {
            for place in places(plan, situation)? {
                let named = |reason| format!("{}: {reason}", place.name());
                queries.push((place.name(), place.query(plan, &[]).map_err(named)?));
            }
        }
        Ok(queries)
    }

    /// Every cell with what it stands under.
    pub fn placed(&self) -> impl Iterator<Item = Placed<'_>> {
        self.blocks.iter().flat_map(|block| {
            let rows = block.parts.iter().flat_map(|(part, rows)| rows.iter().map(move |row| (part, row)));
            rows.flat_map(move |(part, row)| {
                let groups = block.groups.iter().zip(&row.cells);
                groups.flat_map(move |((group, roles), cells)| {
                    roles.iter().zip(cells).map(move |(role, cell)| Placed {
                        situation: &block.name,
                        part,
                        group,
                        role,
                        row,
                        cell,
                    })
                })
            })
        })
    }

    /// Every cell.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.blocks.iter().flat_map(Block::cells)
    }
}

/// A cell with what it stands under.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'m> {
    /// The situation's name.
    pub situation: &'m str,
    /// The heading of the part; may be empty.
    pub part: &'m str,
    /// The group's name.
    pub group: &'m str,
    /// The role's name.
    pub role: &'m str,
    /// The row.
    pub row: &'m Row,
    /// The cell.
    pub cell: &'m Cell,
}

impl Block {
    /// Every row.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.parts.iter().flat_map(|(_, rows)| rows)
    }

    /// Every cell.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.rows().flat_map(|row| row.cells.iter().flatten())
    }
}

impl Row {
    /// The action and what tells the row from others about it.
    pub fn words(&self) -> String {
        if self.label.is_empty() { self.action.clone() } else { format!("{}, {}", self.action, self.label) }
    }
}

impl Cell {
    fn of(bundle: &Bundle, query: Query, reply: Reply) -> Self {
        let Reply { decision, evidence } = reply;
        let denied = matches!(decision.code, Code::Forbidden | Code::NotPermitted);
        let remaining = evidence
            .filter(|_| denied)
            .and_then(|(question, slice)| open::remaining(bundle, &decision, &question.request, &slice.entities));
        let answer = match decision.code {
            Code::Permitted => Answer::Allow,
            Code::EvaluationError => Answer::Error,
            Code::NotApplicable => Answer::NotApplicable,
            _ if remaining.is_some() => Answer::Conditional,
            Code::Forbidden => Answer::Forbid,
            Code::NotPermitted => Answer::None,
        };
        Self { query, decision, answer, remaining: remaining.unwrap_or_default() }
    }

    /// The policies behind the answer: those that determine it, or of a conditional cell those that would.
    pub fn policies<'c, 'b: 'c>(&'c self, bundle: &'b Bundle) -> impl Iterator<Item = &'b Policy> + 'c {
        let of_remaining = self.remaining.iter().map(|remaining| PolicyId::new(&*remaining.policy));
        let determining = self.decision.determining.iter().filter(|_| self.remaining.is_empty()).cloned();
        of_remaining.chain(determining).filter_map(|id| bundle.policy(&id))
    }
}

/// Whether one of the wanted texts is in one of the names, or none is wanted.
fn any_in(wanted: &[String], names: &[&str]) -> bool {
    let holds = |text: &String| names.iter().any(|name| name.to_lowercase().contains(&text.to_lowercase()));
    wanted.is_empty() || wanted.iter().any(holds)
}

/// All places of a situation.
fn places<'p>(plan: &'p Plan, situation: &'p Situation) -> Result<Vec<Place<'p>>, String> {
    let mut places = Vec::new();
    for ask in &situation.ask {
        for question in &plan.sheet(&ask.sheet)?.questions {
            let roles = situation.group.iter().flat_map(|group| group.roles.iter().map(move |role| (group, role)));
            places.extend(roles.map(|(group, role)| Place { situation, ask, question, group, role }));
        }
    }
    Ok(places)
}

impl Place<'_> {
    fn label(&self) -> String {
        let words = [self.question.label.as_deref(), self.ask.label.as_deref()];
        words.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn name(&self) -> String {
        let label = self.label();
        let comma = if label.is_empty() { "" } else { ", " };
        format!(
            "{}: {}{comma}{label} as {}, {}",
            self.situation.name, self.question.action, self.group.name, self.role.name
        )
    }
}

struct Filling<'a> {
    bundle: &'a Bundle,
    plan: &'a Plan,
    wanted: &'a Wanted,
    asker: Asker<'a>,
}

impl<'a> Filling<'a> {
    fn block(&mut self, situation: &'a Situation) -> Result<Block, String> {
        let groups = self.columns(situation);
        let mut parts = Vec::new();
        for ask in &situation.ask {
            let sheet = self.plan.sheet(&ask.sheet)?;
            let wanted =
                |question: &&Question| self.wanted.actions.is_empty() || self.wanted.actions.contains(&question.action);
            let questions: Vec<&Question> = sheet.questions.iter().filter(wanted).collect();
            let rows: Result<Vec<Row>, String> =
                questions.into_iter().map(|question| self.row(situation, ask, question, &groups)).collect();
            let rows = rows?;
            if !rows.is_empty() {
                parts.push((ask.heading.as_ref().unwrap_or(&sheet.heading).clone(), rows));
            }
        }
        let names = |roles: &[&Role]| roles.iter().map(|role| role.name.clone()).collect();
        Ok(Block {
            name: situation.name.clone(),
            about: situation.about.clone(),
            groups: groups.iter().map(|(group, roles)| (group.name.clone(), names(roles))).collect(),
            parts,
        })
    }

    /// The columns that are wanted; groups without one are left out.
    fn columns(&self, situation: &'a Situation) -> Vec<(&'a Group, Vec<&'a Role>)> {
        let wanted = |group: &Group, role: &Role| any_in(&self.wanted.roles, &[&group.name, &role.name, &role.who]);
        let columns = situation.group.iter().map(|group| {
            let roles: Vec<&Role> = group.roles.iter().filter(|role| wanted(group, role)).collect();
            (group, roles)
        });
        columns.filter(|(_, roles)| !roles.is_empty()).collect()
    }

    fn row(
        &mut self,
        situation: &'a Situation,
        ask: &'a Ask,
        question: &'a Question,
        groups: &[(&'a Group, Vec<&'a Role>)],
    ) -> Result<Row, String> {
        let mut row = Row { action: question.action.clone(), label: String::new(), cells: Vec::new() };
        for (group, roles) in groups {
            let mut cells = Vec::with_capacity(roles.len());
            for role in roles {
                let place = Place { situation, ask, question, group, role };
                row.label = place.label();
                cells.push(self.cell(&place).map_err(|reason| format!("{}: {reason}", place.name()))?);
            }
            row.cells.push(cells);
        }
        Ok(row)
    }

    fn cell(&mut self, place: &Place) -> Result<Cell, String> {
        let query = place.query(self.plan, &self.wanted.open)?;
        let reply = self.asker.ask(&query)?;
        Ok(Cell::of(self.bundle, query, reply))
    }
}
