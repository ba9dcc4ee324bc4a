//! Reloads that nobody posts for: when files are saved, and on SIGHUP.
//!
//! The author saves `clients.cedar`; it comes into force by itself, or the log says why not. The files are looked at
//! five times a second ([`crate::bundle::look`]) and taken when two looks find the same: an editor that writes in
//! pieces, or a deployment that has half arrived, is waited for.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    signal::unix::{SignalKind, signal},
    task::spawn_blocking,
    time,
};

use super::{Service, Trace, Trigger, run};
use crate::bundle::look::{Glimpse, Look, glimpse, look};

/// How often the files are looked at.
const TURN: Duration = Duration::from_millis(200);

/// Every so many looks all files are read: a file system may tell times so roughly that a change is not seen by them.
const THOROUGHLY: u32 = 10;

/// Reloads when there is a reason to, for as long as the service runs.
pub async fn keep(service: Arc<Service>) {
    tokio::join!(on_changes(service.clone()), on_hangup(service));
}

async fn on_changes(service: Arc<Service>) {
    let Some(reloads) = service.reloads.as_ref().filter(|reloads| reloads.watch) else { return };
    let mut watch = Watch::new(&reloads.dir, reloads.begun);
    let mut turns = time::interval(TURN);
    turns.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        if service.active().is_err() {
            continue;
        }
        let looking = spawn_blocking(move || {
            let ripe = watch.look();
            (watch, ripe)
        });
        let Ok((looked, ripe)) = looking.await else {
            tracing::error!("the bundle's directory is watched no more: looking at it failed");
            return;
        };
        watch = looked;
        if ripe {
            // The outcome is told in the log, and so is it where it could not be recorded.
            let _ = run(&service, Trigger::Watch, &Trace::default()).await;
        }
    }
}

async fn on_hangup(service: Arc<Service>) {
    // At a keyboard it means that the terminal is gone, and ends the process as ever.
    if service.reloads.is_none() || std::io::stdin().is_terminal() {
        return;
    }
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        let _ = run(&service, Trigger::Signal, &Trace::default()).await;
    }
}

/// Somebody who looks at a directory again and again.
pub struct Watch {
    dir: PathBuf,
    glimpse: Option<Glimpse>,
    /// What was taken last.
    taken: Look,
    /// What was seen last, where it was something else and may still be written on.
    seen: Option<Look>,
    looks: u32,
}

impl Watch {
    /// Waits for something else than was taken.
    pub fn new(dir: &Path, taken: Look) -> Self {
        Self { dir: dir.to_owned(), glimpse: None, taken, seen: None, looks: 0 }
    }

    /// Looks once. Whether there is something else, and it is the same as at the look before: then it counts as taken.
    pub fn look(&mut self) -> bool {
        let glimpse = glimpse(&self.dir);
        self.looks = self.looks.wrapping_add(1);
        let idle = self.seen.is_none() && self.glimpse == Some(glimpse) && !self.looks.is_multiple_of(THOROUGHLY);
        self.glimpse = Some(glimpse);
        if idle {
            return false;
        }
        let now = look(&self.dir);
        if now == self.taken {
            self.seen = None;
            return false;
        }
        if self.seen == Some(now) {
            (self.taken, self.seen) = (now, None);
            return true;
        }
        self.seen = Some(now);
        false
    }
}
