//! `mandat serve` as a command: what it refuses to start with, and how it says so.

use std::{net::TcpListener, path::PathBuf};

use super::{
    Client, allowed,
    process::{Process, mandat, run},
    todo_dir, todo_facts,
};
use crate::replicas::until;

fn todo(arguments: &[&str]) -> (Option<i32>, String) {
    let (bundle, facts) = (todo_dir(), todo_facts());
    let mut all = vec!["serve", "--bundle", bundle.to_str().unwrap(), "--facts", facts.to_str().unwrap()];
    all.extend(arguments);
    run(&all)
}

#[test]
fn it_says_where_it_listens() {
    let process = Process::serve(&[]);
    assert!(process.first_line.contains("mandat listens on http://127.0.0.1:"), "{}", process.first_line);
    assert!(process.client().post("/access/v1/evaluation", &allowed()).decision());
}

#[test]
fn an_address_that_others_reach_is_refused_unless_insecure() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        let (code, message) = todo(&["--listen", address]);
        assert_eq!(code, Some(3), "{message}");
        assert!(message.contains("can be reached from other machines") && message.contains("--insecure"), "{message}");
    }
    let mut command = mandat();
    command
        .args(["serve", "--listen", "0.0.0.0:0", "--insecure", "--bundle"])
        .arg(todo_dir())
        .arg("--facts")
        .arg(todo_facts());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut log = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut lines = String::new();
    while !lines.contains("mandat listens on") {
        assert_ne!(std::io::BufRead::read_line(&mut log, &mut lines).unwrap(), 0, "{lines}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(lines.contains("callers are not authenticated"), "it starts, with a warning: {lines}");
}

#[test]
fn what_is_no_address_is_refused() {
    for address in ["8180", "127.0.0.1", "127.0.0.1:99999"] {
        let (code, message) = todo(&["--listen", address]);
        assert_eq!(code, Some(3), "{message}");
        assert!(message.contains(&format!("`{address}` is no address to listen on")), "{message}");
    }
}

#[test]
fn an_address_that_is_taken_is_a_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, message) = todo(&["--listen", &address]);
    assert_eq!(code, Some(1), "{message}");
    assert!(message.contains(&format!("cannot listen on `{address}`")), "{message}");
}

#[test]
fn a_public_url_with_a_query_is_refused() {
    for url in
        ["https://pdp.example.com/?a=b", "https://pdp.example.com/#top", "pdp.example.com", "ftp://pdp.example.com"]
    {
        let (code, message) = todo(&["--listen", "127.0.0.1:0", "--public-url", url]);
        assert_eq!(code, Some(3), "{message}");
        assert!(message.contains("`public_url` cannot be"), "{message}");
    }
    let process = Process::serve(&["--public-url", "https://pdp.example.com"]);
    let document = process.client().get("/.well-known/authzen-configuration").json();
    assert_eq!(document["policy_decision_point"], "https://pdp.example.com");
}

/// A copy of the to-do list with one file changed; removed when it is dropped.
struct Broken(PathBuf);

impl Broken {
    fn new(name: &str, file: &str, text: &str) -> Self {
        let copy = std::env::temp_dir().join(format!("mandat-{}-{name}", std::process::id()));
        for dir in ["policies", "schemas"] {
            std::fs::create_dir_all(copy.join(dir)).unwrap();
            for entry in std::fs::read_dir(todo_dir().join(dir)).unwrap() {
                let entry = entry.unwrap();
                std::fs::copy(entry.path(), copy.join(dir).join(entry.file_name())).unwrap();
            }
        }
        std::fs::write(copy.join(file), text).unwrap();
        Self(copy)
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_bundle_with_a_mistake_ends_the_command_with_the_place() {
    let broken = Broken::new(
        "policy",
        "policies/tasks.cedar",
        "@id(\"tasks.all\")\npermit (principal, action, resource)\nwhen { resource.ownr };\n",
    );
    let (code, message) = run(&["serve", "--listen", "127.0.0.1:0", "--bundle", broken.0.to_str().unwrap()]);
    assert_eq!(code, Some(3), "{message}");
    assert!(message.contains("policies/tasks.cedar") && message.contains("ownr"), "{message}");
    let broken = Broken::new("settings", "mandat.toml", "[server]\nlisten_on = \"127.0.0.1:0\"\n");
    let (code, message) = run(&["serve", "--bundle", broken.0.to_str().unwrap()]);
    assert_eq!(code, Some(3), "{message}");
    assert!(message.contains("listen_on"), "{message}");
}

#[test]
fn facts_that_do_not_fit_end_the_command() {
    let bundle = todo_dir();
    let (code, message) = run(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--bundle",
        bundle.to_str().unwrap(),
        "--facts",
        bundle.join("mandat.toml").to_str().unwrap(),
    ]);
    assert_eq!(code, Some(3), "{message}");
    assert!(message.contains("mandat.toml"), "{message}");
}

#[test]
fn settings_of_the_bundle_hold_and_variables_override_them() {
    let settings = "[server]\nlisten = \"127.0.0.1:0\"\nbody_limit = 100\n";
    let bundle = Broken::new("limits", "mandat.toml", settings);
    let mut command = mandat();
    command.args(["serve", "--bundle"]).arg(&bundle.0).env("MANDAT_LOG", "json").env("MANDAT_FACTS", todo_facts());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stderr.take().unwrap()), &mut line).unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    let address =
        event["message"].as_str().unwrap().strip_prefix("mandat listens on http://").unwrap().parse().unwrap();
    let reply = Client::of(address).post("/access/v1/evaluation", &allowed());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((reply.status, reply.message().as_str()), (413, "the body is larger than 100 bytes"));
}

/// Whatever becomes of the terminal or the program that its log went to, the service answers.
#[test]
fn a_log_that_cannot_be_written_ends_neither_the_service_nor_an_answer() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert!(std::io::Write::write(&mut full(), b"an event").is_err(), "the control: nothing can be written there");
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = mandat();
    command.args(["serve", "--listen", &address.to_string(), "--log-filter", "debug", "--bundle"]).arg(todo_dir());
    let mut child = command.arg("--facts").arg(todo_facts()).stderr(full()).spawn().unwrap();
    let client = Client::of(address);
    let ask = || {
        let sent = [("content-type", "application/json")];
        client.try_send("/access/v1/evaluation", &sent, allowed().to_string().as_bytes())
    };
    let answered = || ask().is_ok_and(|reply| reply.status == 200);
    until("it answers", || answered() || child.try_wait().unwrap().is_some());
    let all = (0..20).all(|_| answered());
    child.kill().unwrap();
    assert!(all, "{:?}", child.wait().unwrap());
}
