//! Comparing by questions: those of the scenarios and of the access matrix of both sides, asked of both.
//!
//! It finds what somebody once thought of asking, with a name that people know. It proves nothing: what no question is
//! about goes unnoticed. Questions of environments where both sides have the same policies are left out, as long as
//! schema and settings are the same too.

use std::collections::{BTreeMap, HashSet};

use super::{
    Change, Direction, Way, Which,
    environments::Comparison,
    example::{Example, Told, Verdict, direction, doers},
    policies::PolicyChange,
    side::Side,
};
use crate::{
    analysis::{
        asking::{Asker, Query},
        matrix::{Matrix, plan},
    },
    decision::Decision,
    facts::limits,
    problem::{Problem, Problems},
};

/// What the questions have shown.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How many different questions there are.
    pub(super) questions: usize,
    /// Questions asked of both sides.
    pub(super) asked: usize,
    /// Questions that one side cannot be asked, and why.
    pub(super) unasked: Vec<(String, String)>,
    pub(super) changes: Vec<Change>,
}

/// A question with where it is from.
struct Named {
    told: Told,
    query: Query,
}

/// Asks all questions of both sides of both sides.
///
/// # Errors
/// A question of a matrix that cannot be built.
pub(super) fn ask(
    [old, new]: [&Side; 2],
    compared: &[Comparison],
    changed: &[PolicyChange],
) -> Result<Found, Problems> {
    let compared: BTreeMap<&str, &Comparison> =
        compared.iter().map(|comparison| (comparison.name, comparison)).collect();
    let same_ground = same_ground(old, new);
    let mut found = Found::default();
    let mut changes: BTreeMap<(String, Direction), Change> = BTreeMap::new();
    let (mut seen, mut texts) = (HashSet::new(), Vec::new());
    for (which, side) in [(Which::New, new), (Which::Old, old)] {
        let (mut of_old, mut of_new) = (Asker::new(&old.bundle, side.tree()), Asker::new(&new.bundle, side.tree()));
        let mut facts = BTreeMap::new();
        for named in questions(side)? {
            let name = named.query.facts.to_string();
            let number = *facts.entry(name.clone()).or_insert_with(|| number(&mut texts, facts_text(side, &name)));
            // The same question on the same facts; what it is called does not matter.
            if !seen.insert((number, format!("{:?}", named.query))) {
                continue;
            }
            let Some(environment) = [new, old].iter().find_map(|side| side.environment_of(&named.query.request)) else {
                continue;
            };
            found.questions += 1;
            let comparison = compared.get(&*environment);
            // What neither side has an environment for is denied by both.
            if same_ground && comparison.is_none_or(|comparison| !comparison.differs_in_terms) {
                continue;
            }
            let answers = answer(old, &mut of_old, &environment, &named.query)
                .and_then(|was| Ok([was, answer(new, &mut of_new, &environment, &named.query)?]));
            match answers {
                Err(reason) => found.unasked.push((title(&named.told), reason)),
                Ok([was, is]) => {
                    found.asked += 1;
                    let Some(direction) = direction(&was, &is) else { continue };
                    let only = comparison.and_then(|comparison| comparison.only);
                    let entry = changes.entry((environment.clone(), direction));
                    let change = entry.or_insert_with(|| Change {
                        environment,
                        direction,
                        way: Way::Questions,
                        only,
                        doers: doers([old, new], changed, [&was, &is]),
                        example: Example::asked(named.told, which, &named.query, was, is),
                        questions: 0,
                    });
                    change.questions += 1;
                }
            }
        }
    }
    found.changes = changes.into_values().collect();
    Ok(found)
}

/// Whether the same policies come to the same answers: schema and settings are the same.
fn same_ground(old: &Side, new: &Side) -> bool {
    let decides = |side: &Side| {
        let settings = &side.bundle.settings;
        (side.bundle.schema_digest, settings.policies.level, settings.facts.caller_properties)
    };
    decides(old) == decides(new)
}

/// An answer; where the side does not have the environment, nothing can ever be allowed.
fn answer(side: &Side, asker: &mut Asker, environment: &str, query: &Query) -> Result<Verdict, String> {
    if !side.environments.contains(environment) {
        return Ok(Verdict::of(&Decision::not_applicable()));
    }
    let reply = asker.ask(query).map_err(|reason| format!("cannot be asked of `{}`: {reason}", side.name))?;
    Ok(Verdict::of(&reply.decision))
}

fn title(told: &Told) -> String {
    match told {
        Told::Scenario(name, at) => format!("the scenario \"{name}\" ({})", at.short()),
        Told::Matrix(name) => format!("the cell \"{name}\" of the matrix"),
        Told::Counterexample => "a counterexample".to_owned(),
    }
}

/// The number of a text among all that there are.
fn number(texts: &mut Vec<Option<String>>, text: Option<String>) -> usize {
    texts.iter().position(|known| *known == text).unwrap_or_else(|| {
        texts.push(text);
        texts.len() - 1
    })
}

fn facts_text(side: &Side, name: &str) -> Option<String> {
    side.tree().read(&format!("tests/facts/{name}"), limits::MAX_FILE).ok().flatten()
}

fn questions(side: &Side) -> Result<Vec<Named>, Problems> {
    let of_case = |case: &crate::analysis::scenario::Case| Named {
        told: Told::Scenario(case.name.clone(), case.at.clone()),
        query: Query::from(case),
    };
    let mut questions: Vec<Named> = side.cases.iter().map(of_case).collect();
    if let Some(plan) = &side.plan {
        let of_matrix = Matrix::queries(plan)
            .map_err(|reason| Problem::new(format!("`{}` of `{}`: {reason}", plan::FILE, side.name)))?;
        questions.extend(of_matrix.into_iter().map(|(name, query)| Named { told: Told::Matrix(name), query }));
    }
    Ok(questions)
}
