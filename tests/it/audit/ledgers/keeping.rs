//! What is not kept any more: old lines, with a record that says so, and who stands behind a pseudonym.

use jiff::SignedDuration;
use mandat::audit::{line, people::Person, proof};

use super::{
    begin, check, fill,
    homes::{Home, on_all},
    lines_of, record, recorder,
};
use crate::audit::trusted;

/// Days of ten thousand records, kept for two.
fn days(home: &Home, through: i64) {
    for day in 0..through {
        let recorder = recorder(home.open(), Some(2));
        record(&recorder, begin() + SignedDuration::from_hours(24 * day), 10_000);
        recorder.close();
    }
}

#[test]
fn old_spans_are_dropped_with_a_record_and_what_was_proved_before_holds() {
    on_all(|home| {
        days(home, 1);
        let ledger = home.open();
        let lines = lines_of(&*ledger, 1);
        let prove = |line: &String| proof::prove(&*ledger, line::id(line.as_bytes()).unwrap()).unwrap().unwrap();
        let proofs: Vec<_> = lines.iter().step_by(997).map(prove).collect();
        days(home, 4);
        let left = lines_of(&*ledger, 1);
        let first = line::Place::of(left[0].as_bytes()).unwrap().sequence;
        assert!(first > 4_000, "old lines were dropped");
        assert!(left.iter().any(|line| line.contains("\"kind\":\"retention\"")));
        let report = check(&*home.open(), &[]);
        assert!(report.is_sound(), "{report:?}");
        assert_eq!(report.chains[0].dropped_through, first - 1, "the record says what was dropped");
        assert!(proofs.iter().all(|proof| proof.check(&trusted()).is_ok()));
        assert!(ledger.find(line::id(proofs[0].line.as_bytes()).unwrap()).unwrap().is_none());
    });
}

#[test]
fn lines_that_are_missing_without_a_record_are_found() {
    on_all(|home| {
        fill(&home.open(), begin(), 10_000);
        let through = super::tampering::spans(home)[0].last;
        home.cut_before(through);
        let report = check(&*home.open(), &[]);
        assert_eq!(report.chains[0].flaw.as_ref().map(|flaw| flaw.line), Some(1), "{report:?}");
    });
}

#[test]
fn after_a_person_is_forgotten_nothing_leads_from_the_pseudonym_to_it() {
    on_all(|home| {
        fill(&home.open(), begin(), 200);
        let ledger = home.open();
        let person = Person { entity_type: "User".to_owned(), id: "u-somebody-with-a-long-name".to_owned() };
        ledger.enroll(std::slice::from_ref(&person)).unwrap();
        let pseudonym = ledger.pseudonym(&person).unwrap().unwrap();
        assert_eq!(ledger.person(pseudonym).unwrap().as_ref(), Some(&person));
        let stands = |home: &Home| memchr::memmem::find(&home.dump(), person.id.as_bytes()).is_some();
        assert!(stands(home), "the control: it is found where it is kept");
        assert_eq!(ledger.forget(&person).unwrap(), Some(pseudonym));
        assert!(!stands(home), "the id is nowhere any more");
        assert_eq!(ledger.person(pseudonym).unwrap(), None);
        assert_eq!(ledger.pseudonym(&person).unwrap(), None);
        let other = ledger.enroll(std::slice::from_ref(&person)).unwrap()[0];
        assert_ne!(other, pseudonym, "whoever comes again is somebody else");
        assert!(check(&*ledger, &[]).is_sound());
    });
}

/// Ids may be longer than an index takes, and hold what no text of PostgreSQL holds.
#[test]
fn any_id_has_a_pseudonym() {
    on_all(|home| {
        let ledger = home.open();
        let person = |id: String| Person { entity_type: "User".to_owned(), id };
        let persons = [person("a\0b".to_owned()), person("x".repeat(100_000)), person("ü'\"\\".to_owned())];
        let pseudonyms = ledger.enroll(&persons).unwrap();
        assert_eq!(ledger.enroll(&persons).unwrap(), pseudonyms, "whoever has one keeps it");
        for (person, pseudonym) in persons.iter().zip(pseudonyms) {
            assert_eq!(ledger.person(pseudonym).unwrap().as_ref(), Some(person));
            assert_eq!(ledger.pseudonym(person).unwrap(), Some(pseudonym));
        }
    });
}
