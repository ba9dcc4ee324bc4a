//! Every code that is told can be looked up, and none is explained that is never told.

use std::{collections::BTreeSet, fs, path::Path};

use mandat::analysis::codes;

use crate::{
    command_line::{code, mandat},
    support::{assert_golden, programme_dir},
};

/// The codes in the sources: string literals such as `"E204"`.
fn used(dir: &Path, found: &mut BTreeSet<String>) {
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            used(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.extend(text.split('"').filter(|literal| is_code(literal)).map(str::to_owned));
        }
    }
}

fn is_code(literal: &str) -> bool {
    let digits = literal.strip_prefix(['E', 'W']).unwrap_or_default();
    digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit())
}

#[test]
fn every_code_is_explained_and_every_explanation_has_its_code() {
    let mut found = BTreeSet::new();
    used(&programme_dir().join("src"), &mut found);
    assert!(found.len() > 70 && found.contains("E204") && found.contains("W303"), "the codes were found: {found:?}");
    let explained: BTreeSet<String> = codes::all().map(|meaning| meaning.code.to_owned()).collect();
    assert_eq!(found.difference(&explained).collect::<Vec<_>>(), Vec::<&String>::new(), "told, but not explained");
    assert_eq!(explained.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new(), "explained, but never told");
    assert_eq!(codes::all().count(), explained.len(), "each is explained once");
}

#[test]
fn every_explanation_has_an_example_and_says_how_to_mend_it() {
    for meaning in codes::all() {
        assert!(meaning.text.contains("```"), "{} has no example", meaning.code);
        assert!(meaning.text.contains("To mend it, "), "{} does not say how to mend it", meaning.code);
        assert!(!meaning.title.is_empty() && is_code(meaning.code), "{meaning:?}");
    }
}

#[test]
fn codes_are_explained_on_the_command_line() {
    let one = mandat(&["check", "--explain", "w303"], "");
    let text = String::from_utf8(one.stdout.clone()).unwrap();
    assert_eq!(code(&one), 0);
    assert!(text.starts_with("W303 a permit without any condition on the principal\n"), "{text}");
    for all in [&["check", "--explain"][..], &["check", "--explain", "all"]] {
        let listed = String::from_utf8(mandat(all, "").stdout).unwrap();
        assert_eq!(listed.lines().count(), codes::all().count());
    }
    let none = mandat(&["check", "--explain", "W399"], "");
    assert_eq!(code(&none), 3);
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no code `W399`"));
}

#[test]
fn the_golden_page_of_codes_is_as_reviewed() {
    assert_golden("docs/lints.md", &codes::page());
}
