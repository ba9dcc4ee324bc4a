//! Pseudonyms that are kept near, so that a record of a known person costs no look at the disk.
//!
//! All are forgotten together when the first of them is a minute old, by the times of the records: whoever was erased
//! meanwhile gets another one.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::audit::people::{Person, Pseudonym};

/// Longest time that a pseudonym is used without looking it up.
const LIFE: SignedDuration = SignedDuration::from_secs(60);

/// Most pseudonyms that are kept.
const MOST: usize = 100_000;

/// Pseudonyms by type and id.
#[derive(Debug, Default)]
pub(super) struct Near {
    known: HashMap<String, HashMap<String, Pseudonym>>,
    count: usize,
    since: Option<Timestamp>,
}

impl Near {
    /// Forgets what is too old or too much. Not between two looks for one record: what was there is there then.
    pub(super) fn tidy(&mut self, now: Timestamp) {
        // A clock that was set back is no reason to keep them.
        let old = self.since.is_some_and(|since| now.duration_since(since).abs() >= LIFE);
        if old || self.count > MOST {
            *self = Self::default();
        }
        self.since.get_or_insert(now);
    }

    /// The pseudonym of that person.
    pub(super) fn get(&self, entity_type: &str, id: &str) -> Option<Pseudonym> {
        self.known.get(entity_type)?.get(id).copied()
    }

    /// Keeps one.
    pub(super) fn keep(&mut self, person: Person, pseudonym: Pseudonym) {
        if self.known.entry(person.entity_type).or_default().insert(person.id, pseudonym).is_none() {
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{LIFE, MOST, Near};
    use crate::audit::people::Person;

    fn person(id: &str) -> Person {
        Person { entity_type: "User".to_owned(), id: id.to_owned() }
    }

    #[test]
    fn what_is_too_old_or_too_much_is_forgotten_and_nothing_else() {
        let (ada, mut near) = (person("ada"), Near::default());
        let after = |time: SignedDuration| Timestamp::UNIX_EPOCH + time;
        near.tidy(after(SignedDuration::ZERO));
        near.keep(ada.clone(), ada.pseudonym(&[1; 32]));
        near.tidy(after(LIFE - SignedDuration::from_millis(1)));
        assert_eq!(near.get("User", "ada"), Some(ada.pseudonym(&[1; 32])));
        assert_eq!((near.get("User", "bob"), near.get("Visitor", "ada")), (None, None));
        near.tidy(after(LIFE));
        assert_eq!(near.get("User", "ada"), None);
        near.keep(ada.clone(), ada.pseudonym(&[1; 32]));
        near.tidy(after(SignedDuration::ZERO));
        assert_eq!(near.get("User", "ada"), None, "the clock was set back by as much");
        for number in 0..=MOST {
            near.keep(person(&number.to_string()), ada.pseudonym(&[1; 32]));
        }
        near.tidy(after(SignedDuration::ZERO));
        assert_eq!((near.get("User", "0"), near.count), (None, 0));
    }
}
