//! What a decision costs, from the parsed JSON request to the answer, with facts in memory.
//!
//! Three bundles: the partner programme alone, and with 4,000 and 40,000 further policies that belong to
//! other organizations. For each the engine, which looks policies up in its index, and beside it Cedar's
//! own scan over all policies. One iteration is one question; the questions take turns.

#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::{cell::LazyCell, hint::black_box, path::Path};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use mandat::{
    bundle::{Bundle, files},
    decision::{
        decide_by_full_scan,
        question::{Asked, Question},
    },
    engine::Engine,
    facts::{Facts as _, Slice, memory::MemoryFacts},
    http::wire::{self, Evaluation},
    problem::Source,
    request::Circumstances,
};

/// Allowed and denied questions of several areas: JSON as callers send it.
const QUESTIONS: [&str; 8] = [
    r#"{"subject":{"type":"User","id":"u-ada"},"action":{"name":"addClient"},"resource":{"type":"Organization","id":"alpenhost"},"context":{"client":{"type":"Organization","id":"gallery"},"access":"full","paymentMode":"client"}}"#,
    r#"{"subject":{"type":"User","id":"u-bob"},"action":{"name":"addClient"},"resource":{"type":"Organization","id":"alpenhost"},"context":{"client":{"type":"Organization","id":"gallery"},"access":"limited"}}"#,
    r#"{"subject":{"type":"User","id":"u-carl"},"action":{"name":"manageProduct"},"resource":{"type":"Product","id":"bakery-site"}}"#,
    r#"{"subject":{"type":"User","id":"u-iris"},"action":{"name":"manageProduct"},"resource":{"type":"Product","id":"museum-site"}}"#,
    r#"{"subject":{"type":"User","id":"u-rosa"},"action":{"name":"viewInvoice"},"resource":{"type":"Invoice","id":"bakery-mode-client"}}"#,
    r#"{"subject":{"type":"User","id":"u-ada"},"action":{"name":"viewInvoice"},"resource":{"type":"Invoice","id":"bakery-mode-client"}}"#,
    r#"{"subject":{"type":"User","id":"u-carl"},"action":{"name":"enterClientAccount"},"resource":{"type":"Partnership","id":"bakery:alpenhost"}}"#,
    r#"{"subject":{"type":"User","id":"u-wanda"},"action":{"name":"orderProduct"},"resource":{"type":"Organization","id":"clinic"},"context":{"payer":{"type":"Organization","id":"alpenhost"},"family":"web-hosting"}}"#,
];

const EXTRA: [usize; 3] = [0, 4_000, 40_000];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The programme's bundle with policies that other organizations brought along.
fn bundle(extra: usize) -> Bundle {
    let mut files = files::read(root()).expect("the bundle can be read");
    let policies: String = (0..extra).map(foreign_policy).collect();
    files.policies.push(Source::new("policies/extra.cedar", policies));
    files.rules = files.rules.map(|rules| {
        let text = rules.text.replace("[unsourced]", "[unsourced]\n\"extra.*\" = \"for the benchmark\"");
        Source::new(rules.name, text)
    });
    Bundle::from_files(files).expect("the bundle is valid")
}

/// Scopes of four kinds, none of which fits a question.
fn foreign_policy(number: usize) -> String {
    let organization = format!("Organization::\"other-{}\"", number / 4);
    let scope = match number % 4 {
        0 => format!("principal in {organization}, action == Action::\"manageProduct\", resource is Product"),
        1 => format!("principal is User in {organization}, action, resource is Partnership"),
        2 => format!("principal is User, action == Action::\"addClient\", resource == {organization}"),
        _ => format!(
            "principal is User, action in [Action::\"orderProduct\", Action::\"manageTags\"], resource == {organization}"
        ),
    };
    let effect = if number.is_multiple_of(2) { "permit" } else { "forbid" };
    format!("@id(\"extra.{number}\")\n{effect} ({scope}) when {{ context has confirmed && context.confirmed }};\n")
}

fn circumstances() -> Circumstances {
    Circumstances {
        now: jiff::Timestamp::from_second(1_790_856_000).expect("a moment in 2026"),
        trust_caller_clock: false,
    }
}

fn parsed() -> Vec<Evaluation> {
    QUESTIONS.iter().map(|question| serde_json::from_str(question).expect("a question")).collect()
}

fn turns<T: Clone>(items: &[T]) -> impl FnMut() -> T + '_ {
    let mut next = items.iter().cycle();
    move || next.next().expect("a cycle does not end").clone()
}

/// A bundle and the sample facts; loaded only if a benchmark that needs them runs.
struct World {
    engine: Engine,
    asked: Vec<(Box<Question>, Slice)>,
}

impl World {
    fn load(extra: usize) -> Self {
        let bundle = bundle(extra);
        let facts = MemoryFacts::read(&root().join("tests/facts/programme.json"), &bundle.schema).expect("facts");
        let snapshot = facts.snapshot().expect("facts in memory");
        let ask = |evaluation| {
            let request = wire::request(evaluation).expect("a request");
            match Question::ask(&bundle, &*snapshot, &request, &circumstances()).expect("a question") {
                Asked::Question(question) => {
                    let slice = snapshot.slice(&question.roots, vec![], 4).expect("a slice");
                    (question, slice)
                }
                Asked::NotApplicable => panic!("every question applies"),
            }
        };
        let asked = parsed().into_iter().map(ask).collect();
        Self { engine: Engine::new(bundle, facts), asked }
    }
}

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    let questions = parsed();
    for extra in EXTRA {
        let world = LazyCell::new(|| World::load(extra));
        group.bench_function(format!("engine, {extra} extra policies"), |bencher| {
            let engine = &world.engine;
            bencher.iter_batched(
                turns(&questions),
                |evaluation| {
                    let request = wire::request(evaluation).expect("a request");
                    let moment = engine.moment().expect("facts in memory");
                    black_box(moment.decide(&request, &circumstances()).expect("a decision").decision)
                },
                BatchSize::SmallInput,
            );
        });
        group.bench_function(format!("Cedar's full scan, {extra} extra policies"), |bencher| {
            let bundle = &world.engine.moment().expect("facts in memory").bundle;
            let mut turn = world.asked.iter().cycle();
            bencher.iter(|| {
                let (question, slice) = turn.next().expect("a cycle does not end");
                black_box(decide_by_full_scan(bundle, &question.request, &slice.entities))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decide);
criterion_main!(benches);
