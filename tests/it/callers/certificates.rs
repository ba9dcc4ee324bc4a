//! TLS: real handshakes, renewal under a running service, and those who do not shake hands.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use mandat::{config::ServerSettings, http::tls::Tls};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};

use super::{Ground, bearer, todo_with_access, token};
use crate::{
    http::{Server, allowed, connect, todo_facts},
    worlds::TempDir,
};

/// A certificate and its key, in files.
pub(crate) struct Pair {
    certificates: PathBuf,
    key: PathBuf,
    root: CertificateDer<'static>,
}

impl Pair {
    pub(crate) fn new(dir: &Path, name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (certificates, key) = (dir.join("tls.crt"), dir.join("tls.key"));
        fs::write(&certificates, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        Self { certificates, key, root: made.cert.der().clone() }
    }

    pub(crate) fn certificates(&self) -> &str {
        self.certificates.to_str().unwrap()
    }

    pub(crate) fn key(&self) -> &str {
        self.key.to_str().unwrap()
    }

    fn read(&self) -> Result<Tls, mandat::problem::Problem> {
        Tls::read(&self.certificates, &self.key)
    }

    fn serve(&self, change: impl FnOnce(&mut ServerSettings)) -> Server {
        let mut settings = ServerSettings { public_url: Some("https://service.test".to_owned()), ..Default::default() };
        change(&mut settings);
        Server::over_tls(settings, self.read().unwrap())
    }

    /// Sends a request over TLS, trusting this certificate alone.
    fn ask(&self, address: SocketAddr, request: &str) -> std::io::Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("service.test").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(connection, connect(address));
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

const ALIVE: &str = "GET /healthz HTTP/1.1\r\nhost: service.test\r\nconnection: close\r\n\r\n";

#[test]
fn a_decision_is_asked_over_tls_with_a_token() {
    let dir = TempDir::new();
    let pair = Pair::new(dir.path(), "service.test");
    let (known, secret) = token(&["enforcer"]);
    let ground = Ground::behind(pair.serve(|_| {}), todo_with_access().path(), &todo_facts(), &[&known]);
    let body = allowed().to_string();
    let request = |authorization: &str| {
        format!(
            "POST /access/v1/evaluation HTTP/1.1\r\nhost: service.test\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n{authorization}\r\n{body}",
            body.len()
        )
    };
    let address = ground.server.address;
    let answer = pair.ask(address, &request(&format!("authorization: {}\r\n", bearer(&secret)))).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(r#"{"decision":true}"#), "{answer}");
    assert!(pair.ask(address, &request("")).unwrap().starts_with("HTTP/1.1 401 "));
}

#[test]
fn what_is_not_encrypted_is_not_answered() {
    let dir = TempDir::new();
    let pair = Pair::new(dir.path(), "service.test");
    let server = pair.serve(|_| {});
    let mut plain = connect(server.address);
    plain.write_all(ALIVE.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP"), "{answer:?}");
    assert!(pair.ask(server.address, ALIVE).unwrap().starts_with("HTTP/1.1 200 "), "the control");
}

#[test]
fn another_certificate_is_not_trusted() {
    let (dir, other_dir) = (TempDir::new(), TempDir::new());
    let (pair, other) = (Pair::new(dir.path(), "service.test"), Pair::new(other_dir.path(), "service.test"));
    let server = pair.serve(|_| {});
    assert!(other.ask(server.address, ALIVE).is_err(), "the control of all other tests: clients do look");
}

#[test]
fn a_handshake_that_stalls_holds_nobody_up_and_ends() {
    let dir = TempDir::new();
    let pair = Pair::new(dir.path(), "service.test");
    let server = pair.serve(|settings| settings.header_timeout_ms = 1_500);
    let mut stalled: Vec<_> = (0..50).map(|_| connect(server.address)).collect();
    stalled.iter_mut().for_each(|stream| stream.write_all(b"\x16\x03\x01\x02").unwrap());
    assert!(pair.ask(server.address, ALIVE).unwrap().starts_with("HTTP/1.1 200 "));
    for stream in &mut stalled {
        let mut rest = Vec::new();
        // Closed or reset: it ends, and does not run into the client's own timeout.
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_ok() || ended.unwrap_err().kind() == std::io::ErrorKind::ConnectionReset);
    }
}

#[test]
fn a_service_that_stops_waits_for_no_handshake() {
    let dir = TempDir::new();
    let pair = Pair::new(dir.path(), "service.test");
    let mut server = pair.serve(|settings| settings.header_timeout_ms = 60_000);
    let mut stalled = connect(server.address);
    stalled.write_all(b"\x16\x03\x01").unwrap();
    assert!(pair.ask(server.address, ALIVE).unwrap().starts_with("HTTP/1.1 200 "));
    server.tell_to_stop();
    server.wait();
    assert_eq!(stalled.read(&mut [0; 1]).unwrap_or(0), 0);
}

/// Whether a service comes to present this certificate.
fn comes_into_force(pair: &Pair, address: SocketAddr) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        if pair.ask(address, ALIVE).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

#[test]
fn renewed_files_come_into_force_and_broken_ones_do_not() {
    let dir = TempDir::new();
    let old = Pair::new(dir.path(), "service.test");
    let server = old.serve(|_| {});
    assert!(old.ask(server.address, ALIVE).is_ok());
    let renewed = Pair::new(dir.path(), "service.test");
    assert!(comes_into_force(&renewed, server.address), "no restart is needed");
    assert!(old.ask(server.address, ALIVE).is_err(), "the old one is gone");
    fs::write(&renewed.key, "-----BEGIN PRIVATE KEY-----\nbroken\n").unwrap();
    server.service.tls.as_ref().unwrap().renew();
    assert!(renewed.ask(server.address, ALIVE).is_ok(), "what cannot be used is not taken");
}

#[test]
fn files_that_cannot_be_used_are_refused_with_the_reason() {
    let dir = TempDir::new();
    let pair = Pair::new(dir.path(), "service.test");
    assert!(pair.read().is_ok(), "the control");
    for mode in [0o644, 0o660, 0o604, 0o650] {
        fs::set_permissions(&pair.key, fs::Permissions::from_mode(mode)).unwrap();
        let problem = pair.read().err().unwrap();
        assert!(problem.message().contains("others can read or change the key"), "{mode:o}: {problem}");
    }
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(pair.read().is_ok());
    let other_dir = TempDir::new();
    let other = Pair::new(other_dir.path(), "service.test");
    let refused = |certificates: &Path, key: &Path| Tls::read(certificates, key).err().unwrap().to_string();
    assert!(refused(&pair.certificates, &other.key).contains("cannot be used"), "a key of another certificate");
    fs::write(dir.path().join("empty"), "").unwrap();
    assert!(refused(&dir.path().join("empty"), &pair.key).contains("there is no certificate in it"));
    assert!(refused(&dir.path().join("missing"), &pair.key).contains("cannot read the certificates"));
    assert!(refused(&pair.certificates, &dir.path().join("missing")).contains("cannot read the key"));
}
