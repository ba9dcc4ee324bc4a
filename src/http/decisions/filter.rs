//! What an auditor looks for in the decision log, as the query says it.

use jiff::Timestamp;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    audit::{people::Person, query},
    http::{error::Error, problem_details::ProblemDetails},
};

/// Most records of a page.
const PAGE: usize = 100;

const PARAMETERS: [&str; 13] = [
    "subject", "resource", "action", "decision", "code", "kind", "caller", "policy", "rule", "from", "until", "limit",
    "token",
];

/// What is looked for; what is left out may be anything.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Who asked to act, as `User::"u-1"`; found under its pseudonym too.
    subject: Option<String>,
    /// What was acted on, as `Organization::"o-1"`.
    resource: Option<String>,
    /// The action's name.
    action: Option<String>,
    /// Allow (`true`) or deny.
    decision: Option<bool>,
    /// `permitted`, `forbidden`, `not_permitted`, `not_applicable` or `evaluation_error`.
    code: Option<String>,
    /// `decision`, `search`, `quote`, `transaction`, `reload`, `lost`, `retention` or `erasure`.
    kind: Option<String>,
    /// The calling service.
    caller: Option<String>,
    /// A determining policy.
    policy: Option<String>,
    /// A rule that a determining policy stands for.
    rule: Option<String>,
    /// Not before this time (RFC 3339).
    #[param(value_type = Option<String>)]
    from: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Records of a page, 1 to 100.
    limit: Option<usize>,
    /// Where the page before ended.
    #[param(value_type = Option<String>)]
    token: Option<Uuid>,
}

impl Filter {
    /// By name, each once. What cannot be read is told without repeating it.
    ///
    /// # Errors
    /// A parameter that is unknown, stands twice, or has another form.
    pub(super) fn read(parameters: Vec<(String, String)>) -> Result<Self, ProblemDetails> {
        let mut filter = Self::default();
        for (name, text) in parameters {
            match &*name {
                "subject" => once("subject", &mut filter.subject, Some(text))?,
                "resource" => once("resource", &mut filter.resource, Some(text))?,
                "action" => once("action", &mut filter.action, Some(text))?,
                "decision" => once("decision", &mut filter.decision, text.parse().ok())?,
                "code" => once("code", &mut filter.code, Some(text))?,
                "kind" => once("kind", &mut filter.kind, Some(text))?,
                "caller" => once("caller", &mut filter.caller, Some(text))?,
                "policy" => once("policy", &mut filter.policy, Some(text))?,
                "rule" => once("rule", &mut filter.rule, Some(text))?,
                "from" => once("from", &mut filter.from, text.parse().ok())?,
                "until" => once("until", &mut filter.until, text.parse().ok())?,
                "limit" => {
                    once("limit", &mut filter.limit, text.parse().ok().filter(|limit| (1..=PAGE).contains(limit)))?
                }
                "token" => once("token", &mut filter.token, text.parse().ok())?,
                _ => return Err(bad(&format!("an unknown parameter; known are {}", PARAMETERS.join(", ")))),
            }
        }
        Ok(filter)
    }

    /// Most records of the page.
    pub(super) fn page(&self) -> usize {
        self.limit.unwrap_or(PAGE)
    }

    /// Where the page before ended.
    pub(super) fn token(&self) -> Option<Uuid> {
        self.token
    }

    /// The same for the log.
    ///
    /// # Errors
    /// A side that names no entity.
    pub(super) fn query(self) -> Result<query::Query, ProblemDetails> {
        let Self { action, decision, code, kind, caller, policy, rule, from, until, .. } = self;
        let (subject, resource) = (entity("subject", self.subject)?, entity("resource", self.resource)?);
        Ok(query::Query { subject, resource, action, decision, code, kind, caller, policy, rule, from, until })
    }
}

fn once<T>(name: &str, place: &mut Option<T>, value: Option<T>) -> Result<(), ProblemDetails> {
    let expected = || {
        bad(&match name {
            "decision" => "decision: expected `true` or `false`".to_owned(),
            "limit" => format!("limit: expected a number from 1 to {PAGE}"),
            "token" => "token: expected the `next_token` of the page before".to_owned(),
            _ => format!("{name}: expected a time such as `2026-10-01T12:00:00Z`"),
        })
    };
    match place.replace(value.ok_or_else(expected)?) {
        Some(_) => Err(bad(&format!("{name}: stands twice; one value of each parameter is looked for"))),
        None => Ok(()),
    }
}

/// As policies write it: `Type::"id"`.
fn entity(parameter: &str, text: Option<String>) -> Result<Option<Person>, ProblemDetails> {
    let Some(text) = text else { return Ok(None) };
    let parts = text.split_once("::\"").and_then(|(name, rest)| Some((name, rest.strip_suffix('"')?)));
    match parts {
        Some((name, id)) if !name.is_empty() => Ok(Some(Person { entity_type: name.to_owned(), id: id.to_owned() })),
        _ => Err(bad(&format!("{parameter}: names no entity; write Type::\"id\""))),
    }
}

pub(super) fn bad(detail: &str) -> ProblemDetails {
    Error::bad_request(detail.to_owned()).into()
}
