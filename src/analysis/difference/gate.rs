//! Gates: what of a difference a build fails on.
//!
//! A gate on answers is shut too where a proof or a question failed and nothing else says whether they change: silence
//! must not open it. What no question is about opens it all the same where nothing is proved; `--by proof` refuses that.

use super::{Difference, Direction, Prices};

/// What a build may fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Something is allowed that was not.
    NewlyAllowed,
    /// Something is denied that was not.
    NewlyDenied,
    /// Some line is charged more or credited less.
    PriceUp,
    /// Some line is charged less or credited more.
    PriceDown,
    /// Anything at all.
    Any,
}

impl Gate {
    /// All of them with their words.
    pub const ALL: [(&'static str, Self); 5] = [
        ("newly-allowed", Self::NewlyAllowed),
        ("newly-denied", Self::NewlyDenied),
        ("price-up", Self::PriceUp),
        ("price-down", Self::PriceDown),
        ("any", Self::Any),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, gate)| *gate == self).map_or("any", |(word, _)| word)
    }

    /// The gate of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, gate)| *gate)
    }

    /// Why the gate is shut; none where it is open.
    pub fn shut(self, difference: &Difference) -> Option<String> {
        let changes = |direction| difference.changes.iter().filter(|change| change.direction == direction).count();
        let prices = |moved: fn(&Prices) -> bool| difference.prices.as_ref().is_some_and(moved);
        let unknown = unknown(difference);
        let answers = |direction: Direction| match changes(direction) {
            0 => unknown.clone(),
            count => Some(format!("something is {} in {count} environments", direction.words())),
        };
        match self {
            Self::NewlyAllowed => answers(Direction::NewlyAllowed),
            Self::NewlyDenied => answers(Direction::NewlyDenied),
            Self::PriceUp => prices(Prices::up).then(|| "a price goes up".to_owned()),
            Self::PriceDown => prices(Prices::down).then(|| "a price goes down".to_owned()),
            Self::Any if difference.is_none() => unknown,
            Self::Any => Some("there is a difference".to_owned()),
        }
    }
}

/// What could not be looked at and might hide a change; none where everything was looked at as it should be.
fn unknown(difference: &Difference) -> Option<String> {
    let (unsettled, unasked) = (difference.unsettled().len(), difference.look.unasked.len());
    match &difference.look.proof {
        Ok(_) if unsettled > 0 => Some(format!("of {unsettled} environments it is not known whether answers change")),
        Err(_) if unasked > 0 => Some(format!("nothing is proved, and {unasked} questions could not be asked of both")),
        _ => None,
    }
}
