//! Tokens as callers carry them: `mandat_`, an id that people may see, and 256 random bits that they may not.
//!
//! The prefix lets scanners find a token that was committed by mistake. What is kept is the SHA-256 of the random
//! bits: with so many of them nothing slower is needed, and what is looked up by its digest tells a stranger nothing
//! by the time it takes. A secret has no text form but the one that is printed once.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

const PREFIX: &str = "mandat_";
const SECRET_BYTES: usize = 32;
const ID_BYTES: usize = 6;
/// Longest id that is looked at; ours have 12 characters.
const MAX_ID: usize = 32;

/// What a caller presents.
pub struct Presented {
    /// The token's id.
    pub id: String,
    secret: [u8; SECRET_BYTES],
}

impl Presented {
    /// A new token under a new id.
    ///
    /// # Errors
    /// The system has no random bits to give.
    pub fn new() -> Result<Self, getrandom::Error> {
        let (mut id, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        Ok(Self { id: hex(&id), secret })
    }

    /// Reads a token; nothing where it has not the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(plain) {
            return None;
        }
        Some(Self { id: id.to_owned(), secret: unhex(secret)? })
    }

    /// What is kept of the secret.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }

    /// The token for the one who will carry it; shown once and never again.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, hex(&self.secret))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; SECRET_BYTES]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * SECRET_BYTES {
        return None;
    }
    let mut bytes = [0; SECRET_BYTES];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

/// Lower case only: a token has one form.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Presented;

    #[test]
    fn a_token_is_read_as_it_was_shown() {
        let token = Presented::new().unwrap();
        let text = token.reveal();
        assert_eq!((text.len(), &text[..7]), (84, "mandat_"));
        let read = Presented::parse(&text).unwrap();
        assert_eq!((&read.id, read.digest()), (&token.id, token.digest()));
    }

    #[test]
    fn no_two_tokens_are_alike() {
        let shown: HashSet<String> = (0..1_000).map(|_| Presented::new().unwrap().reveal()).collect();
        assert_eq!(shown.len(), 1_000);
    }

    #[test]
    fn what_has_another_form_is_no_token() {
        let good = Presented::new().unwrap().reveal();
        let (head, secret) = good.split_at(good.len() - 64);
        assert!(Presented::parse(&good).is_some(), "the control");
        for bad in [
            String::new(),
            "mandat_".to_owned(),
            format!("Mandat_{}", &good[7..]),
            good[..good.len() - 1].to_owned(),
            format!("{good}0"),
            format!("{head}{}", secret.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A")),
            format!("{head}{}", "é".repeat(32)),
            format!("mandat__{secret}"),
            format!("mandat_{}_{secret}", "a".repeat(33)),
            format!("mandat_A_{secret}"),
        ] {
            assert!(Presented::parse(&bad).is_none(), "{bad}");
        }
    }
}
