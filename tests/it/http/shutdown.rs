//! The end of a service: what has begun is finished, nothing new begins.

use std::{
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{Server, allowed, connect, head, process::Process, read_all};

#[test]
fn a_request_that_has_begun_is_answered_before_the_service_ends() {
    let mut server = Server::start();
    let body = allowed().to_string();
    let (begin, rest) = body.split_at(10);
    let mut begun = connect(server.address);
    begun.write_all(format!("{}{begin}", head(body.len())).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    server.tell_to_stop();
    let refused_after = Instant::now();
    while TcpStream::connect(server.address).is_ok() {
        assert!(refused_after.elapsed() < Duration::from_secs(5), "new connections are still taken");
        std::thread::sleep(Duration::from_millis(10));
    }
    begun.write_all(rest.as_bytes()).unwrap();
    let answer = read_all(&mut begun);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(r#"{"decision":true}"#), "{answer}");
    server.wait();
}

#[test]
fn idle_connections_do_not_hold_up_the_end() {
    let mut server = Server::start();
    let client = server.client();
    assert!(client.post("/access/v1/evaluation", &allowed()).decision());
    let idle = connect(server.address);
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    server.tell_to_stop();
    server.wait();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    drop(idle);
}

#[test]
fn the_process_ends_well_when_it_is_told_to() {
    for signal in ["-TERM", "-INT"] {
        let process = Process::serve(&[]);
        assert!(process.client().post("/access/v1/evaluation", &allowed()).decision());
        let (code, log) = process.stop(signal);
        assert_eq!(code, Some(0), "{signal}: {log}");
        assert!(log.contains("mandat stops"), "{log}");
    }
}
