//! The three places of the log, all real, held to the same by one suite.
//!
//! [`homes`] makes a log in each and gets at what is stored behind the ledger's back. What is promised of every place is in
//! [`writing`], [`tampering`], [`proofs`] and [`keeping`]; what only one can do or suffer in [`files`] and [`postgres`].

mod files;
pub mod homes;
mod keeping;
mod postgres;
mod proofs;
mod tampering;
mod writing;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use mandat::{
    audit::{
        ledger::Ledger,
        mask::Masks,
        record::{Event, Outcome, Record, Verdict},
        recorder::{Recorder, Settings},
        verify::{Report, Witness, verify},
    },
    config::audit::{AuditSettings, Mode},
    request::{Party, Properties, Request},
};

use super::{signing, trusted};

/// When the logs of these tests begin.
fn begin() -> Timestamp {
    "2026-11-02T08:00:00Z".parse().unwrap()
}

/// A recorder that keeps lines for so many days, or for ever.
fn recorder(ledger: Arc<dyn Ledger>, keep_days: Option<i64>) -> Recorder {
    let keep = keep_days.map(|days| SignedDuration::from_hours(24 * days));
    Recorder::start(ledger, Settings { mode: Mode::Strict, limit: 100_000, key: signing(), keep }).unwrap()
}

/// A question of one of fifty users about one of twenty organisations, and its answer.
fn decision(number: u64) -> Event {
    let request = Request {
        principal: Party::new("User", format!("u-{}", number % 50)),
        action: "viewInvoice".to_owned(),
        action_properties: Properties::new(),
        resource: Party::new("Organization", format!("o-{}", number % 20)),
        context: Properties::new(),
    };
    let verdict = Verdict { decision: number.is_multiple_of(2), code: "permitted", ..Verdict::default() };
    Event::Decision { question: Some(Box::new(request)), item: None, outcome: Outcome::Decided(verdict) }
}

/// Records so many decisions from a time on, ten milliseconds apart; some hundred at once, so that spans are not much longer
/// than they must be.
fn record(recorder: &Recorder, from: Timestamp, many: u64) {
    let masks = Arc::new(Masks::of(&AuditSettings::default()));
    let submit = |number: u64| {
        let at = from + SignedDuration::from_millis(10 * i64::try_from(number).unwrap());
        let mut record = Record::of_log(recorder.id(at), at, decision(number));
        record.request = Some(format!("r-{number}"));
        recorder.submit(record, masks.clone())
    };
    for from in (0..many).step_by(500) {
        let tickets: Vec<_> = (from..many.min(from + 500)).map(submit).collect();
        assert!(tickets.into_iter().all(|ticket| ticket.wait().is_ok()));
    }
}

/// Records and ends.
fn fill(ledger: &Arc<dyn Ledger>, from: Timestamp, many: u64) {
    let recorder = recorder(ledger.clone(), None);
    record(&recorder, from, many);
    recorder.close();
}

fn check(ledger: &dyn Ledger, witnesses: &[Witness]) -> Report {
    verify(ledger, &trusted(), witnesses, 2).unwrap()
}

/// The lines of a chain, as they are told.
fn lines_of(ledger: &dyn Ledger, writer: u32) -> Vec<String> {
    let mut lines = Vec::new();
    let mut keep = |line: &[u8]| {
        lines.push(String::from_utf8_lossy(line).into_owned());
        Ok(true)
    };
    ledger.lines(writer, 1..=u64::MAX, &mut keep).unwrap();
    lines
}

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// One of these lines, by its number.
    fn line(&mut self, lines: &[String]) -> u64 {
        1 + self.below(lines.len() as u64)
    }
}
