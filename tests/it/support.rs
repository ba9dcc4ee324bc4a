//! What many tests need: the bundle of the partner programme, loaded once.

use std::{
    path::PathBuf,
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
