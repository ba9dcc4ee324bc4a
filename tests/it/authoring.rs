//! docs/authoring.md, from edit to review: every command is run, in its order, every output compared.
//!
//! `MANDAT_GOLDEN=write cargo test --test it authoring` rewrites the outputs. What is proved needs a solver: without
//! one the page is walked as far as the scenarios, and the test says so.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use mandat::analysis::prover::solver;

use crate::support::{copy_programme, programme_dir};

const PAGE: &str = "docs/authoring.md";

/// The commands of the page with the name each goes by, in their order.
fn steps(page: &str) -> Vec<(String, String)> {
    let mut steps = Vec::new();
    for part in page.split("<!-- command: ").skip(1) {
        let (name, rest) = part.split_once(" -->").expect("a marker ends");
        let command = rest.split("```sh\n").nth(1).and_then(|rest| rest.split("\n```").next()).expect("a command");
        steps.push((name.to_owned(), command.to_owned()));
    }
    steps
}

/// The place of an output in the page.
fn place(page: &str, name: &str) -> std::ops::Range<usize> {
    let marker = format!("<!-- output: {name} -->\n```text\n");
    let start = page.find(&marker).unwrap_or_else(|| panic!("{PAGE} has no output `{name}`")) + marker.len();
    start..start + page[start..].find("```").expect("a block ends")
}

/// The bundle as a git repository of its own.
fn repository() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("authoring");
    let _ = fs::remove_dir_all(&dir);
    copy_programme(&dir);
    let git = "git init -q -b main && git add -A && \
               git -c user.name=author -c user.email=author@example.invalid commit -q -m 'the rules as they are'";
    run(git, &dir);
    dir
}

fn run(command: &str, dir: &Path) -> String {
    let binaries = Path::new(env!("CARGO_BIN_EXE_mandat")).parent().expect("a directory");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1\n{command}")])
        .current_dir(dir)
        .env("PATH", format!("{}:{path}", binaries.display()))
        .env_remove("MANDAT_GOLDEN")
        .output()
        .expect("bash runs");
    String::from_utf8(output.stdout).expect("text")
}

/// What differs from one machine or run to the next: digests, where the solver is, and which of two equal claims asked
/// at once was proved and which was known by then.
fn settled(printed: &str) -> String {
    let solver = solver::find().ok().flatten().map(|found| found.program.display().to_string());
    let printed = match solver {
        Some(solver) => printed.replace(&solver, "cvc5"),
        None => printed.to_owned(),
    };
    let lines = printed.lines().map(|line| match (line.find("sha256:"), line.split_once("`HEAD (")) {
        (Some(at), _) => format!("{}sha256:…", &line[..at]),
        (None, Some((before, after))) => format!("{before}`HEAD (…{}", &after[after.find(')').unwrap_or(0)..]),
        (None, None) => match (line.find(" settled ("), line.find(" proved by cvc5, ")) {
            (Some(at), Some(_)) => format!("{} settled (… proved by cvc5, … known before)", &line[..at]),
            _ => line.trim_end().to_owned(),
        },
    });
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

#[test]
fn the_change_goes_as_the_page_says() {
    let page = fs::read_to_string(programme_dir().join(PAGE)).expect(PAGE);
    let dir = repository();
    let solved = solver::find().is_ok_and(|found| found.is_some());
    assert!(solved || std::env::var("MANDAT_SOLVER").is_err(), "a solver is required and none is installed");
    println!(
        "what is proved on the page was {}",
        if solved { "proved" } else { "NOT looked at: no solver is installed" }
    );
    let write = std::env::var("MANDAT_GOLDEN").is_ok_and(|wish| wish == "write");
    let mut written = page.clone();
    let mut wrong = Vec::new();
    for (name, command) in steps(&page) {
        if !solved && ["mutants", "promises", "difference"].contains(&name.as_str()) {
            continue;
        }
        let printed = settled(&run(&command, &dir));
        if write {
            written.replace_range(place(&written, &name), &format!("{printed}\n"));
        } else if page[place(&page, &name)].trim_end() != printed {
            wrong.push(format!("`{name}` prints\n{printed}"));
        }
    }
    if write {
        fs::write(programme_dir().join(PAGE), written).expect(PAGE);
    }
    assert!(wrong.is_empty(), "{PAGE} is not what its commands print:\n{}", wrong.join("\n\n"));
}
