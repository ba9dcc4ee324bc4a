//! Pseudonyms that are kept near, so that a record of a known person costs no look at the disk.
//!
//! All are forgotten together when the first of them is a minute old: whoever was erased meanwhile gets another one.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::audit::people::{Person, Pseudonym};

/// Longest time that a pseudonym is used without looking it up.
const LIFE: Duration = Duration::from_secs(60);

/// Most pseudonyms that are kept.
const MOST: usize = 100_000;

/// Pseudonyms by type and id.
#[derive(Debug, Default)]
pub(super) struct Near {
    known: HashMap<String, HashMap<String, Pseudonym>>,
    count: usize,
    since: Option<Instant>,
}

impl Near {
    /// Forgets what is too old or too much. Not between two looks for one record: what was there is there then.
    pub(super) fn tidy(&mut self) {
        if self.count > MOST || self.since.is_some_and(|since| since.elapsed() >= LIFE) {
            *self = Self::default();
        }
    }

    /// The pseudonym of that person.
    pub(super) fn get(&self, entity_type: &str, id: &str) -> Option<Pseudonym> {
        self.known.get(entity_type)?.get(id).copied()
    }

    /// Keeps one.
    pub(super) fn keep(&mut self, person: Person, pseudonym: Pseudonym) {
        self.since.get_or_insert_with(Instant::now);
        if self.known.entry(person.entity_type).or_default().insert(person.id, pseudonym).is_none() {
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{LIFE, MOST, Near};
    use crate::audit::people::Person;

    fn person(id: &str) -> Person {
        Person { entity_type: "User".to_owned(), id: id.to_owned() }
    }

    #[test]
    fn what_is_too_old_or_too_much_is_forgotten_and_nothing_else() {
        let (ada, mut near) = (person("ada"), Near::default());
        near.keep(ada.clone(), ada.pseudonym(&[1; 32]));
        near.tidy();
        assert_eq!(near.get("User", "ada"), Some(ada.pseudonym(&[1; 32])));
        assert_eq!((near.get("User", "bob"), near.get("Visitor", "ada")), (None, None));
        near.since = Instant::now().checked_sub(LIFE);
        assert!(near.since.is_some());
        near.tidy();
        assert_eq!(near.get("User", "ada"), None);
        for number in 0..=MOST {
            near.keep(person(&number.to_string()), ada.pseudonym(&[1; 32]));
        }
        near.tidy();
        assert_eq!((near.get("User", "0"), near.count), (None, 0));
    }
}
