//! README's commands do what README says: each is run, each output compared.
//!
//! `MANDAT_GOLDEN=write cargo test --test it readme` rewrites the outputs.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::support::{copy_programme, programme_dir};

const BINARY: &str = env!("CARGO_BIN_EXE_mandat");

fn readme() -> String {
    fs::read_to_string(programme_dir().join("README.md")).expect("README.md")
}

/// The code block that follows a marker: where it is, and its text.
fn block(text: &str, marker: &str) -> (std::ops::Range<usize>, String) {
    let marker = format!("<!-- {marker} -->\n```");
    let fence = text.find(&marker).unwrap_or_else(|| panic!("README has no `{marker}`")) + marker.len();
    let start = fence + text[fence..].find('\n').expect("a fence ends its line") + 1;
    let end = start + text[start..].find("```").expect("a block ends");
    (start..end, text[start..end].to_owned())
}

fn command(name: &str) -> String {
    block(&readme(), &format!("command: {name}")).1.trim().to_owned()
}

/// Compares an output with README's, or writes it there where that is asked for.
fn compare(name: &str, found: &str) {
    let text = readme();
    let (range, expected) = block(&text, &format!("output: {name}"));
    if std::env::var("MANDAT_GOLDEN").is_ok_and(|mode| mode == "write") {
        let rewritten = format!("{}{}\n{}", &text[..range.start], found.trim_end(), &text[range.end..]);
        fs::write(programme_dir().join("README.md"), rewritten).expect("README.md can be written");
    } else {
        assert_eq!(expected.trim_end(), found.trim_end(), "README's output of `{name}` is not what its command prints");
    }
}

/// The service as README starts it, on a port of its own; ended with the test.
struct Service {
    process: Child,
    port: u16,
    store: PathBuf,
}

impl Service {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
        let store = std::env::temp_dir().join(format!("mandat-readme-{port}.db"));
        let command = command("serve").replace("cargo run --locked --", BINARY);
        let mut words = command.split_whitespace();
        let process = Command::new(words.next().expect("a command"))
            .args(words)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .current_dir(programme_dir())
            .env("MANDAT_STORE", &store)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the service starts");
        let service = Self { process, port, store };
        service.wait_until_ready();
        service
    }

    fn wait_until_ready(&self) {
        for _ in 0..600 {
            if ureq::get(format!("http://127.0.0.1:{}/readyz", self.port)).call().is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the service does not get ready");
    }

    /// Asks with README's own `curl`; the bundle's digest, which changes with every rule, is left out.
    fn ask(&self, name: &str) -> String {
        let command = command(name).replace(":8180", &format!(":{}", self.port));
        let mut answer: Value = serde_json::from_str(&shell(&command, &programme_dir())).expect("the answer is JSON");
        if let Some(bundle) = answer.pointer_mut("/context/bundle") {
            assert!(bundle.as_str().is_some_and(|digest| digest.starts_with("sha256:")));
            *bundle = "sha256:…".into();
        }
        serde_json::to_string_pretty(&answer).expect("JSON")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", self.store.display()));
        }
    }
}

fn shell(command: &str, dir: &Path) -> String {
    let output = Command::new("bash").args(["-c", command]).current_dir(dir).output().expect("bash runs");
    String::from_utf8(output.stdout).expect("text")
}

/// A copy of the bundle that a test may change.
fn copy_of_bundle(name: &str) -> PathBuf {
    let copy = std::env::temp_dir().join(format!("mandat-{name}-{}", std::process::id()));
    copy_programme(&copy);
    copy
}

#[test]
fn the_denial_and_the_allow_are_as_shown() {
    let service = Service::start();
    compare("ask", &service.ask("ask"));
    compare("ask again", &service.ask("ask again"));
    compare("transact", &service.ask("transact"));
    // Sent again under the same key, it changes nothing and has the same answer.
    compare("transact", &service.ask("transact"));
}

#[test]
fn changing_one_word_makes_the_right_scenario_fail() {
    let copy = copy_of_bundle("readme");
    let loosened = command("loosen").replace("cargo run --locked --quiet --", BINARY);
    let untouched = loosened.lines().filter(|line| !line.starts_with("sed")).collect::<Vec<_>>().join("\n");
    assert!(shell(&untouched, &copy).contains(", 0 failed"), "the control: without the change nothing fails");
    let output = shell(&loosened, &copy);
    fs::remove_dir_all(&copy).expect("the copy can be removed");
    compare("loosen", &output);
}

/// Runs one of README's commands in the repository, with the binary in place of `cargo run`.
fn run(name: &str) -> String {
    shell(&command(name).replace("cargo run --locked --quiet --", BINARY), &programme_dir())
}

#[test]
fn the_quote_and_the_statement_are_as_shown() {
    compare("quote", &run("quote"));
    compare("statement", &run("statement"));
}

#[test]
fn the_two_commands_are_the_ones_that_ci_and_just_run() {
    assert_eq!(command("test"), "tests/needs.sh && cargo test --locked");
    let ci = fs::read_to_string(programme_dir().join(".ci/run")).expect(".ci/run");
    assert!(ci.contains("<!-- command: test -->"), "CI runs README's test command");
    let tasks = fs::read_to_string(programme_dir().join("justfile")).expect("justfile");
    assert!(tasks.contains(&command("test")) && tasks.contains("serve --seed tests/facts/programme.json"));
}
