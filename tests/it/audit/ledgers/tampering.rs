//! Whatever is changed in a stored log is found, and the first line that is not as it was written is named.

use std::cell::RefCell;

use mandat::audit::{checkpoint::Checkpoint, line, verify::Witness};

use super::{
    Dice, begin, check, fill,
    homes::{Home, on_all},
    lines_of,
};
use crate::{audit::trusted, replicas::times};

/// More than two spans.
const LINES: u64 = 9_500;

/// A log of some thousand records, what stands in it, and its control: untouched it is sound.
fn written(home: &Home) -> (Vec<String>, Vec<String>) {
    fill(&home.open(), begin(), LINES);
    fill(&home.open(), begin(), 500);
    let ledger = home.open();
    let report = check(&*ledger, &[]);
    assert!(report.is_sound() && report.lines() == LINES + 500, "{report:?}");
    let checkpoints = ledger.checkpoints(1).unwrap();
    assert!(checkpoints.len() >= 3, "{} spans show too little", checkpoints.len());
    (lines_of(&*ledger, 1), checkpoints)
}

/// The signed spans of chain 1.
pub(super) fn spans(home: &Home) -> Vec<Checkpoint> {
    let texts = home.open().checkpoints(1).unwrap();
    texts.iter().map(|text| Checkpoint::read(text, &trusted()).unwrap()).collect()
}

/// The first line that is named after something was done to a copy of a log.
fn named(home: &Home, tamper: impl FnOnce(&Home)) -> u64 {
    let copy = home.copied();
    tamper(&copy);
    let report = check(&*copy.open(), &[]);
    let flaw = report.chains[0].flaw.as_ref().unwrap_or_else(|| panic!("nothing was noticed: {report:?}"));
    eprintln!("{flaw}");
    flaw.line
}

/// The same line with another character somewhere.
fn with_another_byte(line: &str, dice: &mut Dice) -> String {
    let mut bytes = line.as_bytes().to_vec();
    let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
    bytes[at] = if bytes[at] == b'7' { b'3' } else { b'7' };
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_changed_line_is_named() {
    on_all(|home| {
        let ((lines, checkpoints), mut dice) = (written(home), Dice(1));
        let ends = checkpoints.iter().map(|text| Checkpoint::read_as_it_says(text).unwrap());
        let edges = ends.flat_map(|span| [span.first, span.last]);
        let anywhere = (0..times("MANDAT_TAMPERINGS", 8)).map(|_| dice.line(&lines)).collect::<Vec<_>>();
        for line in anywhere.into_iter().chain(edges) {
            let text = with_another_byte(&lines[line as usize - 1], &mut dice);
            assert_eq!(named(home, |copy| copy.change(line, &text)), line, "{text}");
        }
        // Its link to the line before, which may as well have been changed in that one's stead.
        let line = 1 + dice.line(&lines[1..]);
        let text = lines[line as usize - 1].replacen("\"previous\":\"", "\"previous\":\"0123", 1);
        let text = format!("{}{}", &text[..text.find("0123").unwrap() + 64], &text[text.find("0123").unwrap() + 68..]);
        assert_eq!(named(home, |copy| copy.change(line, &text)), line, "{text}");
    });
}

#[test]
fn a_removed_line_is_named() {
    on_all(|home| {
        let ((lines, checkpoints), mut dice) = (written(home), Dice(2));
        let end = Checkpoint::read_as_it_says(&checkpoints[0]).unwrap().last;
        let anywhere = (0..times("MANDAT_TAMPERINGS", 4)).map(|_| dice.line(&lines)).collect::<Vec<_>>();
        for line in anywhere.into_iter().chain([1, end, end + 1, lines.len() as u64]) {
            assert_eq!(named(home, |copy| copy.remove(line)), line);
        }
    });
}

#[test]
fn a_line_that_was_put_in_is_named() {
    on_all(|home| {
        let ((lines, checkpoints), mut dice) = (written(home), Dice(3));
        let end = Checkpoint::read_as_it_says(&checkpoints[0]).unwrap().last;
        let anywhere = (0..times("MANDAT_TAMPERINGS", 4)).map(|_| dice.line(&lines)).collect::<Vec<_>>();
        for before in anywhere.into_iter().chain([1, end, end + 1, lines.len() as u64 + 1]) {
            // A line from elsewhere.
            let other = (before + 17 + dice.below(1_000)) % lines.len() as u64;
            let text = &lines[other as usize];
            assert_eq!(named(home, |copy| copy.insert(before, text)), before, "line {}", other + 1);
            // One that follows the line before it as it should.
            let previous = before.checked_sub(2).map_or(line::NOTHING, |at| line::hash(lines[at as usize].as_bytes()));
            let forged = line::Place { writer: 1, sequence: before, previous }.line(br#"{"id":"forged"}"#);
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(named(home, |copy| copy.insert(before, &forged)), before, "{forged}");
        }
    });
}

#[test]
fn of_swapped_lines_the_first_is_named() {
    on_all(|home| {
        let ((lines, _), mut dice) = (written(home), Dice(4));
        for turn in 0..times("MANDAT_TAMPERINGS", 4) {
            let one = 1 + dice.below(lines.len() as u64 - 1);
            let other = if turn == 0 { one + 1 } else { 1 + (one + dice.below(4_000)) % lines.len() as u64 };
            let swap = |copy: &Home| {
                copy.change(one, &lines[other as usize - 1]);
                copy.change(other, &lines[one as usize - 1]);
            };
            assert_eq!(named(home, swap), one.min(other), "{one} and {other}");
        }
    });
}

#[test]
fn an_end_that_was_cut_off_is_named() {
    on_all(|home| {
        let ((lines, checkpoints), mut dice) = (written(home), Dice(5));
        let end = Checkpoint::read_as_it_says(&checkpoints[0]).unwrap().last;
        for after in [dice.below(lines.len() as u64 - 1), end, lines.len() as u64 - 1] {
            assert_eq!(named(home, |copy| copy.cut(after)), after + 1);
        }
    });
}

#[test]
fn a_checkpoint_that_was_removed_or_changed_is_noticed_where_its_span_begins() {
    on_all(|home| {
        let (_, checkpoints) = written(home);
        let dice = RefCell::new(Dice(6));
        for at in 0..checkpoints.len() {
            let first = Checkpoint::read_as_it_says(&checkpoints[at]).unwrap().first;
            let mut without = checkpoints.clone();
            without.remove(at);
            assert_eq!(named(home, |copy| copy.set_checkpoints(&without)), first, "without checkpoint {at}");
            let mut changed = checkpoints.clone();
            changed[at] = with_another_byte(&changed[at], &mut dice.borrow_mut());
            assert_eq!(named(home, |copy| copy.set_checkpoints(&changed)), first, "{}", changed[at]);
        }
    });
}

#[test]
fn an_older_state_is_found_by_a_kept_checkpoint() {
    on_all(|home| {
        fill(&home.open(), begin(), 5_000);
        let older = home.copied();
        fill(&home.open(), begin(), 600);
        let kept = home.open().checkpoints(1).unwrap().pop().unwrap();
        let witness: Witness = Checkpoint::read(&kept, &trusted()).unwrap();
        // The control: the log that the kept checkpoint is of.
        assert!(check(&*home.open(), std::slice::from_ref(&witness)).is_sound());
        let ledger = older.open();
        let end = Checkpoint::read(&ledger.checkpoints(1).unwrap().pop().unwrap(), &trusted()).unwrap().last;
        assert!(check(&*ledger, &[]).is_sound(), "of itself an older state shows nothing");
        let report = check(&*ledger, &[witness]);
        assert_eq!(report.chains[0].flaw.as_ref().unwrap().line, end + 1, "{report:?}");
        // The older checkpoint alone signs less than there is.
        let texts = ledger.checkpoints(1).unwrap();
        assert_eq!(named(home, |copy| copy.set_checkpoints(&texts)), end + 1);
    });
}
