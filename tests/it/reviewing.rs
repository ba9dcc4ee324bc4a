//! docs/reviewing.md, question by question: every command is run, in one shell as the reader has it, against the service that
//! the page starts, and every output compared.
//!
//! `MANDAT_GOLDEN=write cargo test --test it reviewing` rewrites the outputs.

use std::{fs, net::TcpListener, path::Path, process::Command};

use crate::{support::programme_dir, transactions::Directory};

const PAGE: &str = "docs/reviewing.md";

/// Longest that the page may take, in seconds; then the shell and the service that it started are killed.
const PATIENCE: &str = "180";

/// What stands between the outputs of two commands.
const MARK: &str = "=== end of";

/// The commands of the page with the name each goes by, in their order.
fn steps(page: &str) -> Vec<(String, String)> {
    let step = |part: &str| {
        let (name, rest) = part.split_once(" -->").expect("a marker ends");
        let command = rest.split("```sh\n").nth(1).and_then(|rest| rest.split("\n```").next()).expect("a command");
        (name.to_owned(), command.to_owned())
    };
    page.split("<!-- command: ").skip(1).map(step).collect()
}

/// The place of an output in the page; none where a command prints nothing.
fn place(page: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let marker = format!("<!-- output: {name} -->\n```text\n");
    let start = page.find(&marker)? + marker.len();
    Some(start..start + page[start..].find("```").expect("a block ends"))
}

/// Runs all commands in one shell and gives what each printed.
fn run(steps: &[(String, String)], desk: &Path) -> Vec<String> {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port").port();
    let mut script = "exec 2>&1\ntrap 'kill $(jobs -p) 2> /dev/null' EXIT\n".to_owned();
    for (name, command) in steps {
        script += &format!("{command}\necho '{MARK} {name}'\n");
    }
    let binaries = Path::new(env!("CARGO_BIN_EXE_mandat")).parent().expect("a directory");
    let path = std::env::var("PATH").unwrap_or_default();
    // `timeout` kills all of its group, the service too.
    let mut shell = Command::new("timeout");
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MANDAT_")) {
        shell.env_remove(name);
    }
    let output = shell
        .args([PATIENCE, "bash", "-c", &script.replace(":8180", &format!(":{port}"))])
        .current_dir(programme_dir())
        .env("PATH", format!("{}:{path}", binaries.display()))
        .env("TMPDIR", desk)
        .env("SERVICE", format!("http://127.0.0.1:{port}"))
        .env("MANDAT_LISTEN", format!("127.0.0.1:{port}"))
        .output()
        .expect("bash runs");
    let printed = String::from_utf8(output.stdout).expect("text");
    let mut rest = &*printed;
    let mut outputs = Vec::new();
    for (name, _) in steps {
        let mark = format!("{MARK} {name}\n");
        let Some((output, after)) = rest.split_once(&mark) else { panic!("`{name}` did not end: {rest}") };
        outputs.push(settled(output));
        rest = after;
    }
    outputs
}

/// What differs from one run to the next, in its place something short.
fn settled(printed: &str) -> String {
    printed
        .lines()
        .map(|line| line_settled(line).trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned()
}

fn line_settled(line: &str) -> String {
    let line = match line.split_once(" checked in ") {
        Some((before, _)) => format!("{before} checked in … s"),
        None => line.to_owned(),
    };
    let mut settled = String::new();
    let word = |c: char| c.is_ascii_alphanumeric() || "-:.~".contains(c);
    for part in line.split_inclusive(|c| !word(c)) {
        let end = part.trim_end_matches(|c| !word(c)).len();
        settled += &masked(&part[..end]);
        settled += &part[end..];
    }
    settled
}

/// A name, a digest, a pseudonym, a time; anything else as it is.
fn masked(word: &str) -> String {
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_uuid = word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    match word {
        _ if is_uuid && hex(&word.replace('-', ""), 32) => "01a21de6-…".to_owned(),
        _ if word.strip_prefix("sha256:").is_some_and(|digest| hex(digest, 64)) => "sha256:…".to_owned(),
        _ if word.strip_prefix('~').is_some_and(|pseudonym| hex(pseudonym, 32)) => "~8c52…".to_owned(),
        _ if shape.starts_with("0000-00-00T00:00:00") => "2026-…Z".to_owned(),
        _ => word.to_owned(),
    }
}

#[test]
fn the_review_goes_as_the_page_says() {
    let page = fs::read_to_string(programme_dir().join(PAGE)).expect(PAGE);
    let (desk, steps) = (Directory::new(), steps(&page));
    let outputs = run(&steps, &desk.0);
    let write = std::env::var("MANDAT_GOLDEN").is_ok_and(|wish| wish == "write");
    let (mut written, mut wrong) = (page.clone(), Vec::new());
    for ((name, _), printed) in steps.iter().zip(outputs) {
        match place(&written, name) {
            Some(place) if write => written.replace_range(place, &format!("{printed}\n")),
            Some(place) if written[place.clone()].trim_end() == printed => {}
            None if printed.is_empty() => {}
            _ => wrong.push(format!("`{name}` prints\n{printed}")),
        }
    }
    if write {
        fs::write(programme_dir().join(PAGE), written).expect(PAGE);
    }
    assert!(wrong.is_empty(), "{PAGE} is not what its commands print:\n{}", wrong.join("\n\n"));
}

#[test]
fn what_differs_by_run_is_masked_and_nothing_else() {
    let line = "01a21de6-c0f8-7000-80e5-e4c5d6b7099c  2026-11-27T16:46:31Z  deny  User::\"u-bob\" [CLI-02] as of 2026-11-27T16:46:31.672498Z, on revision 2";
    assert_eq!(line_settled(line), "01a21de6-…  2026-…Z  deny  User::\"u-bob\" [CLI-02] as of 2026-…Z, on revision 2");
    let line = "sound: 10 records checked in 0.01 s";
    assert_eq!(line_settled(line), "sound: 10 records checked in … s");
    let pseudonym = format!("behind ~{}, `sha256:{}`", "0f".repeat(16), "ab".repeat(32));
    assert_eq!(line_settled(&pseudonym), "behind ~8c52…, `sha256:…`");
}
