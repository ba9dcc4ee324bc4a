//! `policies/proofs.lock`: verdicts on questions, by the questions' SHA-256, so that what was proved on one machine
//! is known on another that has no solver.
//!
//! One line a verdict, for people to read in a difference:
//!
//! ```text
//! 9f86d08… holds  property CLI-02.only-legal-representatives: User addClient Organization
//! ```
//!
//! A changed policy makes a changed question, which the lock does not know: it has to be proved anew. What is in the
//! lock is trusted like the policies themselves; whoever reviews a change of it can prove it again by `mandat prove`.

use std::{collections::BTreeMap, fs, io::ErrorKind, path::Path};

use super::query::Digest;
use crate::problem::{Problem, Source};

/// Its place in a bundle's directory.
pub const PATH: &str = "policies/proofs.lock";

const HEAD: &str = "\
# What was proved of the policies: SHA-256 of the question to the solver, the verdict, and what it is about.
# Written by `mandat prove --write`; a question that is not here has to be proved.
";

/// Known verdicts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Verdict and what it is about, by digest; what several are about is joined by `; `.
    entries: BTreeMap<(String, Digest), bool>,
}

impl Lock {
    /// Reads the lock of a bundle; an absent one is empty.
    ///
    /// # Errors
    /// It cannot be read, or a line of it is none of a lock's.
    pub fn read(dir: &Path) -> Result<Self, Problem> {
        match fs::read_to_string(dir.join(PATH)) {
            Ok(text) => Self::parse(&Source::new(PATH, text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Problem::new(format!("cannot read `{PATH}`: {error}"))),
        }
    }

    /// Reads the text of a lock.
    ///
    /// # Errors
    /// The first line that is none of a lock's.
    pub fn parse(source: &Source) -> Result<Self, Problem> {
        let mut lock = Self::default();
        let mut offset = 0;
        for line in source.text.split_inclusive('\n') {
            let text = line.trim();
            if !text.is_empty() && !text.starts_with('#') {
                let (digest, verdict, about) = entry(text).ok_or_else(|| {
                    Problem::at(source, (offset, text.len()), "this is no line of a lock")
                        .help("write the file anew by `mandat prove --write`")
                })?;
                lock.add(about, &digest, verdict);
            }
            offset += line.len();
        }
        Ok(lock)
    }

    /// Every verdict by digest.
    pub fn verdicts(&self) -> impl Iterator<Item = (Digest, bool)> + '_ {
        self.entries.iter().map(|((_, digest), verdict)| (digest.clone(), *verdict))
    }

    /// Keeps a verdict; `about` is `<kind> <name>: <environment>` in one line.
    pub fn add(&mut self, about: &str, digest: &Digest, holds: bool) {
        self.entries.insert((about.to_owned(), digest.clone()), holds);
    }

    /// Keeps the verdicts of another lock too.
    pub fn take(&mut self, other: &Self) {
        self.entries.extend(other.entries.iter().map(|(about, holds)| (about.clone(), *holds)));
    }

    /// Forgets what is about one kind of things, so that it can be written anew.
    pub fn forget(&mut self, kind: &str) {
        self.entries.retain(|(about, _), _| about.split(' ').next() != Some(kind));
    }

    /// The text, lines ordered by what they are about.
    pub fn text(&self) -> String {
        self.entries.iter().fold(HEAD.to_owned(), |text, ((about, digest), holds)| {
            let verdict = if *holds { "holds" } else { "fails" };
            format!("{text}{digest} {verdict}  {about}\n")
        })
    }
}

fn entry(line: &str) -> Option<(Digest, bool, &str)> {
    let (digest, rest) = line.split_once(' ')?;
    let (verdict, about) = rest.split_once("  ")?;
    let holds = match verdict {
        "holds" => true,
        "fails" => false,
        _ => return None,
    };
    Some((Digest::parse(digest)?, holds, about))
}
