//! What many tests need: the bundle of the partner programme, loaded once.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use mandat::bundle::Bundle;

/// The repository, which is the bundle of the partner programme.
pub(crate) fn programme_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The bundle of the partner programme.
pub(crate) fn programme() -> Arc<Bundle> {
    static BUNDLE: OnceLock<Arc<Bundle>> = OnceLock::new();
    BUNDLE
        .get_or_init(|| match Bundle::load(&programme_dir()) {
            Ok(bundle) => Arc::new(bundle),
            Err(problems) => panic!("the bundle does not load:\n{problems}"),
        })
        .clone()
}

/// Holds a text against the golden file of that name, or writes it there where that is asked for.
pub(crate) fn assert_golden(file: &str, now: &str) {
    let path = programme_dir().join(file);
    if std::env::var("MANDAT_GOLDEN").is_ok_and(|wish| wish == "write") {
        std::fs::write(&path, now).unwrap();
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = now.lines().zip(reviewed.lines()).find(|(now, reviewed)| now != reviewed);
    assert!(now == reviewed, "{file} differs, first at {difference:?}; `just golden` rewrites it");
}

/// Copies a directory.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Copies the bundle of the partner programme with its tests: what belongs to it of the repository.
pub(crate) fn copy_programme(to: &Path) {
    for part in ["policies", "schemas", "tariffs", "tests/facts", "tests/scenarios", "tests/prices"] {
        copy(&programme_dir().join(part), &to.join(part));
    }
    for file in ["mandat.toml", "tests/matrix.toml", "tests/mutants.toml"] {
        fs::copy(programme_dir().join(file), to.join(file)).unwrap();
    }
}
