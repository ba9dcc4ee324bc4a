//! Looking records up: the newest first, a page at a time, by who, what, when and how it was decided.
//!
//! Subject and resource are found by an index, a time by the order of names; anything else is looked for by reading. A page
//! that took long enough is cut off where it is, and goes on from there.

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Failed,
    ledger::{About, Ledger, about},
    people::Person,
};

/// What is looked for; what it does not say may be anything.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Who asked to act.
    pub subject: Option<Person>,
    /// What was acted on.
    pub resource: Option<Person>,
    /// The action's name.
    pub action: Option<String>,
    /// Allow or deny.
    pub decision: Option<bool>,
    /// `permitted`, `forbidden` …
    pub code: Option<String>,
    /// `decision`, `search` …
    pub kind: Option<String>,
    /// The calling service.
    pub caller: Option<String>,
    /// A determining policy.
    pub policy: Option<String>,
    /// A rule that a determining policy stands for.
    pub rule: Option<String>,
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// Some records, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The stored lines.
    pub lines: Vec<String>,
    /// After which record the next page goes on; none at the end.
    pub next: Option<Uuid>,
}

/// What of a line is looked at.
#[derive(Deserialize)]
struct Seen<'l> {
    id: Uuid,
    at: Timestamp,
    kind: &'l str,
    caller: Option<String>,
    #[serde(borrow)]
    question: Option<Question<'l>>,
    #[serde(borrow, default)]
    evaluations: Vec<Evaluation<'l>>,
    decision: Option<bool>,
    code: Option<&'l str>,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    rules: Vec<String>,
}

#[derive(Deserialize)]
struct Question<'l> {
    subject: Side,
    #[serde(borrow)]
    action: Action<'l>,
    resource: Side,
}

#[derive(Deserialize)]
struct Side {
    r#type: String,
    id: String,
}

#[derive(Deserialize)]
struct Action<'l> {
    name: &'l str,
}

#[derive(Deserialize)]
struct Evaluation<'l> {
    #[serde(borrow)]
    question: Question<'l>,
    decision: bool,
    code: &'l str,
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    rules: Vec<String>,
}

/// An entity under every name that records may have for it.
struct Sought {
    entity_type: String,
    names: [String; 2],
}

impl Sought {
    fn of(ledger: &dyn Ledger, person: &Person) -> Result<Self, Failed> {
        let shown = ledger.pseudonym(person)?.map_or_else(|| person.id.clone(), |pseudonym| pseudonym.to_string());
        Ok(Self { entity_type: person.entity_type.clone(), names: [person.id.clone(), shown] })
    }

    fn hints(&self) -> [i64; 2] {
        [about(&self.entity_type, &self.names[0]), about(&self.entity_type, &self.names[1])]
    }

    fn is(&self, side: &Side) -> bool {
        self.entity_type == side.r#type && self.names.contains(&side.id)
    }
}

/// At most `limit` records that fit, older than the one after which the page begins.
///
/// # Errors
/// The log cannot be read, or holds what is no record.
pub fn page(
    ledger: &dyn Ledger,
    query: &Query,
    after: Option<Uuid>,
    limit: usize,
    may_go_on: &mut dyn FnMut() -> bool,
) -> Result<Page, Failed> {
    let subject = query.subject.as_ref().map(|person| Sought::of(ledger, person)).transpose()?;
    let resource = query.resource.as_ref().map(|person| Sought::of(ledger, person)).transpose()?;
    let hint = match (&subject, &resource) {
        (Some(subject), _) => About::Subject(subject.hints()),
        (None, Some(resource)) => About::Resource(resource.hints()),
        (None, None) => About::Anything,
    };
    let before = after.or_else(|| query.until.map(first_of));
    let fits = Fits { query, subject, resource };
    let (mut page, mut last) = (Page::default(), None);
    ledger.newest(before, hint, &mut |line| {
        let seen: Seen =
            serde_json::from_slice(line).map_err(|error| Failed(format!("a line is no record: {error}")))?;
        if query.from.is_some_and(|from| seen.at < from) {
            return Ok(false);
        }
        if page.lines.len() == limit || !(last.is_none() || may_go_on()) {
            page.next = last;
            return Ok(false);
        }
        last = Some(seen.id);
        if fits.fits(&seen) {
            page.lines.push(String::from_utf8_lossy(line).into_owned());
        }
        Ok(true)
    })?;
    Ok(page)
}

/// The first name that a record of a time can have.
fn first_of(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

struct Fits<'q> {
    query: &'q Query,
    subject: Option<Sought>,
    resource: Option<Sought>,
}

impl Fits<'_> {
    fn fits(&self, seen: &Seen) -> bool {
        let Query { action, decision, code, kind, caller, policy, rule, .. } = self.query;
        let is =
            |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| found == Some(wanted));
        let has =
            |wanted: &Option<String>, found: &[String]| wanted.as_ref().is_none_or(|wanted| found.contains(wanted));
        let question = |question: &Question| {
            self.subject.as_ref().is_none_or(|sought| sought.is(&question.subject))
                && self.resource.as_ref().is_none_or(|sought| sought.is(&question.resource))
                && is(action, Some(question.action.name))
        };
        let asks = self.subject.is_some() || self.resource.is_some() || action.is_some();
        let of_itself = seen.question.as_ref().map_or(!asks, question)
            && decision.is_none_or(|wanted| seen.decision == Some(wanted))
            && is(code, seen.code)
            && has(policy, &seen.policies)
            && has(rule, &seen.rules);
        let of_an_evaluation = |evaluation: &Evaluation| {
            question(&evaluation.question)
                && decision.is_none_or(|wanted| evaluation.decision == wanted)
                && is(code, Some(evaluation.code))
                && has(policy, &evaluation.policies)
                && has(rule, &evaluation.rules)
        };
        is(kind, Some(seen.kind))
            && is(caller, seen.caller.as_deref())
            && self.query.until.is_none_or(|until| seen.at < until)
            && (of_itself || seen.evaluations.iter().any(of_an_evaluation))
    }
}
