//! Versions that do not go together: each fault told once, at the later version's date.

use mandat::{
    pricing::tariff::Book,
    problem::{Problems, Source},
};

use super::PRINT;

pub(super) const CODES: &[&str] = &["E051", "E052", "E053", "E054", "E055", "E056"];

/// A version: its number, its dates (`from` or `from..until`), what it corrects (0 is nothing), and its id.
type Version = (u32, &'static str, u32, &'static str);

/// Versions, and the only problem that they have: where (`file:line:column`), and what is underlined.
struct Fault {
    name: &'static str,
    versions: &'static [Version],
    code: &'static str,
    at: &'static str,
    under: &'static str,
}

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    Fault { name: "a version before the other ends", versions: &[(2, "2026-01-01", 0, "print"), (3, "2026-06-01", 0, "print")], code: "E051", at: "v3.toml:4:18", under: "2026-06-01" },
    Fault { name: "a version while the other holds", versions: &[(2, "2026-01-01..2026-06-13", 0, "print"), (3, "2026-06-01", 0, "print")], code: "E051", at: "v3.toml:4:18", under: "2026-06-01" },
    Fault { name: "days without a version", versions: &[(2, "2026-01-01..2026-06-01", 0, "print"), (3, "2026-06-13", 0, "print")], code: "E052", at: "v3.toml:4:18", under: "2026-06-13" },
    Fault { name: "a correction of nothing", versions: &[(2, "2026-01-01", 7, "print")], code: "E053", at: "v2.toml:4:18", under: "2026-01-01" },
    Fault { name: "a correction of itself", versions: &[(2, "2026-01-01", 2, "print")], code: "E053", at: "v2.toml:4:18", under: "2026-01-01" },
    Fault { name: "a correction of what comes later", versions: &[(2, "2026-01-01..2026-06-01", 3, "print"), (3, "2026-06-01", 0, "print")], code: "E053", at: "v2.toml:4:18", under: "2026-01-01" },
    Fault { name: "a correction with other dates", versions: &[(2, "2026-01-01", 0, "print"), (3, "2026-02-01", 2, "print")], code: "E053", at: "v3.toml:4:18", under: "2026-02-01" },
    Fault { name: "a version twice", versions: &[(2, "2026-01-01..2026-06-01", 0, "print"), (2, "2026-06-01..2026-09-01", 0, "print"), (3, "2026-09-01", 0, "print")], code: "E054", at: "v2b.toml:4:18", under: "2026-06-01" },
    Fault { name: "two tariffs", versions: &[(2, "2026-01-01..2026-06-01", 0, "print"), (3, "2026-06-01..2027-01-01", 0, "paint"), (4, "2027-01-01", 0, "print")], code: "E055", at: "v3.toml:4:18", under: "2026-06-01" },
    Fault { name: "two tariffs of one version", versions: &[(2, "2026-01-01", 0, "print"), (2, "2026-01-01", 0, "paint")], code: "E055", at: "v2b.toml:4:18", under: "2026-01-01" },
    Fault { name: "two versions of one day", versions: &[(2, "2026-01-01..2026-06-01", 0, "print"), (3, "2026-01-01", 0, "print")], code: "E056", at: "v3.toml:4:18", under: "2026-01-01" },
    Fault { name: "a later version that starts earlier", versions: &[(2, "2026-01-01", 0, "print"), (3, "2025-01-01..2026-01-01", 0, "print")], code: "E056", at: "v3.toml:4:18", under: "2025-01-01" },
];

fn read(versions: &[Version]) -> Result<Book, Problems> {
    let mut sources: Vec<Source> = Vec::new();
    for (number, dates, corrects, id) in versions {
        let (from, until) = dates.split_once("..").unwrap_or((dates, ""));
        let mut head = format!("version        = {number}\neffective_from = {from}\n");
        if !until.is_empty() {
            head += &format!("effective_until = {until}\n");
        }
        if *corrects > 0 {
            head += &format!("corrects = {corrects}\n");
        }
        let text = PRINT
            .replace("version        = 2\neffective_from = 2026-01-01\n", &head)
            .replace("\"print\"", &format!("\"{id}\""));
        let twice = sources.iter().any(|source| *source.name == format!("v{number}.toml"));
        sources.push(Source::new(format!("v{number}{}.toml", if twice { "b" } else { "" }), text));
    }
    let mut warnings = Problems::default();
    // The order of the files means nothing.
    sources.reverse();
    sources.sort_by_key(|source| source.name.ends_with("b.toml"));
    Book::read(&sources.iter().collect::<Vec<_>>(), &mut warnings)
}

fn problems(fault: &Fault) -> Problems {
    read(fault.versions).err().unwrap_or_else(|| panic!("{}: the versions load", fault.name))
}

/// What is told of each, for the golden.
pub(super) fn told() -> impl Iterator<Item = (&'static str, Problems)> {
    FAULTS.iter().map(|fault| (fault.name, problems(fault)))
}

#[test]
fn every_fault_of_versions_is_told_once_where_it_stands() {
    for fault in FAULTS {
        let problems = problems(fault);
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.code_text(), problem.location().unwrap().to_string(), problem.underlined()))
            .collect();
        assert_eq!(found, [(Some(fault.code), fault.at.to_owned(), Some(fault.under))], "{}:\n{problems}", fault.name);
        assert!(problems.iter().all(|problem| problem.help_text().is_some()), "{problems}");
    }
    let shown: Vec<&str> =
        CODES.iter().copied().filter(|code| FAULTS.iter().any(|fault| fault.code == *code)).collect();
    assert_eq!(shown, CODES);
}

#[test]
fn the_promised_messages_on_versions_are_told_word_by_word() {
    let promised = |name: &str| problems(FAULTS.iter().find(|fault| fault.name == name).unwrap()).to_string();
    assert_eq!(
        promised("a version before the other ends"),
        "v3.toml:4:18: E051: v3 starts 2026-06-01 but v2 (v2.toml:4:18) is still open; set effective_until = 2026-06-01 there"
    );
    assert!(
        promised("days without a version")
            .starts_with("v3.toml:4:18: E052: no version in force from 2026-06-01 to 2026-06-13; ")
    );
}

/// Versions that go together, and the numbers of those in force one after the other.
#[test]
fn versions_that_follow_one_another_load() {
    let cases: &[(&[Version], &[u32])] = &[
        (&[], &[]),
        (&[(2, "2026-01-01", 0, "print")], &[2]),
        (&[(2, "2026-01-01..2026-06-01", 0, "print"), (3, "2026-06-01", 0, "print")], &[2, 3]),
        (&[(2, "2026-01-01", 0, "print"), (3, "2026-01-01", 2, "print")], &[3]),
        (
            &[
                (1, "2026-01-01..2026-06-01", 0, "print"),
                (2, "2026-06-01", 0, "print"),
                (3, "2026-01-01..2026-06-01", 1, "print"),
            ],
            &[3, 2],
        ),
        (
            &[
                (1, "2026-01-01..2026-06-01", 0, "print"),
                (2, "2026-06-01..2027-01-01", 0, "print"),
                (3, "2026-01-01..2026-06-01", 1, "print"),
                (4, "2027-01-01", 0, "print"),
                (5, "2026-01-01..2026-06-01", 3, "print"),
                (6, "2026-06-01..2027-01-01", 2, "print"),
            ],
            &[5, 6, 4],
        ),
    ];
    for (versions, in_force) in cases {
        let book = read(versions).unwrap_or_else(|problems| panic!("{problems}"));
        let found: Vec<u32> = book.timeline().iter().map(|tariff| tariff.version).collect();
        assert_eq!(&found, in_force);
        assert_eq!(book.versions().len(), versions.len());
    }
}

#[test]
fn a_fault_inside_a_version_is_told_without_faults_of_dates() {
    let right = Source::new("v2.toml", PRINT);
    let wrong = Source::new("v3.toml", PRINT.replace("0.35", "35"));
    let problems = Book::read(&[&right, &wrong], &mut Problems::default()).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.code_text()).collect::<Vec<_>>(), [Some("E021")], "{problems}");
}

/// Between the midnights of two zones there would be no price, or two.
#[test]
fn versions_of_two_time_zones_are_refused() {
    let first = Source::new(
        "v2.toml",
        PRINT.replace("effective_from = 2026-01-01", "effective_from = 2026-01-01\neffective_until = 2026-06-01"),
    );
    let second = PRINT.replace("version        = 2", "version        = 3").replace("= 2026-01-01", "= 2026-06-01");
    for (zone, expected) in [("Europe/Zurich", None), ("Europe/London", Some("E057"))] {
        let second = Source::new("v3.toml", second.replace("Europe/Zurich", zone));
        let problems = Book::read(&[&first, &second], &mut Problems::default()).err();
        let codes: Vec<_> =
            problems.iter().flat_map(|problems| problems.iter()).filter_map(|problem| problem.code_text()).collect();
        assert_eq!(codes, Vec::from_iter(expected), "{zone}");
    }
}
