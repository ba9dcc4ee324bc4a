//! A record as it is stored: one line of JSON that begins with its place in the chain.
//!
//! `{"writer":1,"sequence":17,"previous":"<64 hex digits>",…}` — `previous` is the SHA-256 of the line before, of its
//! bytes without the line break, and 64 zeros in the first. So whoever has two lines can check their link with
//! `sha256sum` and nothing of ours. What is hashed are the stored bytes: nothing is ever parsed and written again.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// SHA-256 of a line.
pub type Hash = [u8; 32];

/// What the first line of a chain names as the one before.
pub const NOTHING: Hash = [0; 32];

/// Hash of a line's bytes.
pub fn hash(line: &[u8]) -> Hash {
    Sha256::digest(line).into()
}

/// Sixty-four hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads hexadecimal digits, lowercase, exactly as many as `N` bytes have.
pub fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// A line's place in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Whose chain.
    pub writer: u32,
    /// Counts the lines of the chain, from 1.
    pub sequence: u64,
    /// Hash of the line before.
    pub previous: Hash,
}

impl Place {
    /// Puts a record, a JSON object with at least one member, at this place.
    pub fn line(&self, record: &[u8]) -> Vec<u8> {
        let Self { writer, sequence, previous } = self;
        let head = format!("{{\"writer\":{writer},\"sequence\":{sequence},\"previous\":\"{}\",", hex(previous));
        let mut line = Vec::with_capacity(head.len() + record.len());
        line.extend_from_slice(head.as_bytes());
        line.extend_from_slice(record.get(1..).unwrap_or_default());
        line
    }

    /// Reads the place a line states; none where it does not begin as lines do, to the byte.
    pub fn of(line: &[u8]) -> Option<Self> {
        let (place, rest) = split(line)?;
        rest.strip_prefix(b"\"")?;
        Some(place)
    }
}

/// The name of a line's record, where it stands right behind the place.
pub fn id(line: &[u8]) -> Option<Uuid> {
    let (_, rest) = split(line)?;
    let id = rest.strip_prefix(b"\"id\":\"")?.get(..36)?;
    Uuid::try_parse_ascii(id).ok()
}

/// The place that a line states, and what follows.
fn split(line: &[u8]) -> Option<(Place, &[u8])> {
    let (writer, rest) = number(line.strip_prefix(b"{\"writer\":")?)?;
    let (sequence, rest) = number(rest.strip_prefix(b",\"sequence\":")?)?;
    let rest = rest.strip_prefix(b",\"previous\":\"")?;
    let previous = unhex(rest.get(..64)?)?;
    let rest = rest.get(64..)?.strip_prefix(b"\",")?;
    Some((Place { writer: u32::try_from(writer).ok()?, sequence, previous }, rest))
}

/// A number as it is written, and what follows.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    let plain = number.first() != Some(&b'0') || digits == 1;
    let number = std::str::from_utf8(number).ok()?.parse().ok()?;
    plain.then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::{NOTHING, Place, hash, hex, unhex};

    #[test]
    fn a_line_states_its_place_and_the_hash_of_the_line_before() {
        let first = Place { writer: 1, sequence: 1, previous: NOTHING }.line(br#"{"id":"a"}"#);
        let second = Place { writer: 1, sequence: 2, previous: hash(&first) }.line(br#"{"id":"b"}"#);
        assert_eq!(Place::of(&first), Some(Place { writer: 1, sequence: 1, previous: NOTHING }));
        assert_eq!(Place::of(&second).unwrap().previous, hash(&first));
        assert!(serde_json::from_slice::<serde_json::Value>(&second).is_ok());
    }

    #[test]
    fn what_begins_otherwise_has_no_place() {
        let line = Place { writer: 1, sequence: 10, previous: NOTHING }.line(br#"{"id":"a"}"#);
        let text = String::from_utf8(line).unwrap();
        for other in [
            text.replacen("{\"writer\":1", "{ \"writer\":1", 1),
            text.replacen("\"writer\":1", "\"writer\":01", 1),
            text.replacen("\"writer\":1", "\"writer\":4294967296", 1),
            text.replacen("\"sequence\":10", "\"sequence\":", 1),
            text.replacen("00\",", "0G\",", 1),
            text.replacen("00\",", "0\",", 1),
            text[..60].to_owned(),
            String::new(),
        ] {
            assert_eq!(Place::of(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn hexadecimal_digits_go_there_and_back() {
        assert_eq!(unhex::<3>(hex(&[0, 0xab, 0xff]).as_bytes()), Some([0, 0xab, 0xff]));
        assert_eq!(unhex::<1>(b"AB"), None);
        assert_eq!(unhex::<1>(b"abc"), None);
    }
}
