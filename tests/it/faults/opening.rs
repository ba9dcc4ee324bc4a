//! Files that are no store, or not any more: the command ends and says what is the matter.

use std::{fs, path::Path};

use super::{open, serve, twins};
use crate::{http::process::run, http::todo_dir, replicas::try_change, worlds::TempDir};

fn refused(store: &Path) -> String {
    let (bundle, place) = (todo_dir(), store.to_str().unwrap().to_owned());
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--bundle", bundle.to_str().unwrap(), "--store", &place];
    let (code, errors) = run(&arguments);
    assert_eq!(code, Some(3), "{errors}");
    assert!(errors.contains(&place) && !errors.contains("panicked"), "{errors}");
    errors
}

#[test]
fn what_is_no_store_is_refused_at_the_start() {
    let dir = TempDir::new();
    dir.write("notes.txt", &"These are notes and no database. ".repeat(100));
    assert!(refused(&dir.path().join("notes.txt")).contains("it is no store"));
    refused(dir.path());
    assert!(refused(&dir.path().join("nowhere/facts.db")).contains("right to write"));
}

#[test]
fn a_store_that_was_cut_off_is_refused_or_whole() {
    let dir = TempDir::new();
    let path = dir.path().join("facts.db");
    let process = serve(&path);
    for number in 0..50 {
        let key = format!("write-{number}");
        assert_eq!(try_change(&process.client(), &key, &twins(&key, "")).unwrap().status, 200);
    }
    process.stop("-TERM");
    drop(open(&path));
    let whole = fs::read(&path).unwrap();
    let cut = dir.path().join("cut.db");
    for part in [whole.len() / 2, whole.len() - 4_096, 5_000, 50] {
        fs::write(&cut, &whole[..part]).unwrap();
        refused(&cut);
    }
    fs::write(&cut, &whole).unwrap();
    serve(&cut).kill();
}
