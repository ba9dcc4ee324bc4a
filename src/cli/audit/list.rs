//! `mandat audit list`: records by what they are about, the newest first.

use jiff::Timestamp;
use uuid::Uuid;

use super::{LogPlace, failed, invalid, record_id, telling::Told};
use crate::{
    audit::{
        Failed,
        ledger::Ledger,
        people::Person,
        query::{Page, Query, page},
    },
    cli::{Exit, input, output},
    problem::{Problem, Problems},
};

/// Arguments of `mandat audit list`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    place: LogPlace,
    /// Who asked to act, as `User::"u-1"`; found under its pseudonym too.
    #[arg(long, value_name = "ENTITY")]
    subject: Option<String>,
    /// What was acted on.
    #[arg(long, value_name = "ENTITY")]
    resource: Option<String>,
    /// The action.
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// `allow` or `deny`.
    #[arg(long, value_parser = ["allow", "deny"])]
    decision: Option<String>,
    /// `permitted`, `forbidden` …
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// `decision`, `search`, `quote`, `transaction`, `reload` …
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The calling service.
    #[arg(long, value_name = "SERVICE")]
    caller: Option<String>,
    /// A determining policy.
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// A rule that a determining policy stands for.
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Not before this time.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// Before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// How many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    /// Only those older than this record.
    #[arg(long, value_name = "RECORD", value_parser = record_id)]
    after: Option<Uuid>,
    /// Leave pseudonyms as they are recorded.
    #[arg(long)]
    masked: bool,
    /// Answer for programs: the records as they are stored, one a line.
    #[arg(long)]
    json: bool,
}

/// Prints the records, one a line.
pub fn run(arguments: &Arguments) -> Exit {
    let (ledger, query) = match (arguments.place.open(), arguments.query()) {
        (Ok(ledger), Ok(query)) => (ledger, query),
        (Err(problems), _) | (_, Err(problems)) => return invalid(&problems, arguments.json),
    };
    let page = page(&*ledger, &query, arguments.after, arguments.limit, &mut || true);
    match page.and_then(|page| arguments.told(&*ledger, &page)) {
        Ok(text) => output::text(&text),
        Err(error) => failed(&error, arguments.json),
    }
}

impl Arguments {
    fn told(&self, ledger: &dyn Ledger, page: &Page) -> Result<String, Failed> {
        let line = |line: &String| match (self.json, self.masked) {
            (true, _) => Ok(format!("{line}\n")),
            (false, true) => Ok(Told::masked(line.as_bytes())?.line() + "\n"),
            (false, false) => Ok(Told::with_persons(line.as_bytes(), ledger)?.line() + "\n"),
        };
        let lines = page.lines.iter().map(line).collect::<Result<String, Failed>>()?;
        Ok(match page.next {
            Some(next) if !self.json => format!("{lines}there are more: --after {next}\n"),
            None if !self.json && lines.is_empty() => "no record is of that kind\n".to_owned(),
            _ => lines,
        })
    }

    fn query(&self) -> Result<Query, Problems> {
        Ok(Query {
            subject: self.subject.as_deref().map(person).transpose()?,
            resource: self.resource.as_deref().map(person).transpose()?,
            action: self.action.clone(),
            decision: self.decision.as_ref().map(|decision| decision == "allow"),
            code: self.code.clone(),
            kind: self.kind.clone(),
            caller: self.caller.clone(),
            policy: self.policy.clone(),
            rule: self.rule.clone(),
            from: self.from,
            until: self.until,
        })
    }
}

/// An entity by its name.
pub fn person(text: &str) -> Result<Person, Problem> {
    input::party(text).map(|party| Person { entity_type: party.entity_type, id: party.id })
}
