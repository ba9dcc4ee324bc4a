//! Another bundle under a running service: looked at closely first, then put into force between two questions.
//!
//! An author has changed `clients.cedar`. [`Engine::reload`]
//! 1. reads the directory anew, and again as long as somebody is writing in it ([`crate::bundle::look`]);
//! 2. parses and validates all of it, and asks its scenarios: a bundle that does not do what these want is refused;
//! 3. refuses one that has lost most of its policies, which no author means;
//! 4. where the schema says something else of entities, holds every fact against it ([`crate::facts::fitting`]);
//! 5. keeps the bundle's files in the store ([`super::past`]) and puts bundle and facts into force together. Who has begun
//!    goes on with what was in force then.
//!
//! Whatever is wrong, the bundle in force stays there. One reload runs at a time; none makes a decision wait. A store's
//! writers wait for step 5, and only where the schema of entities changes: nothing may be written in between that the
//! new schema does not know.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError},
};

use jiff::Timestamp;

use super::{Engine, InForce, past};
use crate::{
    analysis::scenario::verdict,
    bundle::{
        Bundle, files,
        look::{self, Look},
    },
    facts::{
        Unavailable,
        fitting::{self, Misfit},
        store::Writing,
    },
    problem::{Problem, Problems},
};

/// How often a directory is read in which somebody is writing.
const ATTEMPTS: usize = 5;

/// Most changed entities that are looked at one by one while writers wait; beyond, all are.
const SINGLY: usize = 10_000;

/// A reload that was not refused.
#[derive(Debug)]
pub enum Reloaded {
    /// Another bundle is in force.
    Replaced {
        /// The one that was before.
        before: Arc<Bundle>,
        /// The one that is now.
        now: Arc<Bundle>,
        /// How many scenarios it has passed.
        scenarios: usize,
    },
    /// The directory holds the bundle that is in force.
    Unchanged(Arc<Bundle>),
}

/// Why the bundle in force stays there.
#[derive(Debug)]
pub enum Refused {
    /// Something is wrong with the bundle in the directory.
    Problems {
        /// Its digest, if it could be read.
        digest: Option<String>,
        /// All of it.
        problems: Problems,
    },
    /// Facts do not fit its schema.
    Misfits {
        /// Its digest.
        digest: String,
        /// What does not fit, by type.
        misfits: Vec<Misfit>,
    },
    /// The facts cannot be read, or their writer does not make room.
    Unavailable(Unavailable),
}

/// What else is asked of a bundle before it comes into force.
pub type Asked<'a> = dyn Fn(&Arc<Bundle>) -> Result<(), Problem> + 'a;

/// Tells the time at which a bundle comes into force.
pub type Clock<'a> = dyn Fn() -> Timestamp + 'a;

/// A bundle that may come into force.
enum Read {
    Same,
    Other(Box<Bundle>, usize),
}

impl Engine {
    /// Puts the bundle of a directory into force, if nothing is wrong with it. Takes as long as loading does.
    ///
    /// # Errors
    /// Why not; the bundle in force stays there.
    pub fn reload(&self, dir: &Path, asked: &Asked, clock: &Clock) -> Result<Reloaded, Refused> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let in_force = self.in_force.load_full();
        let (bundle, scenarios) = match at_rest(dir, |dir| read(dir, &in_force.bundle))? {
            Read::Same => return Ok(Reloaded::Unchanged(in_force.bundle.clone())),
            Read::Other(bundle, scenarios) => (Arc::new(*bundle), scenarios),
        };
        let refused = |problem: Problem| Refused::new(Some(bundle.digest.clone()), problem.into());
        dwindled(&in_force.bundle, &bundle).and_then(|()| asked(&bundle)).map_err(refused)?;
        self.replace(&in_force, bundle.clone(), clock)?;
        Ok(Reloaded::Replaced { before: in_force.bundle.clone(), now: bundle, scenarios })
    }

    fn replace(&self, before: &InForce, bundle: Arc<Bundle>, clock: &Clock) -> Result<(), Refused> {
        if before.bundle.schema_digest == bundle.schema_digest {
            return self.enter(InForce { bundle, facts: before.facts.clone() }, None, clock);
        }
        // Held until the new bundle is in force: what is written under the old one is looked at before.
        let no_other_writer = held_against(before, &bundle)?;
        let unreadable = |problem: Problem| Refused::new(Some(bundle.digest.clone()), problem.into());
        let facts = before.facts.under(&bundle.schema).map_err(unreadable)?;
        self.enter(InForce { bundle, facts }, no_other_writer, clock)
    }

    /// Keeps the bundle, then puts it into force. Where that fails, what was in force stays.
    fn enter(&self, now: InForce, writing: Option<Box<dyn Writing>>, clock: &Clock) -> Result<(), Refused> {
        let Some(writing) = writing else {
            now.facts.store().map_or(Ok(()), |store| past::keep(&*store, &now.bundle, clock()))?;
            self.in_force.store(Arc::new(now));
            return Ok(());
        };
        // To keep it is to commit, which lets the next writer begin; it waits for this before it looks what is in force.
        let _they_wait = self.entering.lock().unwrap_or_else(PoisonError::into_inner);
        past::keep_by(writing, &now.bundle, clock())?;
        self.in_force.store(Arc::new(now));
        Ok(())
    }
}

impl Refused {
    fn new(digest: Option<String>, problems: Problems) -> Self {
        Self::Problems { digest, problems }
    }
}

impl From<Unavailable> for Refused {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// What is read of a directory in which nobody wrote meanwhile. A directory that others put in its place, or at the end
/// of a symbolic link, is another directory: each attempt goes to one and stays there.
fn at_rest<T>(dir: &Path, read: impl Fn(&Path) -> Result<T, Refused>) -> Result<T, Refused> {
    for _ in 0..ATTEMPTS {
        let (place, before) = place_and_look(dir);
        let read = read(&place);
        if place_and_look(dir).1 == before {
            return read;
        }
    }
    let restless = Problem::new("the bundle's files change all the time").help("reload when they are written");
    Err(Refused::new(None, restless.into()))
}

fn place_and_look(dir: &Path) -> (PathBuf, Look) {
    // Where there is no such directory, reading says so.
    let place = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let look = look::look(&place);
    (place, look)
}

fn read(dir: &Path, in_force: &Bundle) -> Result<Read, Refused> {
    let files = files::read(dir).map_err(|problems| Refused::new(None, problems))?;
    if files.digest == in_force.digest {
        return Ok(Read::Same);
    }
    let digest = files.digest.clone();
    let refused = |problems| Refused::new(Some(digest.clone()), problems);
    let bundle = Bundle::from_files(files).map_err(refused)?;
    let scenarios = verdict::check(&bundle, dir).map_err(refused)?;
    Ok(Read::Other(Box::new(bundle), scenarios))
}

/// Half a deployment looks like a bundle, too: one without the policies that have not arrived (threat T08).
fn dwindled(before: &Bundle, now: &Bundle) -> Result<(), Problem> {
    let (before, now) = (before.policies.len(), now.policies.len());
    if 2 * now >= before {
        return Ok(());
    }
    Err(Problem::new(format!("only {now} of {before} policies are left"))
        .help("a reload takes away half of them at most; if it is meant, restart the service"))
}

/// Holds facts against the schema of another bundle. Nothing can be written as long as what comes back is held; nothing
/// comes back where all facts fit for certain.
fn held_against(in_force: &InForce, bundle: &Bundle) -> Result<Option<Box<dyn Writing>>, Refused> {
    let (before, after) = (&in_force.bundle.schema, &bundle.schema);
    if fitting::same_entities(before, after) {
        return Ok(None);
    }
    let fits = |misfits: Vec<Misfit>| match misfits.is_empty() {
        true => Ok(()),
        false => Err(Refused::Misfits { digest: bundle.digest.clone(), misfits }),
    };
    let facts = &*in_force.facts;
    let looked_at = facts.snapshot()?;
    fits(fitting::misfits(&*looked_at, before, after)?)?;
    let Some(store) = facts.store() else { return Ok(None) };
    let writing = store.begin()?;
    facts.refresh()?;
    let newest = facts.snapshot()?;
    fits(match store.changed(looked_at.revision(), newest.revision(), SINGLY)? {
        Some(uids) => fitting::misfits_among(&*newest, &uids, after)?,
        None => fitting::misfits(&*newest, before, after)?,
    })?;
    Ok(Some(writing))
}
