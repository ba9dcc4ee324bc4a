//! The form of requests and errors: media types, encodings, routes, methods, and what is echoed.

use super::{Client, Reply, Server, allowed, denied, raw};

const JSON: (&str, &str) = ("content-type", "application/json");

fn send(client: &Client, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    client.send("/access/v1/evaluation", headers, body)
}

#[test]
fn only_json_is_taken() {
    let server = Server::start();
    let (client, body) = (server.client(), allowed().to_string());
    for taken in ["application/json", "application/json; charset=utf-8", "Application/JSON;x=y"] {
        assert_eq!(send(&client, &[("content-type", taken)], body.as_bytes()).status, 200, "{taken}");
    }
    for refused in ["text/plain", "application/jsonp", "application/x-www-form-urlencoded", "*/*", ""] {
        let reply = send(&client, &[("content-type", refused)], body.as_bytes());
        assert_eq!(
            (reply.status, reply.message().as_str()),
            (400, "content-type: expected `application/json`"),
            "{refused}"
        );
    }
    let head = format!(
        "POST /access/v1/evaluation HTTP/1.1\r\nhost: m\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let answer = raw(server.address, format!("{head}{body}").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("content-type: missing"), "{answer}");
}

#[test]
fn encoded_bodies_are_refused_whatever_they_hold() {
    let server = Server::start();
    let (client, body) = (server.client(), allowed().to_string());
    assert_eq!(send(&client, &[JSON, ("content-encoding", "identity")], body.as_bytes()).status, 200);
    for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip", "x-unknown"] {
        let reply = send(&client, &[JSON, ("content-encoding", encoding)], body.as_bytes());
        assert_eq!((reply.status, reply.header("accept-encoding")), (415, Some("identity")), "{encoding}");
        assert!(reply.message().starts_with("content-encoding: "));
    }
}

#[test]
fn text_that_is_no_json_is_refused_with_its_place() {
    let server = Server::start();
    let reply = send(&server.client(), &[JSON], b"{\"subject\": {\"type\": \"Person\",}}");
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (400, "the body is no JSON we take: trailing comma at line 1 column 31")
    );
    assert!(send(&server.client(), &[JSON], b"").message().contains("EOF while parsing a value"));
    assert_eq!(send(&server.client(), &[JSON], b"[]").message(), "body: expected an object");
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let server = Server::start();
    let text = allowed().to_string();
    let doubled = text.replacen("\"id\":\"ada\"", "\"id\":\"bob\",\"id\":\"ada\"", 1);
    assert_ne!(text, doubled);
    assert!(
        send(&server.client(), &[JSON], doubled.as_bytes())
            .message()
            .contains("a key that stands twice in one object at line 1 column")
    );
    assert_eq!(send(&server.client(), &[JSON], text.as_bytes()).status, 200);
}

#[test]
fn other_routes_and_methods_answer_in_the_same_form() {
    let server = Server::start();
    let unknown = server.client().send("/access/v1/evaluatoin", &[JSON, ("x-request-id", "r-404")], b"{}");
    assert_eq!((unknown.status, unknown.header("x-request-id")), (404, Some("r-404")));
    assert!(unknown.message().contains("/openapi.json"));
    let wrong = server.get("/access/v1/evaluation");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
    assert!(wrong.message().contains("method"));
}

#[test]
fn the_request_id_and_the_trace_come_back_on_errors_too() {
    let server = Server::start();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let ids = [JSON, ("x-request-id", "r-1"), ("traceparent", trace)];
    for body in [allowed().to_string(), denied().to_string(), "no json".to_owned()] {
        let reply = send(&server.client(), &ids, body.as_bytes());
        assert_eq!(reply.header("x-request-id"), Some("r-1"), "{reply:?}");
        assert_eq!(reply.header("traceparent"), Some(trace), "{reply:?}");
    }
}

#[test]
fn no_request_id_is_made_up_and_an_unreasonable_one_is_dropped() {
    let server = Server::start();
    let body = allowed().to_string();
    assert_eq!(send(&server.client(), &[JSON], body.as_bytes()).header("x-request-id"), None);
    let (long, longest) = ("r".repeat(201), "r".repeat(200));
    assert_eq!(send(&server.client(), &[JSON, ("x-request-id", &long)], body.as_bytes()).header("x-request-id"), None);
    let reply = send(&server.client(), &[JSON, ("x-request-id", &longest)], body.as_bytes());
    assert_eq!(reply.header("x-request-id"), Some(longest.as_str()));
}
