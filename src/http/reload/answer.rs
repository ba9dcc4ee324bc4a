//! What came of a reload, on the wire: of the route, and as a line of `/readyz`.
//!
//! Whoever may reload gets everything that is wrong, each with its place. What is wrong with stored facts names
//! entities: that only who may read facts is told. `/readyz` and the log are read by others; they get the number of
//! problems, and the log the first one.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Done, Report};
use crate::{
    engine::reload::Refused,
    facts::fitting::Misfit,
    http::{
        active::Active,
        callers::Caller,
        error::Error,
        inquiry::{now, stamp},
        problem_details::ProblemDetails,
    },
    problem::Problem,
};

/// Most problems that an answer lists.
const SHOWN: usize = 100;

/// The directory's bundle is in force.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReloadAnswer {
    /// Whether it was not before.
    pub reloaded: bool,
    /// Its digest.
    pub bundle: String,
    /// Digest of the bundle that it has replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// How many policies it has.
    pub policies: usize,
    /// How many scenarios it was asked first; 0 where it was in force already.
    pub scenarios: usize,
    /// Settings that are otherwise in its `mandat.toml` than those this process was started with; they hold after a
    /// restart.
    pub needs_restart: Vec<String>,
}

/// A bundle that is refused, with all that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReloadProblem {
    #[serde(flatten)]
    problem: ProblemDetails,
    /// Digest of the refused bundle, if its files could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// How many problems there are.
    count: usize,
    /// The first hundred of them.
    problems: Vec<Diagnostic>,
}

/// What is wrong, where, and what to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct Diagnostic {
    /// Stable code, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong.
    pub message: String,
    /// File, from the bundle's directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The text at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// The last reload, as `/readyz` tells it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastReload {
    /// When it was over.
    pub at: String,
    /// `replaced`, `unchanged` or `refused`.
    pub result: &'static str,
    /// Digest of the bundle that was refused, if its files could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// How many problems it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problems: Option<usize>,
}

impl From<&Report> for LastReload {
    fn from(report: &Report) -> Self {
        let refused = report.outcome.as_ref().err();
        Self {
            at: report.at.to_string(),
            result: report.result().name(),
            refused: refused.and_then(digest),
            problems: refused.map(count),
        }
    }
}

/// Answers whoever has asked for a reload.
///
/// # Errors
/// The facts cannot be read.
pub fn respond(active: &Active, caller: &Caller, report: &Report) -> Result<Response, ProblemDetails> {
    let sees_facts = caller.sees_facts(&active.bundle(), now());
    let mut response = match &report.outcome {
        Ok(done) => Json(ReloadAnswer::of(report, done)).into_response(),
        Err(Refused::Unavailable(unavailable)) => return Err(Error::from(unavailable.clone()).into()),
        Err(refused) => {
            let problem = ReloadProblem::of(refused, sees_facts);
            let mut response = (StatusCode::UNPROCESSABLE_ENTITY, Json(problem)).into_response();
            let form = HeaderValue::from_static("application/problem+json");
            response.headers_mut().insert(header::CONTENT_TYPE, form);
            response
        }
    };
    let digest = HeaderValue::from_str(&report.in_force).unwrap_or(HeaderValue::from_static("unknown"));
    let revision = active.engine().facts().snapshot().map_err(Error::from)?.revision();
    stamp(&mut response, digest, revision);
    Ok(response)
}

impl ReloadAnswer {
    fn of(report: &Report, done: &Done) -> Self {
        Self {
            reloaded: done.before.is_some(),
            bundle: report.in_force.clone(),
            before: done.before.clone(),
            policies: done.policies,
            scenarios: done.scenarios,
            needs_restart: done.needs_restart.clone(),
        }
    }
}

impl ReloadProblem {
    fn of(refused: &Refused, sees_facts: bool) -> Self {
        let (name, what) = match refused {
            Refused::Misfits { .. } => ("unfitting-facts", "the facts do not fit the schema of the bundle"),
            _ => ("refused-bundle", "something is wrong with the bundle"),
        };
        let detail = format!("{what} in the directory; the one in force stays there");
        let problems = match refused {
            Refused::Problems { problems, .. } => problems.iter().take(SHOWN).map(Diagnostic::of).collect(),
            Refused::Misfits { misfits, .. } => {
                misfits.iter().take(SHOWN).map(|misfit| Diagnostic::of(&problem(misfit, sees_facts))).collect()
            }
            Refused::Unavailable(_) => Vec::new(),
        };
        let problem = ProblemDetails::new(name, StatusCode::UNPROCESSABLE_ENTITY, detail);
        Self { problem, refused: digest(refused), count: count(refused), problems }
    }
}

impl Diagnostic {
    fn of(problem: &Problem) -> Self {
        let at = problem.location();
        Self {
            code: problem.code_text().map(str::to_owned),
            message: problem.message().to_owned(),
            file: at.map(|at| at.file.to_string()),
            line: at.map(|at| at.line),
            column: at.map(|at| at.column),
            text: problem.underlined().filter(|text| !text.is_empty()).map(str::to_owned),
            help: problem.help_text().map(str::to_owned),
        }
    }
}

/// How many problems a refusal has.
pub fn count(refused: &Refused) -> usize {
    match refused {
        Refused::Problems { problems, .. } => problems.iter().count(),
        Refused::Misfits { misfits, .. } => misfits.len(),
        Refused::Unavailable(_) => 1,
    }
}

/// The first of a refusal's problems in one line, without what facts hold.
pub fn first(refused: &Refused) -> String {
    let told = |problem: &Problem| match problem.location() {
        Some(at) => format!("{at}: {}", problem.message()),
        None => problem.message().to_owned(),
    };
    let first = match refused {
        Refused::Problems { problems, .. } => problems.iter().next().map(told),
        Refused::Misfits { misfits, .. } => misfits.first().map(|misfit| told(&problem(misfit, false))),
        Refused::Unavailable(_) => Some("the facts cannot be read at the moment".to_owned()),
    };
    first.unwrap_or_default()
}

fn digest(refused: &Refused) -> Option<String> {
    match refused {
        Refused::Problems { digest, .. } => digest.clone(),
        Refused::Misfits { digest, .. } => Some(digest.clone()),
        Refused::Unavailable(_) => None,
    }
}

fn problem(misfit: &Misfit, sees_facts: bool) -> Problem {
    let Misfit { entity_type, count, id, reason } = misfit;
    let entities = if *count == 1 { "entity" } else { "entities" };
    let message =
        format!("the facts hold {count} {entities} of type `{entity_type}` that the new schema does not allow");
    let message = if sees_facts { format!("{message}, the first is `{id}`: {reason}") } else { message };
    Problem::new(message).help(
        "change these facts first, under a schema that allows both; a new attribute is optional until all have it, a type \
         stays until none is left",
    )
}
