//! Twenty-four bodies that are made to hurt (threat T10): each is answered quickly, none takes memory.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    allowed,
    process::{Process, mandat},
};

/// Far below what an unbounded reader takes, far above a debug build on a busy machine.
const QUICK: Duration = Duration::from_millis(1_500);
/// Memory that the threads may come to need for bodies like these, in kilobytes.
const MAX_NEED: u64 = 48 * 1024;
/// What further bodies may add to that.
const MAX_GROWTH: u64 = 4 * 1024;
/// Nearly the largest body that is taken.
const FULL: usize = 255 * 1024;

/// An allowed evaluation with one more field.
fn with(field: &str, value: &str) -> String {
    let text = allowed().to_string();
    format!("{},\"{field}\":{value}}}", &text[..text.len() - 1])
}

fn nested(open: &str, inner: &str, close: &str, depth: usize) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

fn list(item: &str) -> String {
    let items = vec![item; FULL / (item.len() + 1)];
    format!("[{}]", items.join(","))
}

fn object(value: &str) -> String {
    let mut text = String::from("{");
    for key in 0.. {
        write!(text, "\"k{key}\":{value},").unwrap();
        if text.len() > FULL - 100 {
            break;
        }
    }
    text.pop();
    text + "}"
}

/// Each bomb with the status it must get; what is merely large in a field that nobody reads is answered.
fn bombs() -> Vec<(&'static str, String, u16)> {
    let long = format!("\"{}\"", "x".repeat(FULL - 300));
    let subject = |properties: &str| {
        let text = allowed().to_string();
        text.replacen("\"id\":\"ada\"", &format!("\"id\":\"ada\",\"properties\":{properties}"), 1)
    };
    let items = |item: &str| format!("{{\"evaluations\":{}}}", list(item));
    let mut all = vec![
        ("a tower of lists", nested("[", "", "]", FULL / 2), 400),
        ("a tower of objects", nested("{\"a\":", "0", "}", FULL / 6), 400),
        ("a tower that is never closed", "[".repeat(FULL), 400),
        ("a tower in a field that nobody reads", with("padding", &nested("[", "", "]", 100_000)), 400),
        ("one level too many", with("padding", &nested("[", "", "]", 32)), 400),
        ("the deepest that is taken", with("padding", &nested("[", "", "]", 31)), 200),
        ("an object of ten thousand keys", with("padding", &object("0")), 400),
        ("ten thousand properties", subject(&object("0")), 400),
        ("ten thousand context entries", with("context", &object("true")), 400),
        ("a long list", with("padding", &list("0")), 200),
        ("a long list of empty objects", with("padding", &list("{}")), 200),
        ("a long list of escapes", with("padding", &list("\"\\u0000\"")), 200),
        ("a long string", with("padding", &long), 200),
        ("a long id", allowed().to_string().replacen("\"groceries\"", &long, 1), 400),
        ("a long name of an action", allowed().to_string().replacen("\"renameList\"", &long, 1), 400),
        ("a long name of a type", allowed().to_string().replacen("\"List\"", &long, 1), 400),
        (
            "a key that stands ten thousand times",
            with("padding", &format!("{{{}\"a\":0}}", "\"a\":0,".repeat(10_000))),
            400,
        ),
        ("a number of a hundred thousand digits", with("padding", &"9".repeat(100_000)), 400),
        ("a number beyond all numbers", with("padding", "1e999999999"), 400),
        ("half a surrogate pair", with("padding", "\"\\ud800\""), 400),
        ("white space only", " ".repeat(FULL), 400),
        ("many documents", "{}".repeat(FULL / 2), 400),
        ("a tower of entity escapes", subject(&nested("{\"__entity\":", "{}", "}", 1_000)), 400),
    ];
    all.push(("a batch of a hundred thousand items", items("{}"), 400));
    all
}

#[test]
fn twenty_four_bombs_are_answered_quickly_and_leave_no_memory_taken() {
    let bombs = bombs();
    assert_eq!(bombs.len(), 24);
    // The allocator gives back at once what is free, so that only what is in use is measured.
    let mut command = mandat();
    command.env("MIMALLOC_PURGE_DELAY", "0");
    let process = Process::serve_by(command, &[]);
    let client = process.client();
    let send = |name: &str, body: &str| {
        let path = if name.starts_with("a batch") { "/access/v1/evaluations" } else { "/access/v1/evaluation" };
        client.send(path, &[("content-type", "application/json")], body.as_bytes())
    };
    let round = || {
        for (name, body, expected) in &bombs {
            assert!(body.len() <= 256 * 1024, "{name} is refused for its size and tests nothing");
            let started = Instant::now();
            let reply = send(name, body);
            let took = started.elapsed();
            assert_eq!(reply.status, *expected, "{name}: {}", reply.text.chars().take(300).collect::<String>());
            assert!(took < QUICK, "{name} took {took:?}");
            assert!(reply.text.len() < 2_000, "{name}: the message repeats what was sent");
        }
    };
    let before = process.memory();
    (0..5).for_each(|_| round());
    let needed = process.memory();
    assert!(needed.saturating_sub(before) < MAX_NEED, "memory grew from {before} kB to {needed} kB");
    (0..5).for_each(|_| round());
    let growth = process.memory().saturating_sub(needed);
    assert!(growth < MAX_GROWTH, "memory grew by {growth} kB more");
    assert!(client.post("/access/v1/evaluation", &allowed()).decision());
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let process = Process::serve(&[]);
    let mut body = json!({"padding": "x"}).to_string().into_bytes();
    let place = body.iter().position(|byte| *byte == b'x').unwrap();
    body[place] = 0xff;
    let reply = process.client().send("/access/v1/evaluation", &[("content-type", "application/json")], &body);
    assert_eq!(reply.status, 400);
}
