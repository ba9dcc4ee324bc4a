//! `mandat token`, and what `mandat serve` refuses to start without.

use serde_json::Value;

use super::todo_with_access;
use crate::{
    command_line::{code, mandat},
    http::{Client, allowed, process},
    worlds::TempDir,
};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs `mandat token …` on a store; exit code, standard output, standard error.
fn tokens(store: &str, arguments: &[&str]) -> (i32, String, String) {
    let output = mandat(&[&["token"], arguments, &["--store", store]].concat(), "");
    (code(&output), text(&output.stdout), text(&output.stderr))
}

fn store() -> (TempDir, String) {
    let dir = TempDir::new();
    let path = dir.path().join("mandat.db").display().to_string();
    (dir, path)
}

#[test]
fn a_new_token_is_printed_alone_and_listed_without_its_secret() {
    let (_dir, store) = store();
    let new = ["new", "--role", "enforcer", "--role", "auditor", "--service", "panel", "--expires", "90d"];
    let (status, printed, told) = tokens(&store, &new);
    assert_eq!(status, 0, "{told}");
    let secret = printed.strip_suffix('\n').unwrap();
    assert!(secret.starts_with("mandat_") && !secret.contains(char::is_whitespace), "{printed:?}");
    assert!(!told.contains(&secret[secret.len() - 64..]), "{told}");
    let (_, listed, _) = tokens(&store, &["list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["service"], "panel");
    assert_eq!(listed[0]["roles"], serde_json::json!(["enforcer", "auditor"]));
    assert!(secret.contains(listed[0]["id"].as_str().unwrap()));
    assert!(listed[0]["expires_at"].is_string() && listed[0]["revoked_at"].is_null());
    assert!(!listed.to_string().contains(&secret[secret.len() - 64..]));
}

#[test]
fn a_token_is_revoked_by_its_id_once_and_for_ever() {
    let (_dir, store) = store();
    let (_, made, _) = tokens(&store, &["new", "--role", "enforcer", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["service"], id, "a service without a name goes by its token's id");
    let revoked = |output: String| serde_json::from_str::<Value>(&output).unwrap()["revoked_at"].clone();
    let first = revoked(tokens(&store, &["revoke", id, "--json"]).1);
    assert!(first.is_string());
    assert_eq!(revoked(tokens(&store, &["revoke", id, "--json"]).1), first, "the first time stands");
    assert!(tokens(&store, &["list"]).1.contains("revoked"));
    let (status, _, told) = tokens(&store, &["revoke", "nobody"]);
    assert!(status == 3 && told.contains("there is no token `nobody`"), "{told}");
}

#[test]
fn what_cannot_be_a_token_is_refused() {
    let (_dir, store) = store();
    for (arguments, reason) in [
        (&["new", "--role", ""][..], "cannot be the name"),
        (&["new", "--role", "enforcer", "--service", "a b"], "cannot be the name"),
        (&["new", "--role", "enforcer", "--service", "anonymous"], "callers that are not known"),
        (&["new", "--role", "enforcer", "--expires", "soon"], "is no time"),
        (&["new", "--role", "enforcer", "--expires", "2020-01-01"], "was never good"),
        (&["new"], "--role"),
    ] {
        let (status, printed, told) = tokens(&store, arguments);
        assert!(status == 3 && printed.is_empty() && told.contains(reason), "{arguments:?}: {told}");
    }
    assert_eq!(tokens(&store, &["list", "--json"]).1.trim(), "[]");
}

#[test]
fn others_are_served_only_with_tokens_and_tls() {
    let (dir, store) = store();
    let bundle = todo_with_access();
    let certificates = super::certificates::Pair::new(dir.path(), "service.test");
    let serve = |arguments: &[&str]| {
        let bundle = bundle.path().to_str().unwrap();
        let start = ["serve", "--bundle", bundle, "--store", &store, "--listen", "0.0.0.0:0"];
        process::run(&[&start, arguments].concat())
    };
    let tls = ["--tls-cert", certificates.certificates(), "--tls-key", certificates.key()];
    let (status, told) = serve(&[]);
    assert!(status == Some(3) && told.contains("without TLS"), "{told}");
    for no_tokens in [&tls[..], &["--insecure"]] {
        let (status, told) = serve(no_tokens);
        assert!(status == Some(3) && told.contains("no caller has a token"), "{told}");
        assert!(told.contains("mandat token new"), "says what to do: {told}");
    }
    let (status, told) = serve(&["--tls-cert", certificates.certificates()]);
    assert!(status == Some(3) && told.contains("only one of them"), "{told}");
    assert_eq!(tokens(&store, &["new", "--role", "enforcer"]).0, 0);
    let (status, told) = serve(&[]);
    assert!(status == Some(3) && told.contains("without TLS"), "tokens alone are not enough: {told}");
}

#[test]
fn a_token_of_the_command_line_opens_a_running_service_and_revoking_closes_it() {
    let (_dir, store) = store();
    let bundle = todo_with_access();
    let mut command = process::mandat();
    command.args(["serve", "--listen", "127.0.0.1:0", "--store", &store, "--bundle"]).arg(bundle.path());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stderr.as_mut().unwrap()), &mut line).unwrap();
    let address = line.split_once("http://").unwrap().1.trim().parse().unwrap();
    let status = |secret: &str| {
        let bearer = super::bearer(secret);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        Client::of(address).send("/access/v1/evaluation", &headers, allowed().to_string().as_bytes()).status
    };
    let becomes = |secret: &str, wanted: u16| {
        (0..400).any(|_| {
            status(secret) == wanted || {
                std::thread::sleep(std::time::Duration::from_millis(50));
                false
            }
        })
    };
    let (_, made, _) = tokens(&store, &["new", "--role", "author", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let author = made["token"].as_str().unwrap();
    assert!(becomes(author, 403), "known, and of the wrong role");
    let enforcer = tokens(&store, &["new", "--role", "enforcer"]).1;
    assert!(becomes(enforcer.trim(), 200));
    tokens(&store, &["revoke", made["id"].as_str().unwrap()]);
    assert!(becomes(author, 401));
    child.kill().unwrap();
    child.wait().unwrap();
}
