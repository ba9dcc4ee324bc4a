//! The form for volume is the decimal form in integers: the same amounts, the same refusals, the same errors.

use mandat::pricing::compiled::Compiled;
use proptest::{prop_assert_eq, test_runner::TestCaseError};

use super::{CASES, Seen, random};
use crate::{
    pricing::arithmetic::{amounts, compiled_price, decimal_price},
    properties::tape::{self, Tape},
};

/// Lines to each tariff: one costs little here.
const LINES: usize = 120;

/// Both forms, the second perhaps of a changed text, agree.
fn agree(change: impl Fn(&str) -> String, seen: &Seen) -> impl Fn(Tape) -> Result<(), TestCaseError> {
    move |mut tape| {
        let text = random::tariff(&mut tape);
        let (tariff, compiled) = (random::parse(&text), Compiled::of(&random::parse(&change(&text))));
        for _ in 0..LINES {
            let line = random::any_line(&mut tape, &tariff);
            let scale = tariff.currencies.get(&*line.currency).map_or(0, |currency| currency.scale);
            let decimal = decimal_price(&tariff, &line.line()).map(|receipt| (receipt.outcome, receipt.amounts));
            let integers =
                compiled_price(&compiled, &line.line()).map(|priced| (priced.outcome, amounts(&priced, scale)));
            seen.note(decimal.map_or_else(|error| error, |(outcome, _)| outcome.word()));
            prop_assert_eq!(decimal, integers, "{:?}", line);
        }
        Ok(())
    }
}

#[test]
fn both_forms_say_the_same() {
    let seen = Seen::default();
    tape::holds(6 * CASES, agree(str::to_owned, &seen));
    seen.expect(&[("discount", 100), ("cashback", 100), ("none", 50), ("refused", 50)]);
    seen.expect(&[("product", 5), ("currency", 5), ("quantity", 5), ("count too small", 5), ("case", 5)]);
    seen.expect(&[("count missing", 2), ("too large", 1)]);
}

/// The controls: a form of a tariff that differs in one thing.
#[test]
fn forms_of_different_tariffs_are_told_apart() {
    let changes: &[fn(&str) -> String] = &[
        |text| text.replace("half_up", "half_even"),
        |text| text.replace("half_even", "half_up"),
        |text| text.replace("mode = \"down\"", "mode = \"half_up\""),
        |text| text.replace("at = \"step\"", "at = \"end\""),
        |text| text.replace("payable_increment = 0.05", "payable_increment = 0.01"),
        |text| text.replace("mode = \"volume\"", "mode = \"graduated\""),
        |text| text.replace("\"partner_discount\", \"quantity_tier\"", "\"quantity_tier\", \"partner_discount\""),
        |text| text.replace("outcome = \"discount\"", "outcome = \"cashback\""),
    ];
    for change in changes {
        tape::fails(40 * CASES, agree(change, &Seen::default()));
    }
}
