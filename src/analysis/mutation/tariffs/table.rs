//! Whether two decision tables say the same: a proof by trying every case there is.
//!
//! `payment = "*"` instead of `"-"` in a row about no partnership is another way to write the same: there is no payment
//! mode but with full access.

use crate::{
    bundle::tariffs::Tariffs,
    pricing::{
        benefit::{Benefits, Case},
        words::{Access, Managed, Outcome, PlacedBy, Side},
    },
};

/// What is said of a change that no case can tell.
pub(super) const PROOF: &str = "every case that there is has the same row as before";

/// Whether each version has the same row, outcome and reason for every case. Of a change within the table only, this
/// says that it changes nothing.
pub(super) fn same(one: &Tariffs, other: &Tariffs) -> bool {
    let (one, other) = (one.book.versions(), other.book.versions());
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| answers(&one.benefits) == answers(&other.benefits))
}

type Row<'t> = (&'t str, Outcome, Option<&'t str>);

fn answers(benefits: &Benefits) -> Vec<Option<Row<'_>>> {
    let row = |case| benefits.row(case).map(|row| (&*row.id, row.outcome, row.reason.as_deref()));
    cases().map(row).collect()
}

/// Every combination, those that do not go together too.
fn cases() -> impl Iterator<Item = Case> {
    let payments = [None, Some(Side::Client), Some(Side::Partner)];
    Access::ALL.iter().flat_map(move |access| {
        payments.into_iter().flat_map(move |payment| {
            PlacedBy::ALL.iter().flat_map(move |by| {
                Side::ALL.iter().flat_map(move |payer| {
                    Managed::ALL.iter().map(move |managed| Case {
                        access: *access,
                        payment,
                        by: *by,
                        payer: *payer,
                        managed: *managed,
                    })
                })
            })
        })
    })
}
