//! What must hold, proved: `policies/properties.toml` against the policies, environment by environment.
//!
//! Carla reviews a change of the invoices' policies and wants to know that still nobody of a partner sees a client's
//! invoice. [`prove`] takes every [`Property`], finds the environments that it speaks of ([`scope`]), makes of the two
//! a claim ([`claim`]; where two requests are compared, on a copy of the policies: [`rewrite`]) and has it settled. A
//! claim that fails comes with a request and facts ([`counterexample`]) that `mandat decide` answers in the very way
//! that must not be.

pub mod claim;
pub mod counterexample;
pub mod property;
pub mod report;
pub mod rewrite;
pub mod scope;

use std::path::Path;

pub use self::{counterexample::Example, property::Property};
use super::prover::{Environment, Lock, Prover, Query, Verdict, environment, parallel};
use crate::{
    bundle::Bundle,
    problem::{Problem, Problems, Source},
};

/// What one property came to in one environment.
#[derive(Debug)]
pub struct Outcome<'p> {
    /// The property.
    pub property: &'p Property,
    /// The environment's name.
    pub environment: String,
    /// The question to the solver; none where it could not be written.
    pub query: Option<Query>,
    /// Whether it holds.
    pub verdict: Verdict,
    /// A request and facts against it.
    pub example: Option<Result<Example, String>>,
}

impl Outcome<'_> {
    /// What the lock says it is about.
    pub fn about(&self) -> String {
        format!("property {}: {}", self.property.id, self.environment)
    }
}

/// Settles every property in every environment that it speaks of, in the order of their ids.
///
/// # Errors
/// A property names what the schema does not know, speaks of no environment, or cannot be put into terms of logic (an
/// expression with a mistake, say).
pub fn prove<'p>(
    bundle: &Bundle,
    dir: &Path,
    properties: &'p [Property],
    source: &Source,
    prover: &Prover,
) -> Result<Vec<Outcome<'p>>, Problems> {
    let environments = environment::all(bundle);
    scope::check(bundle, &environments, properties, source).into_result(())?;
    let ground = claim::Ground::new(bundle, dir, properties)?;
    let pairs: Vec<(&Property, &Environment)> = properties
        .iter()
        .flat_map(|property| environments.iter().map(move |environment| (property, environment)))
        .filter(|(property, environment)| scope::covers(property, environment))
        .collect();
    let outcomes = parallel::each(&pairs, |(property, environment)| settle(&ground, property, environment, prover));
    let mut problems = Problems::default();
    let mut settled = Vec::new();
    for ((property, environment), outcome) in pairs.iter().zip(outcomes) {
        match outcome {
            Ok(outcomes) => settled.extend(outcomes),
            Err(reason) => problems.push(
                Problem::at(source, property.span, format!("the property `{}` cannot be asked: {reason}", property.id))
                    .help(format!(
                        "in the environment `{}`; narrow its scope if it does not speak of it",
                        environment.name
                    )),
            ),
        }
    }
    problems.into_result(settled)
}

fn settle<'p>(
    ground: &claim::Ground,
    property: &'p Property,
    environment: &Environment,
    prover: &Prover,
) -> Result<Vec<Outcome<'p>>, String> {
    let posed = ground.pose(property, environment).map_err(|error| error.to_string())?;
    posed
        .into_iter()
        .map(|posed| {
            let query = posed.claim.query().map_err(|error| error.to_string())?;
            let verdict = prover.verdict(&query);
            let example = (verdict == Verdict::Fails).then(|| counterexample::find(ground, &posed, prover));
            let name = format!("{}{}", environment.name, posed.suffix);
            Ok(Outcome { property, environment: name, query: Some(query), verdict, example })
        })
        .collect()
}

/// Writes what was settled into a lock, in place of what it knew of properties.
pub fn lock(lock: &mut Lock, outcomes: &[Outcome]) {
    lock.forget("property");
    for outcome in outcomes {
        let holds = match outcome.verdict {
            Verdict::Holds => true,
            Verdict::Fails => false,
            Verdict::Unsettled(_) => continue,
        };
        if let Some(Query::Asked { digest, .. }) = &outcome.query {
            lock.add(&outcome.about(), digest, holds);
        }
    }
}
