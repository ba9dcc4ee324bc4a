//! Decisions by the million: a load generator for the decision log.
//!
//! `decision_load ADDRESS [--connections 256] [--requests N | --seconds S] [--organizations 500] [--seed 1]` asks
//! `POST /access/v1/evaluation` on many connections, one question at a time on each, about the facts of
//! `facts_generator`: who enters an account, looks at or manages a product, adds a client, changes who pays, sees a request. About
//! half are allowed. The same seed asks the same questions. At the end it prints one line of JSON: answers, allowed, denied,
//! errors, answers a second, and how long the slowest in a hundred and in a thousand took.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

struct Plan {
    address: String,
    connections: usize,
    requests: Option<u64>,
    until: Option<Instant>,
    organizations: u64,
    seed: u64,
    asked: AtomicU64,
}

#[derive(Default)]
struct Tally {
    allowed: u64,
    denied: u64,
    errors: u64,
    took: Vec<Duration>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |flag: &str| {
        let at = words.iter().position(|word| word == flag)?;
        words.get(at + 1)?.parse::<u64>().ok()
    };
    let address = words.first().ok_or("usage: decision_load ADDRESS [--connections N] [--requests N | --seconds S]")?;
    let begun = Instant::now();
    let seconds = number("--seconds").or(number("--requests").is_none().then_some(10));
    let plan = Arc::new(Plan {
        address: address.clone(),
        connections: usize::try_from(number("--connections").unwrap_or(256))?,
        requests: number("--requests"),
        until: seconds.map(|seconds| begun + Duration::from_secs(seconds)),
        organizations: number("--organizations").unwrap_or(500),
        seed: number("--seed").unwrap_or(1),
        asked: AtomicU64::new(0),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut tally = runtime.block_on(all(&plan));
    report(&mut tally, begun.elapsed());
    Ok(())
}

async fn all(plan: &Arc<Plan>) -> Tally {
    let mut asking = JoinSet::new();
    for connection in 0..plan.connections {
        asking.spawn(ask(plan.clone(), connection as u64));
    }
    let mut all = Tally::default();
    while let Some(done) = asking.join_next().await {
        let one = done.unwrap_or_default();
        (all.allowed, all.denied, all.errors) =
            (all.allowed + one.allowed, all.denied + one.denied, all.errors + one.errors);
        all.took.extend(one.took);
    }
    all
}

/// Asks on one connection; opens another when it breaks.
async fn ask(plan: Arc<Plan>, connection: u64) -> Tally {
    let mut tally = Tally::default();
    let mut random = Random(plan.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (connection + 1));
    let mut stream = None;
    let mut buffer = vec![0; 16 * 1024];
    while plan.goes_on() {
        let question = question(&mut random, plan.organizations);
        let head = format!(
            "POST /access/v1/evaluation HTTP/1.1\r\nhost: mandat\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            question.len()
        );
        let begun = Instant::now();
        match exchange(&mut stream, &plan.address, &[head.as_bytes(), question.as_bytes()].concat(), &mut buffer).await
        {
            Ok((200, true)) => tally.allowed += 1,
            Ok((200, false)) => tally.denied += 1,
            _ => {
                tally.errors += 1;
                stream = None;
            }
        }
        tally.took.push(begun.elapsed());
    }
    tally
}

impl Plan {
    fn goes_on(&self) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        self.requests.is_none_or(|most| asked < most) && self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// Sends a request and reads the whole answer: its status, and whether it is an Allow.
async fn exchange(
    stream: &mut Option<TcpStream>,
    address: &str,
    request: &[u8],
    buffer: &mut [u8],
) -> std::io::Result<(u16, bool)> {
    let broken = || std::io::Error::other("the answer breaks off");
    if stream.is_none() {
        let connected = TcpStream::connect(address).await?;
        connected.set_nodelay(true)?;
        *stream = Some(connected);
    }
    let stream = stream.as_mut().ok_or_else(broken)?;
    stream.write_all(request).await?;
    let mut read = 0;
    loop {
        read += match stream.read(&mut buffer[read..]).await? {
            0 => return Err(broken()),
            more => more,
        };
        let text = std::str::from_utf8(&buffer[..read]).map_err(|_| broken())?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|n| n.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
            return Ok((status, body.contains("\"decision\":true")));
        }
    }
}

/// A question about some client and its partner, or about strangers.
fn question(random: &mut Random, organizations: u64) -> String {
    let client = loop {
        let number = random.below(organizations);
        if !number.is_multiple_of(10) {
            break number;
        }
    };
    let partner = client - client % 10;
    let stranger = (partner + 10) % (organizations - organizations % 10);
    let partnership = format!("org-{client}:org-{partner}");
    let product = format!("p-{client}-{}", random.below(3));
    let (subject, action, kind, resource, context) = match random.below(10) {
        0 => (format!("u-{partner}-admin"), "enterClientAccount", "Partnership", partnership, json!({})),
        1 => (format!("u-{partner}-staff"), "enterClientAccount", "Partnership", partnership, json!({})),
        2 => (format!("u-{client}-lr"), "viewProduct", "Product", product, json!({})),
        3 => (format!("u-{client}-staff"), "manageProduct", "Product", product, json!({})),
        4 | 5 => (format!("u-{partner}-admin"), "manageProduct", "Product", product, json!({})),
        6 => (format!("u-{stranger}-admin"), "enterClientAccount", "Partnership", partnership, json!({})),
        7 => (format!("u-{stranger}-lr"), "viewProduct", "Product", product, json!({})),
        8 => {
            let client = json!({"type": "Organization", "id": format!("org-{client}")});
            let context = json!({"client": client, "access": "full"});
            (format!("u-{partner}-admin"), "addClient", "Organization", format!("org-{partner}"), context)
        }
        _ => {
            let context = json!({"paymentMode": "partner", "confirmed": true});
            (format!("u-{partner}-staff"), "changePaymentMode", "Partnership", partnership, context)
        }
    };
    json!({
        "subject": {"type": "User", "id": subject},
        "action": {"name": action},
        "resource": {"type": kind, "id": resource},
        "context": context,
    })
    .to_string()
}

/// xorshift64: enough to spread questions.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }
}

#[expect(clippy::float_arithmetic, reason = "figures of a measurement")]
fn report(tally: &mut Tally, took: Duration) {
    tally.took.sort_unstable();
    let slowest = |per_mille: usize| {
        let place = (tally.took.len() * per_mille / 1_000).min(tally.took.len().saturating_sub(1));
        tally.took.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    };
    let answers = tally.allowed + tally.denied;
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = answers as f64 / took.as_secs_f64();
    println!(
        "{}",
        json!({
            "answers": answers, "allowed": tally.allowed, "denied": tally.denied, "errors": tally.errors,
            "seconds": took.as_secs_f64(), "per_second": rate.round(),
            "ms": {"p50": slowest(500), "p99": slowest(990), "p999": slowest(999)},
        })
    );
}
