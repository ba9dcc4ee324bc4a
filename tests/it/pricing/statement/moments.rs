//! When an order was placed, and in which month and period that is in Zurich.

use mandat::{
    pricing::statement::moment::{Calendar, Month},
    problem::Source,
};

use super::office::{book, orders, row, settled, settled_by};
use crate::support::programme_dir;

fn october() -> Calendar {
    let zone = jiff::tz::TimeZone::get("Europe/Zurich").unwrap();
    Calendar::new(Month::parse("2026-10").unwrap(), zone).unwrap()
}

#[test]
fn every_way_to_write_a_moment_means_what_it_says() {
    let calendar = october();
    let second = |text: &str| calendar.second(text.as_bytes());
    for (text, same) in [
        ("2026-10-05T12:00:00Z", "2026-10-05T12:00:00Z"),
        ("2026-10-05t14:00:00+02:00", "2026-10-05T12:00:00Z"),
        ("2026-10-05 06:30:00.25-05:30", "2026-10-05T12:00:00Z"),
        ("2024-02-29T23:59:59.999999999z", "2024-02-29T23:59:59Z"),
        ("2026-12-31T23:00:00Z", "2026-12-31T23:00:00Z"),
        ("1900-03-01T00:00:00Z", "1900-03-01T00:00:00Z"),
        ("2000-02-28T00:00:00Z", "2000-02-28T00:00:00Z"),
        ("2026-10-05", "2026-10-04T22:00:00Z"),
        ("2026-10-26", "2026-10-25T23:00:00Z"),
        ("2027-01-01", "2026-12-31T23:00:00Z"),
    ] {
        assert_eq!(second(text), Ok(same.parse::<jiff::Timestamp>().unwrap().as_second()), "{text}");
    }
}

#[test]
fn every_day_of_many_years_is_the_day_of_the_calendar() {
    let calendar = october();
    let mut day = jiff::civil::date(1899, 12, 30);
    while day < jiff::civil::date(2105, 1, 2) {
        let text = format!("{day}T01:02:03Z");
        let expected = text.parse::<jiff::Timestamp>().unwrap().as_second();
        assert_eq!(calendar.second(text.as_bytes()), Ok(expected), "{text}");
        day = day.tomorrow().unwrap();
    }
}

#[test]
fn what_is_no_moment_is_not_guessed() {
    let calendar = october();
    for text in [
        "2026-10-05T12:00:00",
        "2026-10-05T12:00Z",
        "2026-10-05T24:00:00Z",
        "2026-10-05T12:60:00Z",
        "2026-10-05T12:00:60Z",
        "2026-10-05T12:00:00.Z",
        "2026-10-05T12:00:00.1234567890Z",
        "2026-10-05T12:00:00+2:00",
        "2026-10-05T12:00:00+24:00",
        "2026-10-05T12:00:00Z ",
        " 2026-10-05T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-04-31",
        "2026-13-01",
        "2026-00-10",
        "2026-10-00T12:00:00Z",
        "20261005T120000Z",
        "26-10-05",
        "05.10.2026",
        "2026-1",
        "٢٠٢٦-10-05",
        "x",
    ] {
        assert!(calendar.second(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn the_month_is_that_of_zurich() {
    let row = |order_id, at| row(&[("order_id", order_id), ("ordered_at", at)]);
    let rows = [
        row("first", "2026-09-30T22:00:00Z"),
        row("before", "2026-09-30T21:59:59.999Z"),
        row("last", "2026-10-31T22:59:59.999Z"),
        row("after", "2026-10-31T23:30:00Z"),
        row("once", "2026-10-25T00:30:00Z"),
        row("again", "2026-10-25T01:30:00Z"),
    ];
    let written = settled(orders(&rows).as_bytes());
    let priced: Vec<String> = written.postings().into_iter().map(|row| row[3].clone()).collect();
    assert_eq!(priced, ["first", "last", "once", "again"]);
    assert_eq!(written.codes(), [(3, "outside_month".to_owned()), (5, "outside_month".to_owned())]);
}

#[test]
fn the_version_is_the_one_in_force_at_that_moment() {
    let row = |order_id, at| row(&[("order_id", order_id), ("ordered_at", at)]);
    let rows = orders(&[row("old", "2026-12-31T22:59:59Z"), row("new", "2026-12-31T23:00:00Z")]);
    let versions = |month| -> Vec<[String; 3]> {
        let written = settled_by(&super::office::programme(), month, rows.as_bytes(), 1, 1 << 20);
        written.postings().into_iter().map(|row| [3, 5, 11].map(|column: usize| row[column].clone())).collect()
    };
    assert_eq!(versions("2026-12"), [["old", "2026-12", "1"]]);
    assert_eq!(versions("2027-01"), [["new", "2027-01", "2"]]);
}

#[test]
fn a_product_by_the_day_has_a_period_for_every_local_day() {
    let text = std::fs::read_to_string(programme_dir().join("tariffs/partner.v1.toml")).unwrap();
    let daily =
        text.replacen("family = \"web-hosting\", period = \"P1M\"", "family = \"web-hosting\", period = \"P1D\"", 1);
    assert_ne!(text, daily);
    let book = book(&[Source::new("daily.toml", daily)]);
    let row = |at| row(&[("ordered_at", at)]);
    let rows = [
        row("2026-10-24T21:59:59Z"),
        row("2026-10-24T22:00:00Z"),
        row("2026-10-25T22:59:59Z"),
        row("2026-10-25T23:00:00Z"),
        row("2026-10-31"),
    ];
    let written = settled_by(&book, "2026-10", orders(&rows).as_bytes(), 1, 1 << 20);
    let periods: Vec<String> = written.postings().into_iter().map(|row| row[5].clone()).collect();
    assert_eq!(periods, ["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-31"]);
    assert_eq!(written.codes(), [(4, "repeated".to_owned())], "the same day, all 25 hours of it");
}
