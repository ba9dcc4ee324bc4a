//! Size and time of a body: one byte below the limit passes.

use std::{io::Write as _, time::Duration};

use serde_json::json;

use super::{Client, Server, allowed, connect, head, raw, read_all};

/// A valid evaluation of exactly so many bytes.
fn padded(length: usize) -> String {
    let mut question = allowed();
    question["padding"] = json!("");
    let bare = question.to_string().len();
    question["padding"] = json!("x".repeat(length - bare));
    question.to_string()
}

fn status(client: &Client, body: &str) -> u16 {
    client.send("/access/v1/evaluation", &[("content-type", "application/json")], body.as_bytes()).status
}

#[test]
fn a_body_may_have_256_kib_and_no_byte_more() {
    let server = Server::start();
    let limit = 256 * 1024;
    assert_eq!(status(&server.client(), &padded(limit)), 200);
    let reply = server.client().send(
        "/access/v1/evaluation",
        &[("content-type", "application/json")],
        padded(limit + 1).as_bytes(),
    );
    assert_eq!((reply.status, reply.message().as_str()), (413, "the body is larger than 262144 bytes"));
    let wider = Server::with(|settings| settings.body_limit = limit + 1);
    assert_eq!(status(&wider.client(), &padded(limit + 1)), 200, "the control: it is the limit that refuses it");
}

#[test]
fn a_body_of_undeclared_length_is_limited_too() {
    let server = Server::with(|settings| settings.body_limit = 1_000);
    let chunked = |body: &str| {
        let chunks: String = body
            .as_bytes()
            .chunks(100)
            .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), std::str::from_utf8(chunk).unwrap()))
            .collect();
        let head = "POST /access/v1/evaluation HTTP/1.1\r\nhost: m\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        raw(server.address, format!("{head}{chunks}0\r\n\r\n").as_bytes())
    };
    assert!(chunked(&padded(1_000)).starts_with("HTTP/1.1 200 "));
    assert!(chunked(&padded(1_001)).starts_with("HTTP/1.1 413 "));
}

#[test]
fn a_body_that_declares_gigabytes_is_refused_at_once() {
    let server = Server::start();
    let answer = raw(server.address, head(8 << 30).as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn a_body_that_comes_too_slowly_is_refused() {
    let server = Server::with(|settings| settings.body_timeout_ms = 300);
    let body = allowed().to_string();
    let (begin, rest) = body.split_at(20);
    let mut slow = connect(server.address);
    slow.write_all(format!("{}{begin}", head(body.len())).as_bytes()).unwrap();
    let answer = read_all(&mut slow);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("the body took longer than 300 ms"), "{answer}");

    let mut quick = connect(server.address);
    quick.write_all(format!("{}{begin}", head(body.len())).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    quick.write_all(rest.as_bytes()).unwrap();
    assert!(read_all(&mut quick).starts_with("HTTP/1.1 200 "), "the control: in two pieces, but in time");
}

#[test]
fn a_body_that_breaks_off_is_no_decision() {
    let server = Server::start();
    let body = allowed().to_string();
    let mut stream = connect(server.address);
    stream.write_all(format!("{}{}", head(body.len() + 1), body).as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(!read_all(&mut stream).contains("decision"));
}

#[test]
fn a_head_is_limited() {
    let server = Server::start();
    let request = |size: usize| {
        format!("GET /healthz HTTP/1.1\r\nhost: m\r\nconnection: close\r\nx-padding: {}\r\n\r\n", "x".repeat(size))
    };
    assert!(raw(server.address, request(15 * 1024).as_bytes()).starts_with("HTTP/1.1 200 "));
    assert!(raw(server.address, request(17 * 1024).as_bytes()).starts_with("HTTP/1.1 431 "));
}
