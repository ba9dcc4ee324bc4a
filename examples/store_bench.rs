//! What stores cost: `store_bench PLACE=ENTITIES …` measures imports, decisions and searches, `benches/stores.sh` runs it.
//!
//! Each PLACE is the path of a file or the URL of an empty PostgreSQL database; it is filled with so many entities of
//! `facts_generator`, half of them products of one giant organisation. Then, in rounds over all places so that a
//! noisy machine treats them alike, the same questions about the same few organisations are decided: the working set does not
//! grow with the facts. Cold decisions are about other organisations each time, on facts that were opened anew.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::float_arithmetic,
    missing_docs,
    reason = "a benchmark stops and says so; times are no amounts"
)]
#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::{
    io::BufReader,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::Timestamp;
use mandat::{
    bundle::Bundle,
    decision::{keeping::OfImports, search::Side},
    engine::{Engine, search::Page},
    facts::{
        import::{Form, Import, import},
        store::{self, Commit, Store},
        stored::{Keeping, Stored},
    },
    request::{Circumstances, Party, Properties, Request},
};
use serde_json::json;

/// Organisations that the working set is about.
const WORKING: usize = 20;
/// Rounds, and decisions of each round at each place.
const ROUNDS: usize = 40;
const DECISIONS: usize = 2_000;
/// Cold decisions, and searches of each kind.
const COLD: usize = 400;
const SEARCHES: usize = 60;

struct Subject {
    name: String,
    entities: usize,
    organizations: usize,
    store: Arc<dyn Store>,
    engine: Engine,
    warm: Vec<f64>,
}

fn main() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let subjects = std::env::args().skip(1).map(|argument| Subject::new(&argument, dir)).collect::<Vec<_>>();
    let mut subjects = subjects;
    for _ in 0..ROUNDS {
        subjects.iter_mut().for_each(Subject::round);
    }
    println!(
        "\n| Store, entities | a decision, median | 99 % | of the smallest | both cores, decisions/s | cold, median | three of all | half of all |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut smallest = (String::new(), 0.0);
    for subject in &mut subjects {
        let median = percentile(&mut subject.warm, 50);
        if smallest.0 != subject.name {
            smallest = (subject.name.clone(), median);
        }
        println!(
            "| {}, {} | {median:.1} µs | {:.1} µs | {:.2} | {:.0} | {:.0} µs | {:.2} ms | {:.2} ms |",
            subject.name,
            subject.entities,
            percentile(&mut subject.warm, 99),
            median / smallest.1,
            subject.throughput(),
            subject.cold(dir),
            subject.searches("u-5-lr", 3),
            subject.searches("u-giant-lr", 50),
        );
    }
    println!("\nmemory of the process, all of these together: {} MB", memory() / 1024);
}

impl Subject {
    fn new(argument: &str, dir: &Path) -> Self {
        let (place, entities) = argument.rsplit_once('=').expect("PLACE=ENTITIES");
        let entities: usize = entities.parse().expect("a number of entities");
        let store = store::open(place).expect("the store opens");
        let engine = opened(&store, dir);
        // About nine entities an organisation, and as many products again in one.
        let organizations = (entities * 562 / 10_000).max(WORKING + 10);
        let name = if place.contains("://") { "PostgreSQL" } else { "SQLite" }.to_owned();
        let before = memory();
        let started = Instant::now();
        let imported = fill(&engine, &*store, organizations, entities / 2);
        let took = started.elapsed().as_secs_f64();
        println!(
            "{name}: {imported} entities imported in {took:.1} s, {:.0}/s; memory {} MB before, {} MB after",
            imported as f64 / took,
            before / 1024,
            memory() / 1024
        );
        Self { name, entities, organizations, store, engine, warm: Vec::new() }
    }

    fn round(&mut self) {
        let questions: Vec<Request> = (1..WORKING).flat_map(questions).collect();
        let circumstances = circumstances();
        for request in questions.iter().cycle().take(DECISIONS) {
            let started = Instant::now();
            let moment = self.engine.moment().expect("facts");
            let answer = moment.decide(request, &circumstances).expect("a decision");
            std::hint::black_box(answer.decision.allowed());
            self.warm.push(started.elapsed().as_secs_f64() * 1e6);
        }
    }

    /// Decisions a second on all cores.
    fn throughput(&self) -> f64 {
        let done = AtomicU64::new(0);
        let started = Instant::now();
        let questions: Vec<Request> = (1..WORKING).flat_map(questions).collect();
        let circumstances = circumstances();
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    while started.elapsed() < Duration::from_secs(2) {
                        for request in &questions {
                            let moment = self.engine.moment().expect("facts");
                            let answer = moment.decide(request, &circumstances).expect("a decision");
                            std::hint::black_box(answer.decision.allowed());
                        }
                        done.fetch_add(questions.len() as u64, Ordering::Relaxed);
                    }
                });
            }
        });
        done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64()
    }

    /// Median of decisions about organisations that nobody has asked about.
    fn cold(&self, dir: &Path) -> f64 {
        let engine = opened(&self.store, dir);
        let circumstances = circumstances();
        let steps = (self.organizations - WORKING) / 10;
        let mut times = Vec::new();
        for number in 0..COLD.min(steps) {
            // Clients of other partners each time, spread over all of them.
            let client = WORKING + 1 + (number * steps.div_ceil(COLD)) % steps * 10;
            let Some(request) = questions(client).into_iter().nth(2) else { continue };
            let started = Instant::now();
            engine.moment().expect("facts").decide(&request, &circumstances).expect("a decision");
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
        percentile(&mut times, 50)
    }

    /// Median of the first page of 50 of the products that somebody may see.
    fn searches(&self, user: &str, expected: usize) -> f64 {
        let request = question(user, "viewProduct", "Product", "");
        let circumstances = circumstances();
        let mut times = Vec::new();
        for _ in 0..SEARCHES {
            let started = Instant::now();
            let moment = self.engine.moment().expect("facts");
            let page = Page { after: 0, limit: 50, may_go_on: &mut || true };
            let found = moment.search(Side::Resource, &request, &circumstances, page).expect("a search");
            times.push(started.elapsed().as_secs_f64() * 1e3);
            assert_eq!(found.results.len(), expected, "{user}");
        }
        percentile(&mut times, 50)
    }
}

fn opened(store: &Arc<dyn Store>, dir: &Path) -> Engine {
    let bundle = Bundle::load(dir).expect("the bundle loads");
    let keeping =
        Keeping { memory: 256 << 20, poll: Duration::from_millis(100), max_staleness: Duration::from_secs(60) };
    let facts = Stored::open(store.clone(), &bundle.schema, keeping).expect("the facts open");
    Engine::new(bundle, facts)
}

fn fill(engine: &Engine, store: &dyn Store, organizations: usize, giant: usize) -> u64 {
    let generator = std::env::current_exe().expect("a program").with_file_name("facts_generator");
    let numbers = [organizations.to_string(), giant.to_string()];
    let mut generating = Command::new(generator)
        .args(&numbers)
        .arg("--lines")
        .stdout(Stdio::piped())
        .spawn()
        .expect("facts_generator is built");
    let reader = BufReader::with_capacity(1 << 20, generating.stdout.take().expect("its output"));
    let bundle = engine.bundle();
    let now = Timestamp::now();
    let invariants = OfImports { bundle: &bundle, now };
    let how = Import {
        schema: &bundle.schema,
        actions: &bundle.actions,
        digest: &bundle.digest,
        level: bundle.settings.policies.level,
        invariants: Some(&invariants),
        commit: Commit { at: now, who: "store_bench".to_owned(), why: "{}".to_owned() },
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        progress: &AtomicU64::new(0),
    };
    let imported = import(&*engine.facts(), store, reader, Form::Lines, &how).expect("an import");
    let _ = generating.wait();
    imported.entities
}

/// What is asked about a client and its partner, some of it allowed.
fn questions(client: usize) -> Vec<Request> {
    if client.is_multiple_of(10) {
        return Vec::new();
    }
    let partner = client - client % 10;
    let partnership = format!("org-{client}:org-{partner}");
    let product = |position: usize| format!("p-{client}-{position}");
    let mut adding = question(&format!("u-{partner}-admin"), "addClient", "Organization", &format!("org-{partner}"));
    adding.context.insert("client".to_owned(), json!({"type": "Organization", "id": format!("org-{client}")}));
    adding.context.insert("access".to_owned(), json!("full"));
    vec![
        question(&format!("u-{partner}-admin"), "enterClientAccount", "Partnership", &partnership),
        question(&format!("u-{partner}-staff"), "enterClientAccount", "Partnership", &partnership),
        question(&format!("u-{partner}-admin"), "manageProduct", "Product", &product(2)),
        question(&format!("u-{client}-staff"), "manageProduct", "Product", &product(1)),
        question(&format!("u-{client}-lr"), "viewProduct", "Product", &product(0)),
        adding,
    ]
}

fn question(user: &str, action: &str, resource_type: &str, resource: &str) -> Request {
    Request {
        principal: Party::new("User", user),
        action: action.to_owned(),
        action_properties: Properties::new(),
        resource: Party::new(resource_type, resource),
        context: Properties::new(),
    }
}

fn circumstances() -> Circumstances {
    Circumstances { now: Timestamp::now(), trust_caller_clock: false }
}

fn percentile(times: &mut [f64], percent: usize) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times.get(times.len() * percent / 100).copied().unwrap_or(f64::NAN)
}

/// Resident memory, in kilobytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}
