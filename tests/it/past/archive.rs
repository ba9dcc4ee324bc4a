//! Bundles that are kept come back as they were, or not at all.

use std::collections::BTreeMap;

use mandat::bundle::{
    Bundle, archive,
    files::{self, Files},
};

use crate::{http::todo_dir, support::programme_dir};

fn names(files: &Files) -> Vec<&str> {
    let all = files.policies.iter().chain(&files.schemas).chain(&files.tariffs).chain(&files.rules);
    all.chain(&files.settings).map(|source| &*source.name).collect()
}

#[test]
fn a_kept_bundle_is_read_back_as_it_was() {
    for dir in [programme_dir(), todo_dir()] {
        let files = files::read(&dir).unwrap();
        let back = archive::read(&files.digest, &archive::text(&files)).unwrap();
        assert_eq!((names(&back), &back.digest), (names(&files), &files.digest));
        assert_eq!(archive::text(&back), archive::text(&files));
        let (bundle, before) = (Bundle::from_files(back).unwrap(), Bundle::from_files(files).unwrap());
        assert_eq!((bundle.digest, bundle.policies.len()), (before.digest, before.policies.len()));
    }
}

#[test]
fn a_kept_bundle_that_was_changed_is_refused() {
    let files = files::read(&todo_dir()).unwrap();
    let (digest, whole) = (&files.digest, archive::text(&files));
    let by_path: BTreeMap<String, String> = serde_json::from_str(&whole).unwrap();
    assert!(archive::read(digest, &whole).is_ok(), "the control");
    let mut changed = vec![("cut off".to_owned(), whole[..whole.len() / 2].to_owned())];
    for path in by_path.keys() {
        let mut without = by_path.clone();
        let text = without.remove(path).unwrap();
        changed.push((format!("without {path}"), serde_json::to_string(&without).unwrap()));
        without.insert(path.clone(), format!("{text}\n"));
        changed.push((format!("more in {path}"), serde_json::to_string(&without).unwrap()));
    }
    for more in ["policies/more.cedar", "policies/more.md", "else.txt"] {
        let mut with = by_path.clone();
        with.insert(more.to_owned(), String::new());
        changed.push((format!("with {more}"), serde_json::to_string(&with).unwrap()));
    }
    for (what, text) in changed {
        assert!(archive::read(digest, &text).is_err(), "{what}");
    }
    assert!(archive::read("sha256:0", &whole).unwrap_err().to_string().contains("is not what was kept"));
}
