//! Bundles as they are kept: all files in one text, and back.
//!
//! The service puts a bundle into force and keeps its files first, under their digest. A year later a reviewer asks why
//! something was denied back then: the text is taken out and read like any bundle's directory ([`Archive`] is a
//! [`Tree`]), and its digest is worked out anew. Where it is another one, somebody has changed what was kept, and it is
//! refused: an answer in the name of a bundle comes from that bundle.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    files::{self, Files},
    tree::{self, Tree},
};
use crate::problem::{Problem, Problems, Source};

/// The files of a bundle by path.
#[derive(Debug, Clone)]
pub struct Archive(BTreeMap<String, String>);

/// All files that a digest is about, as one JSON object: text by path, in the order of the paths.
pub fn text(files: &Files) -> String {
    let by_path: BTreeMap<&str, &str> = sources(files).map(|source| (&*source.name, &*source.text)).collect();
    // Texts by texts can always be written.
    serde_json::to_string(&by_path).unwrap_or_default()
}

/// Takes a bundle's files out again.
///
/// # Errors
/// The text is none that was written here, or is not what was kept under that digest.
pub fn read(digest: &str, text: &str) -> Result<Files, Problems> {
    let changed = |how: &str| {
        Problem::new(format!("the kept bundle {digest} {how}"))
            .help("what is kept is never written again; restore the store from a backup")
    };
    let archive: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|error| changed(&format!("cannot be read: {error}")))?;
    let kept = archive.len();
    let files = files::of(&Archive(archive))?;
    if files.digest != digest || sources(&files).count() != kept {
        return Err(changed("is not what was kept: its files have another digest").into());
    }
    Ok(files)
}

fn sources(files: &Files) -> impl Iterator<Item = &Source> {
    [&files.policies, &files.schemas, &files.tariffs].into_iter().flatten().chain(&files.rules).chain(&files.settings)
}

impl Tree for Archive {
    fn list(&self, dir: &str) -> Result<Vec<String>, String> {
        let below = format!("{dir}/");
        let inside = self.0.keys().filter_map(|path| path.strip_prefix(&below));
        let names: BTreeSet<&str> = inside.map(|path| path.split('/').next().unwrap_or(path)).collect();
        Ok(tree::shown(names.into_iter().map(str::to_owned)))
    }

    fn read(&self, name: &str, limit: u64) -> Result<Option<String>, String> {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        tree::within(text.len() as u64, limit)?;
        Ok(Some(text.clone()))
    }
}
