//! Properties that hold for any sound tariff and any order: random ones, which shrink to the simplest failing one.
//!
//! A case is a random tariff that prices 24 random lines. Each property has a control: a pricing with a mistake
//! that must be noticed. What random cases do not come across they do not show, so the outcomes are counted.

mod amounts;
mod batches;
mod forms;
mod growth;

use std::{cell::RefCell, collections::BTreeMap};

use mandat::pricing::{receipt::Receipt, tariff::Tariff};
use proptest::test_runner::TestCaseError;

use super::{
    arithmetic::decimal_price,
    random::{self, Ordered},
};
use crate::properties::tape::Tape;

/// Tariffs of a property unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 96;
/// Lines priced by each tariff.
const LINES: usize = 24;

/// How many lines had each outcome.
#[derive(Default)]
struct Seen(RefCell<BTreeMap<&'static str, usize>>);

impl Seen {
    fn note(&self, what: &'static str) {
        *self.0.borrow_mut().entry(what).or_default() += 1;
    }

    /// That each of these came up so many times in a thousand.
    fn expect(&self, per_thousand: &[(&str, usize)]) {
        let seen = self.0.borrow();
        let total: usize = seen.values().sum();
        for (what, wanted) in per_thousand {
            let found = seen.get(what).copied().unwrap_or_default();
            assert!(found * 1_000 >= wanted * total, "`{what}` came up too seldom to show anything: {seen:?}");
        }
    }
}

/// A property of tapes: that another holds for the lines of a random tariff.
fn of_lines(
    property: impl Fn(&Tariff, &Ordered, &mut Tape) -> Result<(), TestCaseError>,
) -> impl Fn(Tape) -> Result<(), TestCaseError> {
    move |mut tape| {
        let tariff = random::parse(&random::tariff(&mut tape));
        (0..LINES).try_for_each(|_| {
            let line = random::line(&mut tape, &tariff);
            property(&tariff, &line, &mut tape)
        })
    }
}

/// A property of tapes: that another holds for the receipts of random lines, after `change` has been at them.
fn of_receipts(
    change: impl Fn(&mut Receipt),
    property: impl Fn(&Tariff, &Ordered, &Receipt) -> Result<(), TestCaseError>,
) -> impl Fn(Tape) -> Result<(), TestCaseError> {
    of_lines(move |tariff, line, _| match decimal_price(tariff, &line.line()) {
        Ok(mut receipt) => {
            change(&mut receipt);
            property(tariff, line, &receipt)
        }
        // A random line has no other mistake than to cost too much.
        Err("too large") => Ok(()),
        Err(error) => Err(TestCaseError::fail(format!("{error}: {line:?}"))),
    })
}

/// Nothing is changed: the property of what is.
fn as_they_are(_: &mut Receipt) {}
