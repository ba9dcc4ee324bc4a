//! Records for people: one line each in a list, all of it for one.
//!
//! A record is read as it is stored, so that one which an older or newer version has written is told as well: what is not known
//! here is left to `--json`. What its rules say and where they are stated is told from the register of a bundle that is at
//! hand ([`Rules`]).

use std::path::Path;

use serde_json::Value;

use crate::{
    audit::{Failed, ledger::Ledger, people::Pseudonym},
    bundle::{files, rules::Register},
};

/// The register of rules that is at hand.
pub struct Rules {
    register: Register,
    /// Of the bundle that has it.
    digest: String,
}

impl Rules {
    /// That of a directory; none where there is none, since a log is read without a bundle too.
    pub fn at(bundle: &Path) -> Option<Self> {
        let files = files::read(bundle).ok()?;
        Some(Self { register: Register::parse(files.rules.as_ref()?).ok()?, digest: files.digest })
    }

    fn tell(&self, rules: &[&str], lines: &mut Lines) {
        for rule in rules {
            let Some(known) = self.register.rules.get(*rule).map(toml::Spanned::get_ref) else { continue };
            let source = &known.source;
            let date = source.date.as_deref().map_or_else(String::new, |date| format!(" of {date}"));
            lines.add(&format!("  {rule}"), &known.statement);
            lines.add("", &format!("(document {}{date}, “{}”)", source.document, source.heading));
        }
    }
}

/// A stored line as a record, its pseudonyms turned back where their keys are there, and those that could not be.
pub struct Told {
    /// The record.
    pub record: Value,
    /// Pseudonyms behind which nobody is known.
    pub unknown: Vec<String>,
}

impl Told {
    /// The line as it is stored.
    ///
    /// # Errors
    /// It is no record.
    pub fn masked(line: &[u8]) -> Result<Self, Failed> {
        let record = serde_json::from_slice(line).map_err(|error| Failed(format!("a line is no record: {error}")))?;
        Ok(Self { record, unknown: Vec::new() })
    }

    /// The same with the persons behind its pseudonyms.
    ///
    /// # Errors
    /// It is no record, or the keys cannot be read.
    pub fn with_persons(line: &[u8], ledger: &dyn Ledger) -> Result<Self, Failed> {
        let mut told = Self::masked(line)?;
        turn_back(&mut told.record, ledger, &mut told.unknown)?;
        told.unknown.dedup();
        Ok(told)
    }

    /// In one line: its name, when, what came of it, of what.
    pub fn line(&self) -> String {
        let record = &self.record;
        let (word, what) = (outcome(record), what(record));
        let rules = [texts(&record["rules"]), texts(&record["evaluations"][0]["rules"])].concat().join(", ");
        let line = format!("{}  {}  {word:<9}  {what}", text(&record["id"]), seconds(&record["at"]));
        let line = line.trim_end();
        if rules.is_empty() { line.to_owned() } else { format!("{line}  [{rules}]") }
    }

    /// All of it, a line for each thing; what its rules say where that is known.
    pub fn whole(&self, rules: Option<&Rules>) -> String {
        let record = &self.record;
        let mut lines = Lines::default();
        lines.add(
            "record",
            &format!("{} (line {} of chain {})", text(&record["id"]), record["sequence"], record["writer"]),
        );
        let mut asked = text(&record["at"]).to_owned();
        if let Some(caller) = record["caller"].as_str() {
            asked += &format!(", to the service `{}`", caller.escape_debug());
        }
        if let Some(request) = record["request"].as_str() {
            asked += &format!(", as its request `{}`", request.escape_debug());
        }
        lines.add("answered", &asked);
        if let Some(earlier) = record["as_of"].as_str() {
            lines.add("as of", &format!("{earlier}, as it would have been answered then"));
        }
        answer(record, rules, &mut lines);
        for evaluation in record["evaluations"].as_array().into_iter().flatten() {
            answer(evaluation, rules, &mut lines);
        }
        for change in record["changes"].as_array().into_iter().flatten() {
            let of = change["attribute"].as_str().map_or_else(String::new, |attribute| format!(" {attribute}"));
            lines.add("change", &format!("{} {}{of}", text(&change["change"]), shown(&change["entity"])));
        }
        if !matches!(record["kind"].as_str(), Some("decision")) {
            let told = [text(&record["outcome"]), &event(record)].map(str::to_owned);
            let told: Vec<String> = told.into_iter().filter(|told| !told.is_empty()).collect();
            lines.add(text(&record["kind"]), &told.join(", "));
        }
        if let Some(bundle) = record["bundle"].as_str() {
            lines.add("bundle", bundle);
            if rules.is_some_and(|rules| rules.digest != bundle) {
                lines.add("", "(not the bundle at hand, in whose words the rules are told)");
            }
        }
        if let Some(revision) = record["revision"].as_u64() {
            lines.add("facts", &format!("revision {revision}"));
        }
        for (head, paths) in [("masked", &record["masked"]), ("left out", &record["dropped"])] {
            let paths = texts(paths);
            if !paths.is_empty() {
                lines.add(head, &paths.join(", "));
            }
        }
        for pseudonym in &self.unknown {
            lines.add("erased", &format!("nobody can tell who stands behind {pseudonym}"));
        }
        lines.0
    }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, head: &str, told: &str) {
        self.0 += &format!("{head:<11} {told}\n");
    }
}

/// A question with what came of it.
fn answer(answered: &Value, rules: Option<&Rules>, lines: &mut Lines) {
    if answered.get("question").is_some() {
        lines.add("question", &question(&answered["question"]));
        for (name, value) in answered["question"]["context"].as_object().into_iter().flatten() {
            lines.add("  with", &format!("{name} {}", shown(value)));
        }
    }
    if let Some(allowed) = answered["decision"].as_bool() {
        let word = if allowed { "Allow" } else { "Deny" };
        lines.add("answer", &format!("{word} ({})", text(&answered["code"])));
    }
    if let Some(error) = answered.get("error") {
        let field = error["field"].as_str().map_or_else(String::new, |field| format!(", at `{field}`"));
        lines.add("no answer", &format!("{} ({}){field}", text(&error["reason"]), error["status"]));
    }
    for (head, names) in [
        ("by policy", "policies"),
        ("by rule", "rules"),
        ("obligation", "obligations"),
        ("advice", "advice"),
        ("failed", "faults"),
    ] {
        let names = texts(&answered[names]);
        if !names.is_empty() {
            lines.add(head, &names.join(", "));
        }
        if let (Some(rules), "by rule") = (rules, head) {
            rules.tell(&names, lines);
        }
    }
}

/// What came of it, in a word.
fn outcome(record: &Value) -> &str {
    match (record["decision"].as_bool(), record["outcome"].as_str(), record.get("error")) {
        (Some(true), ..) => "allow",
        (Some(false), ..) => "deny",
        (None, Some(outcome), _) => outcome,
        (None, None, Some(_)) => "no answer",
        (None, None, None) => text(&record["kind"]),
    }
}

/// What was asked or done.
fn what(record: &Value) -> String {
    match (record.get("question"), record["evaluations"].as_array().map(Vec::as_slice)) {
        (Some(asked), _) => question(asked),
        (None, Some([guard])) => question(&guard["question"]),
        (None, Some([guard, others @ ..])) => format!("{} and {} more", question(&guard["question"]), others.len()),
        (None, _) => event(record),
    }
}

/// What a record says that is no decision, beside its outcome.
fn event(record: &Value) -> String {
    match record["kind"].as_str() {
        Some("transaction") => {
            record["committed"].as_u64().map_or_else(String::new, |made| format!("made revision {made}"))
        }
        Some("reload") => {
            let before = record["before"].as_str().map_or_else(String::new, |before| format!("in place of {before}, "));
            format!("{before}by {}", text(&record["by"]))
        }
        Some("search") => {
            let results = record["results"].as_array().map(Vec::as_slice).unwrap_or_default();
            format!("for {}: {}", text(&record["sought"]), results.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        Some("quote") => match record.get("priced") {
            Some(priced) => format!(
                "{}: list {}, charged {}, cashback {} {}",
                text(&priced["tariff"]),
                text(&priced["list"]),
                text(&priced["charged"]),
                text(&priced["cashback"]),
                text(&priced["currency"]),
            ),
            None => "not priced".to_owned(),
        },
        Some("erasure") => format!("of {}", text(&record["pseudonym"])),
        Some("retention") => format!("dropped lines up to {} of chain {}", record["through"], record["of"]),
        Some("lost") => format!("{} records ({})", record["count"], text(&record["reason"])),
        _ => String::new(),
    }
}

/// `User::"u-bob" addClient Organization::"alpenhost"`; the side that a search looks for has no id.
fn question(asked: &Value) -> String {
    format!("{} {} {}", shown(&asked["subject"]), text(&asked["action"]["name"]), shown(&asked["resource"]))
}

/// A value; an entity as policies name it.
fn shown(value: &Value) -> String {
    match (value["type"].as_str(), value["id"].as_str(), value) {
        (Some(entity_type), Some(id), _) => format!("{entity_type}::{id:?}"),
        (None, Some(id), _) => id.to_owned(),
        (Some(entity_type), None, _) => entity_type.to_owned(),
        (None, None, Value::Array(items)) => {
            format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        (None, None, other) => other.to_string(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// A time without the parts of a second.
fn seconds(at: &Value) -> String {
    let at = text(at).trim_end_matches('Z');
    format!("{}Z", at.split_once('.').map_or(at, |(seconds, _)| seconds))
}

fn turn_back(value: &mut Value, ledger: &dyn Ledger, unknown: &mut Vec<String>) -> Result<(), Failed> {
    match value {
        Value::String(text) => {
            if let Some(pseudonym) = Pseudonym::read(text) {
                match ledger.person(pseudonym)? {
                    Some(person) => *text = person.id,
                    None => unknown.push(text.clone()),
                }
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| turn_back(item, ledger, unknown)),
        Value::Object(members) => members.values_mut().try_for_each(|member| turn_back(member, ledger, unknown)),
        _ => Ok(()),
    }
}
