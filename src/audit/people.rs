//! Persons and their pseudonyms: a keyed hash of the id, under a random key of each person.
//!
//! Who has the table of keys can tell who stands behind a pseudonym. Dropping a person's key erases it: the records stay,
//! the chain over them stays whole, and nothing leads from a pseudonym to that person or to what is recorded of it later.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{
    Failed,
    line::{hex, unhex},
};

/// Begins every pseudonym.
const MARK: char = '~';

/// Who is named by a type and an id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Person {
    /// The type, such as `User`.
    pub entity_type: String,
    /// The id.
    pub id: String,
}

/// A person's random key.
pub type Key = [u8; 32];

/// What stands for a person in records: `~` and 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pseudonym([u8; 16]);

impl Person {
    /// Its pseudonym under a key: the first half of HMAC-SHA-256 over type and id.
    pub fn pseudonym(&self, key: &Key) -> Pseudonym {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Pseudonym([0; 16]) };
        mac.update(&(self.entity_type.len() as u64).to_be_bytes());
        mac.update(self.entity_type.as_bytes());
        mac.update(self.id.as_bytes());
        let mut first = [0; 16];
        first.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        Pseudonym(first)
    }
}

impl Pseudonym {
    /// Reads one; none where the text is an id as it came.
    pub fn read(text: &str) -> Option<Self> {
        unhex(text.strip_prefix(MARK)?.as_bytes()).map(Self)
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}{}", hex(&self.0))
    }
}

/// A new key.
///
/// # Errors
/// The system has no random bits.
pub fn key() -> Result<Key, Failed> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| Failed(format!("no random bits: {error}")))?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::{Person, Pseudonym};

    #[test]
    fn a_pseudonym_depends_on_type_id_and_key() {
        let person = |entity_type: &str, id: &str| Person { entity_type: entity_type.to_owned(), id: id.to_owned() };
        let clara = person("User", "clara").pseudonym(&[1; 32]);
        assert_eq!(clara, person("User", "clara").pseudonym(&[1; 32]));
        assert_ne!(clara, person("User", "clara").pseudonym(&[2; 32]));
        assert_ne!(clara, person("Userc", "lara").pseudonym(&[1; 32]));
        assert_eq!(Pseudonym::read(&clara.to_string()), Some(clara));
        assert_eq!(Pseudonym::read("clara"), None);
    }
}
