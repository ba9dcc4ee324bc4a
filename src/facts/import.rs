//! Taking facts over from elsewhere: a file of any size, in one transaction.
//!
//! A file is Cedar's entity JSON, one list, or the same entities one a line. It is never held in memory:
//! 1. one thread cuts it into pieces ([`pieces`]);
//! 2. all cores read them by the schema and check what one entity shows by itself ([`prepare`]);
//! 3. one writer puts them into the store in the order of the file, uncommitted;
//! 4. then what needs the whole is checked: references that lead nowhere, invariants that look at other entities,
//!    the depth of hierarchies ([`whole`]).
//!
//! With one problem nothing is imported. Problems are gathered, so that a person sees more than the first.

mod pieces;
mod prepare;
mod whole;

use std::{
    collections::{BTreeMap, HashSet},
    io::BufRead,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use cedar_policy::{Entities, Entity, EntityUid, Schema};
use sha2::{Digest as _, Sha256};

pub use self::pieces::Form;
use self::{
    pieces::Piece,
    prepare::{Prepared, Preparing},
};
use super::{
    Facts, Snapshot, Unavailable,
    store::{Commit, Record, Revision, Store, Writing},
    trail::Trail,
};

/// Problems that are told before an import gives up.
const TOLD: usize = 50;

/// Pieces that wait between two steps.
const WAITING: usize = 8;

/// What stored entities must keep, as the policies say it; facts know nothing of policies.
pub trait Invariants: Sync {
    /// Whether the invariants of that entity can be asked for without any other entity.
    fn stands_alone(&self, record: &Record) -> bool;

    /// Why an entity does not keep its invariants; nothing where it does.
    ///
    /// # Errors
    /// The facts cannot be read, or the invariants cannot be asked for.
    fn broken(
        &self,
        after: &dyn Snapshot,
        uid: &EntityUid,
        before: Option<&Entity>,
    ) -> Result<Option<String>, Unavailable>;

    /// The trails along which invariants look at other entities.
    fn watched(&self) -> &[Trail];
}

/// What an import is made with.
pub struct Import<'i> {
    /// The schema that entities must fit.
    pub schema: &'i Schema,
    /// Its actions.
    pub actions: &'i Entities,
    /// Digest of the bundle that the schema is from.
    pub digest: &'i str,
    /// How many references deep policies look.
    pub level: u32,
    /// What must hold; none where that is not to be checked.
    pub invariants: Option<&'i dyn Invariants>,
    /// What the change log says.
    pub commit: Commit,
    /// Cores to read with.
    pub threads: usize,
    /// Counts the bytes that were read, for whoever watches.
    pub progress: &'i AtomicU64,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Entities in the file.
    pub entities: u64,
    /// Those that were stored already and are the same.
    pub unchanged: u64,
    /// The revision that was made; the newest one where nothing changed.
    pub revision: Revision,
}

/// Why nothing was imported.
#[derive(Debug)]
pub enum NotImported {
    /// What is wrong, each with its place.
    Wrong(Vec<String>),
    /// The store cannot be read or written.
    Unavailable(Unavailable),
}

impl From<Unavailable> for NotImported {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// Imports a file; all of it or nothing.
///
/// # Errors
/// Everything that is wrong with it, up to a number, or a store that cannot be written.
pub fn import(
    facts: &dyn Facts,
    store: &dyn Store,
    file: impl BufRead + Send,
    form: Form,
    import: &Import,
) -> Result<Imported, NotImported> {
    let mut writing = store.begin()?;
    facts.refresh()?;
    let base = facts.at(writing.base())?;
    let revision = writing.revise(&import.commit)?;
    let alone = base.revision() == 0;
    let preparing = Preparing { import, alone };
    let mut taking = Taking {
        import,
        base: &*base,
        alone,
        seen: HashSet::new(),
        later: Vec::new(),
        wrong: Vec::new(),
        entities: 0,
        unchanged: 0,
    };
    std::thread::scope(|scope| {
        let (cut, to_prepare) = sync_channel::<(usize, Piece)>(WAITING);
        let (ready, prepared) = sync_channel::<(usize, Prepared)>(WAITING);
        scope.spawn(move || {
            pieces::cut(file, form, import.progress, &mut |number, piece| cut.send((number, piece)).is_ok())
        });
        let to_prepare = Mutex::new(to_prepare);
        let to_prepare = std::sync::Arc::new(to_prepare);
        for _ in 0..import.threads.max(1) {
            let (to_prepare, ready, preparing) = (to_prepare.clone(), ready.clone(), &preparing);
            scope.spawn(move || prepare_all(preparing, &to_prepare, &ready));
        }
        drop((ready, to_prepare));
        taking.take_all(&prepared, &mut *writing)
    })?;
    whole::check(&mut taking, &mut *writing)?;
    if !taking.wrong.is_empty() {
        return Err(NotImported::Wrong(taking.wrong));
    }
    let (entities, unchanged) = (taking.entities, taking.unchanged);
    if entities == unchanged {
        // Nothing is different: no revision without a change.
        return Ok(Imported { entities, unchanged, revision: base.revision() });
    }
    writing.commit()?;
    facts.refresh()?;
    Ok(Imported { entities, unchanged, revision })
}

fn prepare_all(preparing: &Preparing, pieces: &Mutex<Receiver<(usize, Piece)>>, ready: &SyncSender<(usize, Prepared)>) {
    loop {
        let next = pieces.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((number, piece)) = next else { return };
        if ready.send((number, preparing.prepare(piece))).is_err() {
            return;
        }
    }
}

/// The writer's side: pieces in the order of the file.
struct Taking<'t> {
    import: &'t Import<'t>,
    base: &'t dyn Snapshot,
    /// Whether the store was empty: then nothing has a former self.
    alone: bool,
    /// Names that were in the file, by 128 bits of their hash.
    seen: HashSet<[u8; 16]>,
    /// Entities that are looked at again when all are there.
    later: Vec<EntityUid>,
    wrong: Vec<String>,
    entities: u64,
    unchanged: u64,
}

impl Taking<'_> {
    fn take_all(
        &mut self,
        prepared: &Receiver<(usize, Prepared)>,
        writing: &mut dyn Writing,
    ) -> Result<(), Unavailable> {
        let mut early = BTreeMap::new();
        let mut next = 0;
        for (number, piece) in prepared {
            early.insert(number, piece);
            while let Some(piece) = early.remove(&next) {
                next += 1;
                self.take(piece, writing)?;
            }
            if self.wrong.len() >= TOLD {
                return Ok(());
            }
        }
        Ok(())
    }

    fn take(&mut self, piece: Prepared, writing: &mut dyn Writing) -> Result<(), Unavailable> {
        self.wrong.extend(piece.wrong);
        let mut records = Vec::with_capacity(piece.records.len());
        for (place, record) in piece.records {
            self.entities += 1;
            if !self.seen.insert(hash(&record.uid)) {
                self.wrong.push(format!("{place}: `{}` stands in the file twice", record.uid));
                continue;
            }
            records.push(record);
        }
        if !self.alone {
            self.drop_unchanged(&mut records)?;
            self.note_referrers(&records)?;
        }
        self.later.extend(piece.later);
        writing.put(&records, self.import.digest)
    }

    /// What is stored just so already is not written again.
    fn drop_unchanged(&mut self, records: &mut Vec<Record>) -> Result<(), Unavailable> {
        let uids: Vec<EntityUid> = records.iter().map(|record| record.uid.clone()).collect();
        let mut stored = HashSet::new();
        for entity in self.base.load(&uids)? {
            let record = Record::of(&Entity::from((*entity).clone())).map_err(Unavailable)?;
            stored.insert((record.uid, record.text));
        }
        let before = records.len();
        records.retain(|record| !stored.contains(&(record.uid.clone(), record.text.clone())));
        self.unchanged += (before - records.len()) as u64;
        Ok(())
    }

    /// What is stored and looks through something that changes.
    fn note_referrers(&mut self, records: &[Record]) -> Result<(), Unavailable> {
        let Some(invariants) = self.import.invariants else { return Ok(()) };
        let to: Vec<EntityUid> = records.iter().map(|record| record.uid.clone()).collect();
        for trail in invariants.watched() {
            let to = trail.back(self.base, &to)?;
            self.later.extend(trail.first.referring(self.base, &to)?);
        }
        Ok(())
    }
}

fn hash(uid: &EntityUid) -> [u8; 16] {
    let digest = Sha256::digest(uid.to_string());
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

/// Counts what was read.
fn count(progress: &AtomicU64, bytes: usize) {
    progress.fetch_add(bytes as u64, Ordering::Relaxed);
}
