//! Every credential state at every operation of the OpenAPI document: 401 or 403, the body unread, the facts untouched.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use mandat::facts::store::token::Token;
use serde_json::Value;

use super::{Ground, at, bearer, token};
use crate::http::{allowed, connect};

/// Method and path of every operation, with something in place of what a path leaves open.
pub(crate) fn operations(ground: &Ground) -> Vec<(String, String)> {
    let document = ground.server.get("/openapi.json").json();
    let filled = |path: &str| path.replace("{type}", "List").replace("{id}", "groceries");
    let operations = document["paths"].as_object().unwrap().iter();
    operations
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), filled(path)))
        })
        .collect()
}

/// Operations that anyone may ask for on this machine.
const OPEN: [&str; 5] = ["/.well-known/authzen-configuration", "/healthz", "/metrics", "/openapi.json", "/readyz"];

/// The `Authorization` headers of callers who are not to be served, and why.
fn strangers(ground: &Ground) -> Vec<(&'static str, Vec<String>)> {
    let keep = |change: &dyn Fn(&mut Token)| {
        let (mut known, secret) = token(&["enforcer", "registrar", "author", "auditor"]);
        change(&mut known);
        ground.keep(&known);
        secret
    };
    let good = keep(&|_| {});
    let expired = keep(&|token| token.expires_at = Some(at("2026-01-02T00:00:00Z")));
    let revoked = keep(&|token| token.revoked_at = Some(at("2026-01-02T00:00:00Z")));
    let unknown = token(&[]).1;
    let wrong = format!("{}{}", &good[..good.len() - 64], &unknown[unknown.len() - 64..]);
    let swapped = format!("{}{}", &unknown[..unknown.len() - 64], &good[good.len() - 64..]);
    vec![
        ("missing", vec![]),
        ("malformed", vec!["Basic cGFuZWw6c2VjcmV0".to_owned()]),
        ("malformed", vec![bearer("mandat")]),
        ("malformed", vec![good.clone()]),
        ("malformed", vec![bearer(&good.to_uppercase())]),
        ("malformed", vec![bearer(&good), bearer(&good)]),
        ("unknown", vec![bearer(&unknown)]),
        ("unknown", vec![bearer(&wrong)]),
        ("unknown", vec![bearer(&swapped)]),
        ("expired", vec![bearer(&expired)]),
        ("revoked", vec![bearer(&revoked)]),
    ]
}

/// Sends a head that announces a body, sends none, and reads the one answer.
fn answer_to_head(address: SocketAddr, method: &str, path: &str, authorization: &[String]) -> (u16, String, Value) {
    let mut stream = connect(address);
    let length = if method == "POST" { 100_000 } else { 0 };
    let authorization: String = authorization.iter().map(|value| format!("authorization: {value}\r\n")).collect();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: mandat\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{authorization}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    read_answer(&mut stream)
}

fn read_answer(stream: &mut TcpStream) -> (u16, String, Value) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    let status = head[9..12].parse().unwrap();
    (status, head, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

#[test]
fn a_stranger_gets_401_at_every_operation_before_its_body_is_read_and_no_fact_is() {
    let (control, good) = token(&["enforcer", "registrar", "author", "auditor"]);
    let ground = Ground::with(&[&control]);
    let strangers = strangers(&ground);
    ground.server.service.active().unwrap().callers.refresh();
    for (method, path) in operations(&ground) {
        if OPEN.contains(&path.as_str()) {
            continue;
        }
        for (reason, authorization) in &strangers {
            let before = ground.reads();
            let (status, head, body) = answer_to_head(ground.server.address, &method, &path, authorization);
            assert_eq!((status, ground.reads()), (401, before), "{reason} at {method} {path}: {head}{body}");
            let invalid = head.contains("error=\"invalid_token\"");
            assert_eq!(invalid, *reason != "missing", "{reason} at {path}: {head}");
            assert!(head.contains("www-authenticate: bearer realm=\"mandat\""), "{head}");
        }
        if method == "POST" {
            waits_for_the_body(&ground, &path, &good);
        }
    }
}

/// The control: who is known is not answered before its body has come.
fn waits_for_the_body(ground: &Ground, path: &str, good: &str) {
    let mut stream = connect(ground.server.address);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: mandat\r\ncontent-type: application/json\r\nidempotency-key: k\r\n\
         content-length: 100000\r\nauthorization: {}\r\n\r\n",
        bearer(good)
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(stream.read(&mut [0; 1]).is_err(), "{path} answers before the body has come");
}

#[test]
fn what_has_no_secrets_is_open_to_everyone() {
    let ground = Ground::with(&[&token(&["enforcer"]).0]);
    for (method, path) in operations(&ground).into_iter().filter(|(_, path)| OPEN.contains(&path.as_str())) {
        assert_eq!(answer_to_head(ground.server.address, &method, &path, &[]).0, 200, "{path}");
    }
}

#[test]
fn metrics_are_open_on_this_machine_and_from_elsewhere_to_who_reads_decisions() {
    let ((auditor, reads), (enforcer, asks)) = (token(&["auditor"]), token(&["enforcer"]));
    let ground = Ground::with(&[&auditor, &enforcer]);
    let through_a_proxy = |secret: Option<&str>| {
        let authorization = secret.map(bearer);
        let mut headers = vec![("x-forwarded-for", "203.0.113.7")];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        ground.server.client().get_with("/metrics", &headers).status
    };
    let statuses = [None, Some(&*asks), Some(&*reads)].map(through_a_proxy);
    assert_eq!((statuses, ground.server.get("/metrics").status), ([401, 403, 200], 200));
}

#[test]
fn what_a_stranger_is_told_does_not_depend_on_what_is_wrong_with_its_token() {
    let ground = Ground::with(&[]);
    let strangers = strangers(&ground);
    ground.server.service.active().unwrap().callers.refresh();
    for path in ["/access/v1/evaluation", "/v1/quotes"] {
        let mut answers: Vec<Value> = strangers[1..]
            .iter()
            .map(|(_, authorization)| answer_to_head(ground.server.address, "POST", path, authorization).2)
            .collect();
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers[0].is_string(), path.starts_with("/access"), "a message, or a problem: {answers:?}");
    }
}

#[test]
fn refusals_are_counted_by_their_reason() {
    let ground = Ground::with(&[]);
    let strangers = strangers(&ground);
    ground.server.service.active().unwrap().callers.refresh();
    for (_, authorization) in &strangers {
        answer_to_head(ground.server.address, "POST", "/access/v1/evaluation", authorization);
    }
    let metrics = ground.server.get("/metrics").text;
    for (reason, count) in
        [("missing", 1), ("malformed", 5), ("unknown", 3), ("expired", 1), ("revoked", 1), ("forbidden", 0)]
    {
        let series = format!("mandat_callers_refused_total{{reason=\"{reason}\"}} {count}");
        assert!(metrics.contains(&series), "{series} in\n{metrics}");
    }
}

#[test]
fn a_refused_client_that_sends_its_body_keeps_its_connection() {
    let (known, good) = token(&["enforcer"]);
    let ground = Ground::with(&[&known]);
    let mut stream = connect(ground.server.address);
    let body = allowed().to_string();
    let request = |authorization: &str| {
        format!(
            "POST /access/v1/evaluation HTTP/1.1\r\nhost: mandat\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n{authorization}\r\n{body}",
            body.len()
        )
    };
    stream.write_all(request("").as_bytes()).unwrap();
    assert_eq!(read_answer(&mut stream).0, 401);
    stream.write_all(request(&format!("authorization: {}\r\n", bearer(&good))).as_bytes()).unwrap();
    let (status, _, answer) = read_answer(&mut stream);
    assert_eq!((status, &answer["decision"]), (200, &Value::Bool(true)));
}

#[test]
fn a_client_that_waits_to_be_told_is_not_told_to_send() {
    let ground = Ground::with(&[&token(&["enforcer"]).0]);
    let mut stream = connect(ground.server.address);
    stream
        .write_all(
            b"POST /access/v1/evaluation HTTP/1.1\r\nhost: m\r\ncontent-type: application/json\r\n\
              content-length: 1000\r\nexpect: 100-continue\r\n\r\n",
        )
        .unwrap();
    let (status, head, _) = read_answer(&mut stream);
    assert_eq!(status, 401, "{head}");
}
