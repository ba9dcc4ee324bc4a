//! Gates: what of a replay a build fails on. A replay of nothing opens none.

use super::tally::{Change, Tally};

/// What a build may fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Something is allowed that was denied.
    NewlyAllowed,
    /// Something is denied, or cannot be asked any more, that was allowed.
    NewlyDenied,
    /// Anything comes out otherwise.
    Changed,
}

impl Gate {
    /// All of them with their words.
    pub const ALL: [(&'static str, Self); 3] =
        [("newly-allowed", Self::NewlyAllowed), ("newly-denied", Self::NewlyDenied), ("changed", Self::Changed)];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, gate)| *gate == self).map_or("changed", |(word, _)| word)
    }

    /// The gate of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, gate)| *gate)
    }

    /// Why the gate is shut; none where it is open.
    pub fn shut(self, tally: &Tally) -> Option<String> {
        if tally.all.replayed == 0 {
            return Some("nothing was replayed, so nothing is known".to_owned());
        }
        let (number, what) = match self {
            Self::NewlyAllowed => (tally.all.of(Change::NewlyAllowed), "are newly allowed"),
            Self::NewlyDenied => (
                tally.all.of(Change::NewlyDenied) + tally.allowed_unasked,
                "are newly denied or cannot be asked any more",
            ),
            Self::Changed => (tally.all.changed(), "come out otherwise"),
        };
        (number > 0).then(|| format!("{number} of {} recorded decisions {what}", tally.all.replayed))
    }
}
