//! Clients that hold connections (threat T22): they lose them, and others are answered meanwhile.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{Server, allowed, connect, raw};

/// Whether the other side has closed the connection within a time.
fn is_closed_within(stream: &mut TcpStream, time: Duration) -> bool {
    stream.set_read_timeout(Some(time)).unwrap();
    let mut rest = [0; 1_024];
    loop {
        match stream.read(&mut rest) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return true,
            Err(_) => return false,
        }
    }
}

#[test]
fn a_head_that_comes_too_slowly_loses_its_connection() {
    let server = Server::with(|settings| settings.header_timeout_ms = 300);
    let patient = Server::with(|settings| settings.header_timeout_ms = 60_000);
    for begin in ["", "POST /access/v1/evaluation HTTP/1.1\r\nhost: m\r\nx-slow: "] {
        let mut slow = connect(server.address);
        slow.write_all(begin.as_bytes()).unwrap();
        assert!(is_closed_within(&mut slow, Duration::from_secs(20)), "{begin:?}");
        let mut control = connect(patient.address);
        control.write_all(begin.as_bytes()).unwrap();
        assert!(!is_closed_within(&mut control, Duration::from_secs(1)), "the control: only the setting differs");
    }
}

#[test]
fn a_byte_now_and_then_buys_no_time() {
    let server = Server::with(|settings| settings.header_timeout_ms = 500);
    let mut slow = connect(server.address);
    slow.write_all(b"GET /healthz HTTP/1.1\r\nx-slow: ").unwrap();
    let begun = Instant::now();
    while slow.write_all(b"x").is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the connection is never closed");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_connection_that_falls_idle_after_an_answer_is_closed() {
    let server = Server::with(|settings| settings.header_timeout_ms = 300);
    let mut stream = connect(server.address);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: m\r\n\r\n").unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    assert!(is_closed_within(&mut stream, Duration::from_secs(20)));
}

#[test]
fn others_are_answered_while_hundreds_of_connections_are_held() {
    let server = Server::start();
    let held: Vec<TcpStream> = (0..300)
        .map(|_| {
            let mut stream = connect(server.address);
            stream.write_all(b"POST /access/v1/evaluation HTTP/1.1\r\n").unwrap();
            stream
        })
        .collect();
    let client = server.client();
    let begun = Instant::now();
    for _ in 0..20 {
        assert!(client.post("/access/v1/evaluation", &allowed()).decision());
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(held);
}

#[test]
fn beyond_the_limit_a_connection_waits_until_there_is_a_place() {
    let server = Server::with(|settings| {
        settings.connection_limit = 2;
        settings.header_timeout_ms = 2_000;
    });
    let held: Vec<TcpStream> = (0..2).map(|_| connect(server.address)).collect();
    std::thread::sleep(Duration::from_millis(200));
    let mut waiting = connect(server.address);
    waiting.write_all(b"GET /healthz HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n").unwrap();
    waiting.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    assert!(waiting.read(&mut [0; 1]).is_err(), "both places are held");
    waiting.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    drop(held);
}

#[test]
fn what_is_no_http_is_refused_and_the_service_lives_on() {
    let server = Server::start();
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"GET / HTTP/9.9\r\n\r\n", b"\r\n\r\nnonsense\r\n\r\n"]
    {
        let mut stream = connect(server.address);
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(is_closed_within(&mut stream, Duration::from_secs(20)));
    }
    assert!(server.evaluate(&allowed()).decision());
}

#[test]
fn two_lengths_of_one_body_are_refused() {
    let server = Server::start();
    let both = "POST /access/v1/evaluation HTTP/1.1\r\nhost: m\r\ncontent-type: application/json\r\n\
                content-length: 2\r\ncontent-length: 40\r\nconnection: close\r\n\r\n{}";
    assert!(raw(server.address, both.as_bytes()).starts_with("HTTP/1.1 400 "));
}
