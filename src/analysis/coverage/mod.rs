//! What the scenarios cover: which policies decided, and which clauses came out true, false or as an error.
//!
//! Rosa changes `resource.kind == "company"` to `!=` and every scenario still passes: none has a private person in it.
//! She would have seen it here, since that clause was never false. A **clause** is what is evaluated on its own
//! ([`super::condition`]); it has two **sides**, true and false. The steps:
//!
//! 1. [`tally`] evaluates, for each scenario, the condition of every policy whose scope fits, as Cedar would: from left
//!    to right and no further than needed. Each clause that was looked at counts once on the side it came out on; one
//!    that was skipped does not count. Whether the index would have left the policy out makes no difference.
//! 2. [`report`] sums up and names the **gaps**: policies that determined no decision, and sides that never came up and
//!    are not **proved** unreachable ([`proofs`]). Nobody may state by hand that a side cannot come up.
//! 3. [`text`], [`listing`], [`lcov`], [`json`] and [`document`] show it.
//!
//! [`alone`] asks for more than sides: that each condition of a permit once turned the answer all by itself.

pub mod alone;
pub mod document;
pub mod json;
pub mod lcov;
pub mod listing;
pub mod proofs;
pub mod report;
pub mod sums;
pub mod tally;
pub mod text;
