//! What a statement reads is never lost, whatever it is read from; and where it tells how it ended may be gone.

use std::process::{Command, Output, Stdio};

use super::office::{again, code, mandat, orders, read, row};
use crate::{support::programme_dir, worlds::TempDir};

const HEADER: &str = "partner,currency,lines,list,charged,cashback\n";

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ")
}

#[test]
fn no_input_is_overwritten() {
    let text = orders(&[row(&[])]);
    let dir = TempDir::with(&[("orders.csv", &text), ("out/refused.csv", &text), ("none.csv", &orders(&[]))]);
    let month = ["--month", "2026-10", "--out", "out"];
    assert_eq!(code(&again(&dir, &["orders.csv", "--month", "2026-10", "--out", "first"], "")), 0);
    let postings = read(&dir, "first/postings.csv");
    dir.write("out/postings.csv", &postings);
    dir.write("reversals.csv", "posting_id,reversed_at,quantity\n");
    dir.write("out/totals.csv", HEADER);
    let months: Vec<String> = (0..10).map(|number| format!("{number}.csv")).collect();
    months.iter().for_each(|name| dir.write(name, HEADER));
    let year: Vec<&str> = ["--year", "out/totals.csv"].into_iter().chain(months.iter().map(String::as_str)).collect();
    let before = ["out/postings.csv", "out/refused.csv", "out/totals.csv"].map(|name| read(&dir, name));
    for (orders, more, lost) in [
        ("out/refused.csv", &[][..], "out/refused.csv"),
        ("./out/../out/refused.csv", &[], "./out/../out/refused.csv"),
        ("none.csv", &["--reversals", "reversals.csv", "--prior", "out/postings.csv"], "out/postings.csv"),
        ("none.csv", &["--reversals", "out/totals.csv", "--prior", "first/postings.csv"], "out/totals.csv"),
        ("none.csv", &year, "out/totals.csv"),
    ] {
        let output = again(&dir, &[&[orders][..], &month, more].concat(), "");
        assert_eq!(code(&output), 3, "{}", told(&output));
        let expected = format!("`{lost}` would be overwritten; write to another directory");
        assert!(told(&output).contains(&expected), "{expected}: {}", told(&output));
        assert_eq!(["out/postings.csv", "out/refused.csv", "out/totals.csv"].map(|name| read(&dir, name)), before);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_an_input_is_that_input() {
    let dir = TempDir::with(&[("orders.csv", &orders(&[row(&[])])), ("out/keep", "")]);
    std::os::unix::fs::symlink(dir.path().join("orders.csv"), dir.path().join("out/totals.csv")).unwrap();
    let output = again(&dir, &["orders.csv", "--month", "2026-10", "--out", "out"], "");
    assert_eq!(code(&output), 3, "{}", told(&output));
    assert!(!dir.path().join("out/postings.csv").exists());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once_and_counted_all_the_same() {
    let text = orders(&[row(&[("tier_count", "")])]);
    let output = again(&TempDir::new(), &["/dev/stdin", "--month", "2026-10", "--out", "out"], &text);
    assert_eq!(code(&output), 0, "{}", told(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("credited 138.88 CHF"), "{output:?}");
    let (output, _) = mandat(&[("dir/file", "")], &["dir", "--month", "2026-10", "--out", "out"]);
    assert_eq!(code(&output), 3, "a directory has no orders: {}", told(&output));
}

/// A statement whose standard output goes there.
#[cfg(target_os = "linux")]
fn telling(out: Stdio) -> (Output, TempDir) {
    let dir = TempDir::with(&[("orders.csv", &orders(&[row(&[])]))]);
    let output = Command::new(env!("CARGO_BIN_EXE_mandat"))
        .args(["statement", "orders.csv", "--month", "2026-10", "--out", "out", "--bundle"])
        .arg(programme_dir())
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(out)
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    (output, dir)
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_may_be_gone_or_full() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let (output, dir) = telling(full.into());
    assert_eq!(code(&output), 1, "{}", told(&output));
    assert!(told(&output).starts_with("cannot write to standard output"), "{}", told(&output));
    assert!(read(&dir, "out/postings.csv").contains(",138.88,"));
    // A pipe that nobody reads.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let (output, dir) = telling(writer.into());
    assert_eq!((code(&output), told(&output)), (0, String::new()));
    assert!(read(&dir, "out/postings.csv").contains(",138.88,"));
}
