//! A token's secret is in no log, no error, no metric and no file.

use std::process::Command;

use super::{Ground, bearer, todo_with_access, token};
use crate::{
    http::{allowed, process},
    worlds::TempDir,
};

#[test]
fn a_secret_is_in_no_answer_and_not_in_the_store() {
    let (known, secret) = token(&["enforcer"]);
    let (revoked, taken_back) = token(&["enforcer"]);
    let revoked = mandat::facts::store::token::Token { revoked_at: Some(revoked.created_at), ..revoked };
    let ground = Ground::with(&[&known, &revoked]);
    for secret in [&secret, &taken_back] {
        let authorization = bearer(secret);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        for path in ["/access/v1/evaluation", "/v1/quotes", "/v1/transactions", "/nowhere"] {
            let reply = ground.server.client().send(path, &headers, b"{}");
            assert!(!format!("{reply:?}").contains(canary(secret)), "{reply:?}");
        }
        assert!(!ground.server.get("/metrics").text.contains(canary(secret)));
    }
    ground.server.service.active().unwrap().callers.write_uses();
    let files: Vec<Vec<u8>> = ground.store_files().iter().map(|file| std::fs::read(file).unwrap()).collect();
    let holds = |text: &[u8]| files.iter().any(|file| file.windows(text.len()).any(|window| window == text));
    assert!(holds(known.id.as_bytes()) && holds(&known.digest), "the control: what is public is there");
    assert!(!holds(canary(&secret).as_bytes()) && !holds(&unhex(canary(&secret))), "the secret is not");
}

#[test]
fn a_secret_is_in_no_log_however_much_is_logged() {
    let dir = TempDir::new();
    let store = dir.path().join("mandat.db");
    let bundle = todo_with_access();
    let made = |role: &str| {
        let new = process::mandat().args(["token", "new", "--role", role, "--store"]).arg(&store).output().unwrap();
        String::from_utf8(new.stdout).unwrap().trim().to_owned()
    };
    let (good, weak, unknown) = (made("enforcer"), made("author"), token(&[]).1);
    let mut command: Command = process::mandat();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--log-filter", "trace", "--store"]);
    command.arg(&store).arg("--bundle").arg(bundle.path());
    let log = dir.path().join("log");
    let mut child = command.stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    let read = || std::fs::read_to_string(&log).unwrap();
    let address = loop {
        if let Some((_, rest)) = read().split_once("mandat listens on http://") {
            break rest.split('"').next().unwrap().parse().unwrap();
        }
        assert!(child.try_wait().unwrap().is_none(), "{}", read());
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    for (secret, status) in [(&good, 200), (&weak, 403), (&unknown, 401)] {
        let authorization = bearer(secret);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let client = crate::http::Client::of(address);
        let reply = client.send("/access/v1/evaluation", &headers, allowed().to_string().as_bytes());
        assert_eq!(reply.status, status, "{reply:?}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let log = read();
    for secret in [&good, &weak, &unknown] {
        assert!(!log.contains(canary(secret)));
    }
    assert!(log.contains(r#""refused.reason":"forbidden""#) && log.contains(r#""refused.reason":"unknown""#), "{log}");
    let id = weak.split('_').nth(1).unwrap();
    assert!(log.contains(&format!(r#""refused.token":"{id}""#)), "the control: its public id is there");
}

/// The part of a token that nobody else may see.
fn canary(secret: &str) -> &str {
    &secret[secret.len() - 64..]
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
