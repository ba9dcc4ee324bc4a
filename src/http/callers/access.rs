//! What each route lets callers do, in the words that policies have for it.

/// Something that is done to the engine; a contract with the bundle, which says who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Ask for decisions.
    Evaluate,
    /// Ask who may, and what one may.
    Search,
    /// Ask for prices.
    Quote,
    /// See facts, and with them all of an explanation.
    ReadFacts,
    /// Change facts.
    WriteFacts,
    /// See what was decided.
    ReadDecisions,
    /// Put another bundle into force.
    ReloadBundle,
}

impl Operation {
    /// The action's name in the bundle.
    pub fn name(self) -> &'static str {
        match self {
            Self::Evaluate => "evaluate",
            Self::Search => "search",
            Self::Quote => "quote",
            Self::ReadFacts => "readFacts",
            Self::WriteFacts => "writeFacts",
            Self::ReadDecisions => "readDecisions",
            Self::ReloadBundle => "reloadBundle",
        }
    }
}

/// Who reaches a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone: it tells nothing but how to ask, and whether asking is any use.
    Open,
    /// Whoever may do one of these.
    Needs(&'static [Operation]),
    /// Programs on this machine, and from elsewhere whoever may do one of these.
    NeedsFromAfar(&'static [Operation]),
    /// Nobody, until somebody has thought about it.
    Closed,
}
