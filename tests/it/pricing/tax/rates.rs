//! The programme's own rates, `tariffs/vat.toml`: every country once, with a rate, and forms that tell numbers apart.

use std::collections::BTreeMap;

use mandat::pricing::tax::{
    Place, TaxTable, Treatment,
    number::{Pattern, plain},
};
use rust_decimal::Decimal;

use super::{moment, parse};
use crate::support::programme_dir;

/// The programme's own file.
pub(super) fn real() -> (String, TaxTable) {
    let text = std::fs::read_to_string(programme_dir().join("tariffs/vat.toml")).unwrap();
    let table = parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    (text, table)
}

/// A number that fits a form.
fn made_up(form: &Pattern) -> String {
    let mark = |(position, mark)| match mark {
        '#' => char::from_digit(u32::try_from(position).unwrap() % 10, 10).unwrap(),
        '@' => 'K',
        '*' if position % 2 == 0 => 'X',
        '*' => '7',
        other => other,
    };
    form.to_string().chars().enumerate().map(mark).collect()
}

/// The same without its last digit.
fn a_digit_short(number: &str) -> String {
    let mut short = number.to_owned();
    short.remove(number.rfind(|c: char| c.is_ascii_digit()).unwrap());
    short
}

#[test]
fn every_country_of_the_eu_has_a_rate_and_forms_that_tell_numbers_apart() {
    let (_, table) = real();
    let at = moment("2025-12-12");
    let members: Vec<_> = table.countries.iter().filter(|(_, place)| matches!(place, Place::Member(_))).collect();
    assert_eq!(members.len(), 27);
    for (code, place) in &members {
        let Place::Member(member) = place else { unreachable!() };
        let tax = table.treat(Some(code), None, at);
        assert_eq!(tax.treatment, Treatment::EuVat, "{code}");
        let rate = tax.rate.unwrap();
        assert!(rate >= Decimal::new(15, 2) && rate <= Decimal::new(27, 2), "{code}: no standard rate is {rate}");
        for form in &member.vat_numbers {
            let number = made_up(form);
            let reverse = table.treat(Some(code), Some(&number), at);
            assert_eq!(
                (reverse.treatment, reverse.rate),
                (Treatment::EuReverseCharge, Some(Decimal::ZERO)),
                "{number}"
            );
            assert!(form.fits(&plain(&number)) && !form.fits(&plain(&a_digit_short(&number))), "{code}: {form}");
            for (other, _) in members.iter().filter(|(other, _)| other != code) {
                let tax = table.treat(Some(other), Some(&number), at);
                assert_eq!(tax.treatment, Treatment::EuVat, "{number} of {code} in {other}");
                assert!(tax.note.is_some());
            }
        }
        let shortest = member.vat_numbers.iter().map(made_up).min_by_key(String::len).unwrap();
        let short = table.treat(Some(code), Some(&a_digit_short(&shortest)), at);
        assert_eq!(short.treatment, Treatment::EuVat, "{code}: {short:?}");
    }
}

#[test]
fn the_swiss_rate_changes_at_midnight_in_zurich() {
    let (_, table) = real();
    for country in ["CH", "LI"] {
        for (at, rate) in [
            ("2023-12-31T23:59:59.999999999+01:00", "0.077"),
            ("2024-01-01T00:00:00+01:00", "0.081"),
            ("2026-11-22T12:00:00+01:00", "0.081"),
        ] {
            let tax = table.treat(Some(country), None, moment(at));
            assert_eq!((tax.treatment, tax.rate), (Treatment::SwissVat, Some(rate.parse().unwrap())), "{country} {at}");
        }
    }
}

#[test]
fn every_country_of_the_file_is_in_the_one_group_where_it_is_written() {
    let (text, table) = real();
    let file: toml::Table = text.parse().unwrap();
    let list = |group: &str| file[group]["countries"].as_array().unwrap().iter().map(|code| code.as_str().unwrap());
    let members = file["eu_vat"]["country"].as_table().unwrap().keys().map(String::as_str);
    let written: Vec<(&str, &str)> = list("swiss_vat")
        .map(|code| (code, "swiss_vat"))
        .chain(members.map(|code| (code, "eu_vat")))
        .chain(list("outside").map(|code| (code, "outside")))
        .collect();
    let once: BTreeMap<&str, &str> = written.iter().copied().collect();
    assert_eq!((once.len(), table.countries.len()), (written.len(), written.len()));
    for (code, group) in written {
        assert_eq!(table.treat(Some(code), None, moment("2025-12-12")).treatment.word(), group, "{code}");
    }
}
