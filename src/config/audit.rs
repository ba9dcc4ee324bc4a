//! `[audit]`: where decisions are recorded, how surely, and what of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::differing;

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSettings {
    /// `store`: beside the facts. `off`: nowhere. Any other text: the URL of a database, a file that ends in `.db`, or a
    /// directory for files of JSON lines.
    pub log: String,
    /// What is promised.
    pub mode: Mode,
    /// Records that may wait to be written; further ones are lost (`available`) or make their answers errors (`strict`).
    pub queue: usize,
    /// Records are kept so many days; 0 keeps them for ever.
    pub keep_days: u32,
    /// The file of the key that checkpoints are signed with; beside the log where it says nothing.
    pub key: Option<String>,
    /// Entity types whose ids are recorded as pseudonyms; `*` stands for all.
    pub persons: Vec<String>,
    /// What of a question is recorded beside subject, action and resource, by action; `*` stands for all actions.
    pub keep: BTreeMap<String, Vec<String>>,
}

/// What the log promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// An answer leaves after its record is on the disk, or not at all.
    #[default]
    Strict,
    /// Answers do not wait; records that do not find room are counted, and the number is recorded.
    Available,
}

impl Mode {
    /// Its name in settings and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Available => "available",
        }
    }
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            log: "store".to_owned(),
            mode: Mode::Strict,
            queue: 16_384,
            keep_days: 0,
            key: None,
            persons: vec!["*".to_owned()],
            keep: BTreeMap::new(),
        }
    }
}

impl AuditSettings {
    /// Names of the settings that others have otherwise, of those that hold for as long as the process lives.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let Self { log, mode, queue, keep_days, key, persons: _, keep: _ } = other;
        differing([
            ("log", self.log == *log),
            ("mode", self.mode == *mode),
            ("queue", self.queue == *queue),
            ("keep_days", self.keep_days == *keep_days),
            ("key", self.key == *key),
        ])
    }
}
