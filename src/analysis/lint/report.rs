//! What `mandat check` finds in a directory: problems that refuse the bundle, or the bundle and what is worth a look.

use std::path::Path;

use crate::{
    bundle::{Bundle, files},
    problem::{Problem, Problems},
};

/// A bundle as it was found.
#[derive(Debug)]
pub struct Report {
    /// The bundle, where nothing refuses it.
    pub bundle: Option<Bundle>,
    /// What refuses it.
    pub problems: Problems,
    /// What is worth a look; nothing where it is refused.
    pub warnings: Problems,
}

impl Report {
    /// Reads and checks the bundle in a directory.
    pub fn of(dir: &Path) -> Self {
        let checked = files::read(dir).and_then(|files| Ok((Bundle::from_files(files.clone())?, files)));
        match checked {
            Ok((bundle, files)) => {
                let warnings = super::warnings(&bundle, &files);
                Self { bundle: Some(bundle), problems: Problems::default(), warnings }
            }
            Err(problems) => Self { bundle: None, problems, warnings: Problems::default() },
        }
    }

    /// Problems first, then warnings.
    pub fn all(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().chain(self.warnings.iter())
    }
}
