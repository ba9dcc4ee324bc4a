//! The id of a posting: the same for the same line, period and event, whoever computes it and how often.

use sha2::{Digest as _, Sha256};

/// Between the parts of what is hashed.
const SEPARATOR: u8 = 0x1f;

/// A SHA-256 begins with the fractions of the roots of the first eight primes.
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The digest of parts with a separator between them. What fits in one block of SHA-256, as nearly all keys do, is
/// padded here: half the time that the general way takes.
#[inline]
pub fn digest<const N: usize>(parts: [&[u8]; N]) -> [u8; 32] {
    let length = parts.iter().map(|part| part.len()).sum::<usize>() + N - 1;
    if length > 55 {
        return long(parts);
    }
    let mut block = [0; 64];
    let mut at = 0;
    for part in parts {
        block[at..at + part.len()].copy_from_slice(part);
        at += part.len();
        block[at] = SEPARATOR;
        at += 1;
    }
    // The last separator gives way to the padding's first bit.
    block[length] = 0x80;
    block[56..].copy_from_slice(&(8 * length as u64).to_be_bytes());
    let mut state = START;
    sha2::block_api::compress256(&mut state, &[block]);
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

fn long<const N: usize>(parts: [&[u8]; N]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (position, part) in parts.into_iter().enumerate() {
        if position > 0 {
            hash.update([SEPARATOR]);
        }
        hash.update(part);
    }
    hash.finalize().into()
}

/// Appends the id at the start of a digest, as 32 hexadecimal digits.
#[inline]
pub fn hex(out: &mut Vec<u8>, digest: &[u8; 32]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    out.extend_from_slice(&text);
}

/// The id at the start of a digest, as text.
pub fn text(digest: &[u8; 32]) -> String {
    let mut out = Vec::new();
    hex(&mut out, digest);
    String::from_utf8_lossy(&out).into_owned()
}
