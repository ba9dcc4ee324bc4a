//! Checkpoints: what a writer has written so far, signed.
//!
//! The lines of a chain are cut into spans of a few thousand. The checkpoint of a span states its first and last line, the
//! last line's hash, the root of the tree over the span, and the hash of the checkpoint before; ed25519 signs that. While a
//! span grows, each commit replaces its checkpoint, so that nothing durable is ever unsigned; checkpoints of full spans stay
//! for ever, also when the lines of their spans are dropped.
//!
//! As lines, checkpoints are stored text: `{…,"signature":"<128 hex digits>"}`. What is signed are the bytes before
//! `,"signature"`.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::line::{self, Hash, hex, unhex};

/// A span closes with the commit in which it reaches so many lines.
pub const SPAN: u64 = 4_096;

const SIGNATURE: &str = ",\"signature\":\"";
/// Length of what follows the signed bytes.
const SEAL: usize = SIGNATURE.len() + 128 + "\"}".len();

/// What is stated of a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Whose chain.
    pub writer: u32,
    /// The span's first line.
    pub first: u64,
    /// Its last line so far.
    pub last: u64,
    /// Hash of its last line.
    #[serde(with = "digits")]
    pub head: Hash,
    /// Root of the tree over its lines.
    #[serde(with = "digits")]
    pub root: Hash,
    /// When its last line was recorded.
    pub at: jiff::Timestamp,
    /// Hash of the text of the checkpoint of the span before; zeros in the first.
    #[serde(with = "digits")]
    pub previous: Hash,
    /// The public key that it is signed with.
    #[serde(with = "digits")]
    pub key: Hash,
}

mod digits {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::{Hash, hex, unhex};

    pub(super) fn serialize<S: Serializer>(hash: &Hash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(hash))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        unhex(text.as_bytes()).ok_or_else(|| D::Error::custom("expected 64 hexadecimal digits"))
    }
}

impl Checkpoint {
    /// Its signed text.
    pub fn sign(&self, key: &SigningKey) -> String {
        // Numbers, digits and a time can always be written.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.pop();
        let signature = key.sign(text.as_bytes());
        format!("{text}{SIGNATURE}{}\"}}", hex(&signature.to_bytes()))
    }

    /// Reads a signed text, and whether the signature is good and by one of the trusted keys.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str, trusted: &[VerifyingKey]) -> Result<Self, String> {
        let (checkpoint, signed, signature) = parts(text).ok_or("it is no checkpoint")?;
        let key = trusted.iter().find(|key| key.as_bytes() == &checkpoint.key).ok_or_else(|| {
            format!("it is signed with the key {}, which is none of those that are trusted", hex(&checkpoint.key))
        })?;
        key.verify_strict(signed.as_bytes(), &signature).map_err(|_| "its signature is not good")?;
        if checkpoint.first == 0 || checkpoint.last < checkpoint.first {
            return Err("it states a span without lines".to_owned());
        }
        Ok(checkpoint)
    }

    /// Reads a signed text, and whether the signature is good by the key that it names itself: enough to go on writing,
    /// not to trust what is written.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read_as_it_says(text: &str) -> Result<Self, String> {
        let (checkpoint, ..) = parts(text).ok_or("it is no checkpoint")?;
        let key = VerifyingKey::from_bytes(&checkpoint.key).map_err(|_| "it names no public key")?;
        Self::read(text, &[key])
    }

    /// How many lines its span has.
    pub fn lines(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Whether the span takes no more lines.
    pub fn is_closed(&self) -> bool {
        self.lines() >= SPAN
    }
}

/// Hash of a checkpoint's text, which the next one names.
pub fn hash(text: &str) -> Hash {
    line::hash(text.as_bytes())
}

fn parts(text: &str) -> Option<(Checkpoint, &str, Signature)> {
    let signed = text.get(..text.len().checked_sub(SEAL)?)?;
    let digits = text.get(signed.len()..)?.strip_prefix(SIGNATURE)?.strip_suffix("\"}")?;
    let signature = Signature::from_bytes(&unhex(digits.as_bytes())?);
    let checkpoint = serde_json::from_str(&format!("{signed}}}")).ok()?;
    Some((checkpoint, signed, signature))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::{Checkpoint, line};

    fn checkpoint(key: &SigningKey) -> Checkpoint {
        Checkpoint {
            writer: 1,
            first: 1,
            last: 3,
            head: line::hash(b"head"),
            root: line::hash(b"root"),
            at: jiff::Timestamp::UNIX_EPOCH,
            previous: line::NOTHING,
            key: key.verifying_key().to_bytes(),
        }
    }

    #[test]
    fn a_signed_checkpoint_is_read_and_one_with_another_byte_is_not() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let text = checkpoint(&key).sign(&key);
        let trusted = [key.verifying_key()];
        assert_eq!(Checkpoint::read(&text, &trusted), Ok(checkpoint(&key)));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(Checkpoint::read(&changed, &trusted).is_err(), "byte {at}: {changed}");
        }
    }

    #[test]
    fn only_trusted_keys_count() {
        let (key, other) = (SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32]));
        let forged = checkpoint(&other).sign(&other);
        assert!(Checkpoint::read(&forged, &[key.verifying_key()]).unwrap_err().contains("none of those"));
        let borrowed = checkpoint(&key).sign(&other);
        assert_eq!(Checkpoint::read(&borrowed, &[key.verifying_key()]).unwrap_err(), "its signature is not good");
    }
}
