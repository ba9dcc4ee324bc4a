//! The tariff report: every figure with what it rests on.

use std::collections::BTreeSet;

use mandat::pricing::words::Strength;

use super::{Desk, FACTS, having};
use crate::support::programme;

#[test]
fn every_figure_of_every_version_is_told_with_its_source() {
    let desk = Desk::new();
    desk.written(&["tariffs"]);
    let rows = desk.rows("tariffs.csv");
    for tariff in programme().tariffs.book.timeline() {
        let name = format!("{} v{}", tariff.id, tariff.version);
        let names = |part: &str| -> BTreeSet<String> {
            having(&rows, &[("tariff", &name), ("part", part)]).iter().map(|row| row["name"].clone()).collect()
        };
        let known = |names: &mut dyn Iterator<Item = &std::sync::Arc<str>>| names.map(ToString::to_string).collect();
        assert_eq!(names("product"), known(&mut tariff.products.keys()));
        assert_eq!(names("quantity scale"), known(&mut tariff.tiers.keys()));
        assert_eq!(names("benefit"), known(&mut tariff.benefits.rows().iter().map(|row| &row.id)));
        let bands: usize = tariff.tiers.values().map(|tier| tier.bands.len()).sum();
        assert_eq!(having(&rows, &[("tariff", &name), ("part", "quantity scale")]).len(), bands);
        let questions: usize = tariff.entries.values().map(|basis| basis.questions.len()).sum();
        assert_eq!(having(&rows, &[("tariff", &name), ("part", "open question")]).len(), questions);
    }
    let figures = rows.iter().filter(|row| row["part"] != "open question");
    assert!(figures.clone().all(|row| Strength::of(&row["strength"]).is_some()), "each figure has a strength");
    let swiss = having(&rows, &[("part", "tax"), ("name", "CH")]);
    assert!(swiss.iter().any(|row| row["says"].contains("from: 2024-01-01; rate: 8.1 %")), "{swiss:?}");
}

#[test]
fn a_benefit_says_what_it_matches_and_a_band_is_as_weak_as_its_weaker_figure() {
    let desk = Desk::new();
    desk.written(&["tariffs"]);
    let rows = desk.rows("tariffs.csv");
    let of = |name: &str| having(&rows, &[("tariff", "partner v1"), ("name", name)])[0].clone();
    assert_eq!(
        of("L2R")["says"],
        "access: limited; payment mode: –; ordered by: renewal; charged: client; managed: no or new; outcome: none; \
         readings: CON-40"
    );
    let hosting = having(&rows, &[("tariff", "partner v1"), ("name", "hosting")]);
    let at_35 = hosting.iter().find(|row| row["says"].contains("from item: 35; reduction: 25 %")).unwrap();
    assert_eq!(at_35["strength"], "sample", "the rate is published, where it starts is not");
}

#[test]
fn the_version_in_force_is_that_of_the_reports_time_and_a_price_is_shown_step_by_step() {
    let desk = Desk::new();
    desk.written(&["tariffs", "--order", "tests/orders/clinic.json", "--facts", FACTS]);
    let html = desk.read("tariffs.html");
    let row = html.split("<tr>").find(|row| row.contains("partner v1</a>")).unwrap();
    assert!(row.contains("good\">in force</span>"), "{row}");
    let later = html.split("<tr>").find(|row| row.contains("partner v2</a>")).unwrap();
    assert!(later.contains("not in force"), "{later}");
    assert!(html.contains("quantity tier</th><td>−25 %</td><td class=\"number\">−69.44</td>"));
    assert!(html.contains("<td class=\"number\">208.32</td>"));
    let denied = desk.path().join("denied.json");
    let order = std::fs::read_to_string(crate::support::programme_dir().join("tests/orders/clinic.json")).unwrap();
    std::fs::write(&denied, order.replace("u-ada", "u-nora")).unwrap();
    let done = desk.report(&["tariffs", "--order", denied.to_str().unwrap(), "--facts", FACTS]);
    assert_eq!(done.code, Some(3));
    assert!(done.err.contains("it is denied"), "a denied order has no price: {done:?}");
}
