//! Logs for tests: recorded questions in the form that the service writes, without its chain.

use std::path::{Path, PathBuf};

use mandat::{
    analysis::{asking, scenario},
    bundle::Bundle,
    decision::Decision,
    facts::{Facts as _, Snapshot, memory::MemoryFacts},
    request::{Party, Request},
};
use serde_json::{Map, Value, json};

use crate::{support::programme_dir, worlds::TempDir};

/// A recorded decision.
#[derive(Clone)]
pub(super) struct Line(pub(super) Value);

impl Line {
    /// As it was decided, by a bundle at a time on facts.
    pub(super) fn decided(
        id: usize,
        bundle: &Bundle,
        facts: &dyn Snapshot,
        at: &str,
        request: &Request,
    ) -> Option<Self> {
        let decision = asking::answer(bundle, facts, request, at.parse().unwrap()).ok()?.decision;
        let mut line = record(id, at, "decision", facts.revision());
        line.extend(evaluation(request, &decision));
        Some(Self(line.into()))
    }

    pub(super) fn id(&self) -> &str {
        self.0["id"].as_str().unwrap()
    }

    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.0[name] = value;
        self
    }
}

/// What every record says.
pub(super) fn record(id: usize, at: &str, kind: &str, revision: u64) -> Map<String, Value> {
    let record = json!({
        "writer": 1, "sequence": id, "previous": "0".repeat(64), "id": format!("r-{id}"), "at": at, "kind": kind,
        "caller": "shop", "request": format!("q-{id}"), "bundle": "sha256:0", "revision": revision, "latency_us": 23,
    });
    record.as_object().unwrap().clone()
}

/// A question with its answer, lists that are empty left out.
pub(super) fn evaluation(request: &Request, decision: &Decision) -> Map<String, Value> {
    let policies: Vec<String> = decision.determining.iter().map(ToString::to_string).collect();
    let mut fields = Map::new();
    fields.insert("question".to_owned(), question(request));
    fields.insert("decision".to_owned(), decision.allowed().into());
    fields.insert("code".to_owned(), decision.code.name().into());
    let names = |names: &[std::sync::Arc<str>]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (name, list) in
        [("policies", policies), ("obligations", names(&decision.obligations)), ("advice", names(&decision.advice))]
    {
        if !list.is_empty() {
            fields.insert(name.to_owned(), list.into());
        }
    }
    fields
}

fn question(request: &Request) -> Value {
    let party = |party: &Party| {
        let mut value = json!({ "type": party.entity_type, "id": party.id });
        if !party.properties.is_empty() {
            value["properties"] = party.properties.clone().into();
        }
        value
    };
    let mut action = json!({ "name": request.action });
    if !request.action_properties.is_empty() {
        action["properties"] = request.action_properties.clone().into();
    }
    json!({
        "subject": party(&request.principal), "action": action, "resource": party(&request.resource),
        "context": request.context,
    })
}

/// The facts of the sample, as a file has them: revision 0.
pub(super) fn sample(bundle: &Bundle) -> std::sync::Arc<dyn Snapshot> {
    let facts = MemoryFacts::read(&programme_dir().join("tests/facts/programme.json"), &bundle.schema).unwrap();
    facts.snapshot().unwrap()
}

/// The questions of all scenarios of the programme, asked of the sample facts as they are.
pub(super) fn of_scenarios(bundle: &Bundle) -> Vec<Line> {
    let (facts, cases) = (sample(bundle), scenario::read_all(&programme_dir().join("tests/scenarios")).unwrap());
    let line =
        |(id, case): (usize, &scenario::Case)| Line::decided(id, bundle, &*facts, &case.now.to_string(), &case.request);
    let lines: Vec<Line> = cases.iter().enumerate().filter_map(line).collect();
    assert!(lines.len() > 1_000, "{} questions", lines.len());
    lines
}

/// A log in a file of its own.
pub(super) struct Log {
    dir: TempDir,
}

impl Log {
    pub(super) fn of(lines: &[Line]) -> Self {
        let log = Self { dir: TempDir::new() };
        log.add("log.jsonl", lines);
        log
    }

    pub(super) fn add(&self, name: &str, lines: &[Line]) {
        let text: String = lines.iter().map(|line| format!("{}\n", line.0)).collect();
        self.dir.write(name, &text);
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        self.dir.write(name, text);
    }

    pub(super) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn file(&self) -> PathBuf {
        self.dir().join("log.jsonl")
    }
}
