//! Callers: who asks, and what they may ask (threat T01).
//!
//! The panel of the hosting provider sends its token with every question. Before anything of the body is read
//! ([`gate`]) the token is looked up by its digest among those of the store ([`table`], [`secret`]), and the engine
//! asks its own policies whether this service may do what the route does ([`access`], [`crate::decision::access`]).
//! Who is not served hears little and is recorded ([`refusal`]).
//!
//! As long as a store has no token, programs on the same machine may ask anything: a developer's first minutes need
//! no set-up. With the first token that ends, for the loopback address too. Facts from a file have no tokens; then
//! the address that the service listens on decides who reaches it.

pub mod access;
pub mod gate;
pub mod refusal;
pub mod secret;
pub mod table;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use jiff::Timestamp;

use self::{
    access::Operation,
    gate::Shown,
    refusal::{Reason, Refusal},
    table::{Known, Table},
};
use super::{error::Error, service::Service};
use crate::{
    bundle::Bundle,
    decision::access::Undeclared,
    facts::{Unavailable, store::Store},
};

/// By what a caller without a token goes in the history of facts; no service may have that name.
pub const ANONYMOUS: &str = "anonymous";

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Everyone who may call.
pub struct Callers {
    table: Option<Table>,
}

/// Who asks.
#[derive(Clone)]
pub enum Caller {
    /// Somebody who reached a service without tokens: may do everything.
    Anonymous,
    /// A service with a good token.
    Service(Arc<Known>),
}

impl Callers {
    /// Those that a store has tokens of; without a store, whoever reaches the service.
    ///
    /// # Errors
    /// The tokens cannot be read.
    pub fn of(store: Option<Arc<dyn Store>>) -> Result<Self, Unavailable> {
        Ok(Self { table: store.map(Table::read).transpose()? })
    }

    /// Whether callers must present a token.
    pub fn must_present_tokens(&self) -> bool {
        self.table.as_ref().is_some_and(Table::demands_tokens)
    }

    /// Who asks, by what the request shows and whether it comes from this machine.
    ///
    /// # Errors
    /// Who asks is not served, whatever it asks.
    pub fn identify(&self, shown: &Shown, from_here: bool, now: Timestamp) -> Result<Caller, Refusal> {
        let Some(table) = &self.table else { return Ok(Caller::Anonymous) };
        if from_here && !table.demands_tokens() {
            let fresh = table.is_fresh().then_some(Caller::Anonymous);
            return fresh.ok_or_else(|| Refusal::unauthenticated(Reason::Stale, None));
        }
        match shown {
            Shown::Nothing => Err(Refusal::unauthenticated(Reason::Missing, None)),
            Shown::Something => Err(Refusal::unauthenticated(Reason::Malformed, None)),
            Shown::Token(presented) => table.find(presented, now).map(Caller::Service).map_err(|reason| {
                // An id that nobody was given is a stranger's own words, and stays out of the log.
                let known = matches!(reason, Reason::Revoked | Reason::Expired);
                Refusal::unauthenticated(reason, known.then(|| presented.id.clone()))
            }),
        }
    }

    /// Reads the tokens again. Blocks.
    pub fn refresh(&self) {
        if let Some(table) = &self.table {
            table.refresh();
        }
    }

    /// Has the store note what was used. Blocks.
    pub fn write_uses(&self) {
        if let Some(table) = &self.table {
            table.write_uses();
        }
    }
}

impl Caller {
    /// The service's name, by which its acts are kept.
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => ANONYMOUS,
            Self::Service(known) => &known.token.service,
        }
    }

    /// Whether it may do an operation, by a bundle's policies.
    ///
    /// # Errors
    /// The bundle's schema does not declare it.
    pub fn may(&self, operation: Operation, bundle: &Arc<Bundle>, now: Timestamp) -> Result<bool, Undeclared> {
        match self {
            Self::Anonymous => Ok(true),
            Self::Service(known) => Ok(known.decide(operation, bundle, now)?.allowed()),
        }
    }

    /// Lets it in if it may do one of these operations: the first that it may; none for whoever may do everything.
    ///
    /// # Errors
    /// It may do none of them.
    pub fn admit(
        &self,
        operations: &[Operation],
        bundle: &Arc<Bundle>,
        now: Timestamp,
    ) -> Result<Option<Operation>, Refusal> {
        let Self::Service(known) = self else { return Ok(None) };
        let mut refusal = Refusal::forbidden(operations, &known.token.id);
        for operation in operations {
            match self.may(*operation, bundle, now) {
                Ok(true) => return Ok(Some(*operation)),
                Ok(false) => {}
                Err(undeclared) => refusal = Refusal::undeclared(&undeclared, &known.token.id),
            }
        }
        Err(refusal)
    }

    /// Whether it may see facts, and with them all of an explanation.
    pub fn sees_facts(&self, bundle: &Arc<Bundle>, now: Timestamp) -> bool {
        self.may(Operation::ReadFacts, bundle, now).unwrap_or(false)
    }
}

/// Handlers take the caller that the gate found; a route that has no gate has no caller, and no answer.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            Error::new(StatusCode::INTERNAL_SERVER_ERROR, "this route does not find out who asks; nobody is answered")
        })
    }
}

/// Keeps the known tokens up to date for as long as the service runs.
pub async fn keep(service: Arc<Service>) {
    tokio::join!(
        every(table::TURN, service.clone(), Callers::refresh),
        every(table::USES_TURN, service, Callers::write_uses)
    );
}

async fn every(turn: Duration, service: Arc<Service>, work: fn(&Callers)) {
    let mut turns = tokio::time::interval(turn);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        let service = service.clone();
        let working = tokio::task::spawn_blocking(move || service.active().map(|active| work(&active.callers)));
        // A panic in there is told by the hook; the next turn tries again, and a list that gets old refuses everyone.
        let _ = working.await;
    }
}
