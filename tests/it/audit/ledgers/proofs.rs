//! Proofs of single records.

use mandat::audit::{
    line,
    proof::{self, Proof},
};

use super::{Dice, begin, fill, homes::on_all, lines_of};
use crate::audit::trusted;

/// The proof with one character replaced, in whichever part it stands.
fn with_another_byte(proof: &Proof, at: u64) -> Proof {
    let mut changed = proof.clone();
    let mut at = usize::try_from(at).unwrap();
    let parts = [&mut changed.line, &mut changed.checkpoint].into_iter().chain(&mut changed.path);
    for part in parts {
        if at < part.len() {
            let mut bytes = part.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'7' { b'3' } else { b'7' };
            *part = String::from_utf8(bytes).unwrap();
            break;
        }
        at -= part.len();
    }
    changed
}

#[test]
fn a_proof_holds_and_with_any_byte_changed_it_does_not() {
    on_all(|home| {
        fill(&home.open(), begin(), 5_000);
        let ledger = home.open();
        let (lines, mut dice) = (lines_of(&*ledger, 1), Dice(11));
        for turn in 0..12 {
            let line = &lines[dice.line(&lines) as usize - 1];
            let proof = proof::prove(&*ledger, line::id(line.as_bytes()).unwrap()).unwrap().unwrap();
            assert_eq!(&proof.line, line);
            assert!(proof.check(&trusted()).is_ok());
            let length = proof.line.len() + proof.checkpoint.len() + proof.path.iter().map(String::len).sum::<usize>();
            // Of one every byte, of the others some.
            for at in 0..length as u64 {
                if turn == 0 || dice.below(20) == 0 {
                    let changed = with_another_byte(&proof, at);
                    assert!(changed.check(&trusted()).is_err(), "byte {at}: {changed:?}");
                }
            }
        }
    });
}
