//! The decision log through real sockets and the real binary: what is recorded, how surely, and who can read it.
//!
//! Most tests begin with the programme's sample facts (`tests/facts/README.md` says who is who) in a store of their own; the
//! log lies beside it.

mod answers;
mod canaries;
mod echoes;
mod kills;
mod ledgers;
mod masking;
mod modes;
mod readers;
mod reading;
mod reloads;
mod telling;

use std::{path::PathBuf, sync::Arc};

use ed25519_dalek::{SigningKey, VerifyingKey};
use mandat::{
    audit::{
        ledger::{self, Ledger},
        recorder::{Recorder, Settings},
        verify::verify,
    },
    bundle::Bundle,
    config::{ServerSettings, audit::Mode},
};
use serde_json::{Value, json};

use crate::{
    http::{Client, Server},
    transactions::{Home, bundle, sample_home},
    worlds::TempDir,
};

/// Who signs the logs of these tests.
pub(crate) fn signing() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

pub(crate) fn trusted() -> [VerifyingKey; 1] {
    [signing().verifying_key()]
}

/// A service whose answers are recorded.
pub(crate) struct Logged {
    pub(crate) server: Server,
    pub(crate) recorder: Arc<Recorder>,
    dir: TempDir,
    pub(crate) home: Home,
}

impl Logged {
    pub(crate) fn strict() -> Self {
        Self::with(Mode::Strict, 16_384, bundle())
    }

    pub(crate) fn with(mode: Mode, limit: usize, bundle: Bundle) -> Self {
        let dir = TempDir::new();
        let place = dir.path().join("decisions.db").display().to_string();
        Self::kept_at(&place, dir, sample_home(), Settings { mode, limit, key: signing(), keep: None }, bundle)
    }

    /// A service whose log is kept where the place says.
    pub(crate) fn kept_at(place: &str, dir: TempDir, home: Home, settings: Settings, bundle: Bundle) -> Self {
        let recorder = Arc::new(Recorder::start(ledger::open(place).unwrap(), settings).unwrap());
        let engine = home.engine(bundle);
        let settings = ServerSettings { deadline_ms: 60_000, ..ServerSettings::default() };
        let server = Server::without_bundle(settings, false);
        server.service.activate_with(engine, Some(recorder.clone())).unwrap();
        Self { server, recorder, dir, home }
    }

    pub(crate) fn client(&self) -> Client {
        self.server.client()
    }

    /// The file that holds the log.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("decisions.db")
    }

    pub(crate) fn ledger(&self) -> &dyn Ledger {
        &**self.recorder.ledger()
    }

    /// All records, oldest first.
    pub(crate) fn records(&self) -> Vec<Value> {
        lines(self.ledger()).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub(crate) fn assert_sound(&self) {
        let report = verify(self.ledger(), &trusted(), &[], 2).unwrap();
        assert!(report.is_sound(), "{report:?}");
    }
}

/// All stored lines, chain by chain.
pub(crate) fn lines(ledger: &dyn Ledger) -> Vec<String> {
    let mut lines = Vec::new();
    for writer in ledger.writers().unwrap() {
        ledger
            .lines(writer, 1..=u64::MAX, &mut |line| {
                lines.push(String::from_utf8(line.to_vec()).unwrap());
                Ok(true)
            })
            .unwrap();
    }
    lines
}

/// May Ada, who leads alpenhost, add the museum as a client? She may.
pub(crate) fn ada_adds(client: &str) -> Value {
    adds("u-ada", client)
}

pub(crate) fn adds(user: &str, client: &str) -> Value {
    json!({
        "subject": {"type": "User", "id": user},
        "action": {"name": "addClient"},
        "resource": {"type": "Organization", "id": "alpenhost"},
        "context": {"client": {"type": "Organization", "id": client}, "access": "full"},
    })
}
