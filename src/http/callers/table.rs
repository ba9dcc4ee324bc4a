//! The tokens that are known, as of a moment ago.
//!
//! They are in memory, since every request looks one up, and are read from the store again and again: a token that
//! was taken back stops to be good within a second or two. A list that could not be read again for [`STALE`] is good
//! for nothing: what was revoked meanwhile is not in it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;

use super::{access::Operation, refusal::Reason, secret::Presented};
use crate::{
    bundle::Bundle,
    decision::{
        Decision,
        access::{Entrant, Undeclared},
    },
    facts::{
        Unavailable,
        store::{Store, token::Token},
    },
};

/// How often the tokens are read again.
pub const TURN: Duration = Duration::from_millis(500);
/// How often the store is told of uses: apart from reading, since it may wait for another writer for long.
pub const USES_TURN: Duration = Duration::from_secs(10);
/// How old the list may be.
const STALE: Duration = Duration::from_secs(10);
/// How exactly the last use of a token is kept, in milliseconds: a store is not written for every request.
const GRAIN: i64 = 60 * 60 * 1_000;

/// The tokens of a store.
pub struct Table {
    store: Arc<dyn Store>,
    listing: ArcSwap<Listing>,
    /// Whether there ever was one: a store that is emptied under a running service opens it to nobody.
    any: AtomicBool,
    /// Uses that the store has not heard of.
    uses: Mutex<HashMap<String, Timestamp>>,
    failing: AtomicBool,
}

struct Listing {
    by_digest: HashMap<[u8; 32], Arc<Known>>,
    /// When reading it began.
    read_at: Instant,
}

/// A token that is known, good or not.
pub struct Known {
    /// As the store keeps it.
    pub token: Token,
    /// The last use that was noted, in milliseconds.
    noted: AtomicI64,
    standing: ArcSwapOption<Standing>,
}

/// What a bundle makes of a service: worked out once for each bundle.
struct Standing {
    bundle: Arc<Bundle>,
    entrant: Result<Entrant, Undeclared>,
}

impl Table {
    /// Reads the tokens of a store.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn read(store: Arc<dyn Store>) -> Result<Self, Unavailable> {
        let listing = Listing::read(&*store, &HashMap::new())?;
        Ok(Self {
            any: AtomicBool::new(!listing.by_digest.is_empty()),
            listing: ArcSwap::from_pointee(listing),
            uses: Mutex::default(),
            failing: AtomicBool::new(false),
            store,
        })
    }

    /// Whether callers must present a token: as soon as there is one, also a revoked or an expired one.
    pub fn demands_tokens(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Whether the list is new enough to go by.
    pub fn is_fresh(&self) -> bool {
        self.listing.load().read_at.elapsed() <= STALE
    }

    /// The token that a caller presents, if it is good.
    ///
    /// # Errors
    /// Why it is not, or that the list is too old to tell.
    pub fn find(&self, presented: &Presented, now: Timestamp) -> Result<Arc<Known>, Reason> {
        if !self.is_fresh() {
            return Err(Reason::Stale);
        }
        let listing = self.listing.load();
        // Digests are compared, not secrets: how long it takes tells nothing about a secret.
        let known = listing.by_digest.get(&presented.digest()).filter(|known| known.token.id == presented.id);
        let known = known.ok_or(Reason::Unknown)?;
        if known.token.revoked_at.is_some() {
            return Err(Reason::Revoked);
        }
        if known.token.expires_at.is_some_and(|end| now >= end) {
            return Err(Reason::Expired);
        }
        self.note_use(known, now);
        Ok(known.clone())
    }

    fn note_use(&self, known: &Known, now: Timestamp) {
        let (noted, now_ms) = (known.noted.load(Ordering::Relaxed), now.as_millisecond());
        let due = noted == i64::MIN || now_ms.saturating_sub(noted) >= GRAIN;
        if due && known.noted.compare_exchange(noted, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.uses.lock().unwrap_or_else(PoisonError::into_inner).insert(known.token.id.clone(), now);
        }
    }

    /// Reads the tokens again; whoever has changed a token calls this at once.
    pub fn refresh(&self) {
        match Listing::read(&*self.store, &self.listing.load().by_digest) {
            Ok(listing) => {
                self.any.fetch_or(!listing.by_digest.is_empty(), Ordering::AcqRel);
                self.listing.store(Arc::new(listing));
                if self.failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("the tokens can be read again");
                }
            }
            Err(Unavailable(reason)) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        stale.seconds = STALE.as_secs(),
                        "the tokens cannot be read; soon every caller is refused"
                    );
                    tracing::debug!(store.reason = reason, "why the tokens cannot be read");
                }
            }
        }
    }

    /// Has the store note the uses it has not heard of; what it does not take is told again later.
    pub fn write_uses(&self) {
        let uses = std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner));
        if uses.is_empty() {
            return;
        }
        let told: Vec<(String, Timestamp)> = uses.iter().map(|(id, at)| (id.clone(), *at)).collect();
        if let Err(Unavailable(reason)) = self.store.touch_tokens(&told) {
            tracing::debug!(store.reason = reason, "the last uses of tokens cannot be written yet");
            let mut waiting = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, at) in uses {
                waiting.entry(id).or_insert(at);
            }
        }
    }
}

impl Listing {
    /// Reads all tokens; one that is as it was before keeps what was worked out about it.
    fn read(store: &dyn Store, before: &HashMap<[u8; 32], Arc<Known>>) -> Result<Self, Unavailable> {
        let read_at = Instant::now();
        let known = |token: Token| match before.get(&token.digest) {
            Some(known) if known.is(&token) => known.clone(),
            _ => Arc::new(Known::new(token)),
        };
        let by_digest = store.tokens()?.into_iter().map(|token| (token.digest, known(token))).collect();
        Ok(Self { by_digest, read_at })
    }
}

impl Known {
    fn new(token: Token) -> Self {
        let noted = token.last_used_at.map_or(i64::MIN, Timestamp::as_millisecond);
        Self { token, noted: AtomicI64::new(noted), standing: ArcSwapOption::empty() }
    }

    /// Whether it is that token, whenever either was last used.
    fn is(&self, token: &Token) -> bool {
        self.token == Token { last_used_at: self.token.last_used_at, ..token.clone() }
    }

    /// Whether the service may do an operation, by a bundle's policies.
    ///
    /// # Errors
    /// The bundle's schema does not declare it.
    pub fn decide(&self, operation: Operation, bundle: &Arc<Bundle>, now: Timestamp) -> Result<Decision, Undeclared> {
        let standing = self.standing(bundle);
        let entrant = standing.entrant.as_ref().map_err(Clone::clone)?;
        entrant.decide(bundle, operation.name(), now)
    }

    fn standing(&self, bundle: &Arc<Bundle>) -> Arc<Standing> {
        if let Some(standing) = &*self.standing.load()
            && Arc::ptr_eq(&standing.bundle, bundle)
        {
            return standing.clone();
        }
        let entrant = Entrant::new(bundle, &self.token.service, &self.token.roles);
        let standing = Arc::new(Standing { bundle: bundle.clone(), entrant });
        self.standing.store(Some(standing.clone()));
        standing
    }
}
